"""The body of a request: so many bytes (Content-Length), or pieces that each say their size (chunked).

A body that breaks off raises BrokenBody: nothing that comes after it on the connection can be told from it.

Source: RFC 9112, sections 6 and 7.1.
"""

import re
from collections.abc import Iterator
from email.message import Message
from io import BufferedIOBase
from typing import Protocol

_PIECE = 1 << 20
_LINE = 1024  # a chunk's size, with extensions that nobody uses
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n")
_TRAILERS = 32


class BrokenBody(Exception):
    """The body is not what its headers say, or the connection ended in the middle."""


class Body(Protocol):
    """Bytes to come, and how many were `taken` so far."""

    taken: int

    def read(self, limit: int) -> bytes:
        """At most `limit` bytes, b"" at the end; raises BrokenBody."""

    @property
    def left(self) -> int | None:
        """Bytes to come, None where nobody knows."""


class SizedBody:
    """A body of `length` bytes."""

    def __init__(self, stream: BufferedIOBase, length: int) -> None:
        self._stream, self._left = stream, length
        self.taken = 0

    @property
    def left(self) -> int:
        """Bytes to come."""
        return self._left

    def read(self, limit: int) -> bytes:
        """The next bytes."""
        # Never more than announced: what follows is the next request.
        wanted = min(limit, self._left)
        piece = self._stream.read(wanted) if wanted else b""
        if wanted and not piece:
            raise BrokenBody("the connection ended within the body")
        self._left -= len(piece)
        self.taken += len(piece)
        return piece


class ChunkedBody:
    """A body in pieces, each with its size before it, the last one empty."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._in_chunk = 0
        self._ended = False
        self.taken = 0

    @property
    def left(self) -> int | None:
        """0 after the last piece; before it nobody knows."""
        return 0 if self._ended else None

    def read(self, limit: int) -> bytes:
        """The next bytes, within one piece."""
        if not self._in_chunk and not self._ended:
            self._begin_chunk()
        piece = self._stream.read(min(limit, self._in_chunk)) if self._in_chunk else b""
        if self._in_chunk and not piece:
            raise BrokenBody("the connection ended within a chunk")
        self._in_chunk -= len(piece)
        self.taken += len(piece)
        if piece and not self._in_chunk:
            self._line()  # the line end after the data of a chunk
        return piece

    def _begin_chunk(self) -> None:
        found = _CHUNK_SIZE.fullmatch(self._line())
        if found is None:
            raise BrokenBody("a chunk without a size")
        self._in_chunk = int(found[1], 16)
        if not self._in_chunk:
            self._end()

    def _end(self) -> None:
        # Trailers, up to the empty line; nobody sends many of them.
        for _ in range(_TRAILERS):
            if not self._line().strip():
                self._ended = True
                return
        raise BrokenBody("trailers without an end")

    def _line(self) -> bytes:
        line = self._stream.readline(_LINE)
        if not line.endswith(b"\n"):
            raise BrokenBody("a chunk's line without an end")
        return line


def open_body(headers: Message, stream: BufferedIOBase) -> Body:
    """The body that the headers announce; raises BrokenBody where they contradict each other.

    Both lengths at once, or two different ones, are how requests get smuggled past a proxy (RFC 9112, 6.3).
    """
    lengths = set(headers.get_all("Content-Length", []))
    coding = headers.get("Transfer-Encoding", "").strip().lower()
    if coding:
        if coding != "chunked" or lengths:
            raise BrokenBody("only Transfer-Encoding: chunked, and no Content-Length beside it")
        return ChunkedBody(stream)
    if len(lengths) > 1 or not all(re.fullmatch("[0-9]{1,18}", length) for length in lengths):
        raise BrokenBody("Content-Length is not one number")
    return SizedBody(stream, int(lengths.pop()) if lengths else 0)


def pieces(body: Body) -> Iterator[bytes]:
    """The body, piece by piece."""
    while piece := body.read(_PIECE):
        yield piece


def drain(body: Body, most: int) -> bool:
    """Read and drop what an endpoint left of a body, about `most` bytes; whether the connection can go on then."""
    # Not all of it, whatever its size: who is refused a gigabyte must not have to send it.
    limit = body.taken + most
    while body.left != 0 and body.taken < limit:
        body.read(min(most, _PIECE))
    return body.left == 0
