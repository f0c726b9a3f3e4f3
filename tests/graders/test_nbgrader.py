"""nbgrader releases, autogrades and counts: the value of the test cell is the partial credit."""

from collections.abc import Callable
from pathlib import Path

import pytest
from graders.conftest import Graded
from graders.exercise import POINTS, troubles


@pytest.fixture(scope="module")
def graded(grade: Callable[[str], Graded]) -> Graded:
    return grade("run_nbgrader.py")


@pytest.mark.parametrize("submission", POINTS)
def test_a_submission_gets_its_points(graded: Graded, submission: str) -> None:
    found = graded[submission]
    assert (found["points"], found["possible"]) == (POINTS[submission], 4)


@pytest.mark.parametrize("submission", ["right", "half right"])
def test_nothing_goes_wrong_and_nothing_is_written_to_stderr(graded: Graded, submission: str) -> None:
    assert troubles(graded[submission]["notebook"]) == []


def test_a_dockerfile_that_does_not_build_says_where(graded: Graded) -> None:
    (error,) = troubles(graded["wrong"]["notebook"])
    assert "FORM" in error
    assert "line 2 of the cell" in error


def test_no_store_is_left(graded: Graded, course: Path) -> None:
    assert set(graded) == set(POINTS)
    assert not (course / "store").exists()
    assert list((course / "tmp").glob("pydock*")) == []
