"""The functions that templates have: Go's own, and Docker's.

    Go       and or not   eq ne lt le gt ge   len index slice   print printf println   html js urlquery
    Docker   json join split title lower upper pad truncate

Source: Go, package text/template, "Functions"; Docker's documentation, "Format command and log output".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import quote_plus

from pydock_lab.cli.templates import comparing
from pydock_lab.cli.templates.json_text import json_text
from pydock_lab.cli.templates.printf import printf
from pydock_lab.cli.templates.printing import printed, printed_line
from pydock_lab.cli.templates.reaching import cut, index, length
from pydock_lab.cli.templates.refusal import Refusal
from pydock_lab.cli.templates.values import Nothing, elements, is_list, is_nil, is_true, type_name

_LARGEST = 1_000_000
_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SCRIPT = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
_WORD_START = re.compile(r"(^|[^\w'])(\w)")


class Argument(Enum):
    """What a function takes at a place."""

    ANY = "interface {}"
    TEXT = "string"
    NUMBER = "int"
    TEXTS = "[]string"

    def check(self, value: Any) -> None:
        """Raises Refusal for a value that is none of these."""
        if not _FITS[self](value):
            raise Refusal("template.wrong-kind", wanted=self.value, kind=type_name(value))


_FITS: Mapping[Argument, Callable[[Any], bool]] = {
    Argument.ANY: lambda _: True,
    Argument.TEXT: lambda value: isinstance(value, str),
    Argument.NUMBER: lambda value: isinstance(value, int) and not isinstance(value, bool),
    Argument.TEXTS: lambda value: (
        is_nil(value) or (is_list(value) and all(isinstance(one, str) for one in elements(value)))
    ),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """A function and what it takes; `more`: what may follow any number of times."""

    call: Callable[..., Any]
    takes: tuple[Argument, ...]
    more: Argument | None = None

    def kind(self, position: int) -> Argument:
        """What it takes at a place."""
        return self.takes[position] if position < len(self.takes) else self.more or Argument.ANY

    def check_count(self, name: str, count: int) -> None:
        """Raises Refusal for too few or too many arguments."""
        least = len(self.takes)
        if count < least or (count > least and self.more is None):
            raise Refusal("template.wrong-count", name=name, wanted=f"{least}{'+' if self.more else ''}", count=count)


def html(*values: Any) -> str:
    """Text that HTML shows as it is."""
    return _shown(values).translate(_HTML)


def js(*values: Any) -> str:
    """Text that may stand in quotes in JavaScript."""
    return "".join(_script(character) for character in _shown(values))


def _script(character: str) -> str:
    if character in _SCRIPT:
        return _SCRIPT[character]
    return character if character.isprintable() else f"\\u{ord(character):04X}"


def urlquery(*values: Any) -> str:
    """Text that may stand in the query of an address."""
    return quote_plus(_shown(values), errors="replace")


def _shown(values: tuple[Any, ...]) -> str:
    return printed([Nothing.ABSENT.value if value in (None, Nothing.ABSENT) else value for value in values])


def refuse_call(*_: Any) -> Any:
    """`call`: no value of a template is a function."""
    raise Refusal("template.no-call")


def join(values: Any, separator: str) -> str:
    """Texts with a separator between each two."""
    return "" if is_nil(values) else separator.join(values)


def split(value: str, separator: str) -> list[str]:
    """The parts between separators; with an empty one the characters."""
    return value.split(separator) if separator else list(value)


def title(value: str) -> str:
    """Each word with a capital."""
    return _WORD_START.sub(lambda found: found[1] + _upper(found[2]), value)


def upper(value: str) -> str:
    """In capitals, letter by letter as Go does it."""
    return "".join(map(_upper, value))


def _upper(letter: str) -> str:
    capital = letter.upper()
    return capital if len(capital) == 1 else letter


def pad(value: str, before: int, behind: int) -> str:
    """Spaces on both sides, unless there is no text."""
    for count in (before, behind):
        if not 0 <= count <= _LARGEST:
            raise Refusal("template.bad-padding", count=count)
    return f"{' ' * before}{value}{' ' * behind}" if value else value


def truncate(value: str, count: int) -> str:
    """The first bytes of a text."""
    raw = value.encode("utf-8", "surrogatepass")
    if len(raw) < count:
        return value
    return str(cut(value, 0, count))


def _first(text: str, *_: Any) -> str:
    return text


_ANY, _TEXT, _NUMBER = Argument.ANY, Argument.TEXT, Argument.NUMBER


def _taking(call: Callable[..., Any], *takes: Argument, more: Argument | None = None) -> Function:
    return Function(call=call, takes=takes, more=more)


FUNCTIONS: dict[str, Function] = {
    # `and` and `or` are asked for their names only: which of their arguments are evaluated is the evaluator's.
    "and": _taking(lambda *values: values[-1], _ANY, more=_ANY),
    "or": _taking(lambda *values: values[-1], _ANY, more=_ANY),
    "not": _taking(lambda value: not is_true(value), _ANY),
    "eq": _taking(comparing.equal, _ANY, more=_ANY),
    "ne": _taking(comparing.unequal, _ANY, _ANY),
    "lt": _taking(comparing.less, _ANY, _ANY),
    "le": _taking(comparing.at_most, _ANY, _ANY),
    "gt": _taking(comparing.greater, _ANY, _ANY),
    "ge": _taking(comparing.at_least, _ANY, _ANY),
    "len": _taking(length, _ANY),
    "index": _taking(index, _ANY, more=_ANY),
    "slice": _taking(cut, _ANY, more=_ANY),
    "print": _taking(lambda *values: printed(values), more=_ANY),
    "printf": _taking(lambda form, *values: printf(form, values), _TEXT, more=_ANY),
    "println": _taking(lambda *values: printed_line(values), more=_ANY),
    "html": _taking(html, more=_ANY),
    "js": _taking(js, more=_ANY),
    "urlquery": _taking(urlquery, more=_ANY),
    "call": _taking(refuse_call, _ANY, more=_ANY),
    "json": _taking(json_text, _ANY),
    "join": _taking(join, Argument.TEXTS, _TEXT),
    "split": _taking(split, _TEXT, _TEXT),
    "title": _taking(title, _TEXT),
    "lower": _taking(lambda value: "".join(map(str.lower, value)), _TEXT),
    "upper": _taking(upper, _TEXT),
    "pad": _taking(pad, _TEXT, _NUMBER, _NUMBER),
    "truncate": _taking(truncate, _TEXT, _NUMBER),
}

# What they are for a row of headings: those that change a text leave it.
HEADING_FUNCTIONS: Mapping[str, Function] = FUNCTIONS | {
    "json": _taking(_first, _TEXT),
    "split": _taking(_first, _TEXT, _TEXT),
    "join": _taking(_first, _TEXT, _TEXT),
    "title": _taking(_first, _TEXT),
    "lower": _taking(_first, _TEXT),
    "upper": _taking(_first, _TEXT),
    "truncate": _taking(_first, _TEXT, _NUMBER),
}
