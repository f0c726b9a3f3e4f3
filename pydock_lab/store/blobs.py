"""Bytes by their digest: `blobs/sha256/<hex>`, the half of an OCI image layout that never changes.

    writer ──write──> ingest/...   hashed on the way   ──commit: digest and size right? ──rename──> blobs/sha256/<hex>

A blob is either absent or whole. Its name is the digest of its content, so nobody has to lock anything: two
processes that write the same blob write the same bytes. Blobs are not flushed to the disk one by one, which would
cost more than writing them: one that a power failure cut is told by its size, or by `check`.

Source: OCI image specification, image-layout.md.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from pydock_lab.errors import Corrupt, InvalidDigest, InvalidDocument, NotFound
from pydock_lab.oci import Descriptor, Digest
from pydock_lab.oci.document import MAX_DOCUMENT
from pydock_lab.store.home import make_private
from pydock_lab.store.ingest import Ingest, write_all

_CHUNK = 1 << 20


class BlobStore:
    """The blobs below `root`, an OCI image layout."""

    def __init__(self, root: Path) -> None:
        self._root = root / "blobs"
        self._ingest = Ingest(root)

    def path(self, digest: Digest) -> Path:
        """Where the blob is, or would be."""
        return self._root / digest.algorithm / digest.hex

    def has(self, digest: Digest, size: int | None = None) -> bool:
        """Whether the blob is here, with this size where one is given."""
        try:
            found = self.path(digest).stat().st_size
        except FileNotFoundError:
            return False
        return size is None or size == found

    def size(self, digest: Digest) -> int:
        """Bytes of the blob; raises NotFound."""
        try:
            return self.path(digest).stat().st_size
        except FileNotFoundError:
            raise NotFound("store.blob-missing", digest=digest) from None

    def stamp(self, digest: Digest) -> tuple[int, int, int]:
        """What tells the blob's file from another one in its place: inode, time, size; raises NotFound."""
        try:
            status = self.path(digest).stat()
        except FileNotFoundError:
            raise NotFound("store.blob-missing", digest=digest) from None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def open(self, blob: Descriptor | Digest) -> BinaryIO:
        """The blob, open for reading; NotFound where it is not here, Corrupt where its size is not the descriptor's.

        The content is not verified here: who unpacks or sends it does so on the way.
        """
        digest = blob if isinstance(blob, Digest) else blob.digest
        try:
            file = self.path(digest).open("rb")
        except FileNotFoundError:
            raise NotFound("store.blob-missing", digest=digest) from None
        found = os.fstat(file.fileno()).st_size
        if isinstance(blob, Descriptor) and blob.size != found:
            file.close()
            raise Corrupt("store.blob-size", digest=digest, size=found, expected=blob.size)
        return file

    def read(self, blob: Descriptor | Digest) -> bytes:
        """A small blob (manifest, config), verified; raises NotFound, Corrupt, or InvalidDocument for a large one."""
        digest = blob if isinstance(blob, Digest) else blob.digest
        with self.open(blob) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAX_DOCUMENT:
                raise InvalidDocument("oci.document-size", what=digest, size=size, limit=MAX_DOCUMENT)
            content = file.read()
        if Digest.of(content, digest.algorithm) != digest:
            raise Corrupt("store.blob-content", digest=digest)
        return content

    def put(self, content: bytes) -> Digest:
        """Keep `content`; its digest."""
        digest = Digest.of(content)
        # A file of another size under this name is damage, and is written over.
        if not self.has(digest, len(content)):
            self._ingest.replace(self.path(digest), content)
        return digest

    def writer(self, algorithm: str = "sha256", *, resume: Digest | None = None) -> "BlobWriter":
        """A new blob, to be written and committed; with `resume` from where somebody came with that one before."""
        return BlobWriter(self, self._ingest, resume.algorithm if resume else algorithm, resume)

    def delete(self, digest: Digest) -> int:
        """Remove the blob; the bytes it had, 0 where it was not here."""
        try:
            size = self.path(digest).stat().st_size
            self.path(digest).unlink()
        except FileNotFoundError:
            return 0
        return size

    def __iter__(self) -> Iterator[Digest]:
        for directory in sorted(self._root.glob("*")):
            for path in sorted(directory.glob("*")):
                with suppress(InvalidDigest):  # somebody else's file
                    yield Digest(f"{directory.name}:{path.name}")

    def recompute(self, digest: Digest) -> bool:
        """Whether the content is what its name says; reads all of it."""
        engine = hashlib.new(digest.algorithm)
        with self.open(digest) as file:
            while chunk := file.read(_CHUNK):
                engine.update(chunk)
        return engine.hexdigest() == digest.hex


class BlobWriter:
    """A blob on its way: write to it, then `commit`. A context manager: left without commit, nothing stays.

    What is known to become `resume` does stay, for whoever wants that next; `size` are the bytes that are here.
    """

    def __init__(self, store: BlobStore, ingest: Ingest, algorithm: str, resume: Digest | None = None) -> None:
        self._store, self._ingest, self._algorithm = store, ingest, algorithm
        self._kept = f"{algorithm}-{resume.hex}" if resume else ""
        self._path, self._file = ingest.go_on(self._kept) if resume else ingest.create()
        self._hash = hashlib.new(algorithm)
        self.size = 0
        while resume and (chunk := self._file.read(_CHUNK)):
            self._hash.update(chunk)
            self.size += len(chunk)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._file.close()
        if self._kept and self.size and self._path.exists():
            self._ingest.keep(self._path, self._kept)
        else:
            self._path.unlink(missing_ok=True)

    def restart(self) -> None:
        """Begin anew: what was here is not what it should become."""
        self._file.seek(0)
        self._file.truncate()
        self._hash, self.size = hashlib.new(self._algorithm), 0

    def write(self, content: bytes) -> int:
        """Add `content`."""
        write_all(self._file, content)
        self._hash.update(content)
        self.size += len(content)
        return len(content)

    def commit(self, expected: Digest | None = None, size: int | None = None) -> Digest:
        """Make the blob part of the store; Corrupt where it is not the `expected` one, or not of this `size`."""
        digest = Digest(f"{self._algorithm}:{self._hash.hexdigest()}")
        self._kept = ""  # it is whole, or wrong
        # The size first: "cut off" tells more than "another digest".
        if size is not None and size != self.size:
            raise Corrupt("store.blob-size", digest=expected or digest, size=self.size, expected=size)
        if expected is not None and expected != digest:
            raise Corrupt("store.blob-differs", digest=digest, expected=expected)
        self._file.close()
        target = self._store.path(digest)
        # Renamed over an equal one where two processes fetched the same: readers of either go on.
        make_private(target.parent)
        os.replace(self._path, target)
        return digest
