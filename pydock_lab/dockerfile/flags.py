"""Flags of instructions: `--from=build`, `--link`, `--mount=...` (which may come several times)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from pydock_lab.dockerfile.suggest import closest
from pydock_lab.errors import DockerfileError


class FlagKind(Enum):
    """What a flag takes."""

    SWITCH = auto()  # nothing, true or false
    TEXT = auto()  # one value
    TEXTS = auto()  # one value each time it is written


@dataclass(frozen=True, kw_only=True, slots=True)
class Flags:
    """The flags of one instruction by name, each with the values written for it."""

    values: Mapping[str, tuple[str, ...]]

    def text(self, name: str) -> str:
        """The value of a flag, "" where it is not written."""
        return next(iter(self.values.get(name, ())), "")

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a flag, in order."""
        return self.values.get(name, ())

    def switch(self, name: str) -> bool | None:
        """What a switch says; None where it is not written."""
        return self.text(name) == "true" if name in self.values else None


NONE: Mapping[str, FlagKind] = {}


def read_flags(written: Iterable[str], known: Mapping[str, FlagKind]) -> Flags:
    """Check flags against those an instruction knows; raises DockerfileError."""
    values: dict[str, tuple[str, ...]] = {}
    for flag in written:
        name, equals, value = flag.removeprefix("--").partition("=")
        kind = known.get(name)
        if kind is None:
            raise _unknown(name, known)
        # Two values for one flag are a mistake in most cases, and no order would be right in the others.
        if name in values and kind is not FlagKind.TEXTS:
            raise DockerfileError("dockerfile.flag-twice", flag=name)
        checked = _switch(name, value, equals) if kind is FlagKind.SWITCH else _text(name, value, equals)
        values[name] = (*values.get(name, ()), checked)
    return Flags(values=values)


def _unknown(name: str, known: Mapping[str, FlagKind]) -> DockerfileError:
    if (meant := closest(name, known)) is not None:
        return DockerfileError("dockerfile.flag-unknown-like", flag=name, suggestion=meant)
    return DockerfileError("dockerfile.flag-unknown", flag=name)


def _switch(name: str, value: str, equals: str) -> str:
    if equals and not value:
        raise DockerfileError("dockerfile.flag-value", flag=name)
    if value.lower() not in ("", "true", "false"):
        raise DockerfileError("dockerfile.flag-boolean", flag=name, value=value)
    return value.lower() or "true"


def _text(name: str, value: str, equals: str) -> str:
    if not equals:
        raise DockerfileError("dockerfile.flag-value", flag=name)
    return value
