"""What changes names: mkdir, mknod, symlink, link, rename, unlink, rmdir; and truncate.

The supervisor does all of them itself. Walks that have passed a folder or link are forgotten before it goes away
(paths.py); a file of a layer is copied before it gets another name (copying_up.py).
"""

import errno
import os
import stat
from collections.abc import Callable, Mapping

from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.file_calls import link, rename
from pydock_lab.runtime.traced.copying_up import CopyUp
from pydock_lab.runtime.traced.paths import Folder
from pydock_lab.runtime.traced.permissions import WRITE
from pydock_lab.runtime.traced.process import Thread
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.world import EMPTY_PATH, HERE, Answer, World

_REMOVE_FOLDER, _FOLLOW = 0x200, 0x400
_NO_REPLACE, _EXCHANGE = 1, 2


class Changing:
    """Each method is a system call, with its arguments."""

    def __init__(self, world: World, copy_up: CopyUp) -> None:
        self._world, self._ownership, self._copy_up = world, world.ownership, copy_up

    def calls(self) -> Mapping[str, Callable[..., Answer]]:
        """The answers by the names of the calls."""
        return {
            "mkdir": lambda thread, path, mode, *_: self.mkdirat(thread, HERE, path, mode),
            "mkdirat": self.mkdirat,
            "mknod": lambda thread, path, mode, device, *_: self.mknodat(thread, HERE, path, mode, device),
            "mknodat": self.mknodat,
            "symlink": lambda thread, text, path, *_: self.symlinkat(thread, text, HERE, path),
            "symlinkat": self.symlinkat,
            "link": lambda thread, old, new, *_: self.linkat(thread, HERE, old, HERE, new, 0),
            "linkat": self.linkat,
            "rename": lambda thread, old, new, *_: self.renameat2(thread, HERE, old, HERE, new, 0),
            "renameat": lambda thread, at, old, to, new, *_: self.renameat2(thread, at, old, to, new, 0),
            "renameat2": self.renameat2,
            "unlink": lambda thread, path, *_: self.unlinkat(thread, HERE, path, 0),
            "unlinkat": self.unlinkat,
            "rmdir": lambda thread, path, *_: self.unlinkat(thread, HERE, path, _REMOVE_FOLDER),
            "truncate": self.truncate,
        }

    def _new(self, thread: Thread, at: int, path: int) -> tuple[Folder, bytes]:
        """The folder for something new, and its path for the supervisor; raises OSError."""
        folder, here, name = self._named(thread, at, path)
        if not name:
            raise failed(errno.EEXIST)
        if folder.part.read_only:
            # In the kernel's order: a name that is there is EEXIST, also where nothing can be made.
            raise failed(errno.EEXIST if os.path.lexists(here) else errno.EROFS)
        if not os.path.lexists(here):
            self._world.permissions.check_names(thread.credentials, folder)
        return folder, here

    def _named(self, thread: Thread, at: int, path: int) -> tuple[Folder, bytes, bytes]:
        text = thread.program.memory.string(path)
        folder, name = self._world.parent(thread, at, text)
        slash = b"/" if text.endswith(b"/") else b""
        return folder, folder.path(name) + slash, name

    # ---- new names

    def mkdirat(self, thread: Thread, at: int, path: int, mode: int, *_: int) -> int:
        """mkdirat(2)."""
        folder, here = self._new(thread, at, path)
        # mkdir(2) takes the sticky bit, but neither set-user-ID nor set-group-ID.
        wanted = mode & 0o1777 & ~thread.place.umask
        os.mkdir(here, wanted | 0o700)
        self._ownership.adopt(here, stat.S_IFDIR | wanted, folder, thread.credentials)
        return 0

    def mknodat(self, thread: Thread, at: int, path: int, mode: int, device: int, *_: int) -> int:
        """mknodat(2): a device is a mark on an empty file."""
        folder, here = self._new(thread, at, path)
        kind, wanted = stat.S_IFMT(mode) or stat.S_IFREG, mode & 0o7777 & ~thread.place.umask
        if kind in (stat.S_IFCHR, stat.S_IFBLK):
            if not thread.credentials.can(Capability.MKNOD):
                return -errno.EPERM
            os.mknod(here, stat.S_IFREG | 0o600)
            self._ownership.adopt(here, kind | wanted, folder, thread.credentials, device=device)
            return 0
        if kind not in (stat.S_IFREG, stat.S_IFIFO, stat.S_IFSOCK):
            return -errno.EPERM if kind == stat.S_IFDIR else -errno.EINVAL
        os.mknod(here, kind | wanted | 0o600)
        self._ownership.adopt(here, kind | wanted, folder, thread.credentials)
        return 0

    def symlinkat(self, thread: Thread, text: int, at: int, path: int, *_: int) -> int:
        """symlinkat(2)."""
        target = thread.program.memory.string(text)
        folder, here = self._new(thread, at, path)
        os.symlink(target, here)
        self._ownership.adopt(here, stat.S_IFLNK | 0o777, folder, thread.credentials)
        return 0

    def linkat(self, thread: Thread, at: int, old: int, to: int, new: int, flags: int, *_: int) -> int:
        """linkat(2)."""
        text = thread.program.memory.string(old)
        if not text and flags & EMPTY_PATH:
            spot = self._world.opened(thread, at)
        else:
            spot = self._world.reach(thread, at, text, follow=bool(flags & _FOLLOW))
        if spot.error:
            return spot.error
        if stat.S_ISREG(self._world.status.mode()):
            self._copy_up.before_change(spot)
        folder, here = self._new(thread, to, new)
        is_nameless = spot.folder.part.magic  # what was made with O_TMPFILE, known by its descriptor only
        if not is_nameless and folder.part is not spot.folder.part:
            return -errno.EXDEV
        return link(spot.here, here, through=is_nameless)

    # ---- other names, and none

    def renameat2(self, thread: Thread, at: int, old: int, to: int, new: int, flags: int, *_: int) -> int:
        """renameat2(2)."""
        if flags & ~(_NO_REPLACE | _EXCHANGE):
            return -errno.EINVAL
        source, here, name = self._named(thread, at, old)
        target, there, new_name = self._named(thread, to, new)
        if not name or not new_name:
            return -errno.EBUSY
        if source.part.read_only or target.part.read_only:
            return -errno.EROFS
        if source.part is not target.part:
            return -errno.EXDEV
        self._may_remove(thread, source, here)
        self._may_remove(thread, target, there)
        self._copy_up.before_renaming(source, here)
        if flags & _EXCHANGE:
            self._copy_up.before_renaming(target, there)
        self._world.paths.forget(here.rstrip(b"/"))
        self._world.paths.forget(there.rstrip(b"/"))
        self._world.permissions.forget()
        return rename(here, there, flags)

    def unlinkat(self, thread: Thread, at: int, path: int, flags: int, *_: int) -> int:
        """unlinkat(2)."""
        folder, here, name = self._named(thread, at, path)
        if not name:
            return -_unremovable(thread.program.memory.string(path)) if flags & _REMOVE_FOLDER else -errno.EISDIR
        if folder.part.read_only:
            return -errno.EROFS if os.path.lexists(here) else -errno.ENOENT
        self._may_remove(thread, folder, here)
        self._world.paths.forget(here.rstrip(b"/"))
        if flags & _REMOVE_FOLDER:
            os.rmdir(here)
        else:
            os.unlink(here)
        return 0

    def _may_remove(self, thread: Thread, folder: Folder, here: bytes) -> None:
        self._world.permissions.check_names(thread.credentials, folder, here.rstrip(b"/"))

    def truncate(self, thread: Thread, path: int, length: int, *_: int) -> int:
        """truncate(2)."""
        # A register has no sign: this is a negative length.
        if length >= _NEGATIVE:
            return -errno.EINVAL
        spot = self._world.reach(thread, HERE, thread.program.memory.string(path), follow=True)
        if spot.error:
            return spot.error
        self._world.check(thread, spot, WRITE)
        self._copy_up.before_change(spot)
        os.truncate(spot.here, length)
        return 0


_NEGATIVE = 2**63


def _unremovable(path: bytes) -> int:
    """Why a folder cannot be removed by this path."""
    last = path.rstrip(b"/").rpartition(b"/")[2]
    return {b".": errno.EINVAL, b"..": errno.ENOTEMPTY}.get(last, errno.EBUSY)
