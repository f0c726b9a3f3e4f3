"""Each lesson four times: text and notebook, French and English; the same cells do the same in both languages."""

import ast
import re

import jupytext
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from samples.lessons import LESSONS, Cell, code_cells, lesson, notebook, tags

from pydock_lab.locale import LANGUAGES

BOTH = pytest.mark.parametrize("language", LANGUAGES)
EXERCISES = [f"{kind}-{number}" for number in (1, 2, 3) for kind in ("exercise", "check")]
EACH = pytest.mark.parametrize("number", LESSONS)
PREDICTION = {"en": "**Prediction.**", "fr": "**Prédiction.**"}
ANSWER = {
    "en": "<details><summary>What you saw</summary>\n\n",
    "fr": "<details><summary>Ce que vous avez vu</summary>\n\n",
}


def without_words(source: str) -> str:
    """What a cell does: without comments, the messages of its asserts, and the language it sets."""
    source = re.sub(r'set_lang\("\w+"\)', 'set_lang("..")', source)
    if source.startswith("%%"):
        return re.sub(r"^# .*\n?", "", source, flags=re.MULTILINE)
    tree = ast.parse(TransformerManager().transform_cell(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            node.msg = None
    return ast.dump(tree)


@BOTH
@EACH
def test_the_notebook_is_made_of_the_text(number: str, language: str) -> None:
    text = jupytext.read(lesson(number, language, ".md")).cells
    made = notebook(lesson(number, language))["cells"]
    shape = [(cell["cell_type"], cell["source"], tags(cell)) for cell in text]
    assert shape == [(cell["cell_type"], cell["source"], tags(cell)) for cell in made]


@BOTH
@EACH
def test_outputs_are_cleared(number: str, language: str) -> None:
    for cell in code_cells(notebook(lesson(number, language))):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)


@EACH
def test_both_languages_do_the_same(number: str) -> None:
    english, french = (code_cells(notebook(lesson(number, language))) for language in LANGUAGES)
    assert [without_words(cell["source"]) for cell in english] == [without_words(cell["source"]) for cell in french]
    assert [tags(cell) for cell in english] == [tags(cell) for cell in french]


@EACH
def test_each_says_its_language(number: str) -> None:
    for language in LANGUAGES:
        cells = code_cells(notebook(lesson(number, language)))
        assert f'set_lang("{language}")' in cells[0]["source"]


@BOTH
@EACH
def test_a_prediction_comes_before_each_reveal(number: str, language: str) -> None:
    cells: list[Cell] = notebook(lesson(number, language))["cells"]
    reveals = [index for index, cell in enumerate(cells) if "reveal" in tags(cell)]
    assert len(reveals) >= 6
    for index in reveals:
        before = next(cell for cell in reversed(cells[:index]) if cell["cell_type"] == "markdown")
        assert PREDICTION[language] in before["source"], cells[index]["source"]


@BOTH
@EACH
def test_no_answer_is_in_sight_of_its_question(number: str, language: str) -> None:
    """It is folded, and comes after what is to be executed; at most one cell or sentence shows more before it."""
    cells: list[Cell] = notebook(lesson(number, language))["cells"]
    for index in (index for index, cell in enumerate(cells) if "reveal" in tags(cell)):
        following = [cell["source"] for cell in cells[index + 1 : index + 4] if cell["cell_type"] == "markdown"]
        assert any(source.startswith(ANSWER[language]) for source in following), cells[index]["source"]
    for source in (cell["source"] for cell in cells if "<details>" in cell["source"]):
        assert source.startswith(ANSWER[language])
        assert source.count("\n\n</details>") == 1


@BOTH
@EACH
def test_the_guess_is_answered_out_of_sight(number: str, language: str) -> None:
    cells: list[Cell] = notebook(lesson(number, language))["cells"]
    for index in (index for index, cell in enumerate(cells) if "--guess" in cell["source"].split("\n")[0]):
        kinds = [cell["cell_type"] for cell in cells[index + 1 : index + 4]]
        assert kinds == ["markdown", "code", "code"]
        assert len(cells[index + 1]["source"]) < 120


@BOTH
@EACH
def test_length_and_exercises(number: str, language: str) -> None:
    cells = code_cells(notebook(lesson(number, language)))
    assert 12 <= len(cells) <= 22
    found = [tag for cell in cells for tag in tags(cell) if tag.startswith(("exercise", "check"))]
    assert found in (EXERCISES, EXERCISES[:-2])


@EACH
def test_french_marks_are_not_torn_off(number: str) -> None:
    """No line begins with a mark that has a space before it in French: that space is not breakable."""
    texts = [cell["source"] for cell in notebook(lesson(number, "fr"))["cells"] if cell["cell_type"] == "markdown"]
    for text in (re.sub(r"`[^`]*`", "``", text) for text in texts):
        assert re.findall(r".{0,20}(?<=[^|\- ]) [:;!?»]|« .{0,20}", text) == []


def test_links_between_lessons_lead_somewhere() -> None:
    for path in (lesson(number, language, ".md") for number in LESSONS for language in LANGUAGES):
        for target in re.findall(r"\]\((?!http)([^)]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path}: {target}"
