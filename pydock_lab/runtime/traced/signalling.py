"""Signals: a container's processes may send them to each other, and to nobody else of the same user (kill(2)).

For the kernel all of them are one user's, and `kill -9 -1` in a container would end the user's notebook as well.
"""

import errno
import os
from collections.abc import Callable, Mapping

from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.world import Answer, World

_SIGN, _RANGE = 1 << 31, 1 << 32


class Signalling:
    """Each method is a system call; None lets the kernel do it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {
            "kill": self.kill,
            "tkill": lambda _thread, number, *_: self._to(number),
            "tgkill": lambda _thread, _pid, number, *_: self._to(number),
            "rt_sigqueueinfo": lambda _thread, number, *_: self._to(number),
            "rt_tgsigqueueinfo": lambda _thread, _pid, number, *_: self._to(number),
            "pidfd_open": lambda _thread, number, *_: self._to(number),
        }

    def kill(self, thread: Thread, target: int, number: int, *_: int) -> Answer:
        """kill(2)."""
        whom = (target % _RANGE ^ _SIGN) - _SIGN  # as a number with a sign
        if whom == -1:
            return self._to_all(thread, number % _RANGE)
        if whom < 0:
            return None if self._world.has_group(-whom) else -errno.ESRCH
        return self._to(whom) if whom else None

    def _to(self, number: int) -> Answer:
        return None if number in self._world.threads else -errno.ESRCH

    def _to_all(self, thread: Thread, number: int) -> int:
        """To everybody but the first process and the caller itself."""
        others = [pid for pid in self._world.processes() if pid not in (thread.pid, self._world.first)]
        for pid in others:
            os.kill(pid, number)
        return 0 if others else -errno.ESRCH
