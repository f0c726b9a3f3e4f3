"""Build contexts in JupyterLab: cells that write files, folders that are opened, and Tab inside a Dockerfile."""

from typing import Any

import pytest

pytestmark = pytest.mark.browser

LOAD = "%load_ext pydock_lab"


def source(notebook: Any, at: int) -> str:
    found: str = notebook.page.evaluate(
        "(at) => window.jupyterapp.shell.currentWidget.content.widgets[at].model.sharedModel.getSource()", at
    )
    return found


def test_a_context_is_written_opened_and_filtered(notebook: Any) -> None:
    many = "for n in range(60): get_ipython().run_cell_magic('context', f'tour/src/part{n % 3}/{n}.txt', 'x' * (n + 1))"
    notebook.open(
        LOAD, many, "%%context tour/.dockerignore\nsrc/part2\n", "%%context tour/Dockerfile\nFROM scratch\nCOPY . /app",
        "w = %context tour\nw",
    )  # fmt: skip
    notebook.run_all()
    picture = notebook.page.locator(".pydock-picture svg")
    picture.locator("[aria-label^='src,']").first.click()
    notebook.until("w.tree.rows[0].opened", "True")
    left_out = picture.locator("[aria-label^='src/part2']")
    left_out.click()
    notebook.until("w.file.path", "'src/part2'")
    assert "src/part2" in notebook.page.locator(".pydock-facts").inner_text()
    notebook.shot("context-opened")
    notebook.page.locator(".pydock-filter input").fill("17.txt")
    notebook.until("[row.path for row in w.tree.rows]", "['src/part2/17.txt']")
    notebook.page.locator(".pydock-filter input").fill("")
    notebook.until("len(w.tree.rows) > 3", "True")
    notebook.page.locator(".picks").focus()
    notebook.page.keyboard.press("Home")
    for _ in range(3):
        notebook.page.keyboard.press("ArrowDown")
    notebook.page.keyboard.press("ArrowLeft")
    notebook.until("w.tree.rows[0].opened", "False")
    assert notebook.axe(".pydock") == []


@pytest.mark.parametrize(
    ("head", "typed", "offered", "ends"),
    [
        ("%%dockerfile --context tab", "COPY sr", "src/", "COPY src/"),
        ("%%context tab/Dockerfile", "COPY src/", "src/app.py", "COPY src/app.py"),
        ("%%dockerfile", "COPY --fr", "--from=", "COPY --from="),
        ("%%dockerfile", "ENV PORT=1\nRUN echo ${PO", "${PORT}", "RUN echo ${PORT}"),
    ],
)
def test_tab_in_a_dockerfile(notebook: Any, head: str, typed: str, offered: str, ends: str) -> None:
    notebook.open(LOAD, "%%context tab/src/app.py\n1", "")
    notebook.run_all()
    notebook.page.evaluate(
        """async () => {
            window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2;
            await window.jupyterapp.commands.execute('notebook:enter-edit-mode');
        }"""
    )
    notebook.page.keyboard.insert_text(f"{head}\nFROM scratch\n{typed}")
    notebook.page.keyboard.press("Tab")
    # The only offer is taken at once; of several, JupyterLab's own words among them, the first is ours.
    notebook.page.wait_for_timeout(1500)
    if not source(notebook, 2).endswith(ends):
        first = notebook.page.locator(".jp-Completer-item").first
        assert offered in first.inner_text()
        notebook.page.keyboard.press("Enter")
        notebook.page.wait_for_timeout(300)
    assert source(notebook, 2).endswith(ends)
