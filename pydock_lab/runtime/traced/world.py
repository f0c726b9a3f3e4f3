"""What all answers to a container's system calls share: its tree of files, its threads, and whose the files are."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from pydock_lab.linux import syscalls
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.file_calls import read_link
from pydock_lab.runtime.traced.ownership import Ownership
from pydock_lab.runtime.traced.paths import BENEATH, IN_ROOT, Folder, Paths, Spot
from pydock_lab.runtime.traced.permissions import Permissions
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.view import View
from pydock_lab.snapshot.unmarkable import Unmarkable

HERE = 0xFFFF_FF9C  # AT_FDCWD, as 32 bits without a sign
EMPTY_PATH = 0x1000  # AT_EMPTY_PATH
NOT_THE_TARGET = 0x100  # AT_SYMLINK_NOFOLLOW


class Waits(NamedTuple):
    """A file whose opening waits for somebody else: a FIFO."""

    here: bytes
    flags: int


class Lasts(NamedTuple):
    """A call that waits for somebody else: what does it and gives its result, and what lets go of its files."""

    do: Callable[[], int]
    let_go: Callable[[], None]


class Handed(NamedTuple):
    """A descriptor that the program gets a copy of, and whether the copy is closed at exec."""

    descriptor: int
    close_on_exec: bool


# What ends a call: a value (or minus an errno), a descriptor, what waits; None lets the kernel do it.
Answer: TypeAlias = int | Handed | Waits | Lasts | None


class World:
    """One container, as its supervisor sees it.

    `threads` are its members by their numbers on the host, `first` is the process that it ends with. `status` is that
    of the spot that was reached last; `uid` and `gid` are those of the user that all of it belongs to. `holder` is who
    has the supervisor's descriptors (holder.py).
    """

    def __init__(self, view: View, uid: int, gid: int, unmarkable: Unmarkable, holder: int) -> None:
        self.view = view
        self.paths = Paths(view)
        self.status = self.paths.status
        self.ownership = Ownership(self.status, uid, gid, unmarkable)
        self.permissions = Permissions(self.status, self.ownership)
        self.threads: dict[int, Thread] = {}
        self.first = 0
        self.holder = holder
        self._asking: Thread | None = None
        self._special_names = {b"", b".", b"..", *(one.guest.rpartition(b"/")[2] for one in view.mounts)}

    def reach(self, thread: Thread, at: int, path: bytes, *, follow: bool, demands: int = 0) -> Spot:
        """What a path means to a thread; `at` is a descriptor of its, or HERE. Its status is in `status`.

        `demands` are those of openat2(2). Raises OSError: for a path that leads nowhere, ENOENT; the spot's error is
        that of the last name alone.
        """
        self._asking = thread
        if demands:
            return self._demanded(thread, at, path, demands, follow=follow)
        if path in _HERE_OR_ABOVE and (gone := self._gone(thread, at, path)):
            return gone
        spot = self.paths.reach(self.whole(thread, at, path), thread.place.root, self.magic, follow=follow)
        if not thread.credentials.effective & _OVERRIDE and not spot.folder.part.magic:
            self.permissions.check_way(thread.credentials, spot.folder)
            if not spot.error:
                self.status.of(spot.here)
        return spot

    def opened(self, thread: Thread, descriptor: int) -> Spot:
        """What a descriptor of a thread is of, or HERE; raises OSError (EBADF)."""
        path = (
            b"/proc/self/cwd" if descriptor & 0xFFFF_FFFF == HERE else b"/proc/self/fd/%d" % (descriptor & 0xFFFF_FFFF)
        )
        self._asking = thread
        try:
            spot = self.paths.reach(path, b"", self.magic, follow=True)
        except FileNotFoundError:
            raise failed(errno.EBADF) from None
        if spot.error:
            raise failed(errno.EBADF if spot.error == -errno.ENOENT else -spot.error)
        return spot

    def _gone(self, thread: Thread, at: int, path: bytes) -> Spot | None:
        """A folder that has been removed can still be looked at, by who is in it."""
        here = self._below(thread, at, b"")
        host = read_link(here.rstrip(b"/"))
        if host is None or not host.endswith(_DELETED):
            return None
        folder, _ = self.paths.find(b"/proc/self/", b"", self.magic)
        return Spot(here + path, folder, b"cwd", self.status.through(here + path))

    def _demanded(self, thread: Thread, at: int, path: bytes, demands: int, *, follow: bool) -> Spot:
        """A walk that must not lead out of a folder, or through links; raises OSError (EXDEV, ELOOP)."""
        root, whole = thread.place.root, path
        if demands & (BENEATH | IN_ROOT):
            root = self.folder(thread, at)
            if demands & BENEATH and path[:1] == b"/":
                raise failed(errno.EXDEV)
            whole = root + b"/" + path
        else:
            whole = self.whole(thread, at, path)
        self.paths.demands = demands
        try:
            return self.paths.reach(whole, root, self.magic, follow=follow)
        finally:
            self.paths.demands = 0

    def parent(self, thread: Thread, at: int, path: bytes) -> tuple[Folder, bytes]:
        """The folder that a path is in, and the name; raises OSError."""
        self._asking = thread
        folder, name = self.paths.find(self.whole(thread, at, path).rstrip(b"/"), thread.place.root, self.magic)
        self.permissions.check_way(thread.credentials, folder)
        return folder, name

    def whole(self, thread: Thread, at: int, path: bytes) -> bytes:
        """The path as seen from the top of the container; raises OSError."""
        if path[:1] == b"/":
            return thread.place.root + path
        if not path:
            raise failed(errno.ENOENT)
        return self.folder(thread, at) + b"/" + path

    def folder(self, thread: Thread, at: int) -> bytes:
        """Where a descriptor's folder is, seen from the top of the container; raises OSError."""
        at &= 0xFFFF_FFFF
        link = b"/proc/%d/cwd" % thread.number if at == HERE else b"/proc/%d/fd/%d" % (thread.number, at)
        host = read_link(link)
        if host is None:
            raise failed(errno.EBADF)
        guest = None if host.endswith(_DELETED) else self.view.guest(host)
        if guest is None:
            raise failed(errno.ENOENT if host[:1] == b"/" else errno.ENOTDIR)
        return guest if guest != b"/" else b""

    def beside(self, thread: Thread, at: int, name: bytes) -> bytes:
        """The path, for the supervisor, of a name in an open folder; "" where it takes a walk to find it."""
        if name in self._special_names or name.isdigit():  # a number may be that of somebody else's process
            return b""
        return self._below(thread, at, name)

    @staticmethod
    def _below(thread: Thread, at: int, name: bytes) -> bytes:
        at &= 0xFFFF_FFFF
        if at == HERE:
            return b"/proc/%d/cwd/%b" % (thread.number, name)
        return b"/proc/%d/fd/%d/%b" % (thread.number, at, name)

    def check(self, thread: Thread, spot: Spot, wanted: int) -> None:
        """Whether a thread may do with what was just reached what `wanted` says; raises OSError (EACCES)."""
        # What is in /proc the kernel itself guards.
        if not spot.folder.part.magic:
            self.permissions.check(thread.credentials, spot.here, wanted)

    @contextlib.contextmanager
    def borrowed(self, thread: Thread, descriptor: int) -> Iterator[int]:
        """A copy of a descriptor of a thread's, for the moment; raises OSError (EBADF)."""
        process = os.pidfd_open(thread.pid)
        try:
            own = syscalls.take_descriptor(process, descriptor & 0x7FFF_FFFF)
        finally:
            os.close(process)
        try:
            yield own
        finally:
            os.close(own)

    def is_device(self, here: bytes) -> bool:
        """Whether what was just reached stands for a device."""
        device, inode, _, mode, uid, _, _, size = self.status.fields()
        if size or uid != self.ownership.uid:
            return False
        return self.ownership.mark(here, mode, (device, inode)).device is not None

    # ---- processes

    def processes(self) -> set[int]:
        """The numbers of the container's processes."""
        return {thread.pid for thread in self.threads.values()}

    def has_group(self, number: int) -> bool:
        """Whether a process group is the container's."""
        return any(_group(pid) == number for pid in self.processes())

    def shares_files(self, thread: Thread) -> bool:
        """Whether others can put another file in the place of a thread's descriptor."""
        return any(one.files is thread.files and one is not thread for one in self.threads.values())

    # ---- /proc

    def magic(self, folder: Folder, name: bytes) -> bytes | None:
        """Where a link of /proc leads to: see `paths.Magic`."""
        thread, inside = self._asking, folder.guest[len(folder.part.guest) :]
        assert thread is not None  # noqa: S101 - for mypy: who asks has said so
        if not inside:
            if name.isdigit() and int(name) not in self.threads:
                raise failed(errno.ENOENT)  # a process of somebody else
            own = {b"self": b"/%d" % thread.pid, b"thread-self": b"/%d/task/%d" % (thread.pid, thread.number)}
            return folder.guest + own[name] if name in own else None
        words = inside.split(b"/")
        if words[-1] != b"fd" and name not in _LINKS:
            return None
        member = self.threads.get(int(words[1])) if words[1].isdigit() else None
        if member is None:
            raise failed(errno.EACCES)
        return self._lead(member, name, folder.here + b"/" + name)

    def _lead(self, member: Thread, name: bytes, here: bytes) -> bytes:
        if name == b"exe":
            return member.program.file
        if name == b"root":
            return member.place.root or b"/"
        host = read_link(here)
        if host is None:
            raise failed(errno.ENOENT)
        return b"" if host.endswith(_DELETED) else self.view.guest(host) or b""


_OVERRIDE = int(Capability.DAC_OVERRIDE)
_DELETED = b" (deleted)"
_HERE_OR_ABOVE = (b".", b"..")
_LINKS = (b"exe", b"root", b"cwd")


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0
