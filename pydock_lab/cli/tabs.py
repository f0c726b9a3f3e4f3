"""Columns as Go's tabwriter makes them, with Docker's settings: at least ten wide, three spaces between.

A cell ends with a tab, and lines below each other that have a cell in a column share its width. What stands behind the
last tab of a line belongs to no column. Source: Go, package text/tabwriter.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache

_LEAST, _GAP = 10, 3


def align(lines: Sequence[str], *, least: int = _LEAST) -> Iterator[str]:
    """The lines with spaces instead of tabs."""
    rows = [line.split("\t") for line in lines]
    for row, widths in zip(rows, _widths(rows, least), strict=True):
        cells = [cell + " " * (width - columns(cell)) for cell, width in zip(row[:-1], widths, strict=True)]
        yield "".join([*cells, row[-1]])


def _widths(rows: Sequence[Sequence[str]], least: int) -> list[list[int]]:
    """For each row the widths of its cells but the last."""
    found: list[list[int]] = [[] for _ in rows]
    for column in range(max(map(len, rows), default=1) - 1):
        together: list[int] = []
        for number in range(len(rows) + 1):
            if number < len(rows) and len(rows[number]) - 1 > column:
                together.append(number)
                continue
            width = max((columns(rows[one][column]) + _GAP for one in together), default=0)
            for one in together:
                found[one].append(max(width, least))
            together = []
    return found


def columns(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(wide, text))


@cache
def wide(character: str) -> int:
    """How many columns a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def cut(text: str, room: int) -> str:
    """As much of the text as fits into so many columns."""
    if columns(text) <= room:
        return text
    kept = 0
    while (room := room - wide(text[kept])) >= 0:
        kept += 1
    return text[:kept]
