"""A notebook on a page of JupyterLab that playwright drives: for the browser tests, and for benchmarks."""

from typing import Any


def show(page: Any, path: str) -> None:
    """Open a notebook by its path in JupyterLab; its kernel is ready afterwards."""
    page.evaluate(
        """async (path) => {
            const panel = await window.jupyterapp.commands.execute("docmanager:open", { path });
            await panel.context.ready;
            await panel.sessionContext.ready;
            await panel.sessionContext.session.kernel.info;
        }""",
        path,
    )


def wait_idle(page: Any) -> None:
    """Wait until the kernel of the notebook in front has nothing to do."""
    idle = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
    page.wait_for_function(idle, timeout=60_000)


def value(page: Any, expression: str) -> str:
    """What Python says to an expression, without a cell."""
    found: str = page.evaluate(
        """async (code) => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const future = kernel.requestExecute(
                { code: "", silent: true, store_history: false, user_expressions: { value: code } });
            const { value } = (await future.done).content.user_expressions;
            if (value.status !== "ok") throw new Error(`${value.ename}: ${value.evalue}`);
            return value.data["text/plain"];
        }""",
        expression,
    )
    return found
