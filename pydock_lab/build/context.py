"""The build context: a folder, without what `.dockerignore` names, as a tree to copy from.

Owners are 0 and times do not count, as BuildKit's client sends them: the same files in another checkout, by
another user, are the same context.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from pydock_lab.archive import checksum
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.source import join
from pydock_lab.errors import BuildError
from pydock_lab.oci import Digest

_CHUNK = 1 << 20
_TYPES = {
    stat.S_IFREG: EntryType.FILE,
    stat.S_IFDIR: EntryType.DIRECTORY,
    stat.S_IFLNK: EntryType.SYMLINK,
    stat.S_IFIFO: EntryType.FIFO,
    stat.S_IFCHR: EntryType.CHARACTER,
    stat.S_IFBLK: EntryType.BLOCK,
}
_ROOT = Entry(path=b"", type=EntryType.DIRECTORY, mode=0o755)

Excluded = Callable[[str], bool]


class BuildContext:
    """A folder as a Source; `excluded(path)` is what its ignore file says of a path (slashes, relative).

    `reinclude` tells that the ignore file has `!` lines: then an excluded folder is still looked into. The folder
    is listed when the first COPY asks for it, once. None is an empty context.
    """

    def __init__(self, root: Path | None, excluded: Excluded = lambda _: False, *, reinclude: bool = False) -> None:
        self.root = root
        self._excluded, self._reinclude = excluded, reinclude
        self._checksums: dict[bytes, Digest] = {}

    @cached_property
    def _children(self) -> dict[bytes, tuple[bytes, ...]]:
        return {folder: tuple(sorted(names)) for folder, names in self._listed[1].items()}

    @cached_property
    def _listed(self) -> tuple[dict[bytes, Entry], dict[bytes, list[bytes]]]:
        entries, children = {b"": _ROOT}, {b"": list[bytes]()}
        if self.root is not None:
            self._list(os.fsencode(self.root), b"", entries, children)
        return entries, children

    def _list(
        self, folder: bytes, inside: bytes, entries: dict[bytes, Entry], children: dict[bytes, list[bytes]]
    ) -> None:
        with os.scandir(folder) as found:
            for item in found:
                path = join(inside, item.name)
                out = self._excluded(os.fsdecode(path))
                is_folder = item.is_dir(follow_symlinks=False)
                if out and not (is_folder and self._reinclude):
                    continue
                entry = _entry(path, item)
                if entry is None:
                    continue
                if is_folder:
                    children[path] = []
                    self._list(item.path, path, entries, children)
                    if out and not children[path]:
                        continue
                entries[path] = entry
                children[inside].append(item.name)

    def entry(self, path: bytes) -> Entry | None:
        """The entry at exactly `path`, or None."""
        return self._listed[0].get(path)

    def children(self, path: bytes) -> tuple[bytes, ...]:
        """Names in a folder, in byte order."""
        return self._children.get(path, ())

    def file_checksum(self, entry: Entry) -> Digest:
        """The checksum of a file, read once."""
        known = self._checksums.get(entry.path)
        if known is None:
            digest = checksum.start(entry)
            fd = self.descriptor(entry)
            try:
                while piece := os.read(fd, _CHUNK):
                    digest.update(piece)
            finally:
                os.close(fd)
            known = self._checksums[entry.path] = Digest("sha256:" + digest.hexdigest())
        return known

    @contextmanager
    def contents(self, entries: Iterable[Entry]) -> Iterator["BuildContext"]:
        """The files are where they are."""
        del entries
        yield self

    def descriptor(self, entry: Entry) -> int:
        """A file, opened; raises BuildError where it cannot be read."""
        assert self.root is not None  # noqa: S101 - an empty context has no files
        path = os.path.join(os.fsencode(self.root), entry.path)
        try:
            return os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise BuildError("build.context-read", path=os.fsdecode(entry.path), reason=error.strerror) from error


def _entry(path: bytes, item: "os.DirEntry[bytes]") -> Entry | None:
    try:
        status = item.stat(follow_symlinks=False)
        kind = _TYPES.get(stat.S_IFMT(status.st_mode))
        target = os.readlink(item.path) if kind is EntryType.SYMLINK else b""
    except FileNotFoundError:  # deleted while we looked
        return None
    if kind is None:  # a socket cannot be copied
        return None
    device = (0, 0)
    if kind in (EntryType.CHARACTER, EntryType.BLOCK):
        device = (os.major(status.st_rdev), os.minor(status.st_rdev))
    return Entry(
        path=path,
        type=kind,
        size=status.st_size if kind is EntryType.FILE else 0,
        mode=stat.S_IMODE(status.st_mode),
        mtime=max(0, int(status.st_mtime)),
        target=target,
        device=device,
    )
