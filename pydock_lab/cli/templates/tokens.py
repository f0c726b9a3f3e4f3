"""A template's text as tokens: what stands outside of {{ }} whole, what stands inside word by word.

    "{{.Name | upper}} runs"  ->  OPEN, FIELD .Name, SPACE, PIPE, SPACE, WORD upper, CLOSE, TEXT " runs"

`{{- ` takes the white space before it away, ` -}}` that behind it; `{{/* */}}` is a comment. Spaces are tokens, for
`.A.B` is one thing and `.A .B` are two. Source: Go, package text/template, "Text and spaces" and "Actions".
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pydock_lab.cli.templates.refusal import Place


class Kind(Enum):
    """Kinds of tokens."""

    TEXT = "text"
    OPEN = "{{"
    CLOSE = "}}"
    SPACE = "space"
    DECLARE = ":="
    ASSIGN = "="
    PIPE = "|"
    COMMA = ","
    LEFT = "("
    RIGHT = ")"
    STRING = "string"
    RAW = "raw string"
    CHARACTER = "character"
    NUMBER = "number"
    FIELD = "field"
    DOT = "."
    VARIABLE = "variable"
    WORD = "word"
    OTHER = "other"
    END = "end"


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A piece of the text, and where it stands."""

    kind: Kind
    text: str
    place: Place


_WHITE = " \t\r\n"
_TRIM = re.compile(r"-(?=[ \t\r\n])")
_END_TRIM = re.compile(r"[ \t\r\n]+-\}\}")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_INSIDE = re.compile(
    r"""(?P<SPACE>[ \t\r\n]+)
      | (?P<DECLARE>:=) | (?P<ASSIGN>=) | (?P<PIPE>\|) | (?P<COMMA>,) | (?P<LEFT>\() | (?P<RIGHT>\))
      | (?P<STRING>"(?:[^"\\\n]|\\[^\n])*")
      | (?P<RAW>`[^`]*`)
      | (?P<CHARACTER>'(?:[^'\\\n]|\\[^\n])*')
      | (?P<NUMBER>[+-]?(?:[0-9]|\.[0-9])(?:[eEpP][+-]|[\w.]|[+-](?=[0-9]))*)
      | (?P<FIELD>\.[^\W\d]\w*)
      | (?P<DOT>\.)
      | (?P<VARIABLE>\$\w*)
      | (?P<WORD>[^\W\d]\w*)
      | (?P<OTHER>[!#%&*/;<>?@\[\]^{}~\\])
    """,
    re.VERBOSE,
)
_NAMES = (Kind.FIELD, Kind.VARIABLE, Kind.WORD, Kind.DOT)
_AFTER_A_NAME = frozenset(" \t\r\n.,|:)(")


def scan(text: str) -> Iterator[Token]:
    """The tokens of a template, an END last; raises CommandError."""
    at = 0
    while (start := text.find("{{", at)) >= 0:
        trims = _TRIM.match(text, start + 2)
        before = text[at:start].rstrip(_WHITE) if trims else text[at:start]
        if before:
            yield Token(kind=Kind.TEXT, text=before, place=Place.of(text, at, at))
        at = start + (4 if trims else 2)
        if text.startswith("/*", at):
            at = _behind_comment(text, start, at)
        else:
            yield Token(kind=Kind.OPEN, text="{{", place=Place.of(text, start, start))
            for token, behind in _inside(text, start, at):
                yield token
                at = behind
    if at < len(text):
        yield Token(kind=Kind.TEXT, text=text[at:], place=Place.of(text, at, at))
    yield Token(kind=Kind.END, text="", place=Place.of(text, len(text), len(text)))


def _behind_comment(text: str, start: int, at: int) -> int:
    found = _COMMENT.match(text, at)
    if found is None:
        raise Place.of(text, start, at).error("template.open-comment")
    behind = _closing(text, found.end())
    if behind is None:
        raise Place.of(text, start, found.end()).error("template.comment-alone")
    return behind


def _closing(text: str, at: int) -> int | None:
    """The offset behind a `}}` or ` -}}` that stands here, and behind the white space that it takes away."""
    if text.startswith("}}", at):
        return at + 2
    trimmed = _END_TRIM.match(text, at)
    if trimmed is None:
        return None
    behind = trimmed.end()
    return behind + len(text[behind:]) - len(text[behind:].lstrip(_WHITE))


def _inside(text: str, start: int, at: int) -> Iterator[tuple[Token, int]]:
    """The tokens of one action, its CLOSE last, each with the offset behind it."""
    parentheses = 0
    while (behind := _closing(text, at)) is None:
        found = _INSIDE.match(text, at)
        if found is None:
            raise _unreadable(text, start, at)
        kind = Kind[found.lastgroup or ""]
        parentheses += {Kind.LEFT: 1, Kind.RIGHT: -1}.get(kind, 0)
        if parentheses < 0:
            raise Place.of(text, start, at).error("template.closes-nothing")
        _check_end_of_name(text, start, found.end(), kind)
        yield Token(kind=kind, text=found[0], place=Place.of(text, start, at)), found.end()
        at = found.end()
    if parentheses:
        raise Place.of(text, start, at).error("template.open-parenthesis")
    yield Token(kind=Kind.CLOSE, text="}}", place=Place.of(text, start, at)), behind


def _check_end_of_name(text: str, start: int, at: int, kind: Kind) -> None:
    following = text[at : at + 1]
    if kind in _NAMES and following and following not in _AFTER_A_NAME and _closing(text, at) is None:
        raise Place.of(text, start, at).error("template.bad-character", character=following)


def _unreadable(text: str, start: int, at: int) -> Exception:
    place = Place.of(text, start, at)
    character = text[at : at + 1]
    if not character:
        return place.error("template.open-action")
    if character in "\"`'":
        return place.error("template.open-quote", quote=character)
    return place.error("template.bad-character", character=character)
