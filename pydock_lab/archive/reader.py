"""Reading a tar from a stream, once, from front to back: the entries, and the content of the one just given."""

from collections.abc import Iterator
from typing import Protocol

from pydock_lab.archive import header, pax
from pydock_lab.archive.entry import Entry, Limits
from pydock_lab.archive.header import BLOCK, EXTENSIONS
from pydock_lab.errors import ArchiveError

CHUNK = 1 << 20


class Readable(Protocol):
    """A binary file, a pipe, an HTTP body: whatever has `read`."""

    def read(self, count: int, /) -> bytes:
        """At most `count` bytes; empty at the end."""


def chunks(stream: Readable, size: int = CHUNK) -> Iterator[bytes]:
    """The stream in pieces of at most `size` bytes."""
    while chunk := stream.read(size):
        yield chunk


class TarReader:
    """The entries of an uncompressed tar, given as chunks of bytes of any length.

    Iterate over it; `content` and `read` give the content of the entry that came last, and what is not read is
    skipped. Raises ArchiveError for what is malformed, and for more than `limits` allow.
    """

    def __init__(self, source: Iterator[bytes], limits: Limits | None = None) -> None:
        self._source = source
        self._limits = limits or Limits()
        self._chunk, self._at, self._before = b"", 0, 0  # what is at hand, where in it, bytes before it
        self._left = self._padding = 0  # bytes of the current content not yet read, and of zeros after it
        self._headers = 0
        self._global: dict[str, bytes] = {}
        self.size = 0  # bytes of content announced so far

    def __iter__(self) -> Iterator[Entry]:
        while (entry := self._next()) is not None:
            yield entry
        # What follows the end is no entry, but it is part of the layer, and so of its diff_id.
        # Bytes behind the end also keep a pipe's writer from dying of SIGPIPE.
        for _ in self._source:
            pass

    @property
    def offset(self) -> int:
        """Where in the tar the next byte to be read is; after an entry, where its content begins."""
        return self._before + self._at

    def content(self) -> Iterator[memoryview]:
        """The rest of the current entry's content, in pieces that are valid until the next one."""
        # Views, not copies: a large file goes from the chunk to write(2) without another step.
        while self._left:
            if self._at == len(self._chunk):
                self._more()
            piece = memoryview(self._chunk)[self._at : self._at + self._left]
            self._at += len(piece)
            self._left -= len(piece)
            yield piece

    def read(self, limit: int) -> bytes:
        """The whole content of the current entry; raises ArchiveError where it is over `limit` bytes."""
        if self._left > limit:
            raise ArchiveError("archive.extension-size", size=self._left, limit=limit)
        return b"".join(self.content())

    def _next(self) -> Entry | None:
        records, names = dict(self._global), dict[str, bytes]()
        while True:
            block = self._header()
            if block is None:
                return None
            flag = block[156:157]
            if flag not in EXTENSIONS:
                return self._entry(block, records | names)
            body = self._extension(block)
            if flag == b"x":
                # Local records go over global ones, whatever their order.
                records |= pax.decode(body)
            elif flag == b"g":
                self._global |= pax.decode(body)
                records = self._global | records
            else:  # GNU: the whole name in the content of an entry before
                names["path" if flag == b"L" else "linkpath"] = header.text(body)

    def _entry(self, block: bytes, records: dict[str, bytes]) -> Entry:
        entry = header.decode(block, records, self._limits)
        self.size += entry.size
        if self.size > self._limits.size:
            raise ArchiveError("archive.too-large", limit=self._limits.size)
        self._left, self._padding = entry.size, -entry.size % BLOCK
        return entry

    def _extension(self, block: bytes) -> bytes:
        size = header.extension_size(block)
        self._left, self._padding = size, -size % BLOCK
        return self.read(self._limits.extension)

    def _header(self) -> bytes | None:
        self._skip()
        # Extension headers count too: an endless row of them is an attack of its own.
        self._headers += 1
        if self._headers > self._limits.entries:
            raise ArchiveError("archive.too-many", limit=self._limits.entries)
        block = self._take(BLOCK)
        # The end is two blocks of zeros; one, or none at all, is how some writers leave it.
        if not block or not block.strip(b"\0"):
            return None
        if len(block) < BLOCK:
            raise ArchiveError("archive.truncated")
        header.check(block)
        return block

    def _skip(self) -> None:
        # Content is padded with zeros up to the next block.
        left, self._left, self._padding = self._left + self._padding, 0, 0
        while left > len(self._chunk) - self._at:
            left -= len(self._chunk) - self._at
            self._more()
        self._at += left

    def _take(self, count: int) -> bytes:
        # Nearly always all 512 bytes stand in the chunk at hand.
        taken = self._chunk[self._at : self._at + count]
        self._at += len(taken)
        while len(taken) < count and self._fill():
            rest = self._chunk[: count - len(taken)]
            self._at = len(rest)
            taken += rest
        return taken

    def _fill(self) -> bool:
        """The next chunk in place of the one used up; whether there was one."""
        self._before += len(self._chunk)
        self._chunk, self._at = next(self._source, b""), 0
        return bool(self._chunk)

    def _more(self) -> None:
        if not self._fill():
            raise ArchiveError("archive.truncated")
