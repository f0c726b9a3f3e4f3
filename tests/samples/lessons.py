"""The lessons of the course: where they are, their cells, and what went wrong when they ran."""

import json
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
RUNNER = Path(__file__).parents[1] / "lessons" / "run_notebook.py"
LESSONS = ("01", "02", "03", "04")

Cell = dict[str, Any]


def lesson(number: str, language: str, suffix: str = ".ipynb") -> Path:
    """The file of a lesson."""
    (found,) = (NOTEBOOKS / language).glob(f"{number}-*{suffix}")
    return found


def notebook(path: Path) -> dict[str, Any]:
    """A notebook as it lies on disk, every source as one text."""
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    for cell in document["cells"]:
        cell["source"] = "".join(cell["source"])
    return document


def code_cells(document: dict[str, Any]) -> list[Cell]:
    """Its code cells, in order."""
    return [cell for cell in document["cells"] if cell["cell_type"] == "code"]


def tags(cell: Cell) -> list[str]:
    """What a cell is for: `needed`, `reveal`, `exercise-1`, `check-1` ..."""
    found: list[str] = cell["metadata"].get("tags", [])
    return found


def troubles(document: dict[str, Any]) -> list[str]:
    """Error outputs, and everything on the standard error."""
    outputs = [output for cell in code_cells(document) for output in cell["outputs"]]
    errors = [f"{o['ename']}: {o['evalue']}" for o in outputs if o["output_type"] == "error"]
    return errors + ["".join(o["text"]) for o in outputs if o.get("name") == "stderr"]
