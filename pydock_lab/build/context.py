"""The build context: a folder, without what `.dockerignore` names, as a tree to copy from.

Owners are 0 and times do not count, as BuildKit's client sends them: the same files in another checkout, by
another user, are the same context. Folders are listed when a COPY asks for what is in them, each once; files are
read where the stat cache does not know them.
"""

import os
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydock_lab.archive import checksum
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.cancelled import Cancelled
from pydock_lab.build.source import join
from pydock_lab.build.stat_cache import FILE_TYPES, ContextSnapshot, Folder, KnownFolder, Row, StatCache
from pydock_lab.errors import BuildError
from pydock_lab.oci import Digest

_CHUNK = 1 << 20
_ROOT = Entry(path=b"", type=EntryType.DIRECTORY, mode=0o755)
_NOWHERE = Folder(mode=0, rows={})

Excluded = Callable[[str], bool]


@dataclass(frozen=True, kw_only=True, slots=True)
class ContextFacts:
    """What a build has looked at: so many files, their bytes, and how many of them had to be read for a digest."""

    files: int
    size: int
    hashed: int


class BuildContext:
    """A folder as a Source; `excluded(path)` is what its ignore file says of a path (slashes, relative).

    `reinclude` tells that the ignore file has `!` lines: then an excluded folder is still looked into. `cache`
    remembers digests between builds. A root of None is an empty context.
    """

    def __init__(
        self,
        root: Path | None,
        excluded: Excluded | None = None,
        *,
        reinclude: bool = False,
        cache: StatCache | None = None,
    ) -> None:
        self.root = root
        self._excluded, self._reinclude, self._cache = excluded, reinclude, cache
        self._folders: dict[bytes, Folder] = {}
        self._entries: dict[bytes, Entry | None] = {b"": _ROOT}
        # Before the first look: what changes while the build runs is younger than this, and is read again next time.
        self._taken = time.time_ns()
        self._hashed = 0
        self._listing = threading.RLock()
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Nobody needs it any more: who is still reading it hears Cancelled."""
        self._stopped.set()

    @property
    def facts(self) -> ContextFacts:
        """What was looked at until now."""
        sizes = [row[2] for folder in self._folders.values() for row in folder.rows.values() if stat.S_ISREG(row[1])]
        return ContextFacts(files=len(sizes), size=sum(sizes), hashed=self._hashed)

    @cached_property
    def _before(self) -> ContextSnapshot:
        return ContextSnapshot() if self._cache is None or self.root is None else self._cache.newest(self.root)

    @property
    def folders(self) -> tuple[bytes, ...]:
        """The folders that somebody has looked into."""
        return tuple(self._folders)

    def is_as_in(self, snapshot: str, folders: Iterable[bytes]) -> bool:
        """Whether these folders (not what is below them) are as that snapshot has them, which is the newest."""
        if self._before.name != snapshot:
            return False
        for path in folders:
            entry = self.entry(path)
            if entry is None or entry.type is not EntryType.DIRECTORY or not self._folder(path).is_as_before:
                return False
        return True

    def save(self) -> str:
        """Remember what was read; the name of the snapshot, "" where nothing was looked at."""
        if self._cache is None or self.root is None or not self._folders:
            return ""
        return self._cache.save(self.root, self._taken, self._folders, self._before)

    # ---- looking

    def entry(self, path: bytes) -> Entry | None:
        """The entry at exactly `path`, or None."""
        if path not in self._entries:
            self._entries[path] = self._entry(path)
        return self._entries[path]

    def _entry(self, path: bytes) -> Entry | None:
        above, _, name = path.rpartition(b"/")
        parent = self.entry(above)
        if parent is None or parent.type is not EntryType.DIRECTORY:
            return None
        folder = self._folder(above)
        row = folder.rows.get(name)
        if row is None:
            return None
        kind = FILE_TYPES[stat.S_IFMT(row[1])]
        return Entry(
            path=path,
            type=kind,
            size=row[2] if kind is EntryType.FILE else 0,
            mode=stat.S_IMODE(row[1]),
            mtime=max(0, row[3] // 1_000_000_000),
            target=self._target(folder, path, name) if kind is EntryType.SYMLINK else b"",
            device=self._device(path) if kind in (EntryType.CHARACTER, EntryType.BLOCK) else (0, 0),
        )

    def children(self, path: bytes) -> tuple[bytes, ...]:
        """Names in a folder, in byte order."""
        entry = self.entry(path)
        return self._folder(path).names if entry and entry.type is EntryType.DIRECTORY else ()

    def _folder(self, path: bytes) -> Folder:
        if self.root is None:
            return _NOWHERE
        if path not in self._folders:
            with self._listing:  # another thread may have come first
                if path not in self._folders:
                    self._folders[path] = self._list(path)
        return self._folders[path]

    def _list(self, path: bytes) -> Folder:
        rows: dict[bytes, Row] = {}
        try:
            with os.scandir(self._place(path)) as found:
                for item in found:
                    if self._is_out(join(path, item.name), item):
                        continue
                    row = _row(item)
                    if row is not None:
                        rows[row[0]] = row
        except PermissionError as error:
            raise BuildError("build.context-read", path=os.fsdecode(path), reason=error.strerror) from error
        entry = self.entry(path)
        folder = Folder(mode=entry.mode if entry else 0, rows=rows, names=tuple(sorted(rows)))
        self._recall(folder, self._before.folder(path))
        return folder

    def _is_out(self, path: bytes, item: "os.DirEntry[bytes]") -> bool:
        if self._excluded is None or not self._excluded(os.fsdecode(path)):
            return False
        if not self._reinclude or not item.is_dir(follow_symlinks=False):
            return True
        # An ignored folder is there only if a `!` line brings something in it back.
        self._entries[path] = Entry(path=path, type=EntryType.DIRECTORY, mode=stat.S_IMODE(item.stat().st_mode))
        self._folders[path] = self._list(path)
        if self._folders[path].names:
            return False
        del self._entries[path], self._folders[path]
        return True

    def _recall(self, folder: Folder, known: KnownFolder | None) -> None:
        """Take over the digests that can be believed."""
        if known is None:
            return
        if known.signature == folder.signature and self._before.believes(known.youngest):
            folder.is_as_before, folder.digest = True, known.digest
        for row, digest, target in known.rows() if not folder.is_as_before else ():
            if folder.rows.get(row[0]) == row and self._before.believes(max(row[3], row[4])):
                folder.know(row[0], digest, target)

    def _place(self, path: bytes) -> bytes:
        assert self.root is not None  # noqa: S101 - an empty context has no files
        return os.path.join(os.fsencode(self.root), path)

    def _target(self, folder: Folder, path: bytes, name: bytes) -> bytes:
        if name not in folder.links:
            folder.links[name] = os.readlink(self._place(path))
        return folder.links[name]

    def _device(self, path: bytes) -> tuple[int, int]:
        number = os.lstat(self._place(path)).st_rdev
        return os.major(number), os.minor(number)

    # ---- digests

    def file_checksum(self, entry: Entry) -> Digest:
        """The checksum of a file, read where the cache does not know it."""
        above, _, name = entry.path.rpartition(b"/")
        folder = self._folder(above)
        self._read_rows(above, folder)
        if not folder.digests.get(name):
            folder.digests[name] = self._hash(entry)
            folder.is_as_before = False
        return Digest("sha256:" + folder.digests[name])

    def know_checksum(self, entry: Entry, digest: str) -> None:
        """Remember the checksum (hexadecimal) of a file that somebody has read."""
        above, _, name = entry.path.rpartition(b"/")
        folder = self._folder(above)
        self._read_rows(above, folder)
        if not folder.digests.get(name):
            folder.digests[name], folder.is_as_before = digest, False
            self._hashed += 1

    def _read_rows(self, path: bytes, folder: Folder) -> None:
        """The digests of an unchanged folder's files, which nobody has asked for until now."""
        known = self._before.folder(path) if folder.is_as_before and not folder.digests else None
        for row, digest, target in known.rows() if known else ():
            folder.know(row[0], digest, target)

    def folder_checksum(self, path: bytes) -> Digest | None:
        """The checksum of a folder with all in it, where nothing in it has changed; else None."""
        return Digest("sha256:" + self._folder(path).digest) if self._is_as_before(path) else None

    def _is_as_before(self, path: bytes) -> bool:
        folder = self._folder(path)
        if not folder.is_as_before or not folder.digest:
            return False
        below = (name for name in folder.names if stat.S_ISDIR(folder.rows[name][1]))
        return all(self._is_as_before(join(path, name)) for name in below)

    def keep_folder_checksum(self, path: bytes, digest: Digest) -> None:
        """Remember a folder's checksum."""
        folder = self._folder(path)
        if folder.digest != digest.hex:
            self._read_rows(path, folder)
            folder.is_as_before, folder.digest = False, digest.hex

    def _hash(self, entry: Entry) -> str:
        if self._stopped.is_set():
            raise Cancelled
        digest = checksum.start(entry)
        self._hashed += 1
        fd = self.descriptor(entry)
        try:
            while piece := os.read(fd, min(entry.size + 1, _CHUNK)):
                digest.update(piece)
        finally:
            os.close(fd)
        return digest.hexdigest()

    # ---- reading

    @contextmanager
    def contents(self, entries: Iterable[Entry]) -> Iterator["BuildContext"]:
        """The files are where they are."""
        del entries
        yield self

    def descriptor(self, entry: Entry) -> int:
        """A file, opened; raises BuildError where it cannot be read."""
        try:
            # O_NOFOLLOW: what was a file when it was listed may be a link out of the context by now.
            return os.open(
                self._place(entry.path), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            )
        except OSError as error:
            raise BuildError("build.context-read", path=os.fsdecode(entry.path), reason=error.strerror) from error


def _row(item: "os.DirEntry[bytes]") -> Row | None:
    try:
        state = item.stat(follow_symlinks=False)
    except FileNotFoundError:  # deleted while we looked
        return None
    if stat.S_IFMT(state.st_mode) not in FILE_TYPES:  # a socket cannot be copied
        return None
    return item.name, state.st_mode, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino
