"""The lessons as a class sees them: in JupyterLab, in a browser, with real containers; in each tier."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from samples.lessons import broken, code_cells, lesson, notebook, troubles

from pydock_lab.linux.tiers import Tier
from pydock_lab.locale import LANGUAGES

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("containers")]

FIXTURES = {Tier.ROOT: "notebook", Tier.ROOTLESS: "user_notebook", Tier.TRACED: "traced_notebook"}
# Each of the first three in two tiers and both languages; `make soak` has all of them here, tests/lessons/test_runs.py
# without a page.
_SOME = [
    (Tier.ROOT, "01", "fr"),
    (Tier.ROOT, "02", "en"),
    (Tier.ROOT, "04", "fr"),
    (Tier.ROOTLESS, "01", "en"),
    (Tier.ROOTLESS, "03", "fr"),
    (Tier.TRACED, "02", "fr"),
    (Tier.TRACED, "03", "en"),
]
_ALL = [(tier, number, language) for tier in FIXTURES for number in ("01", "02", "03", "04") for language in LANGUAGES]
RUNS = _ALL if os.environ.get("PYDOCK_SOAK") else _SOME
Opener = Callable[..., Any]


@pytest.fixture
def open_lesson(request: pytest.FixtureRequest, tier: Tier) -> Iterator[Opener]:
    """`open_lesson("01", "fr")`: on the page of that tier, not yet run, its kernel with a $PYDOCK_HOME of its own."""
    page = request.getfixturevalue(FIXTURES[tier])

    def show(number: str, language: str) -> Any:
        page.open_document(notebook(lesson(number, language)))
        page.value("__import__('os').environ.update(PYDOCK_HOME=__import__('tempfile').mkdtemp())")
        return page

    yield show
    page.value("[container.remove(force=True) for container in engine.containers()]")
    page.value("__import__('shutil').rmtree(__import__('os').environ['PYDOCK_HOME'])")


@pytest.mark.soak
@pytest.mark.parametrize(("tier", "number", "language"), RUNS)
def test_a_lesson_runs(open_lesson: Opener, tier: Tier, number: str, language: str) -> None:
    page = open_lesson(number, language)
    page.run_all()
    page.whole_shots(f"lesson-{number}-{language}-{tier}")
    document = page.document()
    assert troubles(document) == []
    assert all(cell["execution_count"] for cell in code_cells(document))
    assert broken(document, number, tier) == []


# Of each picture: a lesson that has it, what only the picture's cell says, and a part to click.
PICTURES = {
    "layers": ("01", "%%dockerfile -t heavy:1", "layer-"),
    "instances": ("02", "%instances", "container-"),
    "namespaces": ("02", "%namespaces", "namespace-"),
    "tags": ("03", "poem:1.1\n%docker push", "manifest-"),
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("tier", [Tier.ROOTLESS])
def test_a_lessons_picture_answers(open_lesson: Opener, name: str) -> None:
    number, source, part = PICTURES[name]
    lab = open_lesson(number, "fr")
    cell = lab.run_until(source)
    cell.locator(f"[data-pick^='{part}']").last.click()
    cell.locator(f".selected[data-pick^='{part}']").wait_for()
    assert cell.locator(".pydock-facts dt").count() >= 2


@pytest.mark.parametrize("tier", [Tier.ROOTLESS])
def test_the_deleted_file_is_clicked_and_read(open_lesson: Opener) -> None:
    cell = open_lesson("01", "fr").run_until("%layers heavy:1 --step 3")
    content = cell.locator(".pydock-text", has_text="the password is 1234")
    assert content.count() == 0
    cell.locator("[data-pick^='file-']").last.click()
    content.wait_for()


@pytest.mark.parametrize("tier", [Tier.ROOTLESS])
def test_an_answer_is_folded_until_it_is_opened(open_lesson: Opener) -> None:
    page = open_lesson("01", "en").run_until("%load_ext").page
    answer = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) details", has_text="The image is executable")
    answer.wait_for()
    assert not answer.locator("p").is_visible()
    answer.locator("summary").click()
    answer.locator("p").wait_for()
