"""`%docker run -it` in a page: a terminal of the program's own, in the cell, with keys, size, copy, and its end."""

from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("containers")]

SETUP = "%load_ext pydock_lab\nimport os, tempfile\nos.environ['PYDOCK_HOME'] = tempfile.mkdtemp()"
RUN = "%docker run -it --name one lab/base sh"
SHELL = "import pydock_lab.notebook.terminal as emulators"
ENGINE = "__import__('pydock_lab').open_engine()"
REMOVE = f"[engine.remove(one.id, force=True) for engine in [{ENGINE}] for one in engine.containers(all_=True)]"
OUTPUT = ".jp-NotebookPanel:not(.lm-mod-hidden) .pydock-terminal"
TEXT = (
    """(node) => [...node.querySelectorAll(".xterm-rows > div")].map((row) => row.textContent.trimEnd()).join("\\n")"""
)


@pytest.fixture
def opened(request: pytest.FixtureRequest, who: str) -> Iterator[Any]:
    """A notebook in which containers run."""
    notebook = request.getfixturevalue({"root": "notebook", "ordinary": "user_notebook"}[who])
    yield notebook
    notebook.value(REMOVE)


class Screen:
    """The terminal of a notebook, as a person has it."""

    def __init__(self, notebook: Any) -> None:
        self.notebook, self.page = notebook, notebook.page
        self.place = self.page.locator(OUTPUT).last
        self.place.locator(".xterm-rows").wait_for()

    def text(self) -> str:
        found: str = self.place.evaluate(TEXT)
        return found

    def shows(self, text: str) -> None:
        for _ in range(200):
            if text in self.text():
                return
            self.page.wait_for_timeout(50)
        pytest.fail(f"{text!r} is not in {self.text()!r}")

    def type(self, text: str) -> None:
        self.place.locator(".xterm-screen").click()
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def told(self, text: str) -> None:
        self.place.locator(".pydock-status", has_text=text).wait_for()


def opening(notebook: Any, *cells: str) -> Screen:
    notebook.open(SETUP, *cells)
    notebook.run_all()
    return Screen(notebook)


@pytest.mark.parametrize("who", ["root", "ordinary"])
def test_a_shell_is_typed_into(opened: Any) -> None:
    screen = opening(opened, RUN, "40 + 2")
    assert opened.document()["cells"][2]["outputs"][0]["data"]["text/plain"] == "42"  # the cell was over at once
    screen.type("echo s$((1+1))n; hostname; id -u")
    screen.shows("s2n")
    screen.told("isolation: root")  # root in a namespace of its own, too
    screen.type("sleep 1000")
    screen.shows("sleep 1000")
    screen.page.wait_for_timeout(300)
    screen.page.keyboard.press("Control+c")
    screen.type("echo $?-after")
    screen.shows("130-after")
    assert opened.cell_count() == 3, "what was typed was no command of the notebook"
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        opened.theme(theme)
        screen.page.wait_for_timeout(500)
        opened.shot(f"terminal-{theme.split()[1].lower()}")
    assert opened.axe(OUTPUT) == []
    screen.type("exit 3")
    screen.told("exit status 3")
    saved = opened.document()["cells"][1]["outputs"][0]["data"]
    assert "s2n" in "".join(saved["text/plain"])
    assert "exit status 3" in "".join(saved["text/html"])


