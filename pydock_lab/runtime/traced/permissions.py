"""Who may do what with a file: the kernel's rules, for users that only the supervisor knows (path_resolution(7)).

Root may do anything, and is never asked. For others the owner's, the group's or the others' three bits decide, of the
file and of every folder on the way; and who makes or removes a name must be allowed to write to the folder of it.
"""

import errno
import os
import stat

from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.file_calls import Status
from pydock_lab.runtime.traced.credentials import Credentials
from pydock_lab.runtime.traced.ownership import Ownership
from pydock_lab.runtime.traced.paths import Folder

READ, WRITE, EXECUTE = 4, 2, 1
_OVERRIDE = int(Capability.DAC_OVERRIDE)
_FOREIGN = int(Capability.FOWNER)
_MOST_KNOWN = 10_000


class Permissions:
    """Raises OSError (EACCES, EPERM) for what is not allowed."""

    def __init__(self, status: Status, ownership: Ownership) -> None:
        self._status, self._ownership = status, ownership
        self._passable: set[tuple[bytes, int, int, tuple[int, ...]]] = set()

    def check(self, who: Credentials, here: bytes, wanted: int) -> None:
        """Whether one may do with a file or folder what `wanted` says; its status has just been taken."""
        if not self._may(who, here, wanted):
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))

    def _may(self, who: Credentials, here: bytes, wanted: int) -> bool:
        mode, uid, gid = self._owned(here)
        if who.effective & _OVERRIDE:
            # Root may execute only what somebody may: a file without any x bit is data (path_resolution(7)).
            return not wanted & EXECUTE or stat.S_ISDIR(mode) or bool(mode & 0o111)
        # The first class that fits decides, even where a later one would allow more.
        if who.uids[3] == uid:
            bits = mode >> 6
        elif gid == who.gids[3] or gid in who.groups:
            bits = mode >> 3
        else:
            bits = mode
        return bits & wanted == wanted

    def _owned(self, here: bytes) -> tuple[int, int, int]:
        device, inode, _, mode, uid, gid, _, _ = self._status.fields()
        if uid != self._ownership.uid:
            return mode, uid, gid
        mark = self._ownership.mark(here, mode, (device, inode))
        return mode if mark.mode is None else mark.mode, mark.uid or 0, mark.gid or 0

    def check_way(self, who: Credentials, folder: Folder) -> None:
        """Whether one may pass through a folder and those above it; what has been found holds until `forget`."""
        if who.effective & _OVERRIDE:
            return
        key = (folder.here, who.uids[3], who.gids[3], who.groups)
        if key in self._passable:
            return
        top, here = len(folder.part.here), folder.here
        while len(here) > top:
            self._status.of(here)
            self.check(who, here, EXECUTE)
            here = here.rpartition(b"/")[0]
        if not folder.part.outside and len(self._passable) < _MOST_KNOWN:
            self._passable.add(key)

    def check_names(self, who: Credentials, folder: Folder, removed: bytes = b"") -> None:
        """Whether one may make names in a folder, or remove the one whose path is `removed`."""
        if who.effective & _OVERRIDE:
            return
        self._status.of(folder.here)
        self.check(who, folder.here, WRITE | EXECUTE)
        mode, owner, _ = self._owned(folder.here)
        # In a sticky folder (/tmp) a name goes only by the owner of its file, or of the folder (unlink(2), EPERM).
        if not removed or not mode & stat.S_ISVTX or who.uids[3] == owner or who.effective & _FOREIGN:
            return
        if self._status.of(removed) == 0 and self._owned(removed)[1] != who.uids[3]:
            raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    def forget(self) -> None:
        """A folder has got another mode, owner or place."""
        self._passable.clear()
