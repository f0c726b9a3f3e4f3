"""What stands behind one part of a picture, as plain words: a face only lays it out."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from heapq import nlargest
from typing import Any

from pydock_lab.drawing.svg import clean

FILES_KEPT = 10  # for each part, in a saved notebook: that, too, is sent by mail and kept for years


@dataclass(frozen=True, kw_only=True, slots=True)
class FileLine:
    """One file: how it changed (`added`, `changed`, `deleted`), the sign for it, its path and size; `weight`: bytes."""

    kind: str
    sign: str
    path: str
    size: str
    weight: int = 0

    def to_json(self) -> dict[str, str]:
        """As a page reads it."""
        return {"kind": self.kind, "sign": self.sign, "path": self.path, "size": self.size}


@dataclass(frozen=True, kw_only=True, slots=True)
class Detail:
    """One selectable part: `facts` are labels and values, `more` says how many files are not listed.

    `texts` are headings and texts of many lines, which are shown as they are; `unfolded`: at once.
    """

    key: str
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    files: tuple[FileLine, ...] = ()
    more: str = ""
    command: str = ""
    texts: tuple[tuple[str, str], ...] = ()
    unfolded: bool = False

    def lightened(self, more: str) -> "Detail":
        """With the heaviest files alone, in their order, and of these what is deleted first; `more` says so."""
        if len(self.files) <= FILES_KEPT:
            return self
        ranks = [(file.kind == "deleted", file.weight) for file in self.files]
        heaviest = sorted(nlargest(FILES_KEPT, range(len(ranks)), key=ranks.__getitem__))
        return replace(self, files=tuple(self.files[at] for at in heaviest), more=more)

    def to_json(self) -> dict[str, Any]:
        """As a page reads it; `asdict`, which copies all, takes five times as long."""
        return {
            "key": self.key,
            "title": self.title,
            "facts": self.facts,
            "files": [file.to_json() for file in self.files],
            "more": self.more,
            "command": self.command,
            "texts": self.texts,
            "unfolded": self.unfolded,
        }


def given(facts: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Only what there is something to say about."""
    return tuple((label, clean(value)) for label, value in facts if value)


def indented(text: str) -> str:
    """One line, its indent kept."""
    return " " * (len(text) - len(text.lstrip(" "))) + clean(text)
