"""Make an assignment with Otter Assign, hand in every submission, grade them all, and print what came of it.

The graders' Python runs this, in an empty folder.
"""

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
from graders.exercise import DOCKERFILES, FIRST_CELL, MAGIC, OTTER_TESTS, answered, code, notebook
from nbformat.v4 import new_raw_cell
from otter.api import grade_submission
from otter.cli import cli

MASTER = "exercise.ipynb"
SETTINGS = "# ASSIGNMENT CONFIG\nexport_cell: false\ntests: {ok_format: false}"
SOLUTION = f"{MAGIC}# BEGIN SOLUTION\n{DOCKERFILES['right']}# END SOLUTION"


def _written() -> nbformat.NotebookNode:
    raw = new_raw_cell
    return notebook(
        raw(SETTINGS),
        code(FIRST_CELL, editable=False, deletable=False),
        raw("# BEGIN QUESTION\nname: app\npoints: 4"),
        raw("# BEGIN SOLUTION"),
        code(SOLUTION),
        raw("# END SOLUTION"),
        raw("# BEGIN TESTS"),
        *map(code, OTTER_TESTS),
        raw("# END TESTS"),
        raw("# END QUESTION"),
    )


def _graded(submission: str, autograder: Path) -> dict[str, Any]:
    path = Path("submitted", submission, MASTER)
    path.parent.mkdir(parents=True)
    released = nbformat.read(Path("dist", "student", MASTER), as_version=4)
    nbformat.write(answered(released, submission), path)
    results = grade_submission(str(path), str(autograder), quiet=True)
    said = [case.message for file in results.results.values() for case in file.test_case_results]
    return {"points": results.total, "possible": results.possible, "notebook": results.notebook, "said": said}


def main() -> None:
    nbformat.write(_written(), MASTER)
    # Its own run of the solution is left out: it is handed in as well, and a kernel with Otter takes seconds.
    cli(["assign", "--no-run-tests", MASTER, "dist"], standalone_mode=False)
    (autograder,) = Path("dist", "autograder").glob("*.zip")
    json.dump({submission: _graded(submission, autograder) for submission in DOCKERFILES}, sys.stdout)


if __name__ == "__main__":
    main()
