"""Reading a file of lines that somebody else appends to, and sometimes puts aside for another to take its place.

log.jsonl      written to
log.jsonl.1    what it was before; log.jsonl.2, older still
"""

import itertools
import os
from collections.abc import Iterator


def rotated(path: str, number: int) -> str:
    """The name of an older file; 0 is the one that is written to."""
    return f"{path}.{number}" if number else path


def older(path: str) -> Iterator[str]:
    """The files that were put aside, the oldest first."""
    names = (rotated(path, number) for number in itertools.count(1))
    yield from reversed(list(itertools.takewhile(os.path.exists, names)))


class Tail:
    """Reads on and on; only whole lines, for the last one may be half written. With `at_end` only what is new."""

    def __init__(self, path: str, *, at_end: bool = False) -> None:
        self._path = path
        state = _status(path) if at_end else None
        self._inode, self._position = (state.st_ino, state.st_size) if state else (0, 0)

    def read(self) -> bytes:
        """The lines that have become complete."""
        state = _status(self._path)
        rest = b""
        if self._inode and (state is None or state.st_ino != self._inode):
            # Put aside since the last read: what was added to it in between comes first.
            before = _status(rotated(self._path, 1))
            if before is not None and before.st_ino == self._inode:
                rest = _from(rotated(self._path, 1), self._position)
            self._position = 0
        self._inode = state.st_ino if state else 0
        content = _from(self._path, self._position)
        complete = content[: content.rfind(b"\n") + 1]
        self._position += len(complete)
        return rest + complete


def _status(path: str) -> os.stat_result | None:
    try:
        return os.stat(path)
    except FileNotFoundError:
        return None


def _from(path: str, position: int) -> bytes:
    try:
        with open(path, "rb") as file:
            file.seek(position)
            return file.read()
    except FileNotFoundError:
        return b""
