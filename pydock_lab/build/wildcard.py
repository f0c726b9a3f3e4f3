"""Wildcards in the sources of COPY and ADD: those of Go's `filepath.Match`, component by component.

`*` and `?` never cross a slash, `[a-z]` and `[^a-z]` are one character, a backslash takes away a meaning.
Source: Go, package path/filepath, func Match.
"""

import re
from functools import cache

from pydock_lab.errors import BuildError

_SPECIAL = frozenset("*?[\\")
_NO_CHARACTER = "\0"  # no path has it


def has_wildcard(pattern: str) -> bool:
    """Whether `pattern` means more than itself."""
    return not _SPECIAL.isdisjoint(pattern)


def matches(pattern: str, name: str) -> bool:
    """Whether one path component (no slash) fits the pattern; raises BuildError for a pattern that is none."""
    return _compiled(pattern).fullmatch(name) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    out, at = "", 0
    while at < len(pattern):
        sign = pattern[at]
        if sign == "*":
            out, at = out + "[^/]*", at + 1
        elif sign == "?":
            out, at = out + "[^/]", at + 1
        elif sign == "[":
            part, at = _class(pattern, at)
            out += part
        else:
            at += sign == "\\"
            if at >= len(pattern):
                raise BuildError("build.wildcard", pattern=pattern)
            out, at = out + re.escape(pattern[at]), at + 1
    return re.compile(out, re.DOTALL)


def _class(pattern: str, start: int) -> tuple[str, int]:
    """A bracket expression as a regular one, and where it ends."""
    at = start + 1
    negated = pattern[at : at + 1] == "^"
    at += negated
    out = ""
    while pattern[at : at + 1] != "]" or not out:
        low, at = _one(pattern, at)
        high = low
        if pattern[at : at + 1] == "-":
            high, at = _one(pattern, at + 1)
        # To Go a range that runs backwards is no mistake, it only has no characters; to `re` it would be one.
        out += f"{re.escape(low)}-{re.escape(high)}" if low <= high else _NO_CHARACTER
    return f"[{'^' if negated else ''}{out}]", at + 1


def _one(pattern: str, at: int) -> tuple[str, int]:
    if pattern[at : at + 1] in ("-", "]"):
        raise BuildError("build.wildcard", pattern=pattern)
    at += pattern[at : at + 1] == "\\"
    if at >= len(pattern):
        raise BuildError("build.wildcard", pattern=pattern)
    return pattern[at], at + 1
