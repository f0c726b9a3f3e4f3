"""Patterns over paths: `*` and `?` within one name, `**` over any number of directories, `[a-z]` sets.

    docs/*.md       docs/a.md                       not docs/img/a.md
    **/*.md         a.md, docs/a.md, docs/img/a.md
    src/**          everything below src
    [^a-c]*         names that do not begin with a, b or c

They are those of Go's path/filepath.Match with `**` on top, as moby/patternmatcher has them: a pattern is first
checked by filepath.Match's grammar, then translated, character by character, into a regular expression, except
where comparing texts is enough. The translation looks nowhere ahead: a `*` in a set becomes `[^/]*` there too.
"""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydock_lab.errors import DockerfileError

# filepath.Match: plain characters, escapes, and sets of characters and ranges; neither - nor ] begins a range.
_SET_CHARACTER = r"(?:\\.|[^\]\\-])"
_VALID = re.compile(
    rf"(?:[^\[\\]|\\.|\[\^?+(?:{_SET_CHARACTER}(?:-{_SET_CHARACTER})?)++\])*+",
    re.DOTALL,
)
_TOKEN = re.compile(r"\*\*/?|\\.|.", re.DOTALL)
_ESCAPED = ".+()|{}$"
_CLASSES = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_BY_NAME = re.compile(r"\[:(\^?)([a-z]+):\]")
_SET_BODY = r"(?:\[:\^?[a-z]+:\]|\\.|[^\]\\])"
_PART = re.compile(rf"\\.|\[\^?(?:\]|{_SET_BODY}){_SET_BODY}*+\]|.", re.DOTALL)
_IN_SET = re.compile(r"\\.|\[:\^?[a-z]+:\]|[\[&~|]", re.DOTALL)
_DIRECTORIES = re.compile(r"(\(\.\*/\)\?)+")
_LETTERS = "dDwWsSbBAaftnrv"  # what a backslash makes of a letter is what regular expressions make of it


def clean(path: str) -> str:
    """The path without empty, `.` and avoidable `..` parts, "." for nothing (Go: path.Clean)."""
    cleaned = posixpath.normpath(path)
    return cleaned[1:] if cleaned.startswith("//") else cleaned


@dataclass(frozen=True, kw_only=True, slots=True)
class PathPattern:
    """One pattern and what it comes to: a text to compare with, or a regular expression for the whole path.

    `prefix` is for `dir/**`, `suffix` for `**/name`; where both are None and there is no `regex`, the path must
    be `text` itself.
    """

    text: str
    prefix: str | None = None
    suffix: str | None = None
    regex: re.Pattern[str] | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """The pattern that is written; raises DockerfileError for one that means nothing."""
        if not _VALID.fullmatch(text):
            raise DockerfileError("dockerfile.pattern-syntax", pattern=text)
        if _is_plain(text):
            return cls(text=text)
        if _is_plain(text[:-2]) and text.endswith("**") and len(text) > len("**"):
            return cls(text=text, prefix=text[:-2])
        if _is_plain(text[2:]) and text.startswith("**"):
            return cls(text=text, suffix=text[2:])
        try:
            return cls(text=text, regex=re.compile(_python(expression(text)), re.ASCII))
        except (re.error, OverflowError):
            raise DockerfileError("dockerfile.pattern-syntax", pattern=text) from None

    def matches(self, path: str) -> bool:
        """Whether this very path is meant (for a file, its directories are to be asked as well)."""
        if self.regex is not None:
            return self.regex.fullmatch(path) is not None
        if self.suffix is not None:
            # `**/name` is also the name at the top.
            return path.endswith(self.suffix) or (self.suffix[:1] == "/" and path == self.suffix[1:])
        if self.prefix is not None:
            return path.startswith(self.prefix)
        return path == self.text


def _is_plain(text: str) -> bool:
    return not any(char in text for char in "*?[]\\")


def expression(text: str) -> str:
    """The regular expression, in Go's syntax and without anchors, that moby/patternmatcher makes of a pattern."""
    return "".join(_expression(text))


def _expression(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        match found[0]:
            case "**" | "**/":
                yield ".*" if found.end() == len(text) else "(.*/)?"
            case "*":
                yield "[^/]*"
            case "?":
                yield "[^/]"
            case char if char in _ESCAPED:
                yield f"\\{char}"
            case part:
                yield part


def _python(text: str) -> str:
    """Go's regular expression in Python's syntax: they differ in sets, and in what a backslash may precede."""
    # Directories in a row mean no more than one, and each would multiply the ways to look for a match.
    shorter = _DIRECTORIES.sub(r"\1", text)
    return "".join(_part(found[0]) for found in _PART.finditer(shorter))


def _part(part: str) -> str:
    if part.startswith("[") and len(part) > 1:
        # Python warns of what may become nested sets and set operations: here they are characters.
        return part[0] + _IN_SET.sub(_in_set, part[1:])
    return _escape(part) if part.startswith("\\") else part


def _in_set(found: re.Match[str]) -> str:
    if by_name := _BY_NAME.fullmatch(found[0]):
        if by_name[1] or by_name[2] not in _CLASSES:
            raise re.error(f"character class {found[0]}")
        return _CLASSES[by_name[2]]
    return _escape(found[0]) if found[0].startswith("\\") else f"\\{found[0]}"


def _escape(part: str) -> str:
    char = part[1:]
    if not char.isascii() or (char.isalnum() and char not in _LETTERS):
        raise re.error(f"escape {part}")
    return part
