"""How a layer travels: as it is, with gzip, or with zstd; told by its first bytes, never by its name.

A layer has two digests. The diff_id is that of the tar, and goes into the image config; the digest is that of the
compressed bytes, and goes into the manifest. `LayerWriter` takes the tar and gives both in one pass.

Gzip is written by isal where it is installed, else by zlib: always without name and time, so that one library
gives one result. Source: RFC 1952 (gzip), RFC 8878 (zstd), OCI image specification, layer.md and media-types.md.
"""

import contextlib
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from types import TracebackType
from typing import Any, Self

from pydock_lab.archive.entry import Limits
from pydock_lab.archive.pipeline import ReadAhead, Stage
from pydock_lab.archive.reader import Readable, chunks
from pydock_lab.archive.writer import Writable
from pydock_lab.errors import ArchiveError, Corrupt
from pydock_lab.oci import Digest, MediaType

_GZIP_WINDOW = zlib.MAX_WBITS | 16  # 16 asks for gzip's own header and checksum
# Input much smaller than output: then a chunk rarely leaves a tail to be copied.
_INPUT = 256 << 10
# A bound for each step: a bomb may be met in the middle of a chunk.
_OUTPUT = 4 << 20
_ZSTD_WINDOW = 1 << 27  # bytes; what the zstd program accepts without being asked, and no more


class Compression(Enum):
    """The forms of a layer that the OCI specification knows; the value is what its first bytes are."""

    NONE = b""
    GZIP = b"\x1f\x8b"
    ZSTD = b"\x28\xb5\x2f\xfd"

    @property
    def layer_type(self) -> MediaType:
        """The media type of a layer in this form."""
        return _LAYER_TYPES[self]


_LAYER_TYPES = {
    Compression.NONE: MediaType.LAYER,
    Compression.GZIP: MediaType.LAYER_GZIP,
    Compression.ZSTD: MediaType.LAYER_ZSTD,
}
_ZSTD_SKIPPABLE = tuple(bytes((0x50 + i, 0x2A, 0x4D, 0x18)) for i in range(16))


def detect(head: bytes) -> Compression:
    """The compression of something that begins with `head` (four bytes are enough)."""
    if head.startswith(_ZSTD_SKIPPABLE):  # zstd:chunked begins with a frame to be passed over
        return Compression.ZSTD
    found = (form for form in (Compression.GZIP, Compression.ZSTD) if head.startswith(form.value))
    return next(found, Compression.NONE)


