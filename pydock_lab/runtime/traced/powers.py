"""What a program is able to do: capabilities, and the switches of prctl(2) that are about them (capabilities(7)).

Nothing of it is known to the kernel, for which the program is an ordinary user's: it is kept, and decides what the
other answers allow.
"""

import errno
import struct
from collections.abc import Callable, Mapping
from dataclasses import replace

from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.world import Answer, World

_ID = 0xFFFF_FFFF
_LAST = 40
_VERSION = 0x2008_0522  # of `struct __user_cap_header_struct`: the third
_IS_SET, _RAISE, _LOWER, _CLEAR = 1, 2, 3, 4  # what PR_CAP_AMBIENT is asked for


class Powers:
    """Each method is a system call, or what prctl(2) is asked for, with its arguments."""

    def __init__(self, world: World) -> None:
        self._world = world
        # By their numbers in linux/prctl.h.
        self._asked: dict[int, Callable[[Thread, int, int], int]] = {
            3: lambda thread, _one, _two: thread.program.is_dumpable,  # PR_GET_DUMPABLE
            4: self._set_dumpable,
            7: lambda thread, _one, _two: int(thread.credentials.keeps),  # PR_GET_KEEPCAPS
            8: self._set_keeps,
            23: self._read_bounding,
            24: self._drop_bounding,
            27: lambda _thread, _one, _two: 0,  # PR_GET_SECUREBITS
            28: lambda _thread, bits, _two: -errno.EPERM if bits else 0,  # PR_SET_SECUREBITS
            38: self._give_up_new_privileges,
            39: lambda thread, _one, _two: int(thread.credentials.no_new_privileges),  # PR_GET_NO_NEW_PRIVS
            47: self._ambient,
        }

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {"capget": self.capget, "capset": self.capset, "prctl": self.prctl}

    def prctl(self, thread: Thread, what: int, one: int, two: int, *_: int) -> int:
        """prctl(2)."""
        return self._asked[what & _ID](thread, one, two)

    @staticmethod
    def _set_dumpable(thread: Thread, value: int, _two: int) -> int:
        """PR_SET_DUMPABLE: only noted, because who cannot be looked into cannot be answered."""
        if value not in (0, 1):
            return -errno.EINVAL
        thread.program.is_dumpable = value
        return 0

    @staticmethod
    def _set_keeps(thread: Thread, value: int, _two: int) -> int:
        thread.credentials = replace(thread.credentials, keeps=bool(value))
        return 0

    @staticmethod
    def _read_bounding(thread: Thread, number: int, _two: int) -> int:
        return thread.credentials.bounding >> number & 1 if number <= _LAST else -errno.EINVAL

    @staticmethod
    def _drop_bounding(thread: Thread, number: int, _two: int) -> int:
        if number > _LAST:
            return -errno.EINVAL
        thread.credentials = thread.credentials.drop_bounding(number)
        return 0

    @staticmethod
    def _give_up_new_privileges(thread: Thread, _one: int, _two: int) -> int:
        """PR_SET_NO_NEW_PRIVS: for the kernel nobody here may get any."""
        thread.credentials = replace(thread.credentials, no_new_privileges=True)
        return 0

    @staticmethod
    def _ambient(thread: Thread, what: int, number: int) -> int:
        """PR_CAP_AMBIENT."""
        who = thread.credentials
        if what != _CLEAR and number > _LAST:
            return -errno.EINVAL
        if what == _IS_SET:
            return who.ambient >> number & 1
        if what == _RAISE:
            thread.credentials = who.raise_ambient(number)
        else:
            kept = 0 if what == _CLEAR else who.ambient & ~(1 << number)
            thread.credentials = replace(who, ambient=kept)
        return 0

    # ---- sets of capabilities

    def capget(self, thread: Thread, header: int, data: int, *_: int) -> int:
        """capget(2)."""
        version, pid = struct.unpack("=Ii", thread.program.memory.read(header, 8))
        if version != _VERSION:
            thread.program.memory.write(header, struct.pack("=I", _VERSION))
            return -errno.EINVAL if data else 0
        member = self._world.threads.get(pid) if pid else thread
        if member is None:
            return -errno.ESRCH
        if data:
            who = member.credentials
            sets = (who.effective, who.permitted, who.inheritable)
            low, high = [one & _ID for one in sets], [one >> 32 for one in sets]
            thread.program.memory.write(data, struct.pack("=6I", *low, *high))
        return 0

    @staticmethod
    def capset(thread: Thread, header: int, data: int, *_: int) -> int:
        """capset(2)."""
        version, pid = struct.unpack("=Ii", thread.program.memory.read(header, 8))
        if version != _VERSION:
            return -errno.EINVAL
        if pid not in (0, thread.number):
            return -errno.EPERM
        words = struct.unpack("=6I", thread.program.memory.read(data, 24))
        effective, permitted, inheritable = (low | high << 32 for low, high in zip(words[:3], words[3:], strict=True))
        thread.credentials = thread.credentials.set_capabilities(effective, permitted, inheritable)
        return 0
