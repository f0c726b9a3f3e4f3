"""What goes wrong in a template, before it is known where in it, and after."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydock_lab.dockerfile.suggest import closest_name
from pydock_lab.errors import CommandError

_SHOWN = 60


class Refusal(Exception):
    """A function, or a value, does not allow what is asked of it; `key` and `fields` are those of a CommandError."""

    def __init__(self, key: str, /, **fields: Any) -> None:
        super().__init__(key)
        self.key, self.fields = key, fields


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where something stands in a template: line and column, from 1, and the action around it."""

    row: int
    column: int
    action: str

    @classmethod
    def of(cls, text: str, start: int, at: int) -> "Place":
        """The place at offset `at` of a template, in the action that begins at offset `start`."""
        end = text.find("}}", start)
        action = " ".join(text[start : end + 2 if end >= 0 else None].split())
        column = at - text.rfind("\n", 0, at)
        shown = action if len(action) <= _SHOWN else f"{action[: _SHOWN - 1]}…"
        return cls(row=text.count("\n", 0, at) + 1, column=column, action=shown)

    def error(self, key: str, /, **fields: Any) -> CommandError:
        """The error for something that is wrong here; a list of `known` names becomes words, with the nearest one."""
        known = fields.pop("known", None)
        name = str(fields.get("field", fields.get("name", "")))
        if known is not None:
            fields["known"] = ", ".join(known) or "-"
            near = _near(name, known)
            key, fields = (f"{key}-like", {**fields, "near": near}) if near else (key, fields)
        return CommandError(key, row=self.row, column=self.column, action=self.action, **fields)


@contextmanager
def standing_at(place: Place) -> Iterator[None]:
    """What is refused in here is an error at this place."""
    try:
        yield
    except Refusal as refusal:
        raise place.error(refusal.key, **refusal.fields) from None


def _near(name: str, known: Sequence[str]) -> str | None:
    """The name that is meant: written with other capitals, or with a letter too many."""
    same = [one for one in known if one.lower() == name.lower()]
    return same[0] if same else closest_name(name, known)
