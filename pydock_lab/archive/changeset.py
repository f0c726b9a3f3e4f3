"""What a layer changes, as values: the list that `docker diff` prints, and what a person sees of a layer.

A tar does not tell a new file from a changed one; `Contents` remembers what the layers below hold, and does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from pydock_lab.archive import whiteout
from pydock_lab.archive.entry import Entry, EntryType, Limits, show
from pydock_lab.archive.reader import TarReader
from pydock_lab.archive.rooted import join, split


class ChangeKind(StrEnum):
    """What happened to a path: the letter of `docker diff`, and `O` where a directory hides all below."""

    ADDED = "A"
    CHANGED = "C"
    DELETED = "D"
    OPAQUE = "O"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One change: `path` for people, relative to the image's root; `size` in bytes, `mode` the permission bits."""

    path: str
    kind: ChangeKind
    type: EntryType | None = None
    size: int = 0
    mode: int = 0
    uid: int = 0
    gid: int = 0
    target: str = ""


_Names = dict[bytes, "_Names"]  # a directory: what is in it; a file is an empty one


class Contents:
    """The paths of an image so far: each layer read by `changes` is put on top."""

    def __init__(self) -> None:
        self._root: _Names = {}

    def __contains__(self, path: bytes) -> bool:
        return self._find(path) is not None

    def add(self, path: bytes) -> None:
        """There is something at `path`."""
        names = self._root
        for name in path.split(b"/"):
            # Parents that have no entry of their own are there all the same.
            names = names.setdefault(name, {})

    def remove(self, path: bytes) -> None:
        """There is nothing at `path`, nor below it, any more."""
        directory, name = split(path)
        (self._find(directory) or {}).pop(name, None)

    def clear(self, path: bytes) -> None:
        """There is nothing below `path` any more."""
        (self._find(path) or {}).clear()

    def _find(self, path: bytes) -> "_Names | None":
        names: _Names | None = self._root
        for name in path.split(b"/") if path else ():
            names = names.get(name) if names is not None else None
        return names


def changes(chunks: Iterator[bytes], below: Contents | None = None, limits: Limits | None = None) -> Iterator[Change]:
    """The changes of the layer whose tar is `chunks`, in its order; ArchiveError where it is malformed.

    `below` is what the layers under it hold; at the end it holds this one too. Without it everything is ADDED.
    """
    contents = below if below is not None else Contents()
    # Paths of this layer are added at its end, so that its own whiteouts do not touch them.
    written: list[bytes] = []
    for entry in TarReader(chunks, limits):
        directory, name = split(entry.path)
        if name == whiteout.OPAQUE:
            # What this layer wrote is put into `contents` at its end: only what lies below is hidden.
            contents.clear(directory)
            yield Change(path=show(directory), kind=ChangeKind.OPAQUE)
        elif name.startswith(whiteout.META_PREFIX):
            continue
        elif name.startswith(whiteout.PREFIX):
            gone = join(directory, whiteout.hidden(name))
            contents.remove(gone)
            yield Change(path=show(gone), kind=ChangeKind.DELETED)
        elif entry.path:
            written.append(entry.path)
            yield _change(entry, ChangeKind.CHANGED if entry.path in contents else ChangeKind.ADDED)
    for path in written:
        contents.add(path)


def _change(entry: Entry, kind: ChangeKind) -> Change:
    return Change(
        path=show(entry.path),
        kind=kind,
        type=entry.type,
        size=entry.size,
        mode=entry.mode,
        uid=entry.uid,
        gid=entry.gid,
        target=show(entry.target),
    )
