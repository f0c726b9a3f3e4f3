"""File calls for who does them on behalf of others, thousands a second: errors are numbers, results stay in buffers.

`os.stat` makes an object of twenty numbers, or an exception; who looks at four of them, and passes the rest on as the
kernel wrote it, needs neither. Paths are bytes. What can fail gives minus the errno, as the kernel itself does. No
symbolic link is followed at the end of a path, unless a name says so.

Source: stat(2), statx(2), openat2(2), readlink(2), getxattr(2); asm/stat.h.
"""

import ctypes
import os
import struct
from collections.abc import Callable
from typing import Any

from pydock_lab.linux.syscall_numbers import Architecture, numbers

_libc = ctypes.PyDLL(None, use_errno=True)
_errno = ctypes.get_errno
_NUMBERS = numbers(Architecture(os.uname().machine)) if os.uname().machine in ("x86_64", "aarch64") else {}
_HERE = -100  # AT_FDCWD
_NOT_THE_TARGET = 0x100  # AT_SYMLINK_NOFOLLOW
_EMPTY_PATH = 0x1000  # AT_EMPTY_PATH
_FOLLOW = 0x400  # AT_SYMLINK_FOLLOW
_NO_LINKS = 0x04  # RESOLVE_NO_SYMLINKS
_LONGEST = 4096
_AS_THE_KERNEL_SAYS = "=QQQIII4xQq88x"  # device, inode, names, mode, uid, gid, device of the node, size


def _call(name: str, *arguments: Any) -> tuple[int, Callable[..., int]]:
    """The number of a system call, and a way to do it with arguments of these types, which are settled once."""
    function = _libc["syscall"]
    function.restype, function.argtypes = ctypes.c_long, [ctypes.c_long, *arguments]
    return _NUMBERS.get(name, -1), function


_number, _text, _place = ctypes.c_long, ctypes.c_char_p, ctypes.c_void_p


class Status:
    """What stat(2) says of a file, in a buffer as the kernel lays it out, to be looked at and passed on."""

    # struct stat of x86-64: that of aarch64 has another order, and 128 bytes.
    length = 144

    def __init__(self) -> None:
        self.buffer = ctypes.create_string_buffer(self.length)
        self._address = ctypes.addressof(self.buffer)
        self._layout = struct.Struct(_AS_THE_KERNEL_SAYS)
        self._owner, self._node, self._mode = struct.Struct("=III"), struct.Struct("=Q"), struct.Struct("=I")
        self._number, self._call = _call("newfstatat", _number, _text, _place, _number)

    def of(self, path: bytes) -> int:
        """Take that of what stands at a path: 0, or minus the errno."""
        return 0 if self._call(self._number, _HERE, path, self._address, _NOT_THE_TARGET) == 0 else -_errno()

    def through(self, path: bytes) -> int:
        """Take that of what a link (/proc/PID/fd/NUMBER) leads to."""
        return 0 if self._call(self._number, _HERE, path, self._address, 0) == 0 else -_errno()

    def of_open(self, descriptor: int) -> int:
        """Take that of an open file of ours."""
        return 0 if self._call(self._number, descriptor, b"", self._address, _EMPTY_PATH) == 0 else -_errno()

    def mode(self) -> int:
        """Its type and permission bits."""
        return self._mode.unpack_from(self.buffer, 24)[0]  # type: ignore[no-any-return] # an "I"

    def fields(self) -> tuple[int, int, int, int, int, int, int, int]:
        """Device, inode, number of names, mode, uid, gid, device of a node, size in bytes."""
        return self._layout.unpack_from(self.buffer)

    def say(self, mode: int, uid: int, gid: int) -> None:
        """Say something else of whose it is."""
        self._owner.pack_into(self.buffer, 24, mode, uid, gid)

    def say_device(self, device: int) -> None:
        """Say which device a node is of."""
        self._node.pack_into(self.buffer, 40, device)


