"""What is asked of both graders; the fixture `graded` is what one of them says of every submission."""

from pathlib import Path

import pytest
from graders.conftest import Graded
from graders.exercise import POINTS, troubles


class Grading:
    """The points, nothing on stderr, and nothing left behind."""

    @pytest.mark.parametrize("submission", POINTS)
    def test_a_submission_gets_its_points(self, graded: Graded, submission: str) -> None:
        found = graded[submission]
        assert (found["points"], found["possible"]) == (POINTS[submission], 4)

    @pytest.mark.parametrize("submission", ["right", "half right"])
    def test_nothing_goes_wrong_and_nothing_is_written_to_stderr(self, graded: Graded, submission: str) -> None:
        assert troubles(graded[submission]["notebook"]) == []

    def test_no_store_is_left(self, graded: Graded, course: Path) -> None:
        assert set(graded) == set(POINTS)
        assert not (course / "store").exists()
        assert list((course / "tmp").glob("pydock*")) == []
