"""A root file system that exists only as a list: where each file goes, and which file of the host it is.

Nothing is copied to make it. When the list is whole, it is written as a layer straight from the host's files:
everything belongs to root, no program keeps its setuid bit, and the same host gives the same bytes.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.writer import TarWriter, Writable
from pydock_lab.bases.elf import Linker

_MAX_LINKS = 40
_SHEBANG = 256  # bytes: what the kernel reads of a script's first line (BINPRM_BUF_SIZE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Node:
    """One path of the tree: a file of the host (`source`), or a text, a link or a directory of our own."""

    type: EntryType
    mode: int
    source: str = ""
    content: bytes = b""
    target: str = ""


class FileTree:
    """A root file system in the making; paths are absolute, as they will be inside."""

    def __init__(self) -> None:
        self._nodes: dict[str, _Node] = {}
        self._linker = Linker()
        self._same: dict[str, str] = {}
        self._complete: set[str] = set()

    def __contains__(self, path: str) -> bool:
        return path in self._nodes

    def directory(self, path: str, mode: int = 0o755) -> None:
        """A directory, with those above it."""
        self._parents(path)
        self._nodes[path] = _Node(type=EntryType.DIRECTORY, mode=mode)

    def text(self, path: str, content: str, mode: int = 0o644) -> None:
        """A file with this content."""
        self._parents(path)
        self._nodes[path] = _Node(type=EntryType.FILE, mode=mode, content=content.encode())

    def link(self, path: str, target: str) -> None:
        """A symbolic link."""
        self._parents(path)
        self._nodes[path] = _Node(type=EntryType.SYMLINK, mode=0o777, target=target)

    def file(self, path: str, source: str) -> None:
        """The file `source` of the host, at `path`."""
        self._parents(path)
        # Readable for all: an image has other users than the host. No setuid: the host's reasons do not hold inside.
        mode = stat.S_IMODE(os.stat(source).st_mode) & 0o777
        self._nodes[path] = _Node(type=EntryType.FILE, mode=mode | 0o444, source=source)

    def same(self, path: str) -> str:
        """What the host has at `path`, at the same path, with every link on the way; its path without links.

        Raises OSError where the host has nothing there.
        """
        if path not in self._same:
            self._same[path] = self._follow(path)
        return self._same[path]

    def _follow(self, path: str) -> str:
        at, pending, links = "", [part for part in path.split("/") if part][::-1], 0
        while pending:
            name = pending.pop()
            if name in (".", ".."):
                at = os.path.dirname(at) if name == ".." else at
                continue
            here = f"{'' if at == '/' else at}/{name}"
            status = os.lstat(here)
            if not stat.S_ISLNK(status.st_mode):
                at = here
                continue
            links += 1
            if links > _MAX_LINKS:
                raise OSError(f"too many links: {path}")
            # The link itself belongs into the image: /bin, /lib64 and /etc/alternatives stay what they are.
            target = os.readlink(here)
            self.link(here, target)
            at = "/" if target.startswith("/") else at
            pending.extend([part for part in target.split("/") if part][::-1])
        if stat.S_ISDIR(os.stat(at).st_mode):
            if at not in self._nodes:
                self.directory(at)
        elif at not in self._nodes:
            self.file(at, at)
        return at

    def program(self, path: str) -> None:
        """The program or library at `path` on the host, with all that it needs to run. Raises OSError."""
        real = self.same(path)
        if real not in self._complete:
            self._complete.add(real)
            self.needs(real)

    def needs(self, source: str) -> None:
        """What the host's file `source` needs to run, but not itself; a script needs its interpreter."""
        # By its own name, so that the link libm.so.6 -> libm-2.36.so comes along.
        for library in self._linker.closure(source):
            self.same(library)
        with open(source, "rb") as file:
            first = file.read(_SHEBANG).partition(b"\n")[0]
        if first.startswith(b"#!") and (words := first[2:].split()):
            self.program(os.fsdecode(words[0]))

    def whole(self, directory: str) -> None:
        """All below a directory of the host, at the same place."""
        for folder, _, names in os.walk(self.same(directory)):
            for name in names:
                self.same(os.path.join(folder, name))

    @property
    def newest(self) -> int:
        """When the newest of the host's files was written: the time of everything that is made here."""
        return max((int(os.stat(node.source).st_mtime) for node in self._nodes.values() if node.source), default=0)

    def write(self, sink: Writable) -> int:
        """Write all of it as a tar, sorted by name; the bytes of the files."""
        tar, newest, size = TarWriter(sink), self.newest, 0
        for path, node in self._sorted():
            entry = Entry(
                path=path, type=node.type, mode=node.mode, mtime=newest, target=os.fsencode(node.target),
                size=len(node.content),
            )  # fmt: skip
            size += self._put(tar, entry, node)
        tar.finish()
        return size

    def _put(self, tar: TarWriter, entry: Entry, node: _Node) -> int:
        if not node.source:
            tar.add(entry, node.content)
            return entry.size
        with open(node.source, "rb", buffering=0) as file:
            # Of the open file: the host may be upgrading at this moment.
            status = os.fstat(file.fileno())
            found = Entry(path=entry.path, mode=entry.mode, mtime=int(status.st_mtime), size=status.st_size)
            tar.add_file(found, file.fileno())
        return found.size

    def _sorted(self) -> Iterator[tuple[bytes, _Node]]:
        # In the order of bytes a directory comes before what is in it.
        nodes = {os.fsencode(path.lstrip("/")): node for path, node in self._nodes.items()}
        for path in sorted(nodes):
            if path:
                yield path, nodes[path]

    def _parents(self, path: str) -> None:
        parent = os.path.dirname(path)
        if parent != path and parent not in self._nodes:
            self._parents(parent)
            self._nodes[parent] = _Node(type=EntryType.DIRECTORY, mode=0o755)
