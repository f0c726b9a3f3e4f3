"""One file as a Source: what ADD has downloaded."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from pydock_lab.archive import checksum
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.oci import Digest

_CHUNK = 1 << 20
_ROOT = Entry(path=b"", type=EntryType.DIRECTORY, mode=0o755)


class SingleFile:
    """A tree of one file; `open_file` gives its bytes, every time from the start."""

    def __init__(self, only: Entry, open_file: Callable[[], BinaryIO]) -> None:
        self.only, self._open = only, open_file

    def entry(self, path: bytes) -> Entry | None:
        """The file, or the folder that it is in."""
        return {b"": _ROOT, self.only.path: self.only}.get(path)

    def children(self, path: bytes) -> tuple[bytes, ...]:
        """The file's name."""
        return () if path else (self.only.path,)

    def file_checksum(self, entry: Entry) -> Digest:
        """The checksum of the file."""
        digest = checksum.start(entry)
        with self._open() as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        return Digest("sha256:" + digest.hexdigest())

    def folder_checksum(self, _path: bytes) -> Digest | None:
        """Nobody asks twice."""
        return None

    def keep_folder_checksum(self, path: bytes, digest: Digest) -> None:
        """Nobody asks twice."""

    @contextmanager
    def contents(self, entries: Iterable[Entry]) -> Iterator["SingleFile"]:
        """The file is at hand."""
        del entries
        yield self

    def descriptor(self, _entry: Entry) -> int:
        """The file, opened."""
        with self._open() as file:
            # The caller's own: that of the file object is closed at the end of the block.
            return os.dup(file.fileno())
