"""The lessons of the course: where they are, their cells, what went wrong when they ran, and what they show."""

import json
import re
import tomllib
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
RUNNER = Path(__file__).parents[1] / "lessons" / "run_notebook.py"
LESSONS = ("01", "02", "03", "04")
_MODE = re.DOTALL | re.MULTILINE

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What a lesson says that one sees: a row of claims.toml, where the fields are told."""

    lesson: str
    says: str
    misconception: int
    cell: str
    shows: tuple[str, ...]
    never: str = ""
    tiers: tuple[str, ...] = ()

    def holds(self, document: dict[str, Any]) -> bool:
        """Whether the cell of an executed lesson shows it."""
        cell = next(cell for cell in code_cells(document) if self.cell in "".join(cell["source"]))
        text = shown(cell)
        found = all(re.search(pattern, text, _MODE) for pattern in self.shows)
        return found and not (self.never and re.search(self.never, text, _MODE))


def claims(number: str, tier: str = "") -> list[Claim]:
    """Those of a lesson, in that tier, or in any."""
    with (RUNNER.parent / "claims.toml").open("rb") as file:
        rows = tomllib.load(file)["claim"]
    found = (Claim(**{key: tuple(it) if isinstance(it, list) else it for key, it in row.items()}) for row in rows)
    return [one for one in found if one.lesson == number and (not tier or not one.tiers or tier in one.tiers)]


def broken(document: dict[str, Any], number: str, tier: str) -> list[str]:
    """The claims of a lesson that its executed cells do not show."""
    return [claim.says for claim in claims(number, tier) if not claim.holds(document)]


def shown(cell: Cell) -> str:
    """What a cell answered, as text, from above to below; where a stream was cut on its way to us is not to be seen."""
    texts: list[str] = []
    for stream, outputs in groupby(cell["outputs"], key=lambda output: output.get("name")):
        pieces = ["".join(one.get("text") or one.get("data", {}).get("text/plain", "")) for one in outputs]
        texts += ["".join(pieces)] if stream else pieces
    return "\n".join(text.rstrip("\n") for text in texts)
