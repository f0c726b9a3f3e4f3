"""The system calls that put trees of files together: what is mounted where, and how.

    mount, umount2, pivot_root                    by paths
    open_tree, mount_setattr, move_mount          by descriptors: a tree is taken hold of, changed, and attached
    fsopen, fsconfig, fsmount                     a new file system, from any number of parameters

Sources: the manual pages of section 2, and linux/mount.h.
"""

import os
import struct
from ctypes import c_ulong
from enum import IntFlag

from pydock_lab.linux.journal import noted
from pydock_lab.linux.libc import LIBC, as_bytes, checked

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000
MNT_DETACH = 2

# Calls with a number above 400 have the same one on every architecture.
_PIVOT_ROOT = 41 if os.uname().machine == "aarch64" else 155
_OPEN_TREE, _MOVE_MOUNT, _FSOPEN, _FSCONFIG, _FSMOUNT = 428, 429, 430, 431, 432
_MOUNT_SETATTR = 442


class MountFlag(IntFlag):
    """The flags of mount(2)."""

    NONE = 0
    RDONLY = 1
    NOSUID = 2
    NODEV = 4
    NOEXEC = 8
    REMOUNT = 32
    BIND = 4096
    REC = 16384
    PRIVATE = 1 << 18
    SLAVE = 1 << 19
    SHARED = 1 << 20
    STRICTATIME = 1 << 24


class MountAttribute(IntFlag):
    """The attributes of mount_setattr(2) and fsmount(2)."""

    RDONLY = 1
    NOSUID = 2
    NODEV = 4
    NOEXEC = 8


_NONE = MountAttribute(0)


@noted("mount")
def mount(
    source: str | None,
    target: str,
    kind: str | None = None,
    flags: MountFlag = MountFlag.NONE,
    options: str | None = None,
) -> None:
    """Attach a file system, or change an attachment (mount(2)); `options` must fit into one page."""
    result = LIBC.mount(as_bytes(source), as_bytes(target), as_bytes(kind), c_ulong(int(flags)), as_bytes(options))
    checked(result, f"mount {kind or source or 'flags'}", target)


@noted("umount2")
def umount(target: str, flags: int = MNT_DETACH) -> None:
    """Detach a file system; by default lazily, with all that is mounted below it (umount2(2))."""
    checked(LIBC.umount2(as_bytes(target), flags), "umount2", target)


@noted("pivot_root")
def pivot_root(new_root: str, put_old: str) -> None:
    """Make `new_root` the root of this mount namespace and put the old one at `put_old` (pivot_root(2))."""
    checked(LIBC.syscall(_PIVOT_ROOT, as_bytes(new_root), as_bytes(put_old)), "pivot_root", new_root)


@noted("open_tree", gives_descriptor=True)
def open_tree(place: str | int, *, recursive: bool = True) -> int:
    """A detached copy of the mounts at a place, as a descriptor that `move_mount` attaches (open_tree(2)).

    `place` is a path, or a descriptor: what it is open on stays the same whatever becomes of its name.
    """
    open_tree_clone, close_on_exec = 1, os.O_CLOEXEC
    flags = open_tree_clone | close_on_exec | (AT_RECURSIVE if recursive else 0)
    if isinstance(place, int):
        return checked(LIBC.syscall(_OPEN_TREE, place, b"", flags | AT_EMPTY_PATH), "open_tree")
    return checked(LIBC.syscall(_OPEN_TREE, AT_FDCWD, as_bytes(place), flags), "open_tree", place)


@noted("move_mount")
def move_mount(descriptor: int, target: str) -> None:
    """Attach what `open_tree` or `fsmount` gave, where `target` leads if it is a link (move_mount(2))."""
    from_empty_path, to_symlinks = 0x4, 0x10
    result = LIBC.syscall(_MOVE_MOUNT, descriptor, b"", AT_FDCWD, as_bytes(target), from_empty_path | to_symlinks)
    checked(result, "move_mount", target)


@noted("mount_setattr")
def set_mount_attributes(
    descriptor: int, attributes: MountAttribute, path: str = "", *, off: MountAttribute = _NONE, recursive: bool = True
) -> None:
    """Switch attributes on (and others off) for a mount and all mounts below it (mount_setattr(2), Linux 5.12)."""
    packed = struct.pack("=QQQQ", int(attributes), int(off), 0, 0)
    flags = (AT_RECURSIVE if recursive else 0) | (0 if path else AT_EMPTY_PATH)
    result = LIBC.syscall(_MOUNT_SETATTR, descriptor, as_bytes(path), flags, packed, len(packed))
    checked(result, "mount_setattr", path or None)


@noted("mount_setattr")
def set_propagation(descriptor: int, propagation: MountFlag, *, recursive: bool = True) -> None:
    """Make a mount (and with `recursive` all below it) PRIVATE, SLAVE or SHARED (mount_setattr(2))."""
    packed = struct.pack("=QQQQ", 0, 0, int(propagation), 0)
    flags = AT_EMPTY_PATH | (AT_RECURSIVE if recursive else 0)
    checked(LIBC.syscall(_MOUNT_SETATTR, descriptor, b"", flags, packed, len(packed)), "mount_setattr")


@noted("fsmount", gives_descriptor=True)
def mount_parameters(kind: str, parameters: list[tuple[str, str]], attributes: MountAttribute) -> int:
    """A new file system from any number of parameters, detached: descriptor (fsopen(2), Linux 5.2).

    A parameter whose value is "" is a flag.
    """
    close_on_exec, set_flag, set_string, create = 1, 0, 1, 6
    context = checked(LIBC.syscall(_FSOPEN, as_bytes(kind), close_on_exec), "fsopen")
    try:
        for name, value in parameters:
            command = set_string if value else set_flag
            result = LIBC.syscall(_FSCONFIG, context, command, as_bytes(name), as_bytes(value or None), 0)
            checked(result, f"fsconfig {name}", value)
        checked(LIBC.syscall(_FSCONFIG, context, create, None, None, 0), "fsconfig create")
        return checked(LIBC.syscall(_FSMOUNT, context, close_on_exec, int(attributes)), "fsmount")
    finally:
        os.close(context)
