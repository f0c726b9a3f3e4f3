"""Deleted, but still there: where the bytes of a deleted file lie.

    step 6   RUN rm -r /usr/share/doc      the whiteout: "look no further for /usr/share/doc"
    step 1   FROM lab/python               ...whose bytes are here, and travel with every push and pull

A layer never changes: deleting in a later step hides a file and frees nothing. That is why two instructions joined
by && in one RUN make a smaller image than the same two in separate steps.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab.views import ChangeKind, FileChange, LayerRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Ghost:
    """So many bytes in the row `lower` that the row `upper` hides; rows by their place in the stack, from 0."""

    upper: int
    lower: int
    size: int


class _Files:
    """The files of all rows by path, to be asked for a path and all that is below it."""

    def __init__(self, rows: Sequence[LayerRow]) -> None:
        self._files = sorted(
            (change.path, at, change.size)
            for at, row in enumerate(rows)
            for change in row.changes
            if change.kind is not ChangeKind.DELETED
        )

    def below(self, path: str) -> Iterator[tuple[int, int]]:
        """The row and the bytes of that file, or of each in that folder."""
        for place in range(bisect_left(self._files, (path,)), len(self._files)):
            found, at, size = self._files[place]
            if not found.startswith(path):
                break
            # "/a.txt" begins with "/a" and is not in it.
            if found == path or found[len(path)] == "/":
                yield at, size


def ghosts(rows: Sequence[LayerRow]) -> tuple[Ghost, ...]:
    """What is deleted and still lies below, pair by pair; only of changes that the view lists."""
    deleted = {upper: gone for upper, row in enumerate(rows) if (gone := deletions(row))}
    files = _Files(rows[: max(deleted, default=0)])
    found = []
    for upper, gone in deleted.items():
        sizes: dict[int, int] = {}
        for change in gone:
            for lower, size in files.below(change.path):
                sizes[lower] = sizes.get(lower, 0) + size
        below = sorted((lower for lower, size in sizes.items() if size and lower < upper), reverse=True)
        found += [Ghost(upper=upper, lower=lower, size=sizes[lower]) for lower in below]
    return tuple(found)


def deletions(row: LayerRow) -> tuple[FileChange, ...]:
    """The whiteouts of a row."""
    deleted = ChangeKind.DELETED  # looked up once: of an image of 100,000 files this is asked for each of them
    return tuple(change for change in row.changes if change.kind is deleted)


def kept(row: LayerRow) -> tuple[FileChange, ...]:
    """What a row adds and changes, the heaviest first."""
    rest = (change for change in row.changes if change.kind is not ChangeKind.DELETED and not change.is_directory)
    return tuple(sorted(rest, key=lambda change: -change.size))
