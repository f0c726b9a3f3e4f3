"""Where a user namespace has a single id: chown(2) is answered here, and who should own the file is written on it.

    the program   chown("/srv/web", 33, 50)
    the kernel    holds the call up ---> the shim   finds the file that is meant
                                                    gives it to the one id there is: this copies it into the upper layer
                                                    and clears its setuid bit, as every chown does
                                                    marks it "33:50" (archive/marks.py)
    the program   0, or the error   <--- the shim

When the layer is packed, marks are owners; what bears none is new, and belongs to the user that the program ran as.
A link or device cannot bear a mark: its owner is kept here, by inode, until then.

Two things stay hidden: what a program made that had called setuid (`su app -c ...`) is not told from what root made,
and stat(2) says root of every file, so `cp -a` by root copies that, and `chown web:root` leaves the group.

Source: seccomp_unotify(2); linux/seccomp.h.
"""

import contextlib
import errno
import fcntl
import os
import select
import stat
import struct
from collections.abc import Sequence

from pydock_lab.archive import marks
from pydock_lab.archive.diff import MarkedOwners
from pydock_lab.archive.marks import NO_MARK, Mark, Owner
from pydock_lab.linux import mount_calls, seccomp, syscalls
from pydock_lab.runtime.loop import Loop

_NOTICE = struct.Struct("=QIIiIQ6Q")  # id, thread, flags, number of the call, architecture, address, arguments
_ANSWER = struct.Struct("=QqiI")  # id, value, -errno, flags
# SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND, SECCOMP_IOCTL_NOTIF_ID_VALID.
_RECEIVE, _SEND, _IS_VALID = 0xC050_2100, 0xC018_2101, 0x4008_2102
_CALLS = seccomp.own_numbers(seccomp.CHOWN)
_AT_SYMLINK_NOFOLLOW = 0x100
_LONGEST, _PAGE = 4096, 4096
_UNCHANGED = 0xFFFF_FFFF
_MOST_HELD = 400  # descriptors: a process may have 1024


class Owners:
    """Answers the calls that come through `listener`; `root` is the container's, `newcomer` owns what is made in it."""

    def __init__(self, listener: int, root: int, *, newcomer: Owner) -> None:
        self._listener, self._root, self._newcomer = listener, root, newcomer
        self._unmarkable: dict[tuple[int, int], Mark] = {}

    @property
    def marked(self) -> MarkedOwners:
        """For packing: the container's processes have ended."""
        return MarkedOwners(newcomer=self._newcomer, unmarkable=self._find_unmarkable)

    def _find_unmarkable(self, path: bytes) -> Mark:
        if not self._unmarkable:
            return NO_MARK
        status = os.stat(path, dir_fd=self._root, follow_symlinks=False)
        return self._unmarkable.get((status.st_dev, status.st_ino), NO_MARK)

    def answer_in(self, loop: Loop) -> None:
        """Answer from now on."""
        loop.watch(self._listener, lambda: self._hear(loop))

    def _hear(self, loop: Loop) -> None:
        # All zeros each time: the kernel says EINVAL to anything else.
        notice = bytearray(_NOTICE.size)
        try:
            fcntl.ioctl(self._listener, _RECEIVE, notice)
        except OSError:  # who called was killed meanwhile, or nobody is left
            if _is_over(self._listener):
                loop.forget(self._listener)
            return
        name, thread, _, number, _, _, *arguments = _NOTICE.unpack(notice)
        code = self._answer(name, thread, _CALLS.get(number, ""), arguments)
        with contextlib.suppress(OSError):
            fcntl.ioctl(self._listener, _SEND, _ANSWER.pack(name, 0, -code, 0))

    def _answer(self, name: int, thread: int, call: str, arguments: Sequence[int]) -> int:
        """Do what a call is to do; 0, or the number of its error."""
        try:
            file = _Caller(thread).open(call, arguments)
        except FileNotFoundError:
            return errno.ENOENT
        except OSError:  # it cannot be looked into: done, as far as it can know
            return 0
        try:
            # The thread's number may be another's by now: only while the call waits does it mean anything.
            fcntl.ioctl(self._listener, _IS_VALID, struct.pack("=Q", name))
            first = 2 if call == "fchownat" else 1
            self._give(file, *(_wanted(one) for one in arguments[first : first + 2]))
        except OSError as error:
            return errno.EROFS if error.errno == errno.EROFS else 0
        finally:
            os.close(file)
        return 0

    def _meant(self, uid: int | None, gid: int | None) -> tuple[int | None, int | None]:
        """What a program means that has root's numbers from stat(2): to leave them as they are."""
        if self._newcomer[0]:  # who is not root may only give to groups
            return None, gid or None
        # `chown web` of busybox asks for the group that the file has; only both halves together are root.
        return (uid or None, gid or None) if uid or gid else (uid, gid)

    def _give(self, file: int, uid: int | None, gid: int | None) -> None:
        uid, gid = self._meant(uid, gid)
        syscalls.chown_at(file, -1 if uid is None else 0, -1 if gid is None else 0)
        status, place = os.fstat(file), f"/proc/self/fd/{file}"
        can_be_marked = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
        known = (status.st_dev, status.st_ino)
        before = marks.marked(place) if can_be_marked else self._unmarkable.get(known, NO_MARK)
        now = before._replace(uid=before.uid if uid is None else uid, gid=before.gid if gid is None else gid)
        if can_be_marked:
            marks.mark(place, now)
            return
        # Held open, its number cannot become another file's.
        if known not in self._unmarkable and len(self._unmarkable) < _MOST_HELD:
            os.dup(file)
        self._unmarkable[known] = now


