"""What containers have written, changed and deleted: their writable layers, seen against the image below.

upper/srv/app.py        the container's        a file that the image has as well: copied up before the first byte
layer 5  srv/app.py     the image's            was changed, and hidden from then on
"""

import os
from dataclasses import dataclass

from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.home import Home
from pydock_lab.engine.known_images import KnownImages
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.snapshot.snapshotter import Changes
from pydock_lab.views import ChangeKind, FileChange


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """A writable layer: `total` counts its changes (`changes` may be fewer), `size` is the bytes of its files."""

    changes: tuple[FileChange, ...]
    total: int
    size: int


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
            written = Written(changes=_changes(found, tree), total=found.total, size=found.size)
            seen = self._seen[record.id] = _Seen(found=found, tree=tree, written=written)
        return seen.written

    def forget(self, alive: set[str]) -> None:
        """Keep nothing of containers other than these."""
        for gone in self._seen.keys() - alive:
            self._seen.pop(gone, None)


def _changes(found: Changes, tree: LayeredTree) -> tuple[FileChange, ...]:
    return tuple(_change(row, tree) for row in found.rows)


def _change(row: tuple[str, str, int, int, str, bool], tree: LayeredTree) -> FileChange:
    path, letter, size, mode, link, is_directory = row
    kind = _kind(letter, known=tree.entry(os.fsencode(path)) is not None)
    return FileChange(path=f"/{path}", kind=kind, size=size, mode=mode, link=link, is_directory=is_directory)


def _kind(letter: str, *, known: bool) -> ChangeKind:
    if letter == "D":
        return ChangeKind.DELETED
    return ChangeKind.CHANGED if known else ChangeKind.ADDED
