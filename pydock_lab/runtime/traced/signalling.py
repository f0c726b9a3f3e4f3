"""Signals: a container's processes may send them to each other, and to nobody else of the same user (kill(2)).

For the kernel all of them are one user's, and `kill -9 -1` in a container would end the user's notebook as well. So
would a socket that has the notebook for its owner, and SIGKILL for its signal (fcntl(2), F_SETOWN and F_SETSIG).
"""

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Mapping

from pydock_lab.runtime.traced.filter import F_SETOWN
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.world import Answer, World

_SIGN, _RANGE = 1 << 31, 1 << 32
_NUMBER, _OWNER = struct.Struct("=i"), struct.Struct("=2i")  # struct f_owner_ex
_GROUP_OWNER = 2  # F_OWNER_PGRP


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
            "fcntl": self.fcntl,
            "ioctl": self.ioctl,
        }

    def kill(self, thread: Thread, target: int, number: int, *_: int) -> Answer:
        """kill(2)."""
        whom = _signed(target)
        if whom == -1:
            return self._to_all(thread, number % _RANGE)
        if whom < 0:
            return None if self._world.has_group(-whom) else -errno.ESRCH
        return self._to(whom) if whom else None

    def fcntl(self, thread: Thread, descriptor: int, command: int, value: int, *_: int) -> Answer:
        """fcntl(2) with F_SETOWN or F_SETOWN_EX: who gets the signals of a file."""
        if command % _RANGE == F_SETOWN:
            return self._to_owner(_signed(value))
        # What is in memory may be another number when the kernel reads it: it is read once, and used on a copy.
        owner = thread.program.memory.read(value, _OWNER.size)
        kind, whom = _OWNER.unpack(owner)
        refused = self._to_owner(-whom if kind == _GROUP_OWNER else whom)
        if refused is None:
            with self._world.borrowed(thread, descriptor) as own:
                fcntl.fcntl(own, command % _RANGE, owner)
        return refused or 0

    def ioctl(self, thread: Thread, descriptor: int, command: int, value: int, *_: int) -> Answer:
        """ioctl(2) with FIOSETOWN or SIOCSPGRP, which sockets have as well."""
        whom = thread.program.memory.read(value, _NUMBER.size)
        refused = self._to_owner(*_NUMBER.unpack(whom))
        if refused is None:
            with self._world.borrowed(thread, descriptor) as own:
                fcntl.ioctl(own, command % _RANGE, whom)
        return refused or 0

    def _to_owner(self, whom: int) -> int | None:
        """A process, a group where it is negative, 0 for nobody."""
        is_there = self._world.has_group(-whom) if whom < 0 else not whom or whom in self._world.threads
        return None if is_there else -errno.ESRCH

    def _to(self, number: int) -> Answer:
        return None if number in self._world.threads else -errno.ESRCH

    def _to_all(self, thread: Thread, number: int) -> int:
        """To everybody but the first process and the caller itself."""
        others = [pid for pid in self._world.processes() if pid not in (thread.pid, self._world.first)]
        for pid in others:
            os.kill(pid, number)
        return 0 if others else -errno.ESRCH


def _signed(number: int) -> int:
    """A register's lower half as a number with a sign."""
    return (number % _RANGE ^ _SIGN) - _SIGN
