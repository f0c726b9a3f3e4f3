"""open(2): the supervisor opens the file that is meant, and the program gets a copy of the descriptor.

    regular file, folder      opened here and handed over; a layer's file is copied up first, if it may be written to
    FIFO                      waits for its other end: a helper waits in the program's stead
    /dev/tty                  means the program's terminal, not the supervisor's
    a terminal's own name     may become the program's terminal: the program opens it itself
    some files of /proc       say what is so in the container: see accounts.py

Source: open(2), openat2(2); seccomp_unotify(2), SECCOMP_IOCTL_NOTIF_ADDFD.
"""

import errno
import os
import stat
import struct
from collections.abc import Callable, Mapping

from pydock_lab.linux import capabilities
from pydock_lab.linux.file_calls import open_place
from pydock_lab.runtime.traced.accounts import Accounts
from pydock_lab.runtime.traced.copying_up import CopyUp
from pydock_lab.runtime.traced.paths import Spot
from pydock_lab.runtime.traced.permissions import READ, WRITE
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.world import HERE, Answer, Handed, Waits, World

_TYPE = 0o170000
# openat2(2) refuses what open(2) ignores.
_KNOWN = (
    os.O_ACCMODE
    | os.O_CREAT
    | os.O_EXCL
    | os.O_NOCTTY
    | os.O_TRUNC
    | os.O_APPEND
    | os.O_NONBLOCK
    | os.O_SYNC
    | os.O_ASYNC
    | os.O_DIRECT
    | os.O_LARGEFILE
    | os.O_DIRECTORY
    | os.O_NOFOLLOW
    | os.O_NOATIME
    | os.O_CLOEXEC
    | os.O_TMPFILE
    | 0o100000
)
_HOW = struct.Struct("=QQQ")
_DEMANDS = 0x1F  # RESOLVE_NO_XDEV, NO_MAGICLINKS, NO_SYMLINKS, BENEATH, IN_ROOT
_WALK = os.O_DIRECTORY | os.O_NOFOLLOW  # how one goes down through a tree
_TEMPORARY = os.O_TMPFILE & ~os.O_DIRECTORY


