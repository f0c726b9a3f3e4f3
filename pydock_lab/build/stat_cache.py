"""What the files of a context had in them at the last build, so that an unchanged file is not read again.

A file's digest is remembered together with what stat(2) said of it: size, mode, times of content and of inode, and
inode number. As long as all of them are the same, so are the bytes, with one exception, which git calls *racy*: a
file changed in the very moment in which it was looked at may keep all of them. So an entry counts only if it was
already old when the cache was made.

    contexts/<digest>.txt            one line a folder: path, signature of its rows, digest, youngest time; its rows
    contexts/roots/<digest of path>  which of them is the newest of a context

A build's record names the file, so that `explain` can say later what had changed.
Source: git, Documentation/technical/racy-git.txt; inode(7) on times.
"""

import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from pydock_lab.archive.entry import EntryType
from pydock_lab.store.ingest import Ingest

FORMAT = 1
_NAMES = ("utf-8", "surrogateescape")
FILE_TYPES = {
    stat.S_IFREG: EntryType.FILE,
    stat.S_IFDIR: EntryType.DIRECTORY,
    stat.S_IFLNK: EntryType.SYMLINK,
    stat.S_IFIFO: EntryType.FIFO,
    stat.S_IFCHR: EntryType.CHARACTER,
    stat.S_IFBLK: EntryType.BLOCK,
}
_RACY_NS = 2_000_000_000  # FAT counts in steps of two seconds; every other file system is finer
# ctime is what no program can set: whoever puts back an mtime (tar, rsync, touch -r) changes it (inode(7)).
Row: TypeAlias = tuple[bytes, int, int, int, int, int]  # name, mode, size, mtime and ctime in ns, inode


@dataclass(slots=True)
class Folder:
    """A folder of a context as it is now: its names in byte order, and for each what stat(2) says."""

    mode: int
    rows: dict[bytes, Row]
    names: tuple[bytes, ...] = ()
    digests: dict[bytes, str] = field(default_factory=dict)  # of its files, as far as they are known
    links: dict[bytes, bytes] = field(default_factory=dict)
    digest: str = ""  # of the folder with all that is in it
    is_as_before: bool = False  # all its rows were known, and old enough to be believed

    def know(self, name: bytes, digest: str, target: bytes) -> None:
        """Take over what is remembered of a file or link; "" is said of what nobody has asked for."""
        if digest:
            self.digests[name] = digest
        if target:
            self.links[name] = target

    @property
    def signature(self) -> str:
        """A digest of all rows, and of the folder's own mode."""
        # Of a folder only name and mode: its size and times change with what is in it, and that has a line of its own.
        rows = [self.rows[name] if not stat.S_ISDIR(self.rows[name][1]) else self.rows[name][:2] for name in self.names]
        return hashlib.blake2b(repr((self.mode, rows)).encode(), digest_size=16).hexdigest()

    @property
    def youngest(self) -> int:
        """The latest time in its rows, in nanoseconds since 1970; folders do not count, their rows do."""
        files = [row for row in self.rows.values() if not stat.S_ISDIR(row[1])]
        return max((max(row[3], row[4]) for row in files), default=0)


@dataclass(frozen=True, slots=True)
class KnownFolder:
    """A folder's line in the cache; its rows are read only where something has changed."""

    signature: str
    digest: str
    youngest: int
    text: str

    def rows(self) -> Iterator[tuple[Row, str, bytes]]:
        """The rows, each with the digest of its file ("" where nobody asked) and where a link points."""
        for name, mode, size, mtime, ctime, inode, digest, target in json.loads(self.text):
            yield (name.encode(*_NAMES), mode, size, mtime, ctime, inode), digest, target.encode(*_NAMES)


