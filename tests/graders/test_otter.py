"""Otter Assign makes the assignment, Otter grades it: each test case of the question has its points."""

from collections.abc import Callable
from pathlib import Path

import pytest
from graders.conftest import Graded
from graders.exercise import POINTS, troubles


@pytest.fixture(scope="module")
def graded(grade: Callable[[str], Graded]) -> Graded:
    return grade("run_otter.py")


@pytest.mark.parametrize("submission", POINTS)
def test_a_submission_gets_its_points(graded: Graded, submission: str) -> None:
    found = graded[submission]
    assert (found["points"], found["possible"]) == (POINTS[submission], 4)


@pytest.mark.parametrize("submission", ["right", "half right"])
def test_nothing_goes_wrong_and_nothing_is_written_to_stderr(graded: Graded, submission: str) -> None:
    assert troubles(graded[submission]["notebook"]) == []


def test_what_does_not_hold_is_said_in_words(graded: Graded) -> None:
    command, user, label, file = graded["half right"]["said"]
    assert "USER should be 1000" in user
    assert "/greeting should be in it" in file
    assert "passed" in command
    assert "passed" in label
    assert all("no such image: app:1" in said for said in graded["wrong"]["said"])


def test_no_store_is_left(graded: Graded, course: Path) -> None:
    assert set(graded) == set(POINTS)
    assert not (course / "store").exists()
    assert list((course / "tmp").glob("pydock*")) == []
