"""Values that are plain data: what goes to disk as JSON, and crosses from one process to another."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Self, get_args, get_type_hints


class Document:
    """A dataclass that is plain JSON data: nested values, tuples, enums and mappings of strings."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data, with every field."""
        assert is_dataclass(self)  # noqa: S101 - for mypy; every subclass is one
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave; fields that are absent get their default, unknown ones are ignored."""
        readers = _readers(cls)  # type: ignore[arg-type] # a class is hashable
        return cls(**{name: readers[name](value) for name, value in document.items() if name in readers})


@cache
def _readers(kind: type) -> dict[str, Callable[[Any], Any]]:
    """How to read each field of a dataclass; found once, because looking at type hints takes a millisecond."""
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items() if not name.startswith("_")}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of the type `hint` out of plain data."""
    choices = get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Document):
        return hint.from_json
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if type(None) in choices:
        read = _reader(choices[0])
        return lambda value: None if value is None else read(value)
    if getattr(hint, "__origin__", None) is tuple:
        read_item = _reader(choices[0])
        return lambda values: tuple(map(read_item, values))
    return lambda value: value
