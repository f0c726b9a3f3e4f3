"""Packing a layer: what a directory holds becomes a tar, and equal trees become equal bytes.

Entries come depth first, each directory's names in the order of their bytes, without user and group names, with
whole seconds; a second name of a file becomes a hard link to the first. From an overlay's upper directory the
marks of deleted files become whiteouts (`whiteout.py`), and overlay's own attributes stay behind.

The tree must not be written to meanwhile: a file that shrinks is an error, not a layer with holes.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from pydock_lab.archive import marks, whiteout
from pydock_lab.archive.apply import allowed_xattr
from pydock_lab.archive.entry import Entry, EntryType, Limits, show
from pydock_lab.archive.marks import NO_MARK, Mark, Owner
from pydock_lab.archive.rooted import OPEN_DIRECTORY, join
from pydock_lab.archive.writer import TarWriter, Writable
from pydock_lab.errors import ArchiveError

_OPEN_FILE = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_TYPES = {
    stat.S_IFREG: EntryType.FILE,
    stat.S_IFDIR: EntryType.DIRECTORY,
    stat.S_IFLNK: EntryType.SYMLINK,
    stat.S_IFCHR: EntryType.CHARACTER,
    stat.S_IFBLK: EntryType.BLOCK,
    stat.S_IFIFO: EntryType.FIFO,
}
_CAPABILITY = "security.capability"
_MAX_DEPTH = Limits().depth


class TreeForm(Enum):
    """What a directory is: an overlay's upper one, with marks for what is deleted, or just a tree of files."""

    OVERLAY = auto()
    PLAIN = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class MarkedOwners:
    """Owners are what files are marked with (`marks.py`); what bears no mark is `newcomer`'s, and gets its mark.

    `unmarkable` gives the owners of links and devices, by path, as far as they are known.
    """

    newcomer: Owner
    unmarkable: Callable[[bytes], Mark]


# What nobody could listen to: all new files are root's.
NOBODY_ELSES = MarkedOwners(newcomer=(0, 0), unmarkable=lambda _path: NO_MARK)


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffOptions:
    """How to pack.

    `owners` (uid and gid by path) overrides what the file system says; all other paths belong to `everyone`, where
    it is given. With `marked` neither is asked. `latest` is the newest time that may stand in the layer, in seconds:
    SOURCE_DATE_EPOCH. What is on one of the file systems `unseen` (numbers of devices) stays out: folders are empty.
    """

    form: TreeForm = TreeForm.OVERLAY
    owners: Mapping[bytes, tuple[int, int]] = field(default_factory=dict)
    everyone: tuple[int, int] | None = None
    marked: MarkedOwners | None = None
    latest: int | None = None
    unseen: frozenset[int] = frozenset()


def diff(root_fd: int, sink: Writable, *, options: DiffOptions | None = None) -> int:
    """Write the tar of the directory `root_fd` to `sink`; the number of its entries.

    The root itself gets no entry. Raises ArchiveError for what no layer can say, OSError for what cannot be read.
    """
    packing = _Packing(TarWriter(sink), options or DiffOptions())
    # The root's own mode and time are the engine's doing, not the step's.
    packing.directory(root_fd, b"")
    packing.tar.finish()
    return packing.entries


def pack(folder_fd: int, name: bytes, sink: Writable, *, top: bytes, options: DiffOptions) -> None:
    """Write the tar of what is called `name` in the directory `folder_fd`, and `top` in the tar.

    "" as `top` is for a directory: all that is in it, without an entry of its own. Raises as `diff` does.
    """
    packing = _Packing(TarWriter(sink), options)
    packing.one(folder_fd, name or b".", top)
    packing.tar.finish()