class ContextSnapshot:
    """One state of a context, read from its file."""

    def __init__(self, name: str = "", taken: int = 0, lines: Mapping[bytes, str] | None = None) -> None:
        self.name, self.taken = name, taken
        self._lines = lines or {}

    @classmethod
    def parse(cls, name: str, content: str) -> "ContextSnapshot":
        """What `StatCache.save` wrote; raises ValueError and KeyError for anything else."""
        head, *lines = content.splitlines()
        said = json.loads(head)
        if said["format"] != FORMAT:
            raise ValueError(said["format"])
        paths = (os.fsencode(json.loads(line.partition("\t")[0])) for line in lines)
        return cls(name, int(said["taken"]), dict(zip(paths, lines, strict=True)))

    def folder(self, path: bytes) -> KnownFolder | None:
        """What is known of a folder."""
        line = self._lines.get(path)
        if line is None:
            return None
        _, signature, digest, youngest, text = line.split("\t", 4)
        return KnownFolder(signature, digest, int(youngest), text)

    def lines(self) -> Iterator[tuple[bytes, str]]:
        """All folders' paths and lines."""
        yield from self._lines.items()

    def believes(self, moment: int) -> bool:
        """Whether something of that time (ns) was old enough when the snapshot was taken."""
        return moment < self.taken - _RACY_NS


class StatCache:
    """The snapshots below `root` (the store's)."""

    def __init__(self, root: Path) -> None:
        self._directory = root / "contexts"
        self._ingest = Ingest(root)

    def newest(self, context: Path) -> ContextSnapshot:
        """The last snapshot of a context; empty where there is none, or none that can be read."""
        try:
            return self.get(self._pointer(context).read_text())
        except OSError:
            return ContextSnapshot()

    def get(self, name: str) -> ContextSnapshot:
        """A snapshot by its name."""
        try:
            return ContextSnapshot.parse(name, self._path(name).read_text(encoding="utf-8"))
        except (OSError, ValueError, KeyError):
            return ContextSnapshot()

    def save(self, context: Path, taken: int, folders: Mapping[bytes, Folder], before: ContextSnapshot) -> str:
        """Keep what was seen of a context since `taken` (ns); the name of the snapshot."""
        if folders and all(folder.is_as_before for folder in folders.values()):
            return before.name
        head = json.dumps({"format": FORMAT, "taken": taken})
        kept = {path: line for path, line in before.lines() if _is_kept(path, folders, before)}
        lines = {path: _line(path, folder) for path, folder in folders.items() if path not in kept}
        content = "\n".join([head, *(lines | kept).values(), ""]).encode()
        name = hashlib.sha256(content).hexdigest()[:32]
        self._ingest.replace(self._path(name), content)
        # After the snapshot: the pointer must not lead to a file that is still to come.
        self._ingest.replace(self._pointer(context), name.encode())
        return name

    def names(self) -> Iterator[str]:
        """All snapshots' names."""
        yield from (path.stem for path in self._directory.glob("*.txt"))

    def forget(self, needed: set[str]) -> None:
        """Remove the snapshots that no record needs, the newest ones of their contexts excepted."""
        newest = {path.read_text() for path in self._directory.glob("roots/*")}
        for name in set(self.names()) - needed - newest:
            self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.txt"

    def _pointer(self, context: Path) -> Path:
        whole = os.path.realpath(context)
        return self._directory / "roots" / hashlib.sha256(os.fsencode(whole)).hexdigest()[:32]


def _line(path: bytes, folder: Folder) -> str:
    rows: list[list[Any]] = []
    for name in folder.names:
        digest, link = folder.digests.get(name, ""), folder.links.get(name, b"")
        rows.append([name.decode(*_NAMES), *folder.rows[name][1:], digest, link.decode(*_NAMES)])
    # json.dumps escapes tabs and every kind of line end: a name with one in it does not break the line.
    text = json.dumps(rows, separators=(",", ":"))
    return "\t".join([json.dumps(os.fsdecode(path)), folder.signature, folder.digest, str(folder.youngest), text])


def _is_kept(path: bytes, folders: Mapping[bytes, Folder], before: ContextSnapshot) -> bool:
    if path in folders:
        return folders[path].is_as_before
    known = before.folder(path)
    # In the new snapshot, which is younger, what was too young to be believed would look old.
    return known is not None and before.believes(known.youngest) and _is_there(path, folders)


def _is_there(path: bytes, folders: Mapping[bytes, Folder]) -> bool:
    """Whether a folder that nobody looked into this time may still exist: its parent, if looked at, has it."""
    above, _, name = path.rpartition(b"/")
    if above in folders:
        return name in folders[above].rows
    return not above or _is_there(above, folders)
