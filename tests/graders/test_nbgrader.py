"""nbgrader releases, autogrades and counts: the value of the test cell is the partial credit."""

from collections.abc import Callable

import pytest
from graders.conftest import Graded
from graders.exercise import troubles
from graders.grading import Grading


@pytest.fixture(scope="module")
def graded(grade: Callable[[str], Graded]) -> Graded:
    return grade("run_nbgrader.py")


class TestNbgrader(Grading):
    def test_a_dockerfile_that_does_not_build_says_where(self, graded: Graded) -> None:
        (error,) = troubles(graded["wrong"]["notebook"])
        assert "FORM" in error
        assert "line 2 of the cell" in error
