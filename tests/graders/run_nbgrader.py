"""Release an assignment with nbgrader, hand in every submission, autograde them all, and print what came of it.

The graders' Python runs this, in the folder of a new course.
"""

import json
import sys
from pathlib import Path
from typing import Any

import nbformat
from graders.exercise import DOCKERFILES, FIRST_CELL, MAGIC, NBGRADER_TEST, answered, code, notebook
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config

NAME = "exercise"
SOLUTION = f"{MAGIC}### BEGIN SOLUTION\n{DOCKERFILES['right']}### END SOLUTION"


def _marked(name: str, *, points: int = 0, solution: bool = False) -> dict[str, Any]:
    """What the Create Assignment panel writes: read-only, unless it is the cell for the solution."""
    kind = {"grade": points > 0, "solution": solution, "locked": not solution, "task": False}
    return {"schema_version": 3, "grade_id": name, **kind, **({"points": points} if points else {})}


def _write(cells: nbformat.NotebookNode, *folders: str) -> None:
    path = Path(*folders, NAME, f"{NAME}.ipynb")
    path.parent.mkdir(parents=True)
    nbformat.write(cells, path)


def main() -> None:
    config = Config()
    config.CourseDirectory.course_id = "course"
    config.ClearSolutions.code_stub = {"python": "# your instructions"}
    api = NbGraderAPI(config=config)
    source = notebook(
        code(FIRST_CELL, nbgrader=_marked("store")),
        code(SOLUTION, nbgrader=_marked("app", solution=True)),
        code(NBGRADER_TEST, nbgrader=_marked("app-test", points=4)),
    )
    _write(source, "source")
    _succeed(api.generate_assignment(NAME))
    for student in DOCKERFILES:
        released = nbformat.read(Path("release", NAME, f"{NAME}.ipynb"), as_version=4)
        _write(answered(released, student), "submitted", student)
        _succeed(api.autograde(NAME, student))
    found = {}
    with Gradebook(api.coursedir.db_url) as book:
        for student in DOCKERFILES:
            graded = book.find_submission(NAME, student)
            executed = Path("autograded", student, NAME, f"{NAME}.ipynb")
            document = json.loads(executed.read_text(encoding="utf-8"))
            found[student] = {"points": graded.score, "possible": graded.max_score, "notebook": document}
    json.dump(found, sys.stdout)


def _succeed(outcome: dict[str, Any]) -> None:
    if not outcome["success"]:
        sys.exit(f"{outcome.get('error')}\n{outcome.get('log')}")


if __name__ == "__main__":
    main()
