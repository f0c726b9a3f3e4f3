"""Who a program is: getuid, setuid and their kin, answered by the rules of the kernel (credentials.py)."""

import errno
import struct
from collections.abc import Callable, Mapping

from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.world import Answer

_ID = 0xFFFF_FFFF
_INVALID = 0xFFFF_FFFF  # -1 is nobody's number
_MOST_GROUPS = 65536


class Identity:
    """Each method is a system call, with its arguments."""

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {
            "getuid": lambda thread, *_: thread.credentials.uids[0],
            "geteuid": lambda thread, *_: thread.credentials.uids[1],
            "getgid": lambda thread, *_: thread.credentials.gids[0],
            "getegid": lambda thread, *_: thread.credentials.gids[1],
            "getresuid": lambda thread, *places: self._tell_three(thread, thread.credentials.uids, places),
            "getresgid": lambda thread, *places: self._tell_three(thread, thread.credentials.gids, places),
            "getgroups": self.getgroups,
            "setuid": lambda thread, uid, *_: self._become(thread, "set_uid", uid),
            "setgid": lambda thread, gid, *_: self._become(thread, "set_gid", gid),
            "setreuid": lambda thread, one, two, *_: self._become(thread, "set_two_uids", one, two),
            "setregid": lambda thread, one, two, *_: self._become(thread, "set_two_gids", one, two),
            "setresuid": lambda thread, one, two, three, *_: self._become(thread, "set_uids", one, two, three),
            "setresgid": lambda thread, one, two, three, *_: self._become(thread, "set_gids", one, two, three),
            "setfsuid": self.setfsuid,
            "setfsgid": self.setfsgid,
            "setgroups": self.setgroups,
        }

    @staticmethod
    def _tell_three(thread: Thread, ids: tuple[int, ...], places: tuple[int, ...]) -> int:
        for place, value in zip(places[:3], ids, strict=False):
            thread.program.memory.write(place, struct.pack("=I", value))
        return 0

    @staticmethod
    def _become(thread: Thread, change: str, *numbers: int) -> int:
        ids = [number & _ID for number in numbers]
        if len(ids) == 1 and ids[0] == _INVALID:
            return -errno.EINVAL
        thread.credentials = getattr(thread.credentials, change)(*ids)
        return 0

    def setfsuid(self, thread: Thread, uid: int, *_: int) -> int:
        """setfsuid(2): gives the one before."""
        before = thread.credentials.uids[3]
        thread.credentials = thread.credentials.set_file_uid(uid & _ID)
        return before

    def setfsgid(self, thread: Thread, gid: int, *_: int) -> int:
        """setfsgid(2)."""
        before = thread.credentials.gids[3]
        thread.credentials = thread.credentials.set_file_gid(gid & _ID)
        return before

    # ---- groups

    def getgroups(self, thread: Thread, size: int, place: int, *_: int) -> int:
        """getgroups(2)."""
        groups = thread.credentials.groups
        if size & _ID and size & _ID < len(groups):
            return -errno.EINVAL
        if size & _ID and groups:
            thread.program.memory.write(place, struct.pack(f"={len(groups)}I", *groups))
        return len(groups)

    def setgroups(self, thread: Thread, size: int, place: int, *_: int) -> int:
        """setgroups(2)."""
        if size > _MOST_GROUPS:
            return -errno.EINVAL
        content = thread.program.memory.read(place, 4 * size) if size else b""
        thread.credentials = thread.credentials.set_groups(struct.unpack(f"={size}I", content))
        return 0
