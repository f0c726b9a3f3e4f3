"""Answering system calls of other processes: what a seccomp filter does not decide itself (seccomp_unotify(2)).

    the program   openat(..., "/etc/hosts")       waits ...              3
    the kernel      | the filter: ASK                                    ^
    who listens     '-> receive: thread, number, arguments -- opens the file that is meant, and hands it over

The one who listens does the call itself, in its own way, or lets it go on. A file that was opened is handed over as if
the program had opened it: nothing can change between the look at its path and its use.

Source: seccomp_unotify(2); linux/seccomp.h.
"""

import ctypes
import errno
import os
import struct

_libc = ctypes.PyDLL(None, use_errno=True)
_ioctl = _libc.ioctl
_ioctl.argtypes = [ctypes.c_int, ctypes.c_ulong, ctypes.c_void_p]

_RECEIVE, _SEND, _ADD_DESCRIPTOR, _SET_FLAGS = 0xC050_2100, 0xC018_2101, 0x4018_2103, 0x4008_2104
_NOTICE = struct.Struct("=QIIiIQ6Q")  # id, thread, flags, number of the call, architecture, address, arguments
_ANSWER = struct.Struct("=QqiI")  # id, value, -errno, flags
_DESCRIPTOR = struct.Struct("=QIIII")  # id, flags, ours, theirs, flags of theirs
_GO_ON = 1
_AND_ANSWER = 2
_WAKE_HERE = 1

Notice = tuple[int, int, int, int, int, int, int, int, int, int, int, int]


class Listener:
    """The descriptor that `syscalls.install_seccomp` gave, and the buffers that its answers take."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._notice = ctypes.create_string_buffer(_NOTICE.size)
        self._answer = ctypes.create_string_buffer(_ANSWER.size)
        self._given = ctypes.create_string_buffer(_DESCRIPTOR.size)
        self._notice_at, self._answer_at = ctypes.addressof(self._notice), ctypes.addressof(self._answer)
        self._given_at = ctypes.addressof(self._given)
        # One processor does both sides of a conversation in which one always waits for the other (Linux 6.6).
        _ioctl(descriptor, _SET_FLAGS, _WAKE_HERE)

    def receive(self) -> Notice | None:
        """The next call: id, thread, flags, number, architecture, address, six arguments.

        None where who called was killed meanwhile.
        """
        ctypes.memset(self._notice_at, 0, _NOTICE.size)  # the kernel insists
        if _ioctl(self.descriptor, _RECEIVE, self._notice_at) < 0:
            return None
        return _NOTICE.unpack_from(self._notice)

    def answer(self, notice: int, value: int) -> bool:
        """End the call with a value, or with an error as a negative number; False where nobody waits any more."""
        if value < 0:
            _ANSWER.pack_into(self._answer, 0, notice, 0, value, 0)
        else:
            _ANSWER.pack_into(self._answer, 0, notice, value, 0, 0)
        return bool(_ioctl(self.descriptor, _SEND, self._answer_at) >= 0)

    def let_go_on(self, notice: int) -> bool:
        """Let the kernel do the call as it stands."""
        # Nothing can be forbidden this way: another thread may change what an argument points to after we have looked.
        _ANSWER.pack_into(self._answer, 0, notice, 0, 0, _GO_ON)
        return bool(_ioctl(self.descriptor, _SEND, self._answer_at) >= 0)

    def hand_over(self, notice: int, descriptor: int, *, close_on_exec: bool) -> bool:
        """End the call with a copy of a descriptor of ours; what the kernel refuses (EMFILE) is its error."""
        flags = os.O_CLOEXEC if close_on_exec else 0
        _DESCRIPTOR.pack_into(self._given, 0, notice, _AND_ANSWER, descriptor, 0, flags)
        if _ioctl(self.descriptor, _ADD_DESCRIPTOR, self._given_at) >= 0:
            return True
        code = ctypes.get_errno()
        if code == errno.EINVAL:  # before Linux 5.14 it takes two calls
            return self._hand_over_in_two(notice, descriptor, flags)
        # ENOENT: who called has been killed, there is nobody to answer.
        return code != errno.ENOENT and self.answer(notice, -code)

    def _hand_over_in_two(self, notice: int, descriptor: int, flags: int) -> bool:
        _DESCRIPTOR.pack_into(self._given, 0, notice, 0, descriptor, 0, flags)
        number = _ioctl(self.descriptor, _ADD_DESCRIPTOR, self._given_at)
        return self.answer(notice, number if number >= 0 else -ctypes.get_errno())

    def close(self) -> None:
        """Listen no more: every call that would have been asked for fails from now on (ENOSYS)."""
        os.close(self.descriptor)
