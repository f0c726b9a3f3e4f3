"""A blob on its way here: hashed as it comes, resumed where it broke off, refused where it is another one.

It is resumed after the death of who fetched it, too: what had come waits in the store for a day (see store/ingest.py).

GET blob            ... the connection ends at byte 7,000,000
GET blob  Range: bytes=7000000-      the rest: the digest is of the whole, so no part can be smuggled in
"""

import time
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydock_lab.errors import Corrupt, RegistryError
from pydock_lab.oci import Descriptor
from pydock_lab.registry.session import Session, repository_scope, wrong_digest
from pydock_lab.store.blobs import BlobStore, BlobWriter

if TYPE_CHECKING:
    import requests

OnProgress = Callable[[int], None]

_CHUNK = 1 << 20
_TRIES = 4
_PAUSE = 0.2  # seconds before the second try, twice as long before each further one


def silent(_done: int) -> None:
    """The progress that nobody watches."""


class _BrokenOff(Exception):
    """The connection ended in the middle of a blob."""


def fetch_blob(session: Session, repository: str, blob: Descriptor, blobs: BlobStore, on_progress: OnProgress) -> None:
    """Fetch `blob` into `blobs`; raises RegistryError where it cannot be had, or is not what its digest says."""
    what = f"{session.host}/{repository}@{blob.digest}"
    # One writer for all tries: the hash of what has arrived goes on with what comes next.
    with blobs.writer(resume=blob.digest) as writer:
        if writer.size >= blob.size:
            writer.restart()  # as much as it should be, and not taken for it: somebody died at the last moment
        # What was here already may be what is wrong: then it is fetched once more, from the beginning.
        for is_resumed in (True, False) if writer.size else (False,):
            _fetch(session, repository, blob, writer, on_progress)
            try:
                writer.commit(blob.digest, blob.size)
            except Corrupt as error:
                if not is_resumed:
                    raise wrong_digest(session.host, what, error.fields["digest"], blob.digest) from None
                writer.restart()
            else:
                return


def _fetch(session: Session, repository: str, blob: Descriptor, writer: BlobWriter, on_progress: OnProgress) -> None:
    """The rest of the blob, in as many tries as it takes, but not in more than a few."""
    for attempt in range(_TRIES):
        try:
            _receive(session, repository, blob, writer, on_progress)
            break
        except _BrokenOff as error:
            if attempt == _TRIES - 1:
                raise RegistryError("registry.broken-off", host=session.host, reason=str(error)) from None
            time.sleep(_PAUSE * 2**attempt)


def stream_blob(session: Session, repository: str, blob: Descriptor) -> Iterator[bytes]:
    """The bytes of `blob`, gone on with where the connection breaks; raises RegistryError."""
    done, tried = 0, 0
    while done < blob.size:
        try:
            for piece in _ask(session, repository, blob, done):
                done += len(piece)
                yield piece
            break
        except _BrokenOff as error:
            tried += 1
            if tried == _TRIES:
                raise RegistryError("registry.broken-off", host=session.host, reason=str(error)) from None
            time.sleep(_PAUSE * 2**tried)


def _ask(session: Session, repository: str, blob: Descriptor, offset: int) -> Iterator[bytes]:
    """The rest of a blob, from `offset` on."""
    head = {"Range": f"bytes={offset}-"} if offset else {}
    scopes = (repository_scope(repository, "pull"),)
    response = session.request("GET", f"/v2/{repository}/blobs/{blob.digest}", scopes=scopes, headers=head)
    wanted = (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT)
    try:
        what = f"{session.host}/{repository}@{blob.digest}"
        session.expect(response, wanted, what=what, missing="registry.no-blob")
        yield from _pieces(response, offset)
    finally:
        response.close()


def _receive(session: Session, repository: str, blob: Descriptor, writer: BlobWriter, on_progress: OnProgress) -> None:
    what = f"{session.host}/{repository}@{blob.digest}"
    for piece in _ask(session, repository, blob, writer.size):
        # The descriptor said how long it is: whoever sends more wants to fill the disk.
        if writer.size + len(piece) > blob.size:
            raise RegistryError("registry.blob-too-long", host=session.host, what=what, size=blob.size)
        writer.write(piece)
        on_progress(writer.size)


def _pieces(response: "requests.Response", offset: int) -> Iterator[bytes]:
    """The body from `offset` of the blob on, whether the server understood the Range or sends all of it again."""
    import urllib3  # noqa: PLC0415 - comes with requests, see transport

    # 200 to a Range: the server sends the whole blob again, and the part that we have is dropped.
    skip = offset
    if response.status_code == HTTPStatus.PARTIAL_CONTENT:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {offset}-"):
            raise _BrokenOff("another range than the one asked for")
        skip = 0
    try:
        # Not decoded: the digest is of the bytes as they travel, whatever a Content-Encoding claims.
        while piece := response.raw.read(_CHUNK, decode_content=False):
            yield piece[skip:]
            skip = max(0, skip - len(piece))
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _BrokenOff(str(error)[:200]) from None
