"""Each exercise with solutions that are wrong, which its check must refuse, and with one that is right."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from samples.lessons import LESSONS, RUNNER, Cell, code_cells, lesson, notebook, tags

EXERCISES = [(number, exercise) for number in LESSONS for exercise in ("1", "2")]
SOLUTIONS = Path(__file__).parent / "solutions"


def solutions(number: str, exercise: str) -> dict[str, Any]:
    """`right`, a solution; `wrong`, pairs of a solution and a word of what its check says in English."""
    with (SOLUTIONS / f"{number}.toml").open("rb") as file:
        found: dict[str, Any] = tomllib.load(file)[f"exercise-{exercise}"]
    return found


def attempts(cells: list[Cell], exercise: str, sources: list[str]) -> list[Cell]:
    """For each solution: what the exercise needs, begun anew, the solution itself, and the call of its check."""
    position = next(i for i, cell in enumerate(cells) if f"exercise-{exercise}" in tags(cell))
    needed = [cell for cell in cells[:position] if {"needed", "check-1"} & set(tags(cell))]
    check = next(cell for cell in cells if f"check-{exercise}" in tags(cell))
    called = check | {"source": check["source"] + f"\ncheck_{exercise}()"}
    rows = [[*needed, cells[position] | {"source": source}, called] for source in sources]
    # Each cell stands there several times: an id may only once.
    return [cell | {"id": f"cell-{i}"} for i, cell in enumerate(cell for row in rows for cell in row)]


def answers(document: dict[str, Any], call: str) -> list[str | None]:
    """What each call of the check said: None where it was content."""
    checks = [cell for cell in code_cells(document) if "".join(cell["source"]).endswith(f"\n{call}")]
    return [next((o["evalue"] for o in cell["outputs"] if o["output_type"] == "error"), None) for cell in checks]


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
    untouched, *wrong, right = answers(done, f"check_{exercise}()")
    assert untouched is not None
    assert len(untouched) <= 100
    assert len(wrong) == len(known["wrong"]) >= 2
    for said, expected in zip(wrong, known["wrong"], strict=True):
        assert expected["says"] in (said or "nothing")
    assert right is None
