"""JupyterLab in Chromium, started as the browser tests start it, for who measures what comes to a page, and when.

What is on the page counts from when it is painted: of what a script has changed, a person sees nothing before that.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from samples import notebook_page

_CHROMIUM = os.environ.get("PYDOCK_CHROMIUM", "/usr/bin/chromium")
_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-prefers-reduced-motion"]
_VIEWPORT = {"width": 1280, "height": 1100}
_UPDATE = re.compile(rb'"method": ?"update"')  # Jupyter widgets' messages, "State synchronization"
_SETTLE = 1000  # milliseconds after which a picture has been laid out for its page, too

# `bench.changed(test)`: when the page is painted for which `test` is true, on the clock of the machine and on its own.
_SCRIPT = """
window.bench = {
    painted: () => new Promise((resolve) => requestAnimationFrame(() => {
        const channel = new MessageChannel(); // what is sent in a frame arrives when that has been painted
        channel.port1.onmessage = () => resolve({ wall: Date.now(), page: performance.now() });
        channel.port2.postMessage(0);
    })),
    changed: (test) => new Promise((resolve) => {
        const look = () => {
            if (!test()) return;
            observer.disconnect();
            resolve(window.bench.painted());
        };
        const observer = new MutationObserver(look);
        observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    }),
    // From the next click until `test` is true and painted: milliseconds.
    afterClick: (test) => {
        let began;
        addEventListener("click", (event) => { began = event.timeStamp; }, { capture: true, once: true });
        const changed = window.bench.changed(() => began !== undefined && test());
        window.bench.took = changed.then(({ page }) => page - began);
    },
    cell: (at) => window.jupyterapp.shell.currentWidget.content.widgets[at],
};
"""


class Notebook:
    """A notebook of some cells on the page of JupyterLab, with a kernel of its own."""

    def __init__(self, lab: "Lab", path: Path) -> None:
        self.page, self._lab, self._path = lab.page, lab, path

    def run(self, at: int) -> float:
        """Run a cell, and wait until the first picture in it is painted: seconds since 1970."""
        painted = self.page.evaluate(
            """async (at) => {
                const { content } = window.jupyterapp.shell.currentWidget;
                content.activeCellIndex = at;
                await window.jupyterapp.commands.execute("notebook:clear-cell-output");
                await content.scrollToItem(at, "start");
                const painted = bench.changed(() => bench.cell(at).node.querySelector(".pydock-picture svg .pick"));
                window.jupyterapp.commands.execute("notebook:run-cell");
                return (await painted).wall / 1000;
            }""",
            at,
        )
        self.settle()
        return float(painted)

    def prepare(self, at: int) -> None:
        """Run a cell that shows nothing."""
        self.page.evaluate(
            """async (at) => {
                window.jupyterapp.shell.currentWidget.content.activeCellIndex = at;
                await window.jupyterapp.commands.execute("notebook:run-cell");
            }""",
            at,
        )
        self._wait_idle()

    def settle(self) -> None:
        """Wait until nothing comes any more."""
        self.page.wait_for_timeout(_SETTLE)
        self._wait_idle()

    def _wait_idle(self) -> None:
        notebook_page.wait_idle(self.page)

    def value(self, expression: str) -> str:
        """What Python says to an expression, without a cell."""
        return notebook_page.value(self.page, expression)

    def click(self, selector: str, changes: str) -> float:
        """Click a part of the page: milliseconds until the JavaScript expression is true, and painted.

        In the expression `panel` is the panel beside the picture, and `before` what stood in it.
        """
        self.page.evaluate(
            """(changes) => {
                const panel = document.querySelector(".jp-NotebookPanel:not(.lm-mod-hidden) .pydock-panel");
                const test = new Function("panel", "before", `return ${changes}`);
                const before = panel.innerText;
                bench.afterClick(() => test(panel, before));
            }""",
            changes,
        )
        self.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) {selector}").first.click()
        return float(self.page.evaluate("() => bench.took"))

    def saved(self, at: int) -> int:
        """Bytes of a cell's output in the notebook that is saved, with what is saved of the widgets' state."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        document = json.loads(self._path.read_text(encoding="utf-8"))
        kept = [document["cells"][at]["outputs"], document["metadata"].get("widgets", {})]
        return len(json.dumps(kept, ensure_ascii=False).encode())

    def close(self) -> None:
        """End the kernel, and take the notebook off the page."""
        self.page.evaluate(
            """async () => {
                const panel = window.jupyterapp.shell.currentWidget;
                await panel.context.save();
                await panel.sessionContext.shutdown();
                panel.dispose();
            }"""
        )


class Lab:
    """JupyterLab, open in a browser; `received` are the bytes from kernels so far, `updates` the changes of widgets."""

    def __init__(self, page: Any, folder: Path) -> None:
        self.page, self._folder = page, folder
        self.received = self.updates = 0
        page.on("websocket", self._listen)
        page.add_init_script(_SCRIPT)

    def _listen(self, socket: Any) -> None:
        if socket.url.partition("?")[0].endswith("/channels"):  # that of a kernel
            socket.on("framereceived", self._count)

    def _count(self, frame: str | bytes) -> None:
        content = frame.encode() if isinstance(frame, str) else frame
        self.received += len(content)
        self.updates += _UPDATE.search(content) is not None

    @contextmanager
    def notebook(self, name: str, *cells: str) -> Iterator[Notebook]:
        """A new notebook; its kernel is ready."""
        path = self._folder / f"{name}.ipynb"
        path.write_text(json.dumps(_document(cells)), encoding="utf-8")
        notebook_page.show(self.page, path.name)
        found = Notebook(self, path)
        yield found
        found.close()


def _document(cells: tuple[str, ...]) -> dict[str, object]:
    shown = [
        {"cell_type": "code", "id": f"cell-{at}", "metadata": {}, "outputs": [], "execution_count": None, "source": one}
        for at, one in enumerate(cells)
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": shown}


@contextmanager
def opened(home: Path) -> Iterator[Lab]:
    """JupyterLab on a loopback port, with `home` for all that it writes, the store too (`home/pydock`)."""
    if not Path(_CHROMIUM).exists():
        raise SystemExit("chromium is not installed")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only who measures a page needs it
    from samples.jupyter import serving  # noqa: PLC0415 - the tests' own

    with serving(home) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        try:
            page = browser.new_context(viewport=_VIEWPORT).new_page()
            lab = Lab(page, server.root)
            page.goto(f"{server.url}/lab?token={server.token}&reset", wait_until="domcontentloaded")
            page.wait_for_function("() => window.jupyterapp?.restored", timeout=60_000)
            page.evaluate("async () => { await window.jupyterapp.restored; }")
            yield lab
        finally:
            browser.close()
