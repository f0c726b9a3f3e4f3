"""What a template works with: plain JSON data, and the few distinctions of Go's that a reader of its output can see.

    Python                              in Go                            {{.}} of it
    None, bool, int, float, str         nil, bool, int, float64 ...      <no value> (nil), true, 3, 2.5, text
    list, tuple                         a slice                          [a b]
    dict                                map[string]any                   map[a:1 b:2]
    Map                                 a map of one kind of values      map[a:1 b:2]
    Record                              a struct                         {a b}
    Spoken                              a value that words itself        30s
    Nothing.LIST, Nothing.POINTER       a nil slice, a nil pointer       [], <nil>
    Nothing.ABSENT                      no value at all                  <no value>

A key that a map does not have is no mistake: its value is absent. A field that a struct does not have is one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, Self

from pydock_lab.cli.templates.refusal import Refusal


class Nothing(Enum):
    """Values that are not there, by what is known of them."""

    ABSENT = "<no value>"
    POINTER = "<nil>"
    LIST = "[]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A struct: its fields in order, by name; a field that is a function is asked for its value when it is used.

    `methods` take arguments: `{{.Label "a"}}`. In JSON a field may have another name, and `unsaid` ones are left out.
    `is_pointer`: so in Go, which functions of the printf family show as &. `is_row`: a row of a list, in whose JSON
    <, > and & are spelt out.
    """

    fields: Mapping[str, Any]
    methods: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
    json_names: Mapping[str, str] = field(default_factory=dict)
    unsaid: frozenset[str] = frozenset()
    is_pointer: bool = False
    is_row: bool = False

    def get(self, name: str) -> Any:
        """The value of a field; raises Refusal."""
        if name not in self.fields:
            raise Refusal("template.no-field", field=name, known=[*self.fields, *self.methods])
        value = self.fields[name]
        return value() if callable(value) else value

    def said(self) -> list[tuple[str, Any]]:
        """The fields that its JSON has, by their names there."""
        return [(self.json_names.get(name, name), self.get(name)) for name in self.fields if name not in self.unsaid]

    def as_pointer(self) -> Self:
        """The same, behind a pointer."""
        return replace(self, is_pointer=True)

    def items(self) -> list[tuple[str, Any]]:
        """All fields and their values."""
        return [(name, self.get(name)) for name in self.fields]


@dataclass(frozen=True, kw_only=True, slots=True)
class Map:
    """A map whose values are of one kind, of which `zero` is what a missing key gives to `index`.

    `named_keys`: Go's keys have a type of their own, which `index` takes no text for.
    """

    entries: Mapping[str, Any]
    zero: Any = ""
    is_nil: bool = False
    named_keys: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A value that words itself when it is printed (a duration, a time), and is plain in JSON and comparisons."""

    words: str
    plain: Any


def is_true(value: Any) -> bool:
    """Go's truth: everything but false, 0, nil, and what is empty; a struct always is."""
    if isinstance(value, Record):
        return True
    if isinstance(value, Nothing):
        return False
    if isinstance(value, Map):
        return bool(value.entries)
    return bool(value.plain if isinstance(value, Spoken) else value)


def entries(value: Any) -> Mapping[str, Any] | None:
    """What a map has, of either kind; None for anything else."""
    if isinstance(value, Map):
        return value.entries
    return value if isinstance(value, Mapping) else None


def is_list(value: Any) -> bool:
    """Whether it is a slice, or a nil one."""
    return value is Nothing.LIST or (isinstance(value, Sequence) and not isinstance(value, str))


def elements(value: Any) -> Sequence[Any]:
    """What a slice has."""
    return () if value is Nothing.LIST else value


def is_nil(value: Any) -> bool:
    """Whether it is nil, of any kind, or absent."""
    return value is None or isinstance(value, Nothing) or (isinstance(value, Map) and value.is_nil)


def type_name(value: Any) -> str:
    """Go's name of its type."""
    if value is None or value is Nothing.ABSENT:
        return "<nil>"
    for kind, name in _TYPES:
        if isinstance(value, kind):
            return name
    if isinstance(value, Map):
        return "map[string]string" if isinstance(value.zero, str) else "map[string]interface {}"
    found = elements(value) if is_list(value) else ()
    return "[]string" if found and all(isinstance(one, str) for one in found) else "[]interface {}"


_TYPES: Sequence[tuple[type, str]] = (
    (bool, "bool"),
    (int, "int"),
    (float, "float64"),
    (str, "string"),
    (Record, "struct"),
    (Spoken, "time"),
    (Mapping, "map[string]interface {}"),
)
