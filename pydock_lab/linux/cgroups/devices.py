"""Which devices a container may open and make: what keeps root in a container off the host's disks.

    version 1    two files            devices.deny: a      devices.allow: c 1:3 rwm
    version 2    a program in eBPF    that the kernel runs on every open and mknod of a device

Both need real root. In a user namespace there is nothing to forbid: mknod(2) fails there, and a file system mounted in
it opens no device; what a container has in /dev then was bound there by us.

Source: Documentation/admin-guide/cgroup-v1/devices.rst of Linux; moby, daemon/pkg/oci/defaults.go; runc,
libcontainer/specconv (AllowedDevices); linux/bpf.h (struct bpf_cgroup_dev_ctx).
"""

import os
import stat
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydock_lab.linux import syscalls
from pydock_lab.oci.runtime_spec import Device


class DeviceKind(StrEnum):
    """As the kernel's files have it."""

    ALL = "a"
    CHARACTER = "c"
    BLOCK = "b"


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceRule:
    """Devices that may be used: None stands for any number; `access` is some of `r`, `w` and `m` (mknod)."""

    kind: DeviceKind
    major: int | None = None
    minor: int | None = None
    access: str = "rwm"

    def text(self) -> str:
        """As devices.allow takes it: `c 136:* rwm`."""
        numbers = ("*" if one is None else str(one) for one in (self.major, self.minor))
        return f"{self.kind} {':'.join(numbers)} {self.access}"

    def is_everything(self) -> bool:
        """Whether no other rule is needed besides this one."""
        is_any = self.kind is DeviceKind.ALL and self.major is None and self.minor is None
        return is_any and set(self.access) == set("rwm")


def _characters(*numbers: tuple[int, int | None]) -> tuple[DeviceRule, ...]:
    return tuple(DeviceRule(kind=DeviceKind.CHARACTER, major=major, minor=minor) for major, minor in numbers)


# What Docker and runc allow: any node may be made, but few opened.
DEFAULT_DEVICES = (
    DeviceRule(kind=DeviceKind.CHARACTER, access="m"),
    DeviceRule(kind=DeviceKind.BLOCK, access="m"),
    *_characters((1, 3), (1, 5), (1, 7), (1, 8), (1, 9)),  # null, zero, full, random, urandom
    *_characters((5, 0), (5, 1), (5, 2), (136, None)),  # tty, console, ptmx, all of /dev/pts
)
ALL_DEVICES = (DeviceRule(kind=DeviceKind.ALL),)


def device_rules(devices: Iterable[Device] = (), *, privileged: bool = False) -> tuple[DeviceRule, ...]:
    """What a container may use: the default ones and its own (`--device`), or all; raises OSError for no such file.

    A directory stands for the devices in it, as with Docker.
    """
    if privileged:
        return ALL_DEVICES
    found = ((os.stat(device.source), device) for device in devices)
    return (*DEFAULT_DEVICES, *(rule for status, one in found for rule in _rules_for(status, one.source, one.access)))


def _rules_for(status: os.stat_result, path: str, access: str) -> Iterator[DeviceRule]:
    kinds = {stat.S_IFCHR: DeviceKind.CHARACTER, stat.S_IFBLK: DeviceKind.BLOCK}
    kind = kinds.get(stat.S_IFMT(status.st_mode))
    if kind:
        yield DeviceRule(kind=kind, major=os.major(status.st_rdev), minor=os.minor(status.st_rdev), access=access)
    elif stat.S_ISDIR(status.st_mode):
        with os.scandir(path) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                yield from _rules_for(entry.stat(follow_symlinks=False), entry.path, access)


# ---- version 2: a program of four registers, in the language of linux/bpf.h

_CONTEXT, _KIND, _ACCESS, _MAJOR, _MINOR, _RESULT = 1, 2, 3, 4, 5, 0
_LOAD_WORD, _MOVE, _SET, _AND, _SHIFT_RIGHT = 0x61, 0xBF, 0xB7, 0x57, 0x77
_JUMP_UNEQUAL, _JUMP_UNEQUAL_REGISTER, _EXIT = 0x55, 0x5D, 0x95
_KINDS = {DeviceKind.BLOCK: 1, DeviceKind.CHARACTER: 2}
_ACCESSES = {"m": 1, "r": 2, "w": 4}
_ANY_ACCESS = 7


def device_program(rules: Iterable[DeviceRule]) -> bytes:
    """A program that says 1 where one of the rules holds, else 0; 8 bytes an instruction.

    It is given what is done to which device: kind and access in one word, major and minor number. What is done must be
    allowed whole by one rule: to open a device for reading and writing needs `rw`.
    """
    program = [
        _instruction(_LOAD_WORD, _KIND, source=_CONTEXT, offset=0),
        _instruction(_AND, _KIND, value=0xFFFF),
        _instruction(_LOAD_WORD, _ACCESS, source=_CONTEXT, offset=0),
        _instruction(_SHIFT_RIGHT, _ACCESS, value=16),
        _instruction(_LOAD_WORD, _MAJOR, source=_CONTEXT, offset=4),
        _instruction(_LOAD_WORD, _MINOR, source=_CONTEXT, offset=8),
    ]
    for rule in rules:
        program += _try(rule)
        if rule.is_everything():  # the kernel refuses a program with a part that is never reached
            return b"".join(program)
    return b"".join((*program, _instruction(_SET, _RESULT, value=0), _instruction(_EXIT, 0)))


def _try(rule: DeviceRule) -> list[bytes]:
    """Say yes where the rule holds, else go on behind it."""
    tests: list[tuple[int, int]] = []  # registers and the values that they must have
    if rule.kind is not DeviceKind.ALL:
        tests.append((_KIND, _KINDS[rule.kind]))
    tests += [(where, one) for where, one in ((_MAJOR, rule.major), (_MINOR, rule.minor)) if one is not None]
    allowed = sum(_ACCESSES[letter] for letter in set(rule.access))
    # Nothing may be asked beyond what is allowed: asked & allowed == asked. The context is not needed any more.
    access = [_instruction(_MOVE, _CONTEXT, source=_ACCESS), _instruction(_AND, _CONTEXT, value=allowed)]
    size = len(tests) + (3 if allowed != _ANY_ACCESS else 0) + 2
    code = [
        _instruction(_JUMP_UNEQUAL, one, value=value, offset=size - at - 1) for at, (one, value) in enumerate(tests)
    ]
    if allowed != _ANY_ACCESS:
        code += [*access, _instruction(_JUMP_UNEQUAL_REGISTER, _CONTEXT, source=_ACCESS, offset=2)]
    return [*code, _instruction(_SET, _RESULT, value=1), _instruction(_EXIT, 0)]


def _instruction(code: int, destination: int, *, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("=BBhi", code, source << 4 | destination, offset, value)


def attach(directory: Path, rules: Iterable[DeviceRule]) -> None:
    """Let only these devices be used in a group of version 2; raises OSError (EPERM: this is not real root).

    Programs of groups above it go on to hold.
    """
    program = syscalls.load_device_program(device_program(rules))
    try:
        group = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            syscalls.attach_device_program(group, program)
        finally:
            os.close(group)
    finally:
        os.close(program)
