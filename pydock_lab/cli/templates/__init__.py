r"""Go's templates, as Docker's `--format` has them: fields, pipes, conditions, loops, functions.

    {{range .Mounts}}{{.Source | upper}}{{println}}{{end}}

    text  --tokens-->  words  --parser-->  a tree  --evaluator, with data-->  what is written
          {{ - }} " "         | ( ) if end         fields, functions, printing

Docker is written in Go, and its templates are those of Go's standard library: what one learns here is true there. There
is no Go here, so this package is a whole small language: three passes, none of which does anything but make values
of values. What differs is told: an error says where it stands and what may stand there instead.

The data are plain (JSON), with records for what Go has structs for (`values`). Nothing here reads or writes anything.
Source: Go, package text/template.
"""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Self

from pydock_lab.cli.templates import tree
from pydock_lab.cli.templates.evaluator import DEEPEST, Run
from pydock_lab.cli.templates.functions import FUNCTIONS, HEADING_FUNCTIONS
from pydock_lab.cli.templates.parser import Parser
from pydock_lab.cli.templates.refusal import Place
from pydock_lab.cli.templates.values import Record
from pydock_lab.errors import CommandError

_NAMING = (tree.Field, tree.Variable, tree.Chain)
_START = Place(row=1, column=1, action="")


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A template that was understood."""

    body: tree.Body
    definitions: Mapping[str, tree.Body]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a template; raises CommandError, which says where and what is wrong."""
        try:
            parser = Parser(text, tuple(FUNCTIONS))
            return cls(body=parser.whole(), definitions=parser.definitions)
        except RecursionError:
            raise _START.error("template.too-deep", most=DEEPEST) from None

    def render(self, data: Any, *, strict: bool = False) -> str:
        """What it writes of `data`; `strict`: a key that a map has not is an error, too. Raises CommandError."""
        run = Run(self.definitions, data, strict=strict)
        try:
            run.body(self.body, data)
        except RecursionError:
            raise _START.error("template.too-deep", most=DEEPEST) from None
        return "".join(run.written)

    def heading(self, headings: Mapping[str, str]) -> str:
        """The row above a table: each field's heading, whatever is done to its values; what fails is left out."""
        data = Record(fields=headings, methods={"Label": _label_heading})
        run = Run(self.definitions, data, functions=HEADING_FUNCTIONS)
        with contextlib.suppress(CommandError, RecursionError):
            run.body(self.body, data)
        return "".join(run.written)

    def speaks_of(self, field: str) -> bool:
        """Whether it names a field, or shows all of them (`{{json .}}`)."""
        found = list(_nodes([self.body, *self.definitions.values()]))
        shows_all = any(isinstance(one, tree.Function) and one.name == "json" for one in found)
        return any(field in one.names for one in found if isinstance(one, _NAMING)) or (
            shows_all and any(isinstance(one, tree.Dot) for one in found)
        )


def _label_heading(name: str) -> str:
    """The last part of a label's name."""
    return name.rpartition(".")[2].replace("-", " ").replace("_", " ")


def _nodes(node: Any) -> Iterator[Any]:
    """A part of a template, and all parts that it has."""
    if isinstance(node, tuple | list):
        for one in node:
            yield from _nodes(one)
    elif is_dataclass(node):
        yield node
        for one in fields(node):
            yield from _nodes(getattr(node, one.name))
