"""Landlock: a process gives up files for itself and all that it starts, without any privilege (landlock(7)).

    ruleset: "from now on, these kinds of access must be allowed by name"
    rules:   below containers/ID/tree   everything
             below /proc                read, and write to what is there
    restrict_self                       all else is refused by the kernel, whoever asks in whatever way

What it does not cover: stat, chmod, chown, extended attributes, and files that are open already. With version 6 it
also keeps signals and abstract sockets inside.

Source: landlock(7), landlock_create_ruleset(2); userspace-api/landlock.rst of Linux.
"""

import contextlib
import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntFlag

from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Prctl

_libc = ctypes.PyDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long
_CREATE, _ADD, _RESTRICT = 444, 445, 446
_VERSION_ONLY = 1
_BENEATH = 1
_USABLE = 2  # version 1 forbids every move between folders
_TRUNCATES, _SCOPES = 3, 6


class Access(IntFlag):
    """What may be done with a file or below a folder."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14


READ = Access.READ_FILE | Access.READ_DIR
ALL = Access((1 << 15) - 1)
_OF_A_FILE = Access.EXECUTE | Access.WRITE_FILE | Access.READ_FILE | Access.TRUNCATE
_ABSTRACT_SOCKETS, _SIGNALS = 1, 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowed:
    """What may be done below a path of the host."""

    path: str
    access: Access


def version() -> int:
    """The version of the kernel's Landlock; 0 where it has none, or does not use it."""
    return max(0, int(_libc.syscall(_CREATE, None, 0, _VERSION_ONLY)))


def is_usable() -> bool:
    """Whether this kernel's Landlock can hold a container: Linux 5.19."""
    return version() >= _USABLE


def restrict(allowed: Iterable[Allowed]) -> int:
    """Give up all access to files but what is allowed, for good: the version that is in force, 0 for none.

    A path that is not there is left out. Raises OSError.
    """
    found = version()
    if found < _USABLE:
        return 0
    # A right that the kernel does not know is an error (EINVAL): truncate(2) is covered since Linux 6.2.
    handled = ALL if found >= _TRUNCATES else ALL & ~Access.TRUNCATE
    scoped = _ABSTRACT_SOCKETS | _SIGNALS if found >= _SCOPES else 0
    attributes = struct.pack("=QQQ", int(handled), 0, scoped)[: 24 if found >= _SCOPES else 8]
    ruleset = _checked(_libc.syscall(_CREATE, attributes, len(attributes), 0), "landlock_create_ruleset")
    try:
        for one in allowed:
            with contextlib.suppress(FileNotFoundError):
                _allow(ruleset, one.path, one.access & handled)
        # Else only CAP_SYS_ADMIN may do it: a set-user-ID program must not find files missing that it relies on.
        syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
        _checked(_libc.syscall(_RESTRICT, ruleset, 0), "landlock_restrict_self")
    finally:
        os.close(ruleset)
    return found


def _allow(ruleset: int, path: str, access: Access) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            # Rights that only a folder has are an error for a file (EINVAL).
            access &= _OF_A_FILE
        # The kernel's structure is packed, too: 12 bytes.
        rule = struct.pack("=Qi", int(access), place)
        _checked(_libc.syscall(_ADD, ruleset, _BENEATH, rule, 0), "landlock_add_rule")
    finally:
        os.close(place)


def _checked(result: int, call: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code or errno.EIO, f"{call}: {os.strerror(code)}")
    return result
