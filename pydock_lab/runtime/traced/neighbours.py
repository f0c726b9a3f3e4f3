"""Calls that name another process: they reach the container's own, and nobody else of the same user.

    prlimit64, sched_setaffinity ...    a process by its number: ESRCH where it is not the container's
    ptrace, process_vm_writev, kcmp     the same: the supervisor is of the same user, and must not be reached
    setpriority, ioprio_set             a process, a group, or all of a user's: EPERM, that is never one container

What is allowed the kernel does itself: numbers in registers cannot change after they have been looked at. Calls that
take a pidfd need nothing: there is none of a stranger (signalling.py). setpgid(2) knows only the caller's children.
"""

import errno
from collections.abc import Callable, Mapping

from pydock_lab.runtime.traced.filter import OF_A_PROCESS
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.world import Answer, World

_NUMBER = 0xFFFF_FFFF
_TRACEME = 0


class Neighbours:
    """Each answer is None, where the kernel may do it, or minus an errno."""

    def __init__(self, world: World) -> None:
        self._world = world

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {
            **dict.fromkeys(OF_A_PROCESS, lambda _thread, pid, *_: self._to(pid)),
            "kcmp": lambda _thread, one, other, *_: self._to(one) or self._to(other),
            "ptrace": self.ptrace,
            # Process, group and user by their numbers: PRIO_PROCESS and so on, IOPRIO_WHO_PROCESS and so on.
            "setpriority": lambda _thread, kind, who, *_: self._to_some(kind & _NUMBER, who),
            "ioprio_set": lambda _thread, kind, who, *_: self._to_some((kind & _NUMBER) - 1, who),
        }

    def ptrace(self, _thread: Thread, request: int, pid: int, *_: int) -> Answer:
        """ptrace(2): those of the container have their tracer already, and the kernel says so (EPERM)."""
        return None if request == _TRACEME else self._to(pid)

    def _to(self, pid: int) -> Answer:
        pid &= _NUMBER
        return None if not pid or pid in self._world.threads else -errno.ESRCH

    def _to_some(self, kind: int, who: int) -> Answer:
        if kind == _PROCESS:
            return self._to(who)
        if kind == _GROUP:
            group = who & _NUMBER
            return None if not group or self._world.has_group(group) else -errno.ESRCH
        return -errno.EPERM if kind == _USER else None  # none of the three: the kernel's EINVAL


_PROCESS, _GROUP, _USER = range(3)