def bounded(source: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The chunks of `source`, which must be `size` bytes, as its descriptor says; ArchiveError otherwise."""
    left = size
    for chunk in source:
        left -= len(chunk)
        if left < 0:
            raise ArchiveError("archive.over-size", size=size)
        yield chunk
    if left:
        raise ArchiveError("archive.under-size", size=size, got=size - left)


def decompress(source: Iterator[bytes], limits: Limits | None = None) -> Iterator[bytes]:
    """The uncompressed bytes of `source`, whatever its compression, in chunks of at most 4 MiB.

    Raises ArchiveError where the data are broken or expand beyond `limits`.
    """
    meter = _Meter(source, limits or Limits())
    head = b""
    for chunk in meter.taken():
        head += chunk
        # A pipe may give one byte at a time.
        if len(head) >= 4:  # noqa: PLR2004 - the longest magic number
            break
    compression = detect(head)
    rest = _again(head, meter.taken())
    yield from meter.checked(_ENGINES[compression](rest))


class _Meter:
    """Counts what goes in and what comes out, and stops a bomb while it is still small."""

    def __init__(self, source: Iterator[bytes], limits: Limits) -> None:
        self._source, self._limits = source, limits
        self._in = self._out = 0

    def taken(self) -> Iterator[bytes]:
        for chunk in self._source:
            self._in += len(chunk)
            yield chunk

    def checked(self, output: Iterator[bytes]) -> Iterator[bytes]:
        limits = self._limits
        for chunk in output:
            self._out += len(chunk)
            if self._out > limits.size:
                raise ArchiveError("archive.too-large", limit=limits.size)
            # The ratio of all so far, not of this chunk: zeros in the middle of a file are no bomb.
            if self._out > limits.ratio_from and self._out > limits.ratio * self._in:
                raise ArchiveError("archive.bomb", limit=limits.ratio)
            yield chunk


def _again(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from rest


def warm() -> None:
    """Import what compresses, for a process that forks: in its children there may be nothing to import from."""
    # Where it is missing, all but layers of zstd can be had; who meets one is told.
    with contextlib.suppress(ImportError):
        import zstandard  # noqa: PLC0415, F401 - see above
    _isal()


def _isal() -> Any:
    """The faster module with zlib's interface, or zlib itself; imported late, for workers with few imports."""
    try:
        from isal import isal_zlib  # noqa: PLC0415 - see above
    except ImportError:
        return zlib
    return isal_zlib


def _gunzip(source: Iterator[bytes]) -> Iterator[bytes]:
    library = _isal()
    # isal has an error class of its own, zlib's is not its parent.
    errors = (zlib.error, library.error)
    engine: Any = None
    try:
        for chunk in source:
            data = chunk
            while data:
                # Several members one after the other are one file (RFC 1952, 2.2); zeros after them are padding.
                if engine is None:
                    if not data.strip(b"\0"):
                        break
                    engine = library.decompressobj(wbits=_GZIP_WINDOW)
                yield from _inflate(engine, data)
                data, engine = (engine.unused_data, None) if engine.eof else (b"", engine)
    except errors as error:
        raise ArchiveError("archive.compression", form="gzip", reason=str(error)) from None
    if engine is not None:
        raise ArchiveError("archive.truncated")


def _inflate(engine: Any, data: bytes) -> Iterator[bytes]:
    """What `data` gives, at most `_OUTPUT` bytes at a time: more may wait inside even when no input is left."""
    while True:
        output = engine.decompress(data, _OUTPUT)
        if output:
            yield output
        data = engine.unconsumed_tail
        if engine.eof or (not data and len(output) < _OUTPUT):
            return


class _Reader:
    """Chunks as something to `read`, for zstandard."""

    def __init__(self, source: Iterator[bytes]) -> None:
        self._source = source
        self._rest = b""

    def read(self, count: int) -> bytes:
        self._rest = self._rest or next(self._source, b"")
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken


def _unzstd(source: Iterator[bytes]) -> Iterator[bytes]:
    import zstandard  # noqa: PLC0415 - only layers in this form pay for it

    engine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    try:
        # zstd:chunked and pzstd write many frames, as pigz writes many gzip members.
        yield from chunks(engine.stream_reader(_Reader(source), read_across_frames=True))  # type: ignore[arg-type]
    except zstandard.ZstdError as error:
        raise ArchiveError("archive.compression", form="zstd", reason=str(error)) from None


def _plain(source: Iterator[bytes]) -> Iterator[bytes]:
    return source


_ENGINES: dict[Compression, Callable[[Iterator[bytes]], Iterator[bytes]]] = {
    Compression.NONE: _plain,
    Compression.GZIP: _gunzip,
    Compression.ZSTD: _unzstd,
}


class LayerReader:
    """The uncompressed chunks of a layer, read, decompressed and hashed ahead in a thread.

    `size` is the descriptor's, where there is one. Once all is read, `diff_id` is the digest of what came out, and
    `verify` compares it with the expected one.
    """

    def __init__(self, stream: Readable, *, size: int | None = None, limits: Limits | None = None) -> None:
        self._hash = hashlib.sha256()
        source = chunks(stream, _INPUT)
        output = decompress(source if size is None else bounded(source, size), limits)
        self._ahead = ReadAhead(self._hashed(output))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._ahead.__exit__(*failure)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._ahead)

    def _hashed(self, output: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in output:
            self._hash.update(chunk)
            yield chunk

    @property
    def diff_id(self) -> Digest:
        """The digest of all that was read."""
        return Digest(f"sha256:{self._hash.hexdigest()}")

    def verify(self, expected: Digest | None) -> None:
        """Raise Corrupt where the layer is not the one that the image config names."""
        if expected is not None and expected != self.diff_id:
            raise Corrupt("archive.diff-id", expected=expected, got=self.diff_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenLayer:
    """What a LayerWriter wrote; sizes in bytes, `size` as it travels."""

    diff_id: Digest
    digest: Digest
    size: int
    uncompressed_size: int
    media_type: MediaType


class LayerWriter:
    """Takes the bytes of a tar, compresses them into `sink`, and hashes both forms, each in a thread of its own.

    `close` gives the WrittenLayer. As a context manager it closes, or on an error drops what still waits.
    """

    def __init__(self, sink: Writable, compression: Compression = Compression.GZIP) -> None:
        self._sink, self._compression = sink, compression
        self._engine = _compressor(compression)
        self._tar_hash, self._blob_hash = hashlib.sha256(), hashlib.sha256()
        self._tar_size = self._blob_size = 0
        # Two threads, not one: hashing and compressing together are slower than either, and both let go of the lock.
        self._hashing, self._packing = Stage(self._tar_hash.update), Stage(self._pack)
        self._written: WrittenLayer | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        if kind is None:
            self.close()
        else:
            self._hashing.cancel()
            self._packing.cancel()

    def write(self, content: bytes) -> int:
        """Take some bytes of the tar."""
        self._hashing.put(content)
        self._packing.put(content)
        self._tar_size += len(content)
        return len(content)

    def close(self) -> WrittenLayer:
        """The end of the tar: what was written. Closing again gives the same."""
        if self._written is None:
            # A thread that failed says so here at the latest.
            self._hashing.join()
            self._packing.join()
            self._emit(self._engine.flush())
            self._written = WrittenLayer(
                diff_id=Digest(f"sha256:{self._tar_hash.hexdigest()}"),
                digest=Digest(f"sha256:{self._blob_hash.hexdigest()}"),
                size=self._blob_size,
                uncompressed_size=self._tar_size,
                media_type=self._compression.layer_type,
            )
        return self._written

    def _pack(self, content: bytes) -> None:
        self._emit(self._engine.compress(content))

    def _emit(self, content: bytes) -> None:
        if content:
            self._blob_hash.update(content)
            self._sink.write(content)
            self._blob_size += len(content)


class _Plain:
    """The compressor that does nothing."""

    def compress(self, content: bytes) -> bytes:
        return content

    def flush(self) -> bytes:
        return b""


def _compressor(compression: Compression) -> Any:
    if compression is Compression.NONE:
        return _Plain()
    if compression is Compression.ZSTD:
        import zstandard  # noqa: PLC0415 - only who asks for it pays for it

        return zstandard.ZstdCompressor(level=3).compressobj()
    # Level 1: with isal a seventh faster than 2 for nearly the same size, with zlib four times faster than 6.
    return _isal().compressobj(1, zlib.DEFLATED, _GZIP_WINDOW)
