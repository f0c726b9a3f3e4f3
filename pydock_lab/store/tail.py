"""Reading a file of lines that somebody else appends to, and sometimes puts aside for another to take its place.

log.jsonl      written to
log.jsonl.1    what it was before; log.jsonl.2, older still
"""

import itertools
import os
import weakref
from collections.abc import Iterator
from functools import partial


def rotated(path: str, number: int) -> str:
    """The name of an older file; 0 is the one that is written to."""
    return f"{path}.{number}" if number else path


def older(path: str) -> Iterator[str]:
    """The files that were put aside, the oldest first."""
    names = (rotated(path, number) for number in itertools.count(1))
    yield from reversed(list(itertools.takewhile(os.path.exists, names)))


class Tail:
    """Reads on and on; only whole lines, for the last one may be half written. With `at_end` only what is new.

    The file stays open: what was added to it before it was put aside, or removed, is not lost, and its inode is no
    other's meanwhile, by which it is known again.
    """

    def __init__(self, path: str, *, at_end: bool = False) -> None:
        self._path, self._position = path, 0
        self._file = self._open()
        if at_end and self._file:
            self._position = self._file.status().st_size

    def _open(self) -> "_Opened | None":
        try:
            return _Opened(self._path)
        except FileNotFoundError:
            return None

    def read(self) -> bytes:
        """The lines that have become complete."""
        found = b""
        if self._file and not self._file.is_at(self._path):
            found = self._new() + self._between(self._file)
            self._file, self._position = None, 0
        self._file = self._file or self._open()
        return found + self._new()

    def _new(self) -> bytes:
        content = self._file.read(self._position) if self._file else b""
        complete = content[: content.rfind(b"\n") + 1]
        self._position += len(complete)
        return complete

    def _between(self, ours: "_Opened") -> bytes:
        """What was put aside after ours was: all there is, where ours is not kept any more."""
        found: list[bytes] = []
        for name in map(partial(rotated, self._path), itertools.count(1)):
            if ours.is_at(name):
                break
            try:
                found.append(_Opened(name).read(0))
            except FileNotFoundError:
                break
        return b"".join(reversed(found))


class _Opened:
    """A file that is open for as long as somebody has it: who reads on for ever never comes to close it."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._descriptor)

    def status(self) -> os.stat_result:
        """As fstat(2) has it."""
        return os.fstat(self._descriptor)

    def is_at(self, path: str) -> bool:
        """Whether the name still leads here."""
        try:
            return os.path.samestat(os.stat(path), self.status())
        except FileNotFoundError:
            return False

    def read(self, position: int) -> bytes:
        """All from there on."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(position)
            return file.read()
