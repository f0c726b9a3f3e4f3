"""The lessons as a class sees them: in JupyterLab, in a browser, with real containers; as root and as somebody else."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from samples.lessons import LESSONS, code_cells, lesson, notebook, troubles

from pydock_lab.locale import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("containers")]

EVERY = pytest.mark.parametrize(("number", "language"), [(n, lang) for n in LESSONS for lang in LANGUAGES])
FIXTURES = {"root": "notebook", "ordinary": "user_notebook"}
Opener = Callable[..., Any]


@pytest.fixture
def open_lesson(request: pytest.FixtureRequest, who: str) -> Iterator[Opener]:
    """`open_lesson("01", "fr")`: on the page of `who`, not yet run, its kernel with a $PYDOCK_HOME of its own."""
    page = request.getfixturevalue(FIXTURES[who])

    def show(number: str, language: str) -> Any:
        page.open_document(notebook(lesson(number, language)))
        page.value("__import__('os').environ.update(PYDOCK_HOME=__import__('tempfile').mkdtemp())")
        return page

    yield show
    page.value("[container.remove(force=True) for container in engine.containers()]")
    page.value("__import__('shutil').rmtree(__import__('os').environ['PYDOCK_HOME'])")


@EVERY
@pytest.mark.parametrize("who", FIXTURES)
def test_a_lesson_runs(open_lesson: Opener, number: str, language: str) -> None:
    page = open_lesson(number, language)
    page.run_all()
    page.whole_shots(f"lesson-{number}-{language}")
    document = page.document()
    assert troubles(document) == []
    assert all(cell["execution_count"] for cell in code_cells(document))


# Of each picture: a lesson that has it, what only the picture's cell says, and a part to click.
PICTURES = {
    "layers": ("01", "%%dockerfile -t heavy:1", "layer-"),
    "instances": ("02", "%instances", "container-"),
    "tags": ("03", "poem:1.1\n%docker push", "manifest-"),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("who", ["ordinary"])
def test_a_lessons_picture_answers(open_lesson: Opener, name: str) -> None:
    number, source, part = PICTURES[name]
    lab = open_lesson(number, "fr")
    cell = lab.run_until(source)
    cell.locator(f"[data-pick^='{part}']").last.click()
    cell.locator(f".selected[data-pick^='{part}']").wait_for()
    assert cell.locator(".pydock-facts dt").count() > 3
    clicked = cell.locator(".pydock-title").inner_text()
    lab.page.keyboard.press("Home")
    cell.locator(".pick").first.and_(cell.locator(".selected")).wait_for()
    assert cell.locator(".pydock-title").inner_text() != clicked
    lab.shot(f"lesson-picture-{name}")
