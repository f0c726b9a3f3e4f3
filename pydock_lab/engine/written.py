"""What containers have written, changed and deleted: their writable layers, seen against the image below.

upper/srv/app.py        the container's        a file that the image has as well: copied up before the first byte
layer 5  srv/app.py     the image's            was changed, and hidden from then on
"""

import os
import sys
from dataclasses import dataclass

from pydock_lab.archive.entry import EntryType
from pydock_lab.build.source import walk
from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.home import Home
from pydock_lab.engine.known_images import KnownImages
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.snapshot.snapshotter import Changes
from pydock_lab.snapshot.written import Row
from pydock_lab.views import ChangeKind, FileChange


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A writable layer: `total` counts its changes (`changes` may be fewer), `size` is the bytes of its files.

    `copied` are the files that were copied up, and when that was first seen, in nanoseconds since 1970.
    """

    changes: tuple[FileChange, ...]
    total: int
    size: int
    copied: tuple[tuple[FileChange, int], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Seen:
    """What was seen last, and what it meant."""

    found: Changes
    tree: LayeredTree
    written: Written


class WritableLayers:
    """The writable layers of a home's containers; what has not changed since the last look is not told anew."""

    def __init__(self, home: Home, images: KnownImages) -> None:
        self._home, self._images = home, images
        self._seen: dict[str, _Seen] = {}

    def of(self, record: ContainerRecord) -> Written:
        """What a container has written until now."""
        found = self._home.ground(record.isolation).snapshots.changes(record.spec.rootfs)
        tree, seen = self._images.tree(record.image_id), self._seen.get(record.id)
        if seen is None or seen.tree is not tree or seen.found != found:
            written = _written(found, tree, seen.written if seen else None)
            seen = self._seen[record.id] = _Seen(found=found, tree=tree, written=written)
        return seen.written

    def all_of(self, record: ContainerRecord) -> tuple[FileChange, ...]:
        """Every change, however many there are; pictures have enough in the first thousands."""
        seen = self.of(record)
        if len(seen.changes) == seen.total:
            return seen.changes
        snapshots = self._home.ground(record.isolation).snapshots
        found = snapshots.changes(record.spec.rootfs, most=sys.maxsize)
        return _written(found, self._images.tree(record.image_id), None).changes

    def forget(self, alive: set[str]) -> None:
        """Keep nothing of containers other than these."""
        for gone in self._seen.keys() - alive:
            self._seen.pop(gone, None)


def _written(found: Changes, tree: LayeredTree, before: Written | None) -> Written:
    hidden = _hidden(found, tree)
    rows = sorted((*found.rows, *hidden), key=_place) if hidden else found.rows
    changes = tuple(_change(row, tree) for row in rows)
    # A file that is written on and on was copied up only once: when, is what its first sight said.
    known = {change.path: when for change, when in before.copied} if before else {}
    copied = tuple((one, known.get(one.path, one.touched)) for one in changes if one.copied_up)
    return Written(changes=changes, total=found.total + len(hidden), size=found.size, copied=copied)


def _hidden(found: Changes, tree: LayeredTree) -> list[Row]:
    """What folders that were made anew (`rm -r`, `mkdir`) do not show any more of the image's: deleted, too.

    Not of a folder of which not all has been told.
    """
    known = {row.path for row in found.rows}
    last = f"{found.rows[-1].path}/" if found.rows and len(found.rows) < found.total else ""
    return [
        row._replace(path=path, letter="D", size=0, mode=0, is_directory=False, is_opaque=False)
        for row in found.rows
        if row.is_opaque and not last.startswith(f"{row.path}/")
        for name in tree.children(os.fsencode(row.path))
        if (path := f"{row.path}/{os.fsdecode(name)}") not in known
    ]


def _place(row: Row) -> list[str]:
    """Parents before what is in them, and siblings in the order of their names."""
    return row.path.split("/")


def _change(row: Row, tree: LayeredTree) -> FileChange:
    path = os.fsencode(row.path)
    below = tree.entry(path)
    is_deleted = row.letter == "D"
    size = sum(entry.size for entry in walk(tree, path)) if is_deleted else row.size
    kind = _kind(is_deleted=is_deleted, is_known=below is not None)
    # What was something else, or a link, was not copied up: the container has put a file in its place.
    is_new = kind is ChangeKind.CHANGED and not row.is_directory and below and below.type is not EntryType.FILE
    return FileChange(
        path=f"/{row.path}",
        kind=kind,
        size=size,
        mode=row.mode,
        link=row.link,
        is_directory=row.is_directory,
        layer=-1 if is_new else _layer(tree, path),
        copied=below.size if below is not None and not is_deleted and not is_new else 0,
        touched=row.touched,
    )


def _kind(*, is_deleted: bool, is_known: bool) -> ChangeKind:
    if is_deleted:
        return ChangeKind.DELETED
    return ChangeKind.CHANGED if is_known else ChangeKind.ADDED


def _layer(tree: LayeredTree, path: bytes) -> int:
    """The layer that has it; of a folder that no layer speaks of, the topmost of those that have something in it."""
    found = tree.holder(path)
    return found if found >= 0 else max((tree.holder(entry.path) for entry in walk(tree, path)), default=-1)
