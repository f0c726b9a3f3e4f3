"""Whose a file is and what its mode is, where all files are one user's: what is marked on it (archive/marks.py).

What bears no mark is root's. The user must be able to read and write every file, as root can: so a mode that would
forbid it is only marked, and the file itself has one that allows it.
"""

import errno
import os
import stat

from pydock_lab.archive import marks
from pydock_lab.archive.marks import NO_MARK, Mark
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.file_calls import Status, read_attribute
from pydock_lab.runtime.traced.credentials import Credentials
from pydock_lab.runtime.traced.paths import Folder
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.snapshot.unmarkable import File, Unmarkable

_NAME = marks.NAME.encode()
_TYPE = 0o170000
_FILE, _FOLDER = stat.S_IFREG, stat.S_IFDIR
_MOST_HELD = 400  # descriptors


class Ownership:
    """Reads marks and writes them; `uid` and `gid` are those of the user that the container runs as."""

    def __init__(self, status: Status, uid: int, gid: int, unmarkable: Unmarkable) -> None:
        self.uid, self.gid = uid, gid
        self._status, self._unmarkable = status, unmarkable
        self._held: set[File] = set()

    def mark(self, here: bytes, mode: int, known: tuple[int, int]) -> Mark:
        """The mark of what stands at a path, by its mode, device and inode."""
        kind = mode & _TYPE
        if kind not in (_FILE, _FOLDER):
            return self._unmarkable.find(known)
        text = read_attribute(here, _NAME)
        if text is None:
            return NO_MARK
        try:
            return Mark.read(text)
        except (ValueError, IndexError):
            return NO_MARK

    def owner(self, here: bytes) -> int:
        """Whose the file at a path is, whose status has just been taken."""
        device, inode, _, mode, uid, _, _, _ = self._status.fields()
        return uid if uid != self.uid else self.mark(here, mode, (device, inode)).uid or 0

    def _write(self, here: bytes, mode: int, known: tuple[int, int], mark: Mark) -> None:
        if mode & _TYPE in (_FILE, _FOLDER):
            marks.mark(here, mark)
            return
        if self._unmarkable.find(known) == mark or (not mark.uid and not mark.gid and self._unmarkable.is_empty):
            return
        # Held open, its number cannot become another file's.
        if known not in self._held and len(self._held) < _MOST_HELD:
            self._held.add(known)
            os.open(here, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
        self._unmarkable.put(known, mark)

    def adopt(
        self,
        here: bytes,
        asked: int,
        folder: Folder,
        credentials: Credentials,
        *,
        device: int | None = None,
        through: bool = False,
    ) -> None:
        """Mark what a program has just made in a folder; `asked` is the mode that it is to have.

        `through`: the path is a link that stands for an open file.
        """
        uid, gid = credentials.uids[3], credentials.gids[3]
        status = self._status
        status.of(folder.here)
        if status.mode() & stat.S_ISGID:
            known = status.fields()
            gid = self.mark(folder.here, known[3], known[:2]).gid or 0
        own = 0o700 if asked & _TYPE == _FOLDER else 0o600
        hides_mode = asked & own != own or device is not None
        # The number of a link that was another's may be that of a new one now.
        may_be_known = asked & _TYPE not in (_FILE, _FOLDER) and not self._unmarkable.is_empty
        if uid or gid or hides_mode or may_be_known:
            _ = status.through(here) if through else status.of(here)
            found = status.fields()
            mark = Mark(uid, gid, asked if hides_mode else None, _device(device))
            self._write(here, found[3], found[:2], mark)

    def change_mode(self, here: bytes, wanted: int, credentials: Credentials) -> int:
        """chmod(2) of what is at a path, whose status has just been taken: 0, or minus the errno."""
        *known, _, mode, uid, _, _, _ = self._status.fields()
        if uid != self.uid:
            os.chmod(here, wanted)
            return 0
        mark = self.mark(here, mode, (known[0], known[1]))
        if not credentials.can(Capability.FOWNER) and credentials.uids[3] != (mark.uid or 0):
            return -errno.EPERM
        if stat.S_ISLNK(mode):
            return -errno.EOPNOTSUPP
        kind = (mark.mode or mode) & _TYPE
        own = 0o700 if kind == _FOLDER else 0o600
        if not credentials.can(Capability.FSETID) and kind != _FOLDER and (mark.gid or 0) not in _groups(credentials):
            wanted &= ~stat.S_ISGID
        os.chmod(here, wanted | own)
        hides_mode = wanted & own != own or mark.device is not None
        now = mark._replace(mode=kind | wanted if hides_mode else None)
        if now != mark:
            self._write(here, mode, (known[0], known[1]), now)
        return 0

    def change_owner(self, here: bytes, uid: int | None, gid: int | None, credentials: Credentials) -> int:
        """chown(2) of what is at a path, whose status has just been taken: 0, or minus the errno."""
        device, inode, _, mode, owner, _, _, _ = self._status.fields()
        if owner != self.uid:
            raise failed(errno.EPERM)
        mark = self.mark(here, mode, (device, inode))
        now = mark._replace(uid=(mark.uid or 0) if uid is None else uid, gid=(mark.gid or 0) if gid is None else gid)
        if not credentials.can(Capability.CHOWN):
            is_owner = credentials.uids[3] == (mark.uid or 0)
            if not is_owner or now.uid != (mark.uid or 0) or (gid is not None and gid not in _groups(credentials)):
                return -errno.EPERM
        shown = mode if mark.mode is None else mark.mode
        # As the kernel does: who gives a program away must not leave it his powers.
        if shown & _TYPE == _FILE and shown & 0o6000:
            kept = shown & ~stat.S_ISUID & (~stat.S_ISGID if shown & stat.S_IXGRP else ~0)
            if kept != shown:
                os.chmod(here, mode & 0o7777 & kept | 0o600)
                now = now._replace(mode=None if mark.mode is None else kept)
        if now != mark:
            self._write(here, mode, (device, inode), now)
        return 0


def _groups(credentials: Credentials) -> tuple[int, ...]:
    return (credentials.gids[3], *credentials.groups)


def _device(number: int | None) -> tuple[int, int] | None:
    return None if number is None else (os.major(number), os.minor(number))
