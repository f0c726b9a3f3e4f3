"""Files of /proc that say what is so in the container, and not on the host: written when they are opened (proc(5)).

/proc/PID/maps, smaps          paths as the program knows them
/proc/PID/mounts, mountinfo    what is mounted in the view
/proc/PID/status               the ids and capabilities that the program has here
/proc/sys/kernel/hostname      the container's

What is opened is a file in memory. Its name says which file of /proc it stands for, and fstat(2) tells of that one: who
copies a file looks whether it has been replaced between stat and open (GNU cp).
"""

import os
import re
from collections.abc import Callable, Mapping

from pydock_lab.runtime.traced.paths import Spot
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.view import Mounted
from pydock_lab.runtime.traced.world import Answer, World


class Accounts:
    """Opens a copy of such a file."""

    def __init__(self, world: World, hostname: str) -> None:
        self._world, self._hostname = world, hostname
        self._tellers: dict[bytes, Callable[[Thread | None, bytes], bytes]] = {
            b"maps": self._maps,
            b"smaps": self._maps,
            b"mounts": self._mounts,
            b"mountinfo": self._mountinfo,
            b"status": self._status,
        }

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {"uname": self.uname}

    def uname(self, thread: Thread, place: int, *_: int) -> int:
        """uname(2)."""
        host = os.uname()
        fields = (host.sysname, self._hostname or host.nodename, host.release, host.version, host.machine, "(none)")
        content = b"".join(one.encode()[:64].ljust(65, b"\0") for one in fields)
        thread.program.memory.write(place, content)
        return 0

    def open(self, spot: Spot) -> int | None:
        """A descriptor of what is to be read at a spot in /proc; None where the file itself says it."""
        inside = spot.folder.guest[len(spot.folder.part.guest) :]
        if spot.name == b"hostname" and inside == b"/sys/kernel":
            return _in_memory(spot.here, self._hostname.encode() + b"\n") if self._hostname else None
        teller = self._tellers.get(spot.name)
        words = inside.split(b"/")
        if teller is None or len(words) < 2 or not words[-1].isdigit():  # noqa: PLR2004 - "", PID
            return None
        member = self._world.threads.get(int(words[-1]))
        if member is None and spot.name in (b"maps", b"smaps", b"status"):
            return None
        with open(spot.here, "rb") as file:
            return _in_memory(spot.here, teller(member, file.read()))

    def _maps(self, _member: Thread | None, content: bytes) -> bytes:
        lines = content.split(b"\n")
        for place, line in enumerate(lines):
            before, slash, path = line.partition(b" /")
            guest = self._world.view.guest(b"/" + path) if slash else None
            if guest is not None:
                lines[place] = before + b" " + guest
        return b"\n".join(lines)

    def _parts(self) -> list[tuple[Mounted, bytes, bytes]]:
        """What is mounted: where, and as which kind."""
        mounts = self._world.view.mounts
        root = (self._world.view.root, b"/", b"traced")
        return [root, *((one, one.guest, b"proc" if one.magic else b"bind") for one in mounts)]

    def _mounts(self, _member: Thread | None, _content: bytes) -> bytes:
        lines = [
            b"pydock %b %b %b 0 0\n" % (_escaped(guest), kind, _options(one)) for one, guest, kind in self._parts()
        ]
        return b"".join(lines)

    def _mountinfo(self, _member: Thread | None, _content: bytes) -> bytes:
        lines = []
        for number, (one, guest, kind) in enumerate(self._parts(), 1):
            device = os.stat(one.host).st_dev
            numbers = b"%d %d %d:%d" % (number, min(number, 1), os.major(device), os.minor(device))
            options = _options(one)
            lines.append(b"%b / %b %b - %b pydock %b\n" % (numbers, _escaped(guest), options, kind, options))
        return b"".join(lines)

    @staticmethod
    def _status(member: Thread | None, content: bytes) -> bytes:
        assert member is not None  # noqa: S101 - for mypy: others' is left as it is
        who = member.credentials
        said = {
            b"TracerPid": b"0",
            b"Uid": b"\t".join(b"%d" % one for one in who.uids),
            b"Gid": b"\t".join(b"%d" % one for one in who.gids),
            b"Groups": b"".join(b"%d " % one for one in who.groups),
            b"CapInh": b"%016x" % who.inheritable,
            b"CapPrm": b"%016x" % who.permitted,
            b"CapEff": b"%016x" % who.effective,
            b"CapBnd": b"%016x" % who.bounding,
            b"CapAmb": b"%016x" % who.ambient,
            b"NoNewPrivs": b"%d" % who.no_new_privileges,
        }
        lines = content.split(b"\n")
        for place, line in enumerate(lines):
            name = line.partition(b":")[0]
            if name in said:
                lines[place] = name + b":\t" + said[name]
        return b"\n".join(lines)


def _options(one: Mounted) -> bytes:
    return b"ro,relatime" if one.read_only else b"rw,relatime"


def _escaped(path: bytes) -> bytes:
    """As the kernel writes it: what would end the word or line is a number."""
    for special in (b"\\", b" ", b"\t", b"\n"):
        path = path.replace(special, b"\\%03o" % special[0])
    return path


_PREFIX = "account:"
# A program may name its own files in memory as it likes: it learns nothing of others.
_NAME = re.compile(
    rb"/memfd:account:"
    rb"(/proc/(?:[0-9]+/(?:task/[0-9]+/)?(?:maps|smaps|mounts|mountinfo|status)|sys/kernel/hostname)) \(deleted\)"
)


def device_in_memory() -> int:
    """Which device files in memory are on."""
    descriptor = os.memfd_create("trial", os.MFD_CLOEXEC)
    try:
        return os.fstat(descriptor).st_dev
    finally:
        os.close(descriptor)


def origin(here: bytes) -> bytes:
    """The file of /proc that an open one (/proc/PID/fd/NUMBER) stands for; nothing where it is another one."""
    found = _NAME.fullmatch(os.readlink(here))
    return found[1] if found else b""


def _in_memory(name: bytes, content: bytes) -> int:
    """A file that is nowhere, to be read from its beginning."""
    writer = os.memfd_create(_PREFIX + os.fsdecode(name), os.MFD_CLOEXEC)
    try:
        os.write(writer, content)
        return os.open(b"/proc/self/fd/%d" % writer, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(writer)
