"""To hear of lack of memory at once: a descriptor that becomes readable when the kernel looks for something to kill.

    version 1    an eventfd, registered in cgroup.event_control for memory.oom_control
    version 2    inotify on memory.events, which "changes" when its counters do

It says that something happened, not what: `ControlGroup.oom_kills` counts. Source: cgroups(7);
Documentation/admin-guide/cgroup-v1/memory.rst, section 9, and cgroup-v2.rst, "memory.events".
"""

import contextlib
import os
from pathlib import Path

from pydock_lab.linux import syscalls

_MANY = 4096


class OomWatch:
    """A descriptor for poll(2) and its like; `drain` makes it silent until the next time."""

    def __init__(self, descriptor: int, *others: int) -> None:
        self._descriptor, self._others = descriptor, others

    @classmethod
    def by_event_control(cls, file: Path, control: Path) -> "OomWatch":
        """Version 1; raises OSError."""
        event = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        watched = -1
        try:
            watched = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
            door = os.open(control, os.O_WRONLY | os.O_CLOEXEC)
            try:
                os.write(door, f"{event} {watched}".encode())
            finally:
                os.close(door)
        except OSError:
            for descriptor in (event, watched):
                if descriptor >= 0:
                    os.close(descriptor)
            raise
        return cls(event, watched)

    @classmethod
    def by_change(cls, file: Path) -> "OomWatch":
        """Version 2; raises OSError."""
        return cls(syscalls.watch_file(str(file)))

    def fileno(self) -> int:
        """The descriptor."""
        return self._descriptor

    def drain(self) -> None:
        """Take what is there."""
        with contextlib.suppress(BlockingIOError):
            os.read(self._descriptor, _MANY)

    def close(self) -> None:
        """Hear no more."""
        for descriptor in (self._descriptor, *self._others):
            os.close(descriptor)
