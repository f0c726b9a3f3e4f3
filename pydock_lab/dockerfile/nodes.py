"""The first form of a Dockerfile: one node an instruction, its arguments cut but not yet understood."""

from dataclasses import dataclass
from enum import Enum

from pydock_lab.dockerfile.directives import Directive
from pydock_lab.dockerfile.heredoc import Heredoc
from pydock_lab.dockerfile.positions import LineRange


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One instruction: `keyword` as it is written, `original` its logical line, joined from `lines`.

    `arguments` of ENV and LABEL are triples, flattened: name, value, and "=" or (old form, `ENV name value`) "".
    `trigger` is the instruction inside ONBUILD; `comments` are the comment lines right above.
    """

    keyword: str
    original: str
    lines: LineRange
    flags: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    is_json: bool = False
    trigger: "Node | None" = None
    heredocs: tuple[Heredoc, ...] = ()
    comments: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The keyword in capitals."""
        return self.keyword.upper()


class WarningKind(Enum):
    """What the parser warns of; the value is the key of its text."""

    EMPTY_CONTINUATION = "dockerfile.empty-continuation"


@dataclass(frozen=True, kw_only=True, slots=True)
class ParseWarning:
    """Something that works today: the instruction that it is about, and the last of its lines."""

    kind: WarningKind
    instruction: str
    line: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Syntax:
    """A whole Dockerfile as nodes, with the escape character in force."""

    nodes: tuple[Node, ...]
    escape: str
    directives: tuple[Directive, ...]
    warnings: tuple[ParseWarning, ...]