class ExtendedStatus:
    """The same for statx(2), whose layout is that of every architecture."""

    length = 256

    def __init__(self) -> None:
        self.buffer = ctypes.create_string_buffer(self.length)
        self._address = ctypes.addressof(self.buffer)
        self._owner, self._mode, self._node = struct.Struct("=II"), struct.Struct("=H"), struct.Struct("=II")
        self._inode = struct.Struct("=Q")
        self._number, self._call = _call("statx", _number, _text, _number, _number, _place)

    def of(self, path: bytes, flags: int, mask: int, *, through: bool) -> int:
        """Take it: 0, or minus the errno."""
        flags |= 0 if through else _NOT_THE_TARGET
        return 0 if self._call(self._number, _HERE, path, flags, mask, self._address) == 0 else -_errno()

    def owner(self) -> tuple[int, int, int]:
        """Mode, uid and gid."""
        return (*self._mode.unpack_from(self.buffer, 28), *self._owner.unpack_from(self.buffer, 20))

    def known(self) -> tuple[int, int]:
        """Device and inode, by which a file can be known."""
        major, minor = self._node.unpack_from(self.buffer, 136)
        return os.makedev(major, minor), self._inode.unpack_from(self.buffer, 32)[0]

    def say(self, mode: int, uid: int, gid: int) -> None:
        """Say something else of whose it is."""
        self._owner.pack_into(self.buffer, 20, uid, gid)
        self._mode.pack_into(self.buffer, 28, mode)

    def say_device(self, major: int, minor: int) -> None:
        """Say which device a node is of."""
        self._node.pack_into(self.buffer, 128, major, minor)


class FileSystem:
    """What statfs(2) says."""

    length = 120

    def __init__(self) -> None:
        self.buffer = ctypes.create_string_buffer(self.length)
        self._address = ctypes.addressof(self.buffer)
        self._number, self._call = _call("statfs", _text, _place)

    def of(self, path: bytes) -> int:
        """Take it: 0, or minus the errno."""
        return 0 if self._call(self._number, path, self._address) == 0 else -_errno()


_how = struct.Struct("=QQQ")
_how_buffer = ctypes.create_string_buffer(_how.size)
_openat2_number, _openat2 = _call("openat2", _number, _text, _place, _number)
_link_buffer = ctypes.create_string_buffer(_LONGEST)
_readlinkat_number, _readlinkat = _call("readlinkat", _number, _text, _place, _number)
_value_buffer = ctypes.create_string_buffer(256)
_getxattr_number, _getxattr = _call("getxattr", _text, _text, _place, _number)
_how_at, _link_at, _value_at = map(ctypes.addressof, (_how_buffer, _link_buffer, _value_buffer))
_bytes_at = ctypes.string_at


def open_place(path: bytes, flags: int, mode: int = 0) -> int:
    """A descriptor, or minus the errno: ELOOP where any part of the path is a symbolic link."""
    # O_NOFOLLOW is about the last part of a path only, this about each of them (openat2(2)).
    _how.pack_into(_how_buffer, 0, flags, mode, _NO_LINKS)
    descriptor = _openat2(_openat2_number, _HERE, path, _how_at, _how.size)
    return descriptor if descriptor >= 0 else -_errno()


def read_link(path: bytes) -> bytes | None:
    """The text of a symbolic link; None where there is none, whatever the reason."""
    length = _readlinkat(_readlinkat_number, _HERE, path, _link_at, _LONGEST)
    return _bytes_at(_link_at, length) if length >= 0 else None


def read_attribute(path: bytes, name: bytes) -> bytes | None:
    """A short extended attribute of what a path leads to (links are followed: see `Status.of`); None where none is."""
    length = _getxattr(_getxattr_number, path, name, _value_at, 256)
    return _bytes_at(_value_at, length) if length >= 0 else None


_renameat2_number, _renameat2 = _call("renameat2", _number, _text, _number, _text, _number)
_linkat_number, _linkat = _call("linkat", _number, _text, _number, _text, _number)
_utimensat_number, _utimensat = _call("utimensat", _number, _text, _text, _number)


def rename(old: bytes, new: bytes, flags: int) -> int:
    """renameat2(2): 0, or minus the errno."""
    return 0 if _renameat2(_renameat2_number, _HERE, old, _HERE, new, flags) == 0 else -_errno()


def link(old: bytes, new: bytes, *, through: bool) -> int:
    """linkat(2): 0, or minus the errno. `through`: the first is a link that stands for an open file."""
    flags = _FOLLOW if through else 0
    return 0 if _linkat(_linkat_number, _HERE, old, _HERE, new, flags) == 0 else -_errno()


def set_times(path: bytes, times: bytes | None) -> int:
    """utimensat(2), with two `struct timespec` as they are in memory (None: now): 0, or minus the errno.

    What is below /proc is followed: it stands for an open file.
    """
    flags = 0 if path.startswith(b"/proc/") else _NOT_THE_TARGET
    return 0 if _utimensat(_utimensat_number, _HERE, path, times, flags) == 0 else -_errno()
