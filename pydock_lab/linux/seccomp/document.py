"""A profile in Docker's JSON form, as `--security-opt seccomp=FILE` gives it: read with care, for it guards.

Go ignores what it does not know; here a misspelt member is an error, because a rule that lost its `args` would allow
everything. Every error names the place, as `syscalls[3].args[0].op`.

Source: moby/profiles, seccomp/seccomp.go; OCI runtime specification, config-linux.md, "Seccomp".
"""

import errno
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, TypeVar

from pydock_lab.errors import ContainerError
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.seccomp.policy import ALL_BITS, Comparison, Condition, Verdict
from pydock_lab.linux.seccomp.profile import Demand, Entry, Kernel, Profile
from pydock_lab.linux.syscall_numbers import Architecture

_ACTIONS = {
    "SCMP_ACT_ALLOW": Verdict.ALLOW,
    "SCMP_ACT_ERRNO": Verdict.ERRNO,
    "SCMP_ACT_KILL": Verdict.KILL_THREAD,
    "SCMP_ACT_KILL_THREAD": Verdict.KILL_THREAD,
    "SCMP_ACT_KILL_PROCESS": Verdict.KILL_PROCESS,
    "SCMP_ACT_TRAP": Verdict.TRAP,
    "SCMP_ACT_TRACE": Verdict.TRACE,
    "SCMP_ACT_LOG": Verdict.LOG,
    "SCMP_ACT_NOTIFY": Verdict.ASK,
}
_WITH_NUMBER = (Verdict.ERRNO, Verdict.TRACE)
_COMPARISONS = {
    "SCMP_CMP_EQ": Comparison.EQUAL,
    "SCMP_CMP_NE": Comparison.NOT_EQUAL,
    "SCMP_CMP_LT": Comparison.LESS,
    "SCMP_CMP_LE": Comparison.LESS_OR_EQUAL,
    "SCMP_CMP_GT": Comparison.GREATER,
    "SCMP_CMP_GE": Comparison.GREATER_OR_EQUAL,
}
_MASKED = "SCMP_CMP_MASKED_EQ"
_ARCHITECTURES = {
    "SCMP_ARCH_X86_64": Architecture.X86_64,
    "SCMP_ARCH_X86": Architecture.I386,
    "SCMP_ARCH_X32": Architecture.X32,
    "SCMP_ARCH_AARCH64": Architecture.AARCH64,
    "SCMP_ARCH_ARM": Architecture.ARM,
}
# Architectures of machines that this engine has no tables for; a profile may speak of them.
_ELSEWHERE = (
    *("MIPS", "MIPS64", "MIPS64N32", "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC", "PPC64", "PPC64LE", "S390", "S390X"),
    *("PARISC", "PARISC64", "RISCV64", "LOONGARCH64", "M68K", "SH", "SHEB"),
)
_CAPABILITIES = {f"CAP_{one.name}": one for one in Capability}
_ARGUMENTS = 6
_MOST_ERRNO = 4095  # the kernel takes larger ones for this (MAX_ERRNO)
_LONG = 40  # of a value in an error, in characters


_T = TypeVar("_T")


class _Place:
    """A value in the document, and where it stands."""

    def __init__(self, value: Any, where: str = "") -> None:
        self.value, self.where = value, where

    def fail(self, key: str, **fields: object) -> NoReturn:
        """Raise the error `key` about this place."""
        raise ContainerError(f"linux.{key}", where=self.where or "{}", **fields)

    def members(self, known: str) -> "dict[str, _Place]":
        """What is not null of an object that has no other members than the `known` ones (words)."""
        document = self._is(dict, "{...}")
        for name in document:
            if name not in known.split():
                self.fail("profile-member", name=name, known=", ".join(known.split()))
        prefix = f"{self.where}." if self.where else ""
        return {name: _Place(value, prefix + name) for name, value in document.items() if value is not None}

    def items(self) -> "Iterator[_Place]":
        """The items of a list."""
        return (_Place(item, f"{self.where}[{number}]") for number, item in enumerate(self._is(list, "[...]")))

    def text(self) -> str:
        """A text."""
        return str(self._is(str, '"..."'))

    def number(self, most: int) -> int:
        """A whole number from 0 to `most`."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 0 <= self.value <= most:
            self.fail("profile-number", value=_short(self.value), most=most)
        return self.value

    def choice(self, choices: Mapping[str, _T]) -> _T:
        """One of these words."""
        word = self.text()
        if word not in choices:
            self.fail("profile-word", word=word, known=", ".join(choices))
        return choices[word]

    def _is(self, kind: type, example: str) -> Any:
        if not isinstance(self.value, kind):
            self.fail("profile-type", value=_short(self.value), example=example)
        return self.value


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def read_profile(text: str) -> Profile:
    """The profile in this text; raises ContainerError that names the place of what is wrong."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise ContainerError("linux.profile-json", reason=str(error)) from None
    place = _Place(document)
    members = place.members(
        "defaultAction defaultErrnoRet defaultErrno architectures archMap flags listenerPath listenerMetadata syscalls"
    )
    _refuse_what_needs_a_listener(members)
    entries = [_entry(item) for item in _items(members, "syscalls")]
    if "defaultAction" not in members:
        if entries:
            place.fail("profile-missing", name="defaultAction")
        return Profile(default=Verdict.ALLOW, entries=())  # as Docker takes an empty one
    return Profile(
        default=_verdict(members, "defaultAction", "defaultErrnoRet"),
        entries=tuple(entries),
        architectures=_architectures(place, members),
    )


