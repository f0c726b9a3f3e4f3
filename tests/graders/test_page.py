"""The page for teachers shows the cells that are graded here."""

from pathlib import Path

import pytest
from graders.exercise import FIRST_CELL, NBGRADER_TEST, OTTER_TEST

PAGE = (Path(__file__).parents[2] / "docs" / "teachers.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("cell", [FIRST_CELL, NBGRADER_TEST, OTTER_TEST], ids=["first", "nbgrader", "otter"])
def test_the_page_shows_the_cell(cell: str) -> None:
    assert f"\n{cell}\n" in PAGE