def _is_over(listener: int) -> bool:
    poll = select.poll()
    poll.register(listener, select.POLLIN)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def _wanted(argument: int) -> int | None:
    number = argument & 0xFFFF_FFFF
    return None if number == _UNCHANGED else number


class _Caller:
    """A thread that waits for an answer, and the files as it sees them."""

    def __init__(self, thread: int) -> None:
        self._proc = f"/proc/{thread}"

    def open(self, call: str, arguments: Sequence[int]) -> int:
        """A descriptor (O_PATH) of the file that a call is about; raises OSError."""
        match call:
            case "fchown":
                return os.open(self._of(arguments[0]), os.O_PATH | os.O_CLOEXEC)
            case "fchownat":
                path = self._text(arguments[1])
                if not path:  # AT_EMPTY_PATH
                    return os.open(self._of(arguments[0]), os.O_PATH | os.O_CLOEXEC)
                return self._at(arguments[0], path, follow_last=not arguments[4] & _AT_SYMLINK_NOFOLLOW)
            case _:
                return self._at(mount_calls.AT_FDCWD, self._text(arguments[0]), follow_last=call == "chown")

    def _of(self, descriptor: int) -> str:
        """Where a descriptor of the caller leads to."""
        number = descriptor & 0xFFFF_FFFF
        return f"{self._proc}/cwd" if number == mount_calls.AT_FDCWD & 0xFFFF_FFFF else f"{self._proc}/fd/{number}"

    def _at(self, descriptor: int, path: bytes, *, follow_last: bool) -> int:
        root = os.open(f"{self._proc}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            whole = path if path.startswith(b"/") else os.path.join(self._inside(self._of(descriptor)), path)
            return syscalls.open_in_root(root, whole, follow_last=follow_last)
        finally:
            os.close(root)

    def _inside(self, link: str) -> bytes:
        """The path of a directory below the caller's root, which chroot(2) may have moved."""
        path, root = os.readlink(os.fsencode(link)), os.readlink(os.fsencode(f"{self._proc}/root"))
        return path.removeprefix(root) or b"/" if root != b"/" else path

    def _text(self, address: int) -> bytes:
        """A string in the caller's memory, read page by page: the next one may not be there."""
        content = b""
        with open(f"{self._proc}/mem", "rb", buffering=0) as memory:
            while b"\0" not in content and len(content) < _LONGEST:
                place = address + len(content)
                content += os.pread(memory.fileno(), _PAGE - place % _PAGE, place)
        return content.partition(b"\0")[0]
