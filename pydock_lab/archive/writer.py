"""Writing a tar to a stream: the same entries in the same order always give the same bytes."""

import os
from typing import TYPE_CHECKING, Protocol

from pydock_lab.archive import header
from pydock_lab.archive.entry import Entry, show
from pydock_lab.archive.header import BLOCK
from pydock_lab.archive.reader import CHUNK
from pydock_lab.errors import ArchiveError

if TYPE_CHECKING:
    from hashlib import _Hash


class Writable(Protocol):
    """A binary file, a pipe, a LayerWriter: whatever has `write`."""

    def write(self, content: bytes, /) -> object:
        """Take all of `content`."""


class TarWriter:
    """Entries to `sink`, gathered into pieces of about a megabyte; `finish` writes the end of the archive."""

    def __init__(self, sink: Writable) -> None:
        self._sink = sink
        self._pieces: list[bytes] = []
        self._gathered = 0

    def add(self, entry: Entry, content: bytes = b"") -> None:
        """An entry and its content, which must be `entry.size` bytes."""
        # A wrong size would shift every header that follows.
        if len(content) != entry.size:
            raise ArchiveError("archive.changed", entry=show(entry.path))
        self._put(header.encode(entry))
        self._put_content(content)

    def add_file(self, entry: Entry, fd: int, digest: "_Hash | None" = None) -> None:
        """A file's entry and its `entry.size` bytes, read from `fd`; ArchiveError where the file has changed.

        `digest` sees the bytes as they pass.
        """
        self._put(header.encode(entry))
        left = entry.size
        while left:
            piece = os.read(fd, min(left, CHUNK))
            # Padding with zeros would keep the tar well formed, and the file wrong for ever.
            if not piece:
                raise ArchiveError("archive.changed", entry=show(entry.path))
            left -= len(piece)
            self._put(piece)
            if digest is not None:
                digest.update(piece)
        self._put(bytes(-entry.size % BLOCK))

    def finish(self) -> None:
        """The two blocks of zeros, and whatever is still gathered, to the sink."""
        self._put(header.END)
        self._flush()

    def _put_content(self, content: bytes) -> None:
        if content:
            self._put(content)
            self._put(bytes(-len(content) % BLOCK))

    def _put(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._gathered += len(piece)
        if self._gathered >= CHUNK:
            self._flush()

    def _flush(self) -> None:
        # One large write: hashing and compressing threads work best on whole megabytes.
        self._sink.write(b"".join(self._pieces))
        self._pieces.clear()
        self._gathered = 0
