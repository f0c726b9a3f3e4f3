"""The graders, each in a process of its own, with an environment that `make test` makes for them in .cache/graders."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[1]
GRADERS = TESTS.parent / ".cache" / "graders"
_SECONDS = 110

Graded = dict[str, dict[str, Any]]


def missing(reason: str) -> None:
    """Skip this test and say why; on CI, where everything must be there, fail instead."""
    pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for everything that a grader writes: its `home`, `tmp` and `store` are those of all its processes."""
    folder = tmp_path_factory.mktemp("course")
    for name in ("home", "tmp", "notebooks"):
        (folder / name).mkdir()
    return folder


@pytest.fixture(scope="module")
def grade(course: Path) -> Callable[[str], Graded]:
    """`grade("run_otter.py")`: what that program says of every submission, all graded one after the other."""

    def run(program: str) -> Graded:
        if not (GRADERS / ".installed").exists():
            missing("nbgrader and Otter are not installed (`make test` installs them)")
        variables = {
            "PATH": f"{GRADERS / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(course / "home"),
            "TMPDIR": str(course / "tmp"),
            "PYDOCK_HOME": str(course / "store"),
            "PYDOCK_LANG": "en",
            "PYTHONPATH": str(TESTS),
        }
        # On Linux with no namespaces and no tracing: where most graders work there are none.
        confined = [TESTS / "samples" / "confined.py", "none"] if sys.platform == "linux" else []
        done = subprocess.run(
            [GRADERS / "bin" / "python", *confined, TESTS / "graders" / program],
            env=variables,
            cwd=course / "notebooks",
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        found: Graded = json.loads(done.stdout)
        return found

    return run
