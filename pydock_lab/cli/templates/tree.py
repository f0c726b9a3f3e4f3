"""A template as a tree of plain values.

{{range $i, $c := .Mounts}}{{$i}}: {{$c.Source | upper}}{{else}}none{{end}}

Range  pipe:      Pipe  names ($i, $c)   commands (Command (Field Mounts))
       body:      Action (Pipe (Command (Variable $i)))   Text ": "
                  Action (Pipe (Command (Variable $c, Source), Command (Function upper)))
       otherwise: Text "none"
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydock_lab.cli.templates.refusal import Place

# ---- what stands for a value


@dataclass(frozen=True, kw_only=True, slots=True)
class Dot:
    """`.`: what the template, or the `range` or `with` around, is about."""

    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class NilWord:
    """`nil`."""

    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Literal:
    """A text, number or truth that is written there."""

    place: Place
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """`.A.B`: fields of dot."""

    place: Place
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """`$x.A.B`: a variable and fields of it; `$` alone is what the template was given."""

    place: Place
    name: str
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """`(...).A.B`: fields of what stands in parentheses."""

    place: Place
    inner: Operand
    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """The name of a function."""

    place: Place
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """`index .Ports "80/tcp"`: a function or value, and its arguments."""

    place: Place
    operands: tuple[Operand, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipe:
    """`$x := a | b`: commands, each given what the one before it gave; and the variables that keep the last."""

    place: Place
    commands: tuple[Command, ...]
    names: tuple[str, ...] = ()
    is_assignment: bool = False


Operand = Dot | NilWord | Literal | Field | Variable | Chain | Function | Pipe

# ---- what writes something


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """What stands outside of {{ }}."""

    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """`{{pipe}}`: its value is written, unless variables keep it."""

    pipe: Pipe


@dataclass(frozen=True, kw_only=True, slots=True)
class If:
    """`{{if pipe}} body {{else}} otherwise {{end}}`."""

    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, kw_only=True, slots=True)
class With:
    """`{{with pipe}} ...`: as `if`, and dot is the value in the body."""

    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """`{{range pipe}} ...`: the body once for each element, otherwise where there is none."""

    pipe: Pipe
    body: Body
    otherwise: Body


@dataclass(frozen=True, kw_only=True, slots=True)
class Break:
    """`{{break}}`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Continue:
    """`{{continue}}`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """`{{template "name" pipe}}`."""

    place: Place
    name: str
    pipe: Pipe | None


Node = Text | Action | If | With | Range | Break | Continue | Call
Body = tuple[Node, ...]