@pytest.mark.parametrize("who", ["root"])
def test_size_copy_flood_and_a_second_view(opened: Any) -> None:
    screen = opening(opened, RUN)
    screen.type("stty size")
    screen.shows("stty size")
    screen.page.wait_for_timeout(300)
    lines, columns = map(int, screen.text().split("stty size\n")[1].split("\n")[0].split())
    assert columns > 80
    screen.place.locator(".pydock-screen").evaluate(
        "(node) => { node.style.height = '500px'; node.style.width = '400px'; }"
    )
    screen.page.wait_for_timeout(500)
    screen.type("clear; stty size")
    screen.page.wait_for_timeout(500)
    taller, narrower = map(int, screen.text().strip().split("\n")[0].split())
    assert taller > lines
    assert narrower < columns

    screen.type("clear; yes flood")
    screen.shows("flood\nflood")
    screen.page.wait_for_timeout(1000)
    screen.page.keyboard.press("Control+c")
    screen.type("clear; echo it-$((3*3))-ends")
    screen.shows("it-9-ends")

    screen.page.evaluate(
        "() => { window.copied = ''; navigator.clipboard.writeText = async (text) => { window.copied = text; }; }"
    )
    row = screen.place.locator(".xterm-rows > div", has_text="it-9-ends").last.bounding_box()
    screen.page.mouse.dblclick(row["x"] + 5, row["y"] + row["height"] / 2)
    screen.page.keyboard.press("Control+c")
    screen.page.wait_for_function("() => window.copied.includes('it-9-ends')")

    screen.page.evaluate("() => window.jupyterapp.commands.execute('notebook:create-output-view')")
    other = screen.page.locator(".jp-LinkedOutputView .pydock-terminal")
    other.locator(".xterm-rows", has_text="it-9-ends").wait_for()
    screen.page.evaluate("() => window.jupyterapp.shell.activateById(document.querySelector('.jp-NotebookPanel').id)")


@pytest.mark.parametrize("who", ["root"])
def test_a_program_that_ends_at_once_and_one_that_never_begins(opened: Any) -> None:
    screen = opening(opened, "%docker run -it --rm lab/base echo done", "%docker run -it --rm nothing/here sh")
    screen.shows("done")
    screen.told("exit status 0")
    document = opened.document()
    assert document["cells"][2]["outputs"][-1]["output_type"] == "error"
    assert screen.page.locator(OUTPUT).count() == 1


@pytest.mark.parametrize("who", ["ordinary"])
def test_exec(opened: Any) -> None:
    screen = opening(opened, "%docker run -dit --name one lab/base sh", "%docker exec -it one sh")
    screen.type("echo in-$((2+2))")
    screen.shows("in-4")
    screen.type("exit")
    screen.told("exit status 0")


@pytest.mark.parametrize("who", ["ordinary"])
def test_letting_go(opened: Any) -> None:
    screen = opening(opened, "%docker run -dit --name one lab/base sh", "%docker attach one")
    screen.type("echo main-$((2+3))")
    screen.shows("main-5")
    screen.page.keyboard.press("Control+p")
    screen.page.keyboard.press("Control+q")
    screen.told("goes on")
    assert opened.value(f"{ENGINE}.container('one').state") == "'running'"


def test_without_the_emulator_there_are_lines(notebook: Any) -> None:
    notebook.page.evaluate("() => { delete globalThis[Symbol.for('pydock_lab.xterm')]; }")
    notebook.open(SETUP, f"{SHELL}\nemulators.emulator = list", RUN)
    notebook.run_all()
    place = notebook.page.locator(OUTPUT)
    place.get_by_text("xterm.js").wait_for()
    place.locator("input").fill("printf '\\033[31mred\\033[0m-%s\\n' $((5+5))")
    place.locator("input").press("Enter")
    place.locator(".pydock-lines", has_text="red-10").wait_for()
    place.locator("input").fill("sleep 1000")
    place.locator("input").press("Enter")
    notebook.page.wait_for_timeout(300)
    place.get_by_role("button", name="Ctrl+C").click()
    notebook.shot("terminal-lines")
    assert notebook.axe(OUTPUT) == []
    place.get_by_role("button", name="Ctrl+D").click()
    place.locator(".pydock-status", has_text="exit status 130").wait_for()
    notebook.page.evaluate("() => { delete globalThis[Symbol.for('pydock_lab.xterm')]; }")
    notebook.value(REMOVE)


@pytest.mark.parametrize("keys", ["", "lost"])
def test_a_terminal_whose_kernel_has_gone_says_so(notebook: Any, keys: str) -> None:
    screen = opening(notebook, "%docker run -it --rm lab/base sh")
    screen.type("echo before-$((1+1))")
    screen.shows("before-2")
    notebook.page.evaluate(
        """async () => {
            const { sessionContext } = window.jupyterapp.shell.currentWidget;
            await sessionContext.session.kernel.restart();
        }"""
    )
    if keys:
        screen.type(keys)
    screen.told("kernel has ended")
    notebook.shot("terminal-lost")
    assert notebook.axe(OUTPUT) == []
