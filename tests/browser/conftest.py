"""JupyterLab in Chromium: a server of our own on a free loopback port, with nothing of the user's configuration."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from samples import notebook_page
from samples.jupyter import Lab, serving
from samples.users import ordinary_user

from pydock_lab.linux.tiers import Tier

TESTS = Path(__file__).parents[1]
AXE = TESTS.parent / ".cache" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = os.environ.get("PYDOCK_SHOTS", "")
_VIEWPORT = {"width": 1280, "height": 1100}
_TALL = 14_000  # pixels: a whole lesson
_CHROMIUM_FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--force-prefers-reduced-motion"]


def missing(reason: str) -> None:
    """Skip this test and say why; on CI, where everything must be there, fail instead."""
    pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab with its own home; its kernels find the samples of the tests."""
    with serving(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture(scope="session")
def user_lab() -> Iterator[Lab]:
    """The same of an ordinary user: server and kernels are theirs."""
    if os.geteuid() != 0:
        missing("only root can start a server as another user")
    with ordinary_user() as user, serving(Path(f"/home/{user}/lab"), user=user) as found:
        yield found


@pytest.fixture(scope="module")
def traced_lab() -> Iterator[Lab]:
    """The same below a filter that forbids namespaces and mounts, as on Binder."""
    if os.geteuid() != 0:
        missing("only root can start a server as another user")
    with ordinary_user() as user, serving(Path(f"/home/{user}/traced"), user=user, tier=Tier.TRACED) as found:
        yield found


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by playwright (which brings no browser of its own here)."""
    program = Path(os.environ.get("PYDOCK_CHROMIUM", "/usr/bin/chromium"))
    if not program.exists():
        missing("chromium is not installed (`make test` as root on Debian installs it)")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only where there is a browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=_CHROMIUM_FLAGS)
        yield browser
        browser.close()


class Notebook:
    """A notebook that is open in the browser."""

    def __init__(self, page: Any, lab: Lab, name: str) -> None:
        self.page, self._lab, self._name = page, lab, name

    def open(self, *cells: str, outputs: tuple[dict[str, Any], ...] = ()) -> None:
        """Write a notebook of these cells, the first with `outputs`, and open it; its kernel is ready afterwards."""
        self.open_document(_document(cells, outputs))

    def open_document(self, document: dict[str, Any]) -> None:
        """Open a notebook that is written already; its kernel is ready afterwards."""
        path = self._lab.root / f"{self._name}.ipynb"
        path.write_text(json.dumps(document), encoding="utf-8")
        shutil.chown(path, self._lab.user or os.geteuid())
        notebook_page.show(self.page, path.name)

    def rewrite(self, source: str) -> None:
        """Put another source into its first cell, of which nothing is shown then, and have it before one's eyes."""
        self.page.evaluate(
            """async ([path, source]) => {
                const { commands } = window.jupyterapp;
                const panel = await commands.execute("docmanager:open", { path });
                window.jupyterapp.shell.activateById(panel.id);
                await commands.execute("notebook:clear-all-cell-outputs");
                panel.content.widgets[0].model.sharedModel.setSource(source);
                panel.content.mode = "command";
            }""",
            [f"{self._name}.ipynb", source],
        )

    def close(self) -> None:
        """End the kernel, and take the notebook off the page without asking."""
        self.page.evaluate(
            """async () => {
                const panel = window.jupyterapp.shell.currentWidget;
                await panel?.sessionContext?.shutdown();
                panel?.dispose();
            }"""
        )

    def run_all(self) -> None:
        """Run every cell, and wait until the kernel is idle again."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.wait_idle()

    def run_until(self, source: str) -> Any:
        """Run the cells down to the first that contains `source`; give that one, in sight."""
        at = self.page.evaluate(
            """async (source) => {
                const { content } = window.jupyterapp.shell.currentWidget;
                const at = content.widgets.findIndex((cell) => cell.model.sharedModel.getSource().includes(source));
                content.activeCellIndex = at;
                await window.jupyterapp.commands.execute("notebook:run-all-above");
                content.activeCellIndex = at;
                await window.jupyterapp.commands.execute("notebook:run-cell");
                await content.scrollToItem(at, "start");
                return at;
            }""",
            source,
        )
        self.wait_idle()
        return self.page.locator(f".jp-NotebookPanel:not(.lm-mod-hidden) [data-windowed-list-index='{at}']")

    def wait_idle(self) -> None:
        """Wait for the kernel."""
        notebook_page.wait_idle(self.page)

    def value(self, expression: str) -> str:
        """What Python says to an expression, without a cell."""
        return notebook_page.value(self.page, expression)

    def until(self, expression: str, wanted: str) -> None:
        """Wait until Python says so: what is clicked arrives a moment later."""
        for _ in range(60):
            if (found := self.value(expression)) == wanted:
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"{expression} is {found}, not {wanted}")

    def theme(self, name: str) -> None:
        """Switch JupyterLab's theme."""
        self.page.evaluate("(theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name)
        light = "false" if "Dark" in name else "true"
        self.page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")

    def outputs(self) -> list[dict[str, Any]]:
        """All outputs of all cells, as the notebook would be saved."""
        found: list[dict[str, Any]] = self.page.evaluate(
            """() => window.jupyterapp.shell.currentWidget.content.widgets
                .filter((cell) => cell.model.type === "code").flatMap((cell) => cell.model.outputs.toJSON())"""
        )
        return found

    def document(self) -> dict[str, Any]:
        """The whole notebook, as it would be saved."""
        found: dict[str, Any] = self.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.model.toJSON()")
        return found

    def cell_count(self) -> int:
        """How many cells the notebook has."""
        return int(self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length"))

    def axe(self, selector: str) -> list[str]:
        """What axe-core finds wrong below `selector`."""
        if not AXE.exists():
            missing("axe-core is not installed (`make test` installs it with npm)")
        self.page.add_script_tag(path=str(AXE))
        found: list[str] = self.page.evaluate(
            """async (selector) => (await axe.run(selector)).violations.flatMap(
                ({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${failureSummary} ${html}`))""",
            selector,
        )
        return found

    def shot(self, name: str, selector: str = ".jp-NotebookPanel:not(.lm-mod-hidden)") -> None:
        """A screenshot into $PYDOCK_SHOTS, where it is set."""
        if SHOTS:
            Path(SHOTS).mkdir(parents=True, exist_ok=True)
            self.page.locator(selector).first.screenshot(path=f"{SHOTS}/{name}.png")

    def whole_shots(self, name: str) -> None:
        """All of a long notebook in both themes, as a window of that height would show it, where shots are wanted."""
        if not SHOTS:
            return
        self.page.set_viewport_size({"width": 1280, "height": _TALL})
        self.page.evaluate("() => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = 0; }")
        for theme in ("JupyterLab Light", "JupyterLab Dark"):
            self.theme(theme)
            self.page.evaluate("() => window.jupyterapp.shell.currentWidget.content.scrollToItem(0, 'start')")
            self.page.wait_for_timeout(1500)  # cells that were never in sight are drawn now
            self.shot(f"{name}-{theme.split()[1].lower()}")


def _document(cells: tuple[str, ...], outputs: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    shown: list[dict[str, Any]] = [
        {
            "cell_type": "code",
            "id": f"cell-{at}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": text,
        }
        for at, text in enumerate(cells)
    ]
    shown[0]["outputs"] = list(outputs)
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": shown}


@pytest.fixture(scope="session")
def page(lab: Lab, chromium: Any) -> Iterator[Any]:
    """JupyterLab, open: notebooks come and go in it, which is ten times quicker than opening it anew."""
    with _page_of(lab, chromium) as found:
        yield found


@pytest.fixture(scope="session")
def user_page(user_lab: Lab, chromium: Any) -> Iterator[Any]:
    """The ordinary user's JupyterLab, open."""
    with _page_of(user_lab, chromium) as found:
        yield found


@pytest.fixture(scope="module")
def traced_page(traced_lab: Lab, chromium: Any) -> Iterator[Any]:
    """The JupyterLab below the filter, open."""
    with _page_of(traced_lab, chromium) as found:
        yield found


@contextmanager
def _page_of(lab: Lab, chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(viewport=_VIEWPORT, permissions=["clipboard-write"])
    found = context.new_page()
    found.goto(f"{lab.url}/lab?token={lab.token}&reset", wait_until="domcontentloaded")
    found.wait_for_function("() => window.jupyterapp?.restored", timeout=60_000)
    found.evaluate("async () => { await window.jupyterapp.restored; }")
    yield found
    context.close()


@pytest.fixture
def notebook(lab: Lab, page: Any, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """A notebook to be opened; what the page's scripts complain about fails the test."""
    with _notebook_in(lab, page, request.node.name) as found:
        yield found


@pytest.fixture
def user_notebook(user_lab: Lab, user_page: Any, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """The same in the ordinary user's JupyterLab."""
    with _notebook_in(user_lab, user_page, request.node.name) as found:
        yield found


@pytest.fixture
def traced_notebook(traced_lab: Lab, traced_page: Any, request: pytest.FixtureRequest) -> Iterator[Notebook]:
    """The same in the JupyterLab below the filter."""
    with _notebook_in(traced_lab, traced_page, request.node.name) as found:
        yield found


@contextmanager
def _notebook_in(lab: Lab, page: Any, test: str) -> Iterator[Notebook]:
    with _complaints(page):
        page.set_viewport_size(_VIEWPORT)
        found = Notebook(page, lab, "".join(letter if letter.isalnum() else "-" for letter in test))
        found.theme("JupyterLab Light")
        yield found
        found.close()


# What JupyterLab itself complains about when a notebook is closed before all of it has been drawn or answered
# (jupyterlab/jupyterlab issue 15415 shows the second); with a widget or an extension in the trace it is not its own.
_JUPYTERLABS_OWN = ("Canceled future for", "The node to be removed is not a child of this node")
_EXTENSIONS = ("blob:", "data:", "/lab/extensions/")


@contextmanager
def _complaints(page: Any) -> Iterator[None]:
    """What the page's scripts complain about meanwhile fails the test."""
    complaints: list[str] = []

    def complain(error: Any) -> None:
        said = f"{error}\n{error.stack}"
        if not any(words in said for words in _JUPYTERLABS_OWN) or any(place in said for place in _EXTENSIONS):
            complaints.append(said)

    page.on("pageerror", complain)
    yield
    page.remove_listener("pageerror", complain)
    assert complaints == []


@pytest.fixture(scope="module")
def gallery(lab: Lab, page: Any) -> Iterator[Notebook]:
    """One notebook for the pictures of a module: a kernel for each would take longer than the tests."""
    found = Notebook(page, lab, "gallery")
    found.open("pass")
    yield found
    found.close()


@pytest.fixture
def open_picture(gallery: Notebook) -> Iterator[Callable[[str, str], Notebook]]:
    """`open_picture("layers.Layers(views.SHOP)", "fr")`: a notebook with that widget, as `w`, on its page."""

    def show(expression: str, language: str) -> Notebook:
        gallery.rewrite(
            "from samples import arguments, beside, connected, context_trees, explained as builds, forest, opened\n"
            "from samples import sides as both_sides, starts, traces, transfers, views, weights\n"
            "from pydock_lab.notebook import argument_vector, context_tree, doctor, edits, explained, guessing\n"
            "from pydock_lab.notebook import image_tree, instances, layers, shared_layers, sides, tags\n"
            "from pydock_lab.notebook import trace, weighed\n"
            f"w = {expression}\nw.language = {language!r}\nw"
        )
        gallery.run_all()
        gallery.page.locator(".pydock-picture svg .pick").first.wait_for()
        gallery.page.wait_for_timeout(400)  # the picture is laid out once more for the page's width
        return gallery

    with _complaints(gallery.page):
        gallery.page.set_viewport_size(_VIEWPORT)
        gallery.theme("JupyterLab Light")
        yield show
        gallery.page.evaluate("() => window.jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
