"""What asks about files and changes nothing: stat, access, readlink, getcwd, statfs."""

import errno
import os
import stat
from collections.abc import Callable, Mapping

from pydock_lab.linux import syscalls
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.file_calls import ExtendedStatus, FileSystem, read_link
from pydock_lab.runtime.traced import accounts
from pydock_lab.runtime.traced.paths import Folder
from pydock_lab.runtime.traced.permissions import WRITE
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.world import EMPTY_PATH, HERE, NOT_THE_TARGET, Answer, World

_TYPE, _LINK = 0o170000, stat.S_IFLNK
_STORED = (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)


class Looking:
    """Each method is a system call, with its arguments."""

    def __init__(self, world: World) -> None:
        self._world, self._ownership = world, world.ownership
        self._extended, self._file_system = ExtendedStatus(), FileSystem()
        self._memory = accounts.device_in_memory()

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {
            "stat": self.stat,
            "lstat": self.lstat,
            "fstat": self.fstat,
            "newfstatat": self.newfstatat,
            "statx": self.statx,
            "statfs": self.statfs,
            "access": self.access,
            "faccessat": self.faccessat,
            "faccessat2": self.faccessat,
            "readlink": self.readlink,
            "readlinkat": self.readlinkat,
            "getcwd": self.getcwd,
            "inotify_add_watch": self.inotify_add_watch,
        }

    # ---- status

    def _account(self, device: int, here: bytes) -> bytes:
        """The file of /proc that an open one on a device stands for; nothing where it is what it is."""
        return accounts.origin(here) if device == self._memory else b""

    def stat(self, thread: Thread, path: int, buffer: int, *_: int) -> int:
        """stat(2)."""
        return self._status(thread, HERE, thread.program.memory.string(path), buffer, follow=True)

    def lstat(self, thread: Thread, path: int, buffer: int, *_: int) -> int:
        """lstat(2)."""
        return self._status(thread, HERE, thread.program.memory.string(path), buffer, follow=False)

    def fstat(self, thread: Thread, descriptor: int, buffer: int, *_: int) -> int:
        """fstat(2)."""
        here = b"/proc/%d/fd/%d" % (thread.number, descriptor & 0xFFFF_FFFF)
        if self._world.status.through(here):
            # A link that was opened as a place would be followed; or there is no such descriptor.
            with self._world.borrowed(thread, descriptor) as own:
                error = self._world.status.of_open(own)
            if error:
                return error
        elif (account := self._account(self._world.status.fields()[0], here)) and not self._world.status.of(account):
            here = account
        return self._say(thread, here, buffer)

    def newfstatat(self, thread: Thread, at: int, path: int, buffer: int, flags: int, *_: int) -> int:
        """fstatat(2)."""
        text = thread.program.memory.string(path) if path else b""
        if not text and flags & EMPTY_PATH:
            return self._of_descriptor(thread, at, buffer)
        follow = not flags & NOT_THE_TARGET
        if not follow and b"/" not in text:
            # Who walks through a tree asks for name after name in an open folder: nothing has to be translated.
            here = self._world.beside(thread, at, text)
            if here and self._world.status.of(here) == 0:
                return self._say(thread, here, buffer)
        return self._status(thread, at, text, buffer, follow=follow)

    def _of_descriptor(self, thread: Thread, at: int, buffer: int) -> int:
        if at & 0xFFFF_FFFF != HERE:
            return self.fstat(thread, at, buffer)
        here = b"/proc/%d/cwd" % thread.number
        return self._world.status.through(here) or self._say(thread, here, buffer)

    def _status(self, thread: Thread, at: int, path: bytes, buffer: int, *, follow: bool) -> int:
        spot = self._world.reach(thread, at, path, follow=follow)
        return spot.error or self._say(thread, spot.here, buffer)

    def _say(self, thread: Thread, here: bytes, buffer: int) -> int:
        """Pass the status on, with the owner that there should be."""
        status = self._world.status
        device, inode, _, mode, uid, gid, _, _ = status.fields()
        if uid == self._ownership.uid:
            mark = self._ownership.mark(here, mode, (device, inode))
            gid = (0 if gid == self._ownership.gid else gid) if mark.gid is None else mark.gid
            status.say(mode if mark.mode is None else mark.mode, mark.uid or 0, gid)
            if mark.device is not None:
                status.say_device(os.makedev(*mark.device))
        thread.program.memory.write(buffer, status.buffer)
        return 0

    def statx(self, thread: Thread, at: int, path: int, flags: int, mask: int, buffer: int, *_: int) -> int:
        """statx(2)."""
        text = thread.program.memory.string(path) if path else b""
        if text or not flags & EMPTY_PATH:
            spot = self._world.reach(thread, at, text, follow=not flags & NOT_THE_TARGET)
            here, error = spot.here, spot.error
        elif at & 0xFFFF_FFFF == HERE:
            here, error = b"/proc/%d/cwd" % thread.number, 0
        else:
            here, error = b"/proc/%d/fd/%d" % (thread.number, at & 0xFFFF_FFFF), 0
        if error:
            return error
        error = self._extended.of(here, flags & ~EMPTY_PATH, mask & 0xFFFF_FFFF, through=here.startswith(b"/proc/"))
        if error:
            return -errno.EBADF if not text and error == -errno.ENOENT else error
        account = b"" if text else self._account(self._extended.known()[0], here)
        if account and not self._extended.of(account, flags & ~EMPTY_PATH, mask & 0xFFFF_FFFF, through=False):
            here = account
        return self._say_extended(thread, here, buffer)

    def _say_extended(self, thread: Thread, here: bytes, buffer: int) -> int:
        extended = self._extended
        mode, uid, gid = extended.owner()
        if uid == self._ownership.uid:
            mark = self._ownership.mark(here, mode, extended.known())
            gid = (0 if gid == self._ownership.gid else gid) if mark.gid is None else mark.gid
            extended.say(mode if mark.mode is None else mark.mode, mark.uid or 0, gid)
            if mark.device is not None:
                extended.say_device(*mark.device)
        thread.program.memory.write(buffer, extended.buffer)
        return 0

    def statfs(self, thread: Thread, path: int, buffer: int, *_: int) -> int:
        """statfs(2)."""
        text = thread.program.memory.string(path)
        spot = self._world.reach(thread, HERE, text, follow=True)
        error = spot.error or self._file_system.of(spot.here)
        if not error:
            thread.program.memory.write(buffer, self._file_system.buffer)
        return error

    # ---- access

    def access(self, thread: Thread, path: int, mode: int, *_: int) -> int:
        """access(2)."""
        return self._access(thread, HERE, thread.program.memory.string(path), mode, follow=True)

    def faccessat(self, thread: Thread, at: int, path: int, mode: int, flags: int, *_: int) -> int:
        """faccessat(2)."""
        text = thread.program.memory.string(path)
        return self._access(thread, at, text, mode, follow=not flags & NOT_THE_TARGET)

    def _access(self, thread: Thread, at: int, path: bytes, mode: int, *, follow: bool) -> int:
        spot = self._world.reach(thread, at, path, follow=follow)
        if spot.error or not mode:
            return spot.error
        if spot.folder.part.magic and not thread.credentials.can(Capability.DAC_OVERRIDE):
            return 0 if os.access(spot.here, mode & 7) else -errno.EACCES
        self._world.permissions.check(thread.credentials, spot.here, mode & 7)
        kind = self._world.status.mode() & _TYPE
        return -errno.EROFS if mode & WRITE and spot.folder.part.read_only and kind in _STORED else 0

    # ---- links

    def readlink(self, thread: Thread, path: int, buffer: int, size: int, *_: int) -> int:
        """readlink(2)."""
        return self._read_link(thread, HERE, thread.program.memory.string(path), buffer, size)

    def readlinkat(self, thread: Thread, at: int, path: int, buffer: int, size: int, *_: int) -> int:
        """readlinkat(2)."""
        return self._read_link(thread, at, thread.program.memory.string(path), buffer, size)

    def _read_link(self, thread: Thread, at: int, path: bytes, buffer: int, size: int) -> int:
        here, folder, name, error = self._world.reach(thread, at, path, follow=False)
        if error:
            return error
        if self._world.status.mode() & _TYPE != _LINK:
            return -errno.EINVAL
        text = self._magic_text(thread, folder, name) if folder.part.magic else None
        text = text or read_link(here)
        if text is None:
            return -errno.ENOENT
        text = text[: size & 0x7FFF_FFFF]
        thread.program.memory.write(buffer, text)
        return len(text)

    def _magic_text(self, thread: Thread, folder: Folder, name: bytes) -> bytes | None:
        """What a link of /proc says, to who has another root: the path below that."""
        found = self._world.magic(folder, name)
        if not found or found.startswith(folder.part.guest + b"/"):  # /proc/self: a link beside it
            return found and found[len(folder.part.guest) + 1 :]
        root = thread.place.root
        return found[len(root) :] or b"/" if found.startswith(root + b"/") or found == root else found

    def getcwd(self, thread: Thread, buffer: int, size: int, *_: int) -> int:
        """getcwd(2)."""
        guest = self._world.folder(thread, HERE)
        root = thread.place.root
        if guest != root and not guest.startswith(root + b"/"):
            guest = b"(unreachable)" + guest
        else:
            guest = guest[len(root) :] or b"/"
        if len(guest) >= size:
            raise failed(errno.ERANGE)
        thread.program.memory.write(buffer, guest + b"\0")
        return len(guest) + 1

    def inotify_add_watch(self, thread: Thread, descriptor: int, path: int, mask: int, *_: int) -> int:
        """inotify_add_watch(2): done here, on the program's own descriptor."""
        text = thread.program.memory.string(path)
        spot = self._world.reach(thread, HERE, text, follow=not mask & _NOT_FOLLOWED)
        if spot.error:
            return spot.error
        with self._world.borrowed(thread, descriptor) as own:
            return syscalls.watch(own, spot.here, mask & 0xFFFF_FFFF)


_NOT_FOLLOWED = 0x0200_0000  # IN_DONT_FOLLOW
