"""Values that are plain data: what goes to disk as JSON, and crosses from one process to another."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import Any, Self, TypeAlias, get_args, get_type_hints

_Way: TypeAlias = Callable[[Any], Any]


class Document:
    """A dataclass that is plain JSON data: nested values, tuples, enums and mappings of strings."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data, with every field."""
        found = {}
        for name, (_, write) in _ways(type(self)).items():  # type: ignore[arg-type] # a class is hashable
            value = getattr(self, name)
            found[name] = value if write is None else write(value)
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
def _ways(kind: type) -> dict[str, tuple[_Way | None, _Way | None]]:
    """How to read and to write each field of a dataclass; None: as it is.

    Found once, because looking at type hints takes a millisecond.
    """
    hints = get_type_hints(kind)
    return {one.name: _way(hints[one.name]) for one in fields(kind)}


def _way(hint: Any) -> tuple[_Way | None, _Way | None]:
    """How to make a value of the type `hint` out of plain data, and the other way round."""
    choices = get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Document):
        return hint.from_json, Document.to_json
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint, str  # it is one already, but of a kind of its own
    if type(None) in choices:
        return tuple(map(_unless_none, _way(choices[0])))  # type: ignore[return-value] # of two
    if getattr(hint, "__origin__", None) is tuple:
        read, write = _way(choices[0])
        return (tuple if read is None else _each(read)), (list if write is None else _each(write))
    if getattr(hint, "__origin__", None) is Mapping:
        return None, dict
    return None, None


def _unless_none(way: _Way | None) -> _Way | None:
    return None if way is None else lambda value: None if value is None else way(value)


def _each(way: _Way) -> _Way:
    return lambda values: tuple(map(way, values))
