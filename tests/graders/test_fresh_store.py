"""A store that begins empty and goes with its process, whatever was done in it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pydock_lab.check import Finding, Result

BUILT = """
import os
from pydock_lab import check
from pydock_lab.engine.face import Engine

check.fresh_store()
folder = os.environ["PYDOCK_HOME"]
check.fresh_store()
assert os.environ["PYDOCK_HOME"] == folder, "executed twice, the cell takes the images away"
engine = Engine()
assert engine.images() == ()
engine.build("FROM lab/busybox\\nUSER 1000", "app:1")
assert check.image("app:1", user="1000")
"""
RUNNING = """
engine.run("app:1", "sleep", "1000", detach=True, volumes={"data": "/data"})
assert check.container(engine.containers()[0].name, running=True)
"""
FORKED = """
child = os.fork()
if not child:
    raise SystemExit
os.waitpid(child, 0)
assert check.image("app:1"), "the child took its parent's store away"
"""


def leave_nothing(program: str, folder: Path) -> None:
    variables = os.environ | {"TMPDIR": str(folder), "PYDOCK_HOME": str(folder / "usual")}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert list(folder.iterdir()) == []


def test_it_begins_empty_and_goes_with_the_process(tmp_path: Path) -> None:
    leave_nothing(BUILT, tmp_path)


@pytest.mark.usefixtures("containers")
def test_a_container_that_still_runs_ends_with_it(tmp_path: Path) -> None:
    leave_nothing(BUILT + RUNNING, tmp_path)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_fork_of_the_process_does_not_remove_it(tmp_path: Path) -> None:
    leave_nothing(BUILT + FORKED, tmp_path)


@pytest.mark.parametrize("most", [4, 1, 0.375, 0.335])
def test_all_right_is_never_more_than_all_points(most: float) -> None:
    """An autograded cell whose value is more than its points stops nbgrader."""
    assert Result(title="", findings=(Finding(ok=True, text=""),)).points(most) == most
