"""Where what is pushed comes from: a store, or another registry, from which it passes through without being kept.

registry A  --- GET blob --->  hashed as it passes  --- PUT blob --->  registry B
"""

import hashlib
from io import BytesIO, RawIOBase
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Descriptor, Digest
from pydock_lab.registry.session import wrong_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydock_lab.registry.client import RegistryClient


class BlobSource(Protocol):
    """What a push needs of a store."""

    def has(self, digest: Digest, size: int | None = None) -> bool:
        """Whether the blob can be had."""

    def open(self, blob: Descriptor | Digest) -> BinaryIO:
        """The blob, to be read once from its beginning."""

    def read(self, blob: Descriptor | Digest) -> bytes:
        """A manifest, verified."""


class BytesSource:
    """One small blob, from memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def has(self, digest: Digest, size: int | None = None) -> bool:
        """Whether it is this one."""
        return digest == Digest.of(self._content, digest.algorithm) and size in (None, len(self._content))

    def open(self, _blob: Descriptor | Digest) -> BinaryIO:
        """The blob."""
        return BytesIO(self._content)

    def read(self, _blob: Descriptor | Digest) -> bytes:
        """The blob."""
        return self._content


class RemoteBlobs:
    """The blobs and manifests of a repository of another registry. Methods raise RegistryError."""

    def __init__(self, client: "RegistryClient", repository: str) -> None:
        self._client, self._repository = client, repository

    def has(self, digest: Digest, size: int | None = None) -> bool:
        """Whether the registry has the blob; its size is found out on the way."""
        del size
        return self._client.has_blob(self._repository, digest)

    def open(self, blob: Descriptor | Digest) -> BinaryIO:
        """The blob as it comes, hashed on the way."""
        assert isinstance(blob, Descriptor)  # noqa: S101 - for mypy; a push knows the size of what it sends
        pieces = self._client.stream_blob(self._repository, blob)
        return cast("BinaryIO", _Passing(pieces, blob, self._client.host, self._repository))

    def read(self, blob: Descriptor | Digest) -> bytes:
        """A manifest, verified."""
        digest = blob if isinstance(blob, Digest) else blob.digest
        return self._client.manifest(self._repository, digest)[0]


class _Passing(RawIOBase):
    """Bytes on their way: as many as the descriptor says, and of its digest, or an error at the end."""

    def __init__(self, pieces: "Iterator[bytes]", blob: Descriptor, host: str, repository: str) -> None:
        super().__init__()
        self._pieces, self._blob = pieces, blob
        self._host, self._what = host, f"{host}/{repository}@{blob.digest}"
        self._left, self._hash = blob.size, hashlib.new(blob.digest.algorithm)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, at most `size`; b"" at the end."""
        while self._left and (size < 0 or len(self._rest) < size):
            piece = next(self._pieces, b"")
            if not piece:
                raise RegistryError("registry.broken-off", host=self._host, reason="")
            self._left -= len(piece)
            if self._left < 0:
                raise RegistryError("registry.blob-too-long", host=self._host, what=self._what, size=self._blob.size)
            self._hash.update(piece)
            self._rest += piece
            if not self._left:
                self._verify()
        taken = self._rest if size < 0 else self._rest[:size]
        self._rest = self._rest[len(taken) :]
        return taken

    def _verify(self) -> None:
        # Before the last bytes are given: who gets them would take the blob for whole.
        found = f"{self._blob.digest.algorithm}:{self._hash.hexdigest()}"
        if found != self._blob.digest:
            raise wrong_digest(self._host, self._what, found, self._blob.digest)
