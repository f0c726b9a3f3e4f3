"""Values that are plain data: what goes to disk as JSON, and crosses from one process to another."""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from functools import cache
from typing import Any, Self, TypeAlias, get_args, get_type_hints

_Way: TypeAlias = Callable[[Any], Any]
_Ways: TypeAlias = tuple[_Way | None, _Way | None, _Way | None]


def readable(document: object, *, indent: int | None = None) -> bytes:
    """JSON for people, letters as they are; escaped, where a name is no text at all (bytes that are not UTF-8)."""
    try:
        return json.dumps(document, ensure_ascii=False, indent=indent).encode()
    except UnicodeEncodeError:
        return json.dumps(document, indent=indent).encode()


class Document:
    """A dataclass that is plain JSON data: nested values, tuples, enums and mappings of strings."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data, with every field."""
        found = {}
        for name, (_, write, _) in _ways(type(self)).items():  # type: ignore[arg-type] # a class is hashable
            value = getattr(self, name)
            found[name] = value if write is None else write(value)
        return found

    def to_brief(self) -> dict[str, Any]:
        """The same without what `from_json` puts there by itself: for messages, where every field costs time."""
        found = {}
        defaults = _defaults(type(self))  # type: ignore[arg-type] # a class is hashable
        for name, way in _ways(type(self)).items():  # type: ignore[arg-type] # see above
            value = getattr(self, name)
            if name not in defaults or value != defaults[name]:
                found[name] = value if way[2] is None else way[2](value)
        return found

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave; fields that are absent get their default, unknown ones are ignored."""
        given = {}
        ways = _ways(cls)  # type: ignore[arg-type] # a class is hashable
        for name, value in document.items():
            way = ways.get(name)
            if way is not None:
                given[name] = value if way[0] is None else way[0](value)
        return cls(**given)


@cache
def _defaults(kind: type) -> dict[str, Any]:
    """The fields of a dataclass that have a default, with it."""
    found = {one.name: one.default for one in fields(kind) if one.default is not MISSING}
    made = {one.name: one.default_factory() for one in fields(kind) if one.default_factory is not MISSING}
    return found | made


@cache
def _ways(kind: type) -> dict[str, _Ways]:
    """How to read and to write each field of a dataclass, in full and in brief; None: as it is.

    Found once, because looking at type hints takes a millisecond.
    """
    hints = get_type_hints(kind)
    return {one.name: _way(hints[one.name]) for one in fields(kind)}


def _way(hint: Any) -> _Ways:
    """How to make a value of the type `hint` out of plain data, and the other way round."""
    choices = get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Document):
        return hint.from_json, Document.to_json, Document.to_brief
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint, str, str  # it is one already, but of a kind of its own
    if type(None) in choices:
        read, write, brief = map(_unless_none, _way(choices[0]))
        return read, write, brief
    if getattr(hint, "__origin__", None) is tuple:
        read, write, brief = _way(choices[0])
        return (
            tuple if read is None else _each(read),
            list if write is None else _each(write),
            list if brief is None else _each(brief),
        )
    if getattr(hint, "__origin__", None) is Mapping:
        return None, dict, dict
    return None, None, None


def _unless_none(way: _Way | None) -> _Way | None:
    return None if way is None else lambda value: None if value is None else way(value)


def _each(way: _Way) -> _Way:
    return lambda values: tuple(map(way, values))
