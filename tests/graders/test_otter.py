"""Otter Assign makes the assignment, Otter grades it: each test case of the question has its points."""

from collections.abc import Callable

import pytest
from graders.conftest import Graded
from graders.grading import Grading


@pytest.fixture(scope="module")
def graded(grade: Callable[[str], Graded]) -> Graded:
    return grade("run_otter.py")


class TestOtter(Grading):
    def test_what_does_not_hold_is_said_in_words(self, graded: Graded) -> None:
        command, user, label, file = graded["half right"]["said"]
        assert "USER should be 1000" in user
        assert "/greeting should be in it" in file
        assert "passed" in command
        assert "passed" in label
        assert all("no such image: app:1" in said for said in graded["wrong"]["said"])