class _Packing:
    """One tree on its way into a tar."""

    def __init__(self, tar: TarWriter, options: DiffOptions) -> None:
        self.tar, self._options = tar, options
        self._overlay = options.form is TreeForm.OVERLAY
        self._first_names: dict[tuple[int, int], bytes] = {}
        self.entries = 0

    def one(self, fd: int, name: bytes, path: bytes) -> None:
        """What is called `name` in the open directory."""
        if path:
            self._add(fd, name, path, os.stat(name, dir_fd=fd, follow_symlinks=False))
            return
        inside = os.open(name, OPEN_DIRECTORY, dir_fd=fd)
        try:
            self.directory(inside, b"")
        finally:
            os.close(inside)

    def directory(self, fd: int, path: bytes) -> None:
        """All below the open directory, which has been announced already."""
        if path.count(b"/") >= _MAX_DEPTH:
            raise ArchiveError("archive.name-deep", entry=show(path[:80]), limit=_MAX_DEPTH)
        for name, status in self._children(fd, path):
            self._add(fd, name, join(path, name), status)

    def _children(self, fd: int, path: bytes) -> Iterator[tuple[bytes, os.stat_result]]:
        with os.scandir(fd) as found:
            # All at once: entries that are held open would cost a descriptor a level for nothing.
            children = [(os.fsencode(child.name), child.stat(follow_symlinks=False)) for child in found]
        for name, status in sorted(children, key=lambda child: child[0]):
            # In a layer it would delete, and no layer format has a way to say otherwise.
            if name.startswith(whiteout.PREFIX):
                raise ArchiveError("archive.reserved-name", entry=show(join(path, name)))
            yield name, status

    def _add(self, fd: int, name: bytes, path: bytes, status: os.stat_result) -> None:
        if self._overlay and whiteout.is_whiteout(status):
            self._hide(join(path.rpartition(b"/")[0], whiteout.PREFIX + name))
            return
        kind = _TYPES.get(stat.S_IFMT(status.st_mode))
        if kind is EntryType.FILE:
            self._file(fd, name, path, status)
        elif kind is EntryType.DIRECTORY:
            self._subdirectory(fd, name, path, status)
        elif kind is not None:  # a socket means nothing without the process behind it
            target = os.readlink(name, dir_fd=fd) if kind is EntryType.SYMLINK else b""
            self._put(self._entry(path, kind, status, self._mark_of(path, status, fd), target=target))

    def _file(self, fd: int, name: bytes, path: bytes, status: os.stat_result) -> None:
        # O_NOFOLLOW: between the look and this line it may have become a link.
        file = os.open(name, _OPEN_FILE, dir_fd=fd)
        try:
            mark = self._mark_of(path, status, fd, file)
            if mark.device is not None:
                self._put(self._entry(path, _TYPES[stat.S_IFMT(mark.mode or 0)], status, mark))
                return
            if status.st_nlink > 1:
                # The order of the walk is fixed, so the first name is the same in every run.
                first = self._first_names.setdefault((status.st_dev, status.st_ino), path)
                if first != path:
                    self._put(self._entry(path, EntryType.HARDLINK, status, mark, target=first))
                    return
            xattrs = self._xattrs(file, path)
            self.tar.add_file(self._entry(path, EntryType.FILE, status, mark, size=status.st_size, xattrs=xattrs), file)
        finally:
            os.close(file)
        self.entries += 1

    def _subdirectory(self, fd: int, name: bytes, path: bytes, status: os.stat_result) -> None:
        inside = os.open(name, OPEN_DIRECTORY, dir_fd=fd)
        try:
            mark, xattrs = self._mark_of(path, status, fd, inside), self._xattrs(inside, path)
            self._put(self._entry(path, EntryType.DIRECTORY, status, mark, xattrs=xattrs))
            # Ahead of what is in it: who unpacks by clearing the directory at this mark must not clear that, too.
            if self._overlay and whiteout.is_opaque(inside):
                self._hide(join(path, whiteout.OPAQUE))
            if status.st_dev not in self._options.unseen:
                self.directory(inside, path)
        finally:
            os.close(inside)

    def _entry(
        self,
        path: bytes,
        kind: EntryType,
        status: os.stat_result,
        mark: Mark,
        *,
        size: int = 0,
        target: bytes = b"",
        xattrs: Mapping[str, bytes] | None = None,
    ) -> Entry:
        latest = self._options.latest
        # Docker cuts fractions off too; some extractors cannot give them back.
        seconds = max(0, status.st_mtime_ns // 1_000_000_000)
        device = mark.device or (os.major(status.st_rdev), os.minor(status.st_rdev))
        return Entry(
            path=path,
            type=kind,
            size=size,
            mode=stat.S_IMODE(status.st_mode if mark.mode is None else mark.mode),
            uid=mark.uid or 0,
            gid=mark.gid or 0,
            mtime=seconds if latest is None else min(seconds, latest),
            target=target,
            device=device if kind in (EntryType.CHARACTER, EntryType.BLOCK) else (0, 0),
            xattrs=xattrs or {},
        )

    def _mark_of(self, path: bytes, status: os.stat_result, above: int, own: int | None = None) -> Mark:
        """What a path should be; `above` is the directory that it is in, `own` the file, where it can be opened."""
        options = self._options
        if options.marked is None:
            return Mark(*(options.owners.get(path) or options.everyone or (status.st_uid, status.st_gid)))
        said = options.marked.unmarkable(path) if own is None else marks.marked(own)
        uid, gid = options.marked.newcomer[0] if said.uid is None else said.uid, said.gid
        if gid is None and os.fstat(above).st_mode & stat.S_ISGID:  # what is made in such a directory gets its group
            gid = marks.marked(above).gid
        mark = said._replace(uid=uid, gid=options.marked.newcomer[1] if gid is None else gid)
        if own is not None and mark != said:
            marks.mark(own, mark)
        return mark

    def _xattrs(self, fd: int, path: bytes) -> dict[str, bytes]:
        names = _listxattr(fd)
        if not names:
            return {}
        # These say "the content is elsewhere", which no tar can say; we mount with both turned off.
        if any(name.endswith((".overlay.redirect", ".overlay.metacopy")) for name in names):
            raise ArchiveError("archive.overlay-redirect", entry=show(path))
        found = {name: os.getxattr(fd, name) for name in names if allowed_xattr(name)}
        if marks.CAPABILITY in names:
            found[_CAPABILITY] = os.getxattr(fd, marks.CAPABILITY)
        return found

    def _hide(self, path: bytes) -> None:
        """A whiteout: an empty file of root's, of no time, so that the same deletion gives the same bytes."""
        self._put(Entry(path=path, mode=0o644))

    def _put(self, entry: Entry) -> None:
        self.tar.add(entry)
        self.entries += 1


def _listxattr(fd: int) -> list[str]:
    try:
        return os.listxattr(fd)
    except (OSError, AttributeError):  # a file system, or a system, without them
        return []
