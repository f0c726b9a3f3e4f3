"""The memory of a program, read and written through /proc/PID/mem (proc_pid_mem(5)).

It stays open as long as the program does: a read takes half of the time of process_vm_readv(2).
"""

import errno
import os
import struct
from ctypes import Array, c_char
from typing import TypeAlias

Buffer: TypeAlias = bytes | Array[c_char]

_LONGEST = 4096  # bytes of a path, with the zero byte at its end (PATH_MAX)
_FIRST = 192  # bytes: most paths are shorter, and what is copied costs


class Memory:
    """The memory that the threads of a program share; every method raises OSError (EFAULT) where nothing is."""

    __slots__ = ("_descriptor",)

    def __init__(self, pid: int) -> None:
        self._descriptor = os.open(b"/proc/%d/mem" % pid, os.O_RDWR | os.O_CLOEXEC)

    def string(self, address: int) -> bytes:
        """What stands there up to a zero byte; OSError (ENAMETOOLONG) where none comes in 4096 bytes."""
        found = self._read(address, _FIRST)
        end = found.find(b"\0")
        while end < 0:
            if len(found) >= _LONGEST:
                raise OSError(errno.ENAMETOOLONG, os.strerror(errno.ENAMETOOLONG))
            found += self._read(address + len(found), _LONGEST - len(found))
            end = found.find(b"\0")
        return found[:end]

    def read(self, address: int, length: int) -> bytes:
        """So many bytes."""
        found = self._read(address, length) if length else b""
        while len(found) < length:
            found += self._read(address + len(found), length - len(found))
        return found

    def numbers(self, address: int, most: int) -> tuple[int, ...]:
        """Numbers of 8 bytes from there on: as many as there are, `most` at most."""
        found = self._read(address, 8 * most)
        return struct.unpack_from(f"<{len(found) // 8}Q", found)

    def write(self, address: int, content: "Buffer") -> None:
        """Put bytes there."""
        try:
            done = os.pwrite(self._descriptor, content, address)
        except (OSError, OverflowError):
            done = 0
        if done != len(memoryview(content)):
            raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))

    def _read(self, address: int, most: int) -> bytes:
        try:
            # At the end of what is mapped a read is short; from there on it is EIO, which in a system call is EFAULT.
            found = os.pread(self._descriptor, most, address)
        except (OSError, OverflowError):  # an address may be any number
            found = b""
        if not found:
            raise OSError(errno.EFAULT, os.strerror(errno.EFAULT))
        return found

    def __del__(self) -> None:
        # Threads share it, and come and go: the last one lets go of it.
        os.close(self._descriptor)
