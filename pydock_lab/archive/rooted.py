"""A directory tree that nothing leaves: every path is walked from its root, one directory descriptor at a time.

    path "a/b/c"      openat(root, "a") ──> openat(fd of a, "b") ──> fd of a/b, and the name "c" in it

No component is ever opened through a symbolic link (O_NOFOLLOW). Where a directory on the way is a link, its text
is read and walked here, in Python: an absolute one starts again at this root, and `..` at the root stays there, as
inside a container. So an archive cannot write outside by any order of links and files, and it takes no check of
names to be sure of it (CVE-2014-6407, CVE-2025-4517).

Source: openat(2), path_resolution(7).
"""

import errno
import os
import stat
from collections.abc import Container
from typing import Self

from pydock_lab.archive.entry import show
from pydock_lab.errors import ArchiveError

OPEN_DIRECTORY = (
    os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
)
MAX_LINKS = 40  # as Linux: path_resolution(7)
# A tar names directory after directory; a few open ones are nearly all hits, and 1024 is the usual limit.
_MAX_OPEN = 64


class RootedTree:
    """The tree below `root_fd`; descriptors of the directories last used stay open until `close`.

    Paths are clean (see `entry.clean`). Errors of the system come as OSError.
    """

    def __init__(self, root_fd: int) -> None:
        self._root = root_fd
        self._open: dict[bytes, int] = {b"": root_fd}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the descriptors that were opened here, not the root's."""
        self.forget(b"")

    def resolve(self, path: bytes, *, make: bool = False) -> bytes:
        """The directory `path` without links on its way; `make` creates what is missing (mode 755).

        Raises FileNotFoundError where it does not exist, ArchiveError where the way is no way.
        """
        # What is open was walked without links, so it is its own resolution.
        if path in self._open:
            return path
        at, links = b"", 0
        pending = path.split(b"/")[::-1]
        while pending:
            name = pending.pop()
            if name in (b"", b"."):
                continue
            # Climbing is cutting off a name here: the ".." of the system could have been moved meanwhile.
            if name == b"..":  # only from the text of a link
                at = at.rpartition(b"/")[0]
                continue
            link = self._enter(at, name, make=make)
            if link is None:
                at = join(at, name)
                continue
            links += 1
            if links > MAX_LINKS:
                raise ArchiveError("archive.link-loop", entry=show(path))
            # An absolute link means this root, as after chroot(2).
            at = b"" if link.startswith(b"/") else at
            pending.extend(reversed(link.split(b"/")))
        return at

    def fd(self, path: bytes) -> int:
        """The descriptor of a resolved directory; OSError where it is no longer one."""
        found = self._open.get(path)
        if found is None:
            parent, name = split(path)
            found = self._keep(path, os.open(name, OPEN_DIRECTORY, dir_fd=self.fd(parent)))
        return found

    def lookup(self, path: bytes) -> os.stat_result | None:
        """What stands at `path` itself, or None; its parent must be resolved."""
        parent, name = split(path)
        try:
            return os.stat(name, dir_fd=self.fd(parent), follow_symlinks=False)
        except FileNotFoundError:
            return None

    def remove(self, path: bytes, keep: Container[bytes] = ()) -> bool:
        """Remove what stands at `path`, with all below it but what is in `keep`; whether nothing is left of it."""
        found = self.lookup(path)
        if found is None:
            return True
        if path in keep and not stat.S_ISDIR(found.st_mode):
            return False
        parent, name = split(path)
        if not stat.S_ISDIR(found.st_mode):
            os.unlink(name, dir_fd=self.fd(parent))
            return True
        # A directory of this layer may stand here, in the place of an older one of the same name.
        empty = self.clear(path, keep)
        if not empty or path in keep:
            return False
        # Its descriptor would go on working, on a directory that has no name any more.
        self.forget(path)
        os.rmdir(name, dir_fd=self.fd(parent))
        return True

    def clear(self, path: bytes, keep: Container[bytes] = ()) -> bool:
        """Remove what stands in the directory `path` but what is in `keep`; whether it is empty now."""
        left = [name for name in os.listdir(self.fd(path)) if not self.remove(join(path, os.fsencode(name)), keep)]
        return not left

    def forget(self, path: bytes) -> None:
        """Close what is open at and below `path`: it is about to be something else."""
        below = path + b"/" if path else b""
        gone = [known for known in self._open if known and (known == path or known.startswith(below))]
        for known in gone:
            os.close(self._open.pop(known))

    def _enter(self, at: bytes, name: bytes, *, make: bool) -> bytes | None:
        """Open `name` in `at`; None, or the text of the link that it is."""
        path = join(at, name)
        if path in self._open:
            return None
        try:
            self.fd(path)
        except FileNotFoundError:
            if not make:
                raise
            self._make(at, name)
        except OSError as error:
            # Linux says ENOTDIR for a link opened as a directory, other systems ELOOP.
            if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                raise
            return self._link(at, name)
        return None

    def _make(self, at: bytes, name: bytes) -> None:
        os.mkdir(name, 0o755, dir_fd=self.fd(at))
        os.fchmod(self.fd(join(at, name)), 0o755)  # whatever the umask

    def _link(self, at: bytes, name: bytes) -> bytes:
        try:
            return os.readlink(name, dir_fd=self.fd(at))
        except OSError:
            raise ArchiveError("archive.not-a-directory", entry=show(join(at, name))) from None

    def _keep(self, path: bytes, fd: int) -> int:
        if len(self._open) > _MAX_OPEN:
            # The oldest is closed; whoever needs it again walks to it again.
            oldest = next(known for known in self._open if known)
            os.close(self._open.pop(oldest))
        self._open[path] = fd
        return fd


def join(directory: bytes, name: bytes) -> bytes:
    """A name in a directory, as a clean path."""
    return directory + b"/" + name if directory else name


def split(path: bytes) -> tuple[bytes, bytes]:
    """The directory and the name in it of a clean path."""
    directory, _, name = path.rpartition(b"/")
    return directory, name
