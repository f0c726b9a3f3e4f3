"""Each exercise with solutions that are wrong, which its check must refuse, and with one that is right."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from samples.lessons import LESSONS, RUNNER, Cell, code_cells, lesson, notebook, shown, tags

SOLUTIONS = Path(__file__).parent / "solutions"
EXERCISES = [
    (number, tag.removeprefix("exercise-"))
    for number in LESSONS
    for cell in code_cells(notebook(lesson(number, "en")))
    for tag in tags(cell)
    if tag.startswith("exercise-")
]


def solutions(number: str, exercise: str) -> dict[str, Any]:
    """`right`, a solution; `wrong`: a solution, a word of what its check says, and of a check with points how much."""
    with (SOLUTIONS / f"{number}.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)[f"exercise-{exercise}"]
    return found


def attempts(cells: list[Cell], exercise: str, sources: list[str]) -> list[Cell]:
    """For each solution: what the exercise needs, begun anew, the solution itself, and its check."""
    position = next(i for i, cell in enumerate(cells) if f"exercise-{exercise}" in tags(cell))
    needed = [cell for cell in cells[:position] if "needed" in tags(cell) or "def dockerfile_of" in cell["source"]]
    check = next(cell for cell in cells if f"check-{exercise}" in tags(cell))
    # A check that is a function is called by the student.
    call = f"\ncheck_{exercise}()" if f"def check_{exercise}()" in check["source"] else ""
    called = check | {"source": check["source"] + call}
    rows = [[*needed, cells[position] | {"source": source}, called] for source in sources]
    # Each cell stands there several times: an id may only once.
    return [cell | {"id": f"cell-{i}"} for i, cell in enumerate(cell for row in rows for cell in row)]


def answers(document: dict[str, Any], exercise: str) -> list[str]:
    """What each check said: what does not hold, below how much does; "" where it was content."""
    return [_said(cell) for cell in code_cells(document) if f"check-{exercise}" in tags(cell)]


def _said(cell: Cell) -> str:
    error = next((str(o["evalue"]) for o in cell["outputs"] if o["output_type"] == "error"), "")
    results = [shown({"outputs": [o]}) for o in cell["outputs"] if o["output_type"] == "execute_result"]
    lines = "".join(results).splitlines()
    assert lines or "def check_" in "".join(cell["source"])
    return error or "\n".join(lines if any("✗" in line for line in lines) else [])


def run(document: dict[str, Any], home: Path, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "attempts.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    environment = os.environ | {"PYDOCK_HOME": str(home), "IPYTHONDIR": str(tmp_path / "ipython")}
    words = [sys.executable, str(RUNNER), str(path), str(tmp_path)]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=120, check=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(("number", "exercise"), EXERCISES)
def test_checks_tell_right_from_wrong(number: str, exercise: str, home: Path, tmp_path: Path) -> None:
    document = notebook(lesson(number, "en"))
    cells = code_cells(document)
    scaffold = next(cell["source"] for cell in cells if f"exercise-{exercise}" in tags(cell))
    known = solutions(number, exercise)
    sources = [scaffold, *(wrong["solution"] for wrong in known["wrong"]), known["right"]]
    done = run(document | {"cells": attempts(cells, exercise, sources)}, home, tmp_path)
    untouched, *wrong, right = answers(done, exercise)
    assert untouched
    assert max(map(len, untouched.splitlines())) <= 100
    assert len(wrong) == len(known["wrong"]) >= 2
    for said, expected in zip(wrong, known["wrong"], strict=True):
        assert expected["says"] in said
        assert said.splitlines()[0].endswith(expected.get("holds", ""))
    assert right == ""


def test_points_are_given_for_what_is_right() -> None:
    """Where a check gives points, at least one wrong solution has some."""
    for number, exercise in EXERCISES:
        cells = code_cells(notebook(lesson(number, "en")))
        check = next(cell["source"] for cell in cells if f"check-{exercise}" in tags(cell))
        partial = [wrong.get("holds", "0 of") for wrong in solutions(number, exercise)["wrong"]]
        assert "def check_" in check or any(not held.startswith("0 of") for held in partial)
