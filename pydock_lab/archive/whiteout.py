"""How a layer says that something of the layers below is gone.

    in a tar                    in an overlay's upper directory
    etc/.wh.motd                etc/motd       a character device 0/0     the file is deleted
    srv/.wh..wh..opq            srv            xattr overlay.opaque = y   nothing of below shows in srv

A device 0/0 cannot be made everywhere: not by a user before Linux 5.8, and not on an overlay, whose own mark it is.
There, where no overlay is stacked on it either, a socket that nobody may use (mode 0) stands for it: no layer has
sockets.

Source: OCI image specification, layer.md, "Whiteouts"; the kernel's filesystems/overlayfs.rst.
"""

import os
import stat
from contextlib import suppress
from enum import StrEnum
from os import stat_result

from pydock_lab.archive.entry import show
from pydock_lab.errors import ArchiveError

PREFIX = b".wh."
META_PREFIX = b".wh..wh."
OPAQUE = b".wh..wh..opq"
OVERLAY_PREFIXES = ("trusted.overlay.", "user.overlay.")


class OpaqueAttribute(StrEnum):
    """The attribute of an opaque directory: root's overlay reads the first, one in a user namespace the second."""

    TRUSTED = "trusted.overlay.opaque"
    USER = "user.overlay.opaque"


def is_whiteout(status: stat_result) -> bool:
    """Whether this is the mark of a deleted file."""
    if stat.S_ISSOCK(status.st_mode):
        return stat.S_IMODE(status.st_mode) == 0
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == 0


def is_opaque(directory: int | bytes) -> bool:
    """Whether nothing of the layers below shows in a directory, which is open or a path, and no link."""
    for name in OpaqueAttribute:
        # Most have none (ENODATA), some file systems none at all, and some systems no call for them.
        with suppress(OSError, AttributeError):
            if os.getxattr(directory, name) == b"y":
                return True
    return False


def make_whiteout(name: bytes, directory: int | None = None) -> None:
    """Mark `name` in an open directory (or a path) as deleted; raises OSError."""
    try:
        os.mknod(name, stat.S_IFCHR, 0, dir_fd=directory)
    except PermissionError:
        os.mknod(name, stat.S_IFSOCK, dir_fd=directory)


def hidden(name: bytes) -> bytes:
    """The name that the whiteout `name` deletes; ArchiveError where that is no name, or leaves the directory."""
    target = name.removeprefix(PREFIX)
    if target in (b"", b".", b".."):
        raise ArchiveError("archive.whiteout", entry=show(name))
    return target
