"""Copying up: a file that a layer shares with all that stand on it is copied before the first change.

    containers/1/tree/etc/motd --.                       containers/1/tree/etc/motd      a file of its own
    containers/2/tree/etc/motd --+-- one file     ==>    containers/2/tree/etc/motd --.
    snapshots/LAYER/etc/motd ----'                       snapshots/LAYER/etc/motd ----+-- the file as it was

It is what the kernel's overlay does, at the same calls: open for writing, chmod, chown, utimes, setxattr, link, rename.
A folder of the layers cannot be renamed (EXDEV, as on an overlay): programs copy it then, file by file.
"""

import errno
import os
import stat

from pydock_lab.linux.file_calls import Status
from pydock_lab.runtime.traced.paths import Folder, Spot
from pydock_lab.runtime.traced.refusal import failed
from pydock_lab.runtime.traced.view import Mounted
from pydock_lab.runtime.traced.world import World
from pydock_lab.snapshot.copying import copy, copy_properties, is_base

_TYPE = 0o170000


class CopyUp:
    """`scratch` is a folder on the same file system as the tree, where copies are made."""

    def __init__(self, world: World, scratch: bytes) -> None:
        self._world, self._scratch = world, scratch
        self._theirs = Status()
        self._count = 0

    def before_writing(self, spot: Spot, *, keep: bool) -> None:
        """A regular file is to be opened for writing; what is in it is only wanted with `keep`."""
        device, inode, names, *_ = self._world.status.fields()
        # What is shared has a name in the layer as well: a file with a single one is the container's own.
        if names > 1 and self._is_shared(spot.folder.part, spot.here, (device, inode)):
            self._copy(spot.folder, spot.here, keep=keep)

    def before_change(self, spot: Spot) -> None:
        """What is at a spot is to be changed, its status having been taken; raises OSError where it must not."""
        part = spot.folder.part
        if part.read_only:
            raise failed(errno.EROFS)
        device, inode, names, mode, *_ = self._world.status.fields()
        if part.magic:
            # Open, but without a name in the container: if it has one elsewhere, it is not the container's alone.
            if names and mode & _TYPE == stat.S_IFREG:
                raise failed(errno.EPERM)
        elif names > 1 and mode & _TYPE != stat.S_IFDIR and self._is_shared(part, spot.here, (device, inode)):
            self._copy(spot.folder, spot.here, keep=True)
            self._world.status.of(spot.here)

    def before_renaming(self, folder: Folder, here: bytes) -> None:
        """What is at a path is to get another one."""
        if not folder.part.layers or self._world.status.of(here):
            return
        device, inode, names, mode, *_ = self._world.status.fields()
        if mode & _TYPE == stat.S_IFDIR:
            if is_base(here.rstrip(b"/"), inode):
                raise failed(errno.EXDEV)
        elif names > 1 and self._is_shared(folder.part, here, (device, inode)):
            self._copy(folder, here, keep=True)

    def _is_shared(self, part: Mounted, here: bytes, known: tuple[int, int]) -> bool:
        """Whether a file is that of a layer: they have it under the same path."""
        inside = here[len(part.here) :]
        return any(self._theirs.of(layer + inside) == 0 and self._theirs.fields()[:2] == known for layer in part.layers)

    def _copy(self, folder: Folder, here: bytes, *, keep: bool) -> None:
        """Put a copy in its place; for the folder that it is in nothing has happened."""
        self._count += 1
        place = b"%b/copy-%d" % (self._scratch, self._count)
        if keep:
            copy(here, place)
        else:
            os.close(os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
            copy_properties(here, place)
        times = os.stat(folder.here)
        os.rename(place, here)
        os.utime(folder.here, ns=(times.st_atime_ns, times.st_mtime_ns))