class Opening:
    """The calls that open files."""

    def __init__(self, world: World, copy_up: CopyUp, accounts: Accounts) -> None:
        self._world, self._copy_up, self._accounts = world, copy_up, accounts

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {"open": self.open, "openat": self.openat, "openat2": self.openat2, "creat": self.creat}

    def open(self, thread: Thread, path: int, flags: int, mode: int, *_: int) -> Answer:
        """open(2)."""
        return self._open(thread, HERE, thread.program.memory.string(path), flags, mode)

    def openat(self, thread: Thread, at: int, path: int, flags: int, mode: int, *_: int) -> Answer:
        """openat(2)."""
        return self._open(thread, at, thread.program.memory.string(path), flags, mode)

    def creat(self, thread: Thread, path: int, mode: int, *_: int) -> Answer:
        """creat(2)."""
        flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC
        return self._open(thread, HERE, thread.program.memory.string(path), flags, mode)

    def openat2(self, thread: Thread, at: int, path: int, how: int, size: int, *_: int) -> Answer:
        """openat2(2): its demands on the way are checked here, as far as a view can be checked."""
        if size < _HOW.size:
            return -errno.EINVAL
        content = thread.program.memory.read(how, size)
        flags, mode, demands = _HOW.unpack_from(content)
        if any(content[_HOW.size :]):
            return -errno.E2BIG
        if flags & os.O_PATH:
            return -errno.ENOSYS  # it cannot be handed over: programs then walk by themselves
        if flags & ~_KNOWN or demands & ~_DEMANDS or (mode and not flags & (os.O_CREAT | _TEMPORARY)):
            return -errno.EINVAL
        return self._open(thread, at, thread.program.memory.string(path), flags, mode, demands)

    def _open(self, thread: Thread, at: int, path: bytes, flags: int, mode: int, demands: int = 0) -> Answer:
        flags &= _KNOWN
        if flags & _WALK == _WALK and b"/" not in path and not flags & _WRITES and not demands:
            here = self._world.beside(thread, at, path)
            if here:
                return Handed(os.open(here, flags | os.O_CLOEXEC), bool(flags & os.O_CLOEXEC))
        # For O_CREAT with O_EXCL a link at the end is something that is there already, wherever it leads (open(2)).
        is_exclusive = flags & (os.O_CREAT | os.O_EXCL) == os.O_CREAT | os.O_EXCL
        follow = not (flags & os.O_NOFOLLOW or is_exclusive)
        spot = self._world.reach(thread, at, path, follow=follow, demands=demands)
        if spot.error:
            if spot.error != -errno.ENOENT or not flags & os.O_CREAT:
                return spot.error
            return self._create(thread, spot, flags, mode)
        if is_exclusive:
            return -errno.EEXIST
        return self._open_it(thread, spot, path, flags, mode)

    def _open_it(self, thread: Thread, spot: Spot, path: bytes, flags: int, mode: int) -> Answer:
        """What stands there is opened in the way that its kind asks for."""
        kind = self._world.status.mode() & _TYPE
        self._world.check(thread, spot, _WANTED[flags & os.O_ACCMODE] | (WRITE if flags & os.O_TRUNC else 0))
        if kind == stat.S_IFDIR and flags & _TEMPORARY:
            return self._make_nameless(thread, spot, flags, mode)
        if kind in _SPECIAL:
            return self._special(thread, spot, path, flags)
        account = self._accounts.open(spot) if spot.folder.part.magic and not flags & _WRITES else None
        if account is not None:
            return Handed(account, bool(flags & os.O_CLOEXEC))
        if kind == stat.S_IFREG:
            self._before_file(spot, flags)
            if spot.folder.part.magic:
                # Who asks has no power on the host: its memory (kcore) and messages (kmsg) are not for him.
                with capabilities.set_aside():
                    return self._hand_over(spot.here, flags, mode)
        return self._hand_over(spot.here, flags, mode)

    def _before_file(self, spot: Spot, flags: int) -> None:
        """Raise OSError for a file that cannot be opened so, and copy up what is a layer's."""
        if self._world.is_device(spot.here):
            raise failed(errno.EPERM)  # as where a control group keeps devices from containers
        if flags & _CHANGES:
            if spot.folder.part.read_only or _is_of_the_host(spot):
                raise failed(errno.EROFS)
            self._copy_up.before_writing(spot, keep=not flags & os.O_TRUNC)

    def _create(self, thread: Thread, spot: Spot, flags: int, mode: int) -> Answer:
        if spot.here.endswith(b"/"):
            return -errno.EISDIR
        if spot.folder.part.read_only:
            return -errno.EROFS
        self._world.permissions.check_names(thread.credentials, spot.folder)
        wanted = mode & 0o7777 & ~thread.place.umask
        descriptor = open_place(spot.here, flags | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOCTTY, wanted | 0o600)
        if descriptor < 0:
            return descriptor
        self._world.ownership.adopt(spot.here, stat.S_IFREG | wanted, spot.folder, thread.credentials)
        return Handed(descriptor, bool(flags & os.O_CLOEXEC))

    def _make_nameless(self, thread: Thread, spot: Spot, flags: int, mode: int) -> Answer:
        """O_TMPFILE: a file that may get a name later."""
        if spot.folder.part.read_only:
            return -errno.EROFS
        wanted = mode & 0o7777 & ~thread.place.umask
        descriptor = open_place(spot.here, flags | os.O_CLOEXEC, wanted | 0o600)
        if descriptor < 0:
            return descriptor
        here = b"/proc/self/fd/%d" % descriptor
        self._world.ownership.adopt(here, stat.S_IFREG | wanted, spot.folder, thread.credentials, through=True)
        return Handed(descriptor, bool(flags & os.O_CLOEXEC))

    def _hand_over(self, here: bytes, flags: int, mode: int) -> Answer:
        if here.startswith(b"/proc/"):  # what stands for an open file is a link, to be followed
            # O_NOCTTY here and below: the supervisor leads a session, and would get the terminal for itself.
            descriptor = os.open(here, flags & ~os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NOCTTY)
            return Handed(descriptor, bool(flags & os.O_CLOEXEC))
        mode = mode & 0o7777 if flags & os.O_CREAT else 0
        descriptor = open_place(here, flags | os.O_CLOEXEC | os.O_NOCTTY, mode)
        return descriptor if descriptor < 0 else Handed(descriptor, bool(flags & os.O_CLOEXEC))

    # ---- what is no plain file

    def _special(self, thread: Thread, spot: Spot, path: bytes, flags: int) -> Answer:
        *_, mode, _, _, device, _ = self._world.status.fields()
        if stat.S_ISLNK(mode):
            return -errno.ELOOP
        if stat.S_ISFIFO(mode):
            # Neither waits: O_NONBLOCK would rather say ENXIO, and O_RDWR is both ends at once (fifo(7)).
            if flags & os.O_NONBLOCK or flags & os.O_ACCMODE == os.O_RDWR:
                return self._hand_over(spot.here, flags, 0)
            return Waits(spot.here, flags)
        if device == _OWN_TERMINAL:
            return self._hand_over(_terminal(thread), flags, 0)
        if os.major(device) in _TERMINALS and path == spot.here and not flags & os.O_NOCTTY:
            return None
        return self._hand_over(spot.here, flags, 0)


_CHANGES = os.O_WRONLY | os.O_RDWR | os.O_TRUNC
_WRITES = _CHANGES | os.O_CREAT
_WANTED = (READ, WRITE, READ | WRITE, READ | WRITE)  # by O_RDONLY, O_WRONLY, O_RDWR
_SPECIAL = (stat.S_IFIFO, stat.S_IFCHR, stat.S_IFLNK)
_OWN_TERMINAL = os.makedev(5, 0)
_TERMINALS = range(136, 144)


def _is_of_the_host(spot: Spot) -> bool:
    """Whether a file of /proc is none of a process: as in Docker, nobody may write to those (/proc/sys)."""
    part, inside = spot.folder.part, spot.folder.guest[len(spot.folder.part.guest) :]
    return part.magic and not inside[1:].partition(b"/")[0].isdigit()


def _terminal(thread: Thread) -> bytes:
    """The controlling terminal of a thread; raises OSError (ENXIO) where it has none (proc_pid_stat(5))."""
    with open(f"/proc/{thread.number}/stat", "rb") as file:
        number = int(file.read().rpartition(b")")[2].split()[4])
    if not number:
        raise failed(errno.ENXIO)
    return b"/dev/pts/%d" % (os.minor(number) + 256 * (os.major(number) - _TERMINALS[0]))