def _items(members: Mapping[str, _Place], name: str) -> Iterator[_Place]:
    return members[name].items() if name in members else iter(())


def _refuse_what_needs_a_listener(members: Mapping[str, _Place]) -> None:
    for name in ("listenerPath", "listenerMetadata"):
        if name in members and members[name].value:
            members[name].fail("profile-listener")
    for flag in _items(members, "flags"):
        # The only one without a meaning here: a container starts with a single thread.
        flag.choice({"SECCOMP_FILTER_FLAG_TSYNC": None})


def _architectures(place: _Place, members: Mapping[str, _Place]) -> dict[Architecture, tuple[Architecture, ...]]:
    """For each architecture, which others belong to it."""
    listed = tuple(_architecture(item) for item in _items(members, "architectures"))
    maps = list(_items(members, "archMap"))
    if listed and maps:
        place.fail("profile-both", one="architectures", other="archMap")
    found = dict.fromkeys(Architecture, listed) if listed else {}
    for item in maps:
        parts = item.members("architecture subArchitectures")
        if "architecture" not in parts:
            item.fail("profile-missing", name="architecture")
        others = [_architecture(other) for other in _items(parts, "subArchitectures")]
        own = _architecture(parts["architecture"])
        if own is not None:
            found.setdefault(own, tuple(others))
    return {own: tuple(one for one in others if one is not None) for own, others in found.items()}


def _architecture(place: _Place) -> Architecture | None:
    """The architecture; None for one of another kind of machine."""
    return place.choice(_ARCHITECTURES | {f"SCMP_ARCH_{name}": None for name in _ELSEWHERE})


def _verdict(members: Mapping[str, _Place], action: str, code: str) -> int:
    """An action, with the number that goes with it: EPERM where none is said."""
    verdict = members[action].choice(_ACTIONS)
    if verdict is Verdict.ASK:
        members[action].fail("profile-listener")
    number = members[code].number(_MOST_ERRNO) if code in members else errno.EPERM
    return verdict | number if verdict in _WITH_NUMBER else verdict


def _entry(place: _Place) -> Entry:
    members = place.members("name names action errnoRet errno args comment includes excludes")
    if "name" in members and "names" in members:
        place.fail("profile-both", one="name", other="names")
    if "action" not in members:
        place.fail("profile-missing", name="action")
    names = [members["name"].text()] if "name" in members else [name.text() for name in _items(members, "names")]
    if not names:
        place.fail("profile-missing", name="names")
    return Entry(
        names=tuple(names),
        verdict=_verdict(members, "action", "errnoRet"),
        conditions=tuple(_condition(item) for item in _items(members, "args")),
        includes=_demand(members, "includes"),
        excludes=_demand(members, "excludes"),
    )


def _condition(place: _Place) -> Condition:
    members = place.members("index value valueTwo op")
    for name in ("index", "op"):
        if name not in members:
            place.fail("profile-missing", name=name)
    argument = members["index"].number(_ARGUMENTS - 1)
    value, second = (members[name].number(ALL_BITS) if name in members else 0 for name in ("value", "valueTwo"))
    comparison = members["op"].choice(_COMPARISONS | {_MASKED: None})
    if comparison is None:
        return Condition(argument=argument, mask=value, comparison=Comparison.EQUAL, value=second)
    return Condition(argument=argument, comparison=comparison, value=value)


def _demand(members: Mapping[str, _Place], name: str) -> Demand:
    parts = members[name].members("caps arches minKernel") if name in members else {}
    powers = Capability(0)
    for item in _items(parts, "caps"):
        powers |= item.choice(_CAPABILITIES)
    return Demand(
        capabilities=powers,
        architectures=tuple(item.text() for item in _items(parts, "arches")),
        kernel=_kernel(parts["minKernel"]) if "minKernel" in parts else None,
    )


def _kernel(place: _Place) -> Kernel:
    """`5.10`."""
    major, dot, minor = place.text().partition(".")
    if not (dot and major.isdecimal() and minor.isdecimal()):
        place.fail("profile-kernel", value=place.text())
    return int(major), int(minor)
