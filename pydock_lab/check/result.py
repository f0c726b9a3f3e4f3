"""What an examination found: a finding for each assertion, and how many points that is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydock_lab import locale
from pydock_lab.errors import PydockError

_MARKS = {True: "✓", False: "✗"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One assertion: whether it holds, and what was found, in words."""

    ok: bool
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """All findings about one thing. It is true where all hold; in a cell it shows a line for each."""

    title: str
    findings: tuple[Finding, ...]

    @property
    def score(self) -> float:
        """The share of assertions that hold, 0 to 1."""
        return sum(finding.ok for finding in self.findings) / len(self.findings) if self.findings else 0.0

    def points(self, most: float = 1) -> float:
        """The points for it, of so many: the value of an nbgrader cell, which gives partial credit for it."""
        return min(most, round(most * self.score, 2))  # nbgrader refuses more than the cell has: 0.375 is no 0.38

    def require(self) -> "Result":
        """Itself, where all holds; raises AssertionError with the words of what does not."""
        if not self:
            raise AssertionError("\n".join((self.title, *(f"{_MARKS[False]} {one.text}" for one in self._failed()))))
        return self

    def _failed(self) -> Iterator[Finding]:
        return (finding for finding in self.findings if not finding.ok)

    def __bool__(self) -> bool:
        return all(finding.ok for finding in self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __repr__(self) -> str:
        held = sum(finding.ok for finding in self.findings)
        head = locale.text("check.head", title=self.title, held=held, count=len(self.findings))
        return "\n".join((head, *(f"  {_MARKS[one.ok]} {one.text}" for one in self.findings)))


class Examination:
    """Collects findings about one thing; an error of the engine on the way is one that does not hold."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._findings: list[Finding] = []

    def equal(self, what: str, wanted: object, found: object) -> None:
        """Two values that must be the same, shown as people write them."""
        is_same = wanted == found
        key = "check.is" if is_same else "check.is-not"
        self._add(ok=is_same, text=locale.text(key, what=what, wanted=shown(wanted), found=shown(found)))

    def holds(self, ok: bool, key: str, **fields: Any) -> None:  # noqa: FBT001 - the one thing that it is about
        """An assertion with words of its own: `check.KEY`, and `check.KEY-not` where it does not hold."""
        self._add(ok=ok, text=locale.text(f"check.{key}" if ok else f"check.{key}-not", **fields))

    def attempt(self, count: int, do: Callable[[], None]) -> None:
        """Do what makes `count` findings; where the engine raises, that many do not hold, each with its words."""
        before = len(self._findings)
        try:
            do()
        except PydockError as error:
            missing = max(1, before + count - len(self._findings))
            self._findings += [Finding(ok=False, text=error.message())] * missing

    def result(self) -> Result:
        """All of it."""
        return Result(title=self._title, findings=tuple(self._findings))

    def _add(self, *, ok: bool, text: str) -> None:
        self._findings.append(Finding(ok=ok, text=text))


def shown(value: object) -> str:
    """A value as people write it: lists as commands, nothing as a dash."""
    if isinstance(value, bool):
        return locale.text("check.yes" if value else "check.no")
    if isinstance(value, (list, tuple)):
        return " ".join(map(str, value)) or "-"
    return str(value) if value not in (None, "") else "-"
