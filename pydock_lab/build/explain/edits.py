"""Edits of a Dockerfile's text, whole lines at a time, so that all else stays as it was written."""

from collections.abc import Iterable, Mapping

from pydock_lab.dockerfile.positions import LineRange


def with_lines_moved(
    text: str, moved: Iterable[LineRange], below: int, inserted: Mapping[int, Iterable[str]] | None = None
) -> str:
    """The text with instructions moved behind line `below`, each with the comments right above it.

    `inserted` are new lines to stand before a line. Lines are counted from 1, in the text as it is given.
    """
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    gone: list[int] = []
    for where in sorted(moved, key=lambda one: one.first):
        gone += range(_first(lines, where), where.last + 1)
    result: list[str] = []
    for number, line in enumerate(lines, start=1):
        result += (f"{new}\n" for new in (inserted or {}).get(number, ()))
        if number not in gone:
            result.append(line)
        if number == below:
            result += [lines[one - 1] for one in gone]
    return "".join(result)


def _first(lines: list[str], where: LineRange) -> int:
    """The line where an instruction begins, its comments included; directives at the top of the file are none."""
    first = where.first
    top = next((at for at, line in enumerate(lines, start=1) if not line.lstrip().startswith("#")), 1)
    while first - 1 > top and lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first


def with_patterns(ignore: str, patterns: Iterable[str]) -> str:
    """An ignore file with more patterns at its end, where they decide."""
    start = ignore if not ignore or ignore.endswith("\n") else f"{ignore}\n"
    return start + "".join(f"{pattern}\n" for pattern in patterns)
