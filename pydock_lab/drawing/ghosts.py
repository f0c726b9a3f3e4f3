"""Deleted, but still there: where the bytes of a deleted file lie.

    step 6   RUN rm -r /usr/share/doc      the whiteout: "look no further for /usr/share/doc"
    step 1   FROM lab/python               ...whose bytes are here, and travel with every push and pull

A layer never changes: deleting in a later step hides a file and frees nothing. That is why two instructions joined
by && in one RUN make a smaller image than the same two in separate steps.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from pydock_lab.views import ChangeKind, FileChange, LayerRow


@dataclass(frozen=True, kw_only=True, slots=True)
class Ghost:
    """So many bytes in the row `lower` that the row `upper` hides; rows by their place in the stack, from 0."""

    upper: int
    lower: int
    size: int


class _Files:
    """The files of a row by path, to be asked for a path and all that is below it."""

    def __init__(self, row: LayerRow) -> None:
        kept = [change for change in row.changes if change.kind is not ChangeKind.DELETED]
        self._files = sorted((change.path, change.size) for change in kept)

    def below(self, path: str) -> int:
        """Bytes of that file, or of all files in that folder."""
        start = bisect_left(self._files, (path, 0))
        total = 0
        for found, size in self._files[start:]:
            if not found.startswith(path):
                break
            # "/a.txt" begins with "/a" and is not in it.
            total += size if found == path or found[len(path)] == "/" else 0
        return total


def ghosts(rows: Sequence[LayerRow]) -> tuple[Ghost, ...]:
    """What is deleted and still lies below, pair by pair; only of changes that the view lists."""
    files = [_Files(row) for row in rows]
    found = []
    for upper, row in enumerate(rows):
        deleted = [change.path for change in row.changes if change.kind is ChangeKind.DELETED]
        for lower in range(upper - 1, -1, -1):
            size = sum(files[lower].below(path) for path in deleted)
            if size:
                found.append(Ghost(upper=upper, lower=lower, size=size))
    return tuple(found)


def deletions(row: LayerRow) -> tuple[FileChange, ...]:
    """The whiteouts of a row."""
    return tuple(change for change in row.changes if change.kind is ChangeKind.DELETED)


def kept(row: LayerRow) -> tuple[FileChange, ...]:
    """What a row adds and changes, the heaviest first."""
    rest = (change for change in row.changes if change.kind is not ChangeKind.DELETED and not change.is_directory)
    return tuple(sorted(rest, key=lambda change: -change.size))
