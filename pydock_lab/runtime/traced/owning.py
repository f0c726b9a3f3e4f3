"""What changes the properties of files: chmod, chown, utimes.

A mode is set as far as it is safe: the user that all files belong to must always be able to read and write them, as
root is. What was asked for is marked, and seen by everybody in the container.
"""

import errno
import struct
from collections.abc import Callable, Mapping

from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.file_calls import set_times
from pydock_lab.runtime.traced.copying_up import CopyUp
from pydock_lab.runtime.traced.paths import Spot
from pydock_lab.runtime.traced.permissions import WRITE
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.world import EMPTY_PATH, HERE, NOT_THE_TARGET, Answer, World

_UNCHANGED = 0xFFFF_FFFF
_TIMES, _SECONDS = struct.Struct("=4q"), struct.Struct("=2q")


class Owning:
    """Each method is a system call, with its arguments."""

    def __init__(self, world: World, copy_up: CopyUp) -> None:
        self._world, self._ownership, self._copy_up = world, world.ownership, copy_up

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {
            "chmod": lambda thread, path, mode, *_: self._chmod(thread, HERE, path, mode, 0),
            "fchmod": lambda thread, file, mode, *_: self._chmod(thread, file, 0, mode, EMPTY_PATH),
            "fchmodat": lambda thread, at, path, mode, *_: self._chmod(thread, at, path, mode, 0),
            "fchmodat2": lambda thread, at, path, mode, flags, *_: self._chmod(thread, at, path, mode, flags),
            "chown": lambda thread, path, uid, gid, *_: self._chown(thread, HERE, path, uid, gid, 0),
            "lchown": lambda thread, path, uid, gid, *_: self._chown(thread, HERE, path, uid, gid, NOT_THE_TARGET),
            "fchown": lambda thread, file, uid, gid, *_: self._chown(thread, file, 0, uid, gid, EMPTY_PATH),
            "fchownat": lambda thread, at, path, uid, gid, flags, *_: self._chown(thread, at, path, uid, gid, flags),
            "utime": self.utime,
            "utimes": lambda thread, path, times, *_: self.futimesat(thread, HERE, path, times),
            "futimesat": self.futimesat,
            "utimensat": self.utimensat,
        }

    def _spot(self, thread: Thread, at: int, path: int, flags: int) -> Spot:
        """What is meant, its own from now on; raises OSError."""
        text = thread.program.memory.string(path) if path else b""
        if not text and flags & EMPTY_PATH:
            spot = self._world.opened(thread, at)
        else:
            spot = self._world.reach(thread, at, text, follow=not flags & NOT_THE_TARGET)
        if spot.error:
            raise failed(-spot.error)
        self._copy_up.before_change(spot)
        return spot

    def _chmod(self, thread: Thread, at: int, path: int, mode: int, flags: int) -> int:
        spot = self._spot(thread, at, path, flags)
        self._world.permissions.forget()
        return self._ownership.change_mode(spot.here, mode & 0o7777, thread.credentials)

    def _chown(self, thread: Thread, at: int, path: int, uid: int, gid: int, flags: int) -> int:
        spot = self._spot(thread, at, path, flags)
        wanted = [None if one & _UNCHANGED == _UNCHANGED else one & _UNCHANGED for one in (uid, gid)]
        self._world.permissions.forget()
        return self._ownership.change_owner(spot.here, wanted[0], wanted[1], thread.credentials)

    # ---- times

    def utimensat(self, thread: Thread, at: int, path: int, times: int, flags: int, *_: int) -> int:
        """utimensat(2)."""
        given = thread.program.memory.read(times, _TIMES.size) if times else None
        return self._set_times(thread, at, path, given, flags if path else EMPTY_PATH)

    def futimesat(self, thread: Thread, at: int, path: int, times: int, *_: int) -> int:
        """futimesat(2): microseconds."""
        given = None
        if times:
            seconds, micros, others, more = _TIMES.unpack(thread.program.memory.read(times, _TIMES.size))
            given = _TIMES.pack(seconds, micros * 1000, others, more * 1000)
        return self._set_times(thread, at, path, given, 0 if path else EMPTY_PATH)

    def utime(self, thread: Thread, path: int, times: int, *_: int) -> int:
        """utime(2): seconds."""
        given = None
        if times:
            accessed, changed = _SECONDS.unpack(thread.program.memory.read(times, _SECONDS.size))
            given = _TIMES.pack(accessed, 0, changed, 0)
        return self._set_times(thread, HERE, path, given, 0)

    def _set_times(self, thread: Thread, at: int, path: int, times: bytes | None, flags: int) -> int:
        spot = self._spot(thread, at, path, flags)
        if not thread.credentials.can(Capability.FOWNER):
            self._may_set(thread, spot, times)
        return set_times(spot.here, times)

    def _may_set(self, thread: Thread, spot: Spot, times: bytes | None) -> None:
        """The owner may; others only to now, and where they may write."""
        if self._ownership.owner(spot.here) == thread.credentials.uids[3]:
            return
        if times is not None:
            raise failed(errno.EPERM)
        self._world.check(thread, spot, WRITE)
