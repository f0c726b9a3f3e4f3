"""Where a process is, what it takes for "/", and places that it keeps: chdir(2), chroot(2), open(2) with O_PATH.

The kernel keeps where a process is, and a place that is no open file cannot be handed over. So these are the
program's own calls, which are only given another path: /proc/HOLDER/fd/NUMBER (holder.py). Where "/" is, is known
to the supervisor alone.
"""

import errno
import os
import stat
from collections.abc import Callable, Mapping

from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.file_calls import open_place
from pydock_lab.linux.ptrace import Machine, Registers
from pydock_lab.runtime.traced.permissions import EXECUTE
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.tracing import AtEnd, AtStart
from pydock_lab.runtime.traced.world import HERE, Answer, World


class Entering:
    """The calls that change it."""

    def __init__(self, world: World, registers: Registers, machine: Machine) -> None:
        self._world, self._words, self._machine = world, registers.words, machine
        self._holder = world.holder

    def traced(self) -> Mapping[str, AtStart]:
        """The calls that are changed, by name."""
        return {
            "chdir": self.chdir,
            "open": lambda thread: self._open_place(thread, HERE, 0, 1),
            "openat": lambda thread: self._open_place(thread, self._words[self._machine.arguments[0]], 1, 2),
        }

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The calls that are answered, by name."""
        return {"chroot": self.chroot, "umask": self.umask}

    def chdir(self, thread: Thread) -> AtEnd:
        """chdir(2)."""
        machine = self._machine
        text = thread.program.memory.string(self._words[machine.arguments[0]])
        here, _guest = self._folder(thread, text)
        descriptor = open_place(here, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        if descriptor < 0:
            raise failed(-descriptor)
        return self._point(thread, 0, descriptor, b"")

    def _open_place(self, thread: Thread, at: int, path: int, flags: int) -> AtEnd:
        """open(2) with O_PATH."""
        machine = self._machine
        asked = self._words[machine.arguments[flags]]
        text = thread.program.memory.string(self._words[machine.arguments[path]])
        spot = self._world.reach(thread, at, text, follow=not asked & os.O_NOFOLLOW)
        if spot.error:
            raise failed(-spot.error)
        if spot.folder.part.magic:  # a link that stands for an open file has to be followed
            return self._point(thread, path, os.open(spot.here, os.O_PATH | os.O_CLOEXEC), b"")
        descriptor = open_place(spot.folder.here, os.O_PATH | os.O_CLOEXEC)
        if descriptor < 0:
            raise failed(-descriptor)
        # Links at its end have been followed already, as far as they were to be.
        self._words[machine.arguments[flags]] = asked | os.O_NOFOLLOW
        return self._point(thread, path, descriptor, b"/" + (spot.name or b"."))

    def _point(self, thread: Thread, argument: int, descriptor: int, name: bytes) -> AtEnd:
        """Have an argument be a path: that of a descriptor of ours, and a name in it."""
        machine = self._machine
        path = b"/proc/%d/fd/%d%b\0" % (self._holder, descriptor, name)
        try:
            place = thread.room_for(self._words[machine.stack], len(path))
            thread.program.memory.write(place, path)
        except BaseException:
            os.close(descriptor)
            raise
        self._words[machine.arguments[argument]] = place
        return lambda _thread: os.close(descriptor)

    def _folder(self, thread: Thread, path: bytes) -> tuple[bytes, bytes]:
        """The paths of a folder, for the supervisor and in the container; raises OSError."""
        spot = self._world.reach(thread, HERE, path, follow=True)
        if spot.error:
            raise failed(-spot.error)
        if not stat.S_ISDIR(self._world.status.mode()):
            raise failed(errno.ENOTDIR)
        self._world.check(thread, spot, EXECUTE)
        return spot.here, spot.folder.guest + b"/" + spot.name if spot.name else spot.folder.guest

    def chroot(self, thread: Thread, path: int, *_: int) -> int:
        """chroot(2)."""
        guest = self._folder(thread, thread.program.memory.string(path))[1]
        if not thread.credentials.can(Capability.SYS_CHROOT):
            return -errno.EPERM
        thread.place.root = guest
        return 0

    def umask(self, thread: Thread, mask: int, *_: int) -> None:
        """umask(2): the kernel does it, too, for what it makes itself (sockets)."""
        thread.place.umask = mask & 0o777
