"""`printf`: a format and its arguments. Source: Go, package fmt, "Format errors" and "Explicit argument indexes"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydock_lab.cli.templates.printing import argument, written
from pydock_lab.cli.templates.values import type_name
from pydock_lab.cli.templates.verbs import Form

_DIRECTIVE = re.compile(
    r"""%(?P<flags>[-+#\x20 0]*)
        (?P<width>(?:\[[^\]]*\])?\*|[0-9]+)?
        (?P<point>\.)?(?P<precision>(?<=\.)(?:(?:\[[^\]]*\])?\*|[0-9]+))?
        (?P<index>\[[^\]]*\])?
        (?P<verb>.)?""",
    re.VERBOSE | re.DOTALL,
)
_LARGEST = 1_000_000  # a width beyond is a mistake, and filled memory
_V = Form(verb="v")


def printf(text: str, values: Sequence[Any]) -> str:
    """The format filled with the values."""
    filling = _Filling(values=values)
    found = _DIRECTIVE.sub(filling.fill, text)
    return found + filling.rest()


@dataclass
class _Filling:
    """How far the arguments are used up."""

    values: Sequence[Any]
    at: int = 0
    reordered: bool = False
    good_index: bool = field(default=True)

    def fill(self, directive: re.Match[str]) -> str:
        """What a directive becomes."""
        self.good_index, complaints = True, ""
        width, width_told = self._size(directive["width"], "WIDTH")
        precision, precision_told = self._size(directive["precision"], "PREC")
        complaints = width_told + precision_told
        if directive["point"] and directive["precision"] is None:
            precision = 0
        self._jump(directive["index"])
        verb = directive["verb"]
        if verb is None:
            return f"{complaints}%!(NOVERB)"
        if verb == "%":
            return f"{complaints}%"
        if not self.good_index:
            return f"{complaints}%!{verb}(BADINDEX)"
        if self.at >= len(self.values):
            return f"{complaints}%!{verb}(MISSING)"
        value, self.at = self.values[self.at], self.at + 1
        return complaints + argument(value, _form(verb, directive["flags"], width, precision))

    def _size(self, said: str | None, name: str) -> tuple[int | None, str]:
        """A width or precision, and the complaint where it is none."""
        if said is None:
            return None, ""
        if not said.endswith("*"):
            size = int(said[:8])
            return (size, "") if size <= _LARGEST else (None, f"%!(BAD{name})")
        self._jump(said[:-1] or None)
        value = self.values[self.at] if self.at < len(self.values) else None
        self.at += self.at < len(self.values)
        if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _LARGEST:
            return None, f"%!(BAD{name})"
        if name == "PREC" and value < 0:
            return None, f"%!(BAD{name})"
        return value, ""

    def _jump(self, index: str | None) -> None:
        """Go to the argument that `[3]` names."""
        if index is None:
            return
        self.reordered = True
        number = index[1:-1]
        if number.isascii() and number.isdigit() and 1 <= int(number[:8]) <= len(self.values):
            self.at = int(number[:8]) - 1
        else:
            self.good_index = False

    def rest(self) -> str:
        """The arguments that nothing was written of."""
        if self.reordered or self.at >= len(self.values):
            return ""
        extra = (_extra(value) for value in self.values[self.at :])
        return f"%!(EXTRA {', '.join(extra)})"


def _extra(value: Any) -> str:
    return "<nil>" if type_name(value) == "<nil>" else f"{type_name(value)}={written(value, _V)}"


def _form(verb: str, flags: str, width: int | None, precision: int | None) -> Form:
    minus = "-" in flags or (width or 0) < 0
    return Form(
        verb=verb,
        minus=minus,
        plus="+" in flags,
        sharp="#" in flags,
        space=" " in flags,
        zero="0" in flags and not minus,
        width=None if width is None else abs(width),
        precision=precision,
    )
