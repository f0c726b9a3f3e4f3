"""A blob on its way to a registry: mounted if it can be, else sent in one piece, else in chunks.

POST uploads/?mount=&from=    201: not a byte travelled           202 + Location: send it there
PUT  location?digest=         the whole blob, streamed from the disk
PATCH location, PATCH ... PUT    for registries and proxies that take no request of that size
GET  location                 where an upload broke off: how far it came; then PATCH and PUT of the rest
"""

import re
from collections.abc import Callable, Iterator
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlencode, urlsplit

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Descriptor
from pydock_lab.registry.answers import finish
from pydock_lab.registry.downloads import OnProgress
from pydock_lab.registry.session import Session, repository_scope
from pydock_lab.registry.sources import BlobSource
from pydock_lab.registry.transport import Content
from pydock_lab.registry.unfinished import Unfinished

if TYPE_CHECKING:
    import requests

_NOWHERE = Unfinished(None)
_RANGE = re.compile("(?:bytes=)?0-([0-9]{1,18})")
_CHUNK = 8 << 20
_MAX_CHUNK = 64 << 20  # what a registry may ask us to hold in memory
# What a registry or a proxy before it says to a request that is too large, or of a kind that it does not do.
_NOT_SO = frozenset(
    {
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.LENGTH_REQUIRED,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)


class Sent(StrEnum):
    """How a blob got there."""

    MOUNTED = "mounted"
    UPLOADED = "uploaded"


class _Watched:
    """A file that is being sent: says how much of it was read. Requests wants a length and an iterator."""

    def __init__(self, file: BinaryIO, size: int, on_progress: OnProgress) -> None:
        self._file, self._size, self._on_progress = file, size, on_progress
        self._done = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read(1 << 18):
            yield piece

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""
        piece = self._file.read(size)
        self._done += len(piece)
        if piece:
            self._on_progress(self._done)
        return piece

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Upload:
    """One blob to one repository."""

    def __init__(
        self,
        session: Session,
        repository: str,
        blob: Descriptor,
        blobs: BlobSource,
        on_progress: OnProgress,
        *,
        unfinished: Unfinished = _NOWHERE,
    ) -> None:
        self._session, self._repository, self._blob, self._blobs = session, repository, blob, blobs
        self._on_progress, self._unfinished = on_progress, unfinished
        self._scopes = (repository_scope(repository, "pull,push"),)
        self._what = f"{session.host}/{repository}@{blob.digest}"

    def send(self, mount_from: tuple[str, ...] = ()) -> Sent:
        """Get the blob there; raises RegistryError, or NotFound and Corrupt where we do not have it whole."""
        for source in mount_from:
            response = self._begin({"mount": self._blob.digest, "from": source}, source)
            if response.status_code == HTTPStatus.CREATED:
                return Sent.MOUNTED
            # Not there: the same answer has begun an upload, which the next attempt leaves alone.
            self._forget(response)
        with self._unfinished.place(self._session.host, self._repository, self._blob.digest) as place:
            if place.location and self._goes_on(place.location):
                place.forget()
                return Sent.UPLOADED
            place.forget()
            location = self._location(self._begin({}))
            place.note(location)
            # Streaming PUT first: one request, no copy in memory. A refusal of its size has used up the session.
            if not self._in_one_piece(location):
                place.forget()
                self._in_chunks(self._begin({}))
            place.forget()
        return Sent.UPLOADED

    def _goes_on(self, location: str) -> bool:
        """Whether the rest of an upload that broke off was sent; False where it has to begin anew."""
        try:
            response = self._session.request("GET", location, scopes=self._scopes)
            finish(response)
            found = _RANGE.fullmatch(response.headers.get("Range", ""))
            # `0-0` is one byte, or none: not worth to be found out.
            if response.status_code != HTTPStatus.NO_CONTENT or found is None or int(found[1]) == 0:
                return False
            done = int(found[1]) + 1
            if done > self._blob.size:
                return False
            location = self._location(response)
            if done < self._blob.size:
                head = {"Content-Range": f"{done}-{self._blob.size - 1}", "Content-Type": "application/octet-stream"}
                rest = self._rest(done)
                response = self._session.request("PATCH", location, scopes=self._scopes, headers=head, content=rest)
                self._session.done(response, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT, what=self._what)
                location = self._location(response)
            self._session.done(self._put(location, b""), HTTPStatus.CREATED, what=self._what)
        except RegistryError:  # the registry has forgotten it, or what was there is something else
            return False
        return True

    def _rest(self, done: int) -> Callable[[], _Watched]:
        def open_rest() -> _Watched:
            file = self._blobs.open(self._blob)
            file.seek(done)
            return _Watched(file, self._blob.size - done, lambda sent: self._on_progress(done + sent))

        return open_rest

    def _begin(self, query: dict[str, str], source: str = "") -> "requests.Response":
        url = f"/v2/{self._repository}/blobs/uploads/" + (f"?{urlencode(query)}" if query else "")
        # A mount reads there and writes here: a token for one of both alone would be refused.
        scopes = self._scopes + ((repository_scope(source, "pull"),) if source else ())
        response = self._session.request("POST", url, scopes=scopes)
        wanted = (HTTPStatus.ACCEPTED, HTTPStatus.CREATED) if query else (HTTPStatus.ACCEPTED,)
        self._session.expect(response, wanted, what=self._what, missing="registry.no-repository")
        finish(response)
        return response

    def _forget(self, response: "requests.Response") -> None:
        finish(self._session.request("DELETE", self._location(response), scopes=self._scopes))

    def _in_one_piece(self, location: str) -> bool:
        """Whether the registry took the blob as a whole."""
        # A file opened anew for every try: a request that met a 401 has read a part of it.
        response = self._put(location, self._open if self._blob.size else b"")
        if response.status_code in _NOT_SO and self._blob.size > 1:
            finish(response)
            return False
        self._session.done(response, HTTPStatus.CREATED, what=self._what)
        return True

    def _in_chunks(self, begun: "requests.Response") -> None:
        size = _chunk_size(begun.headers.get("OCI-Chunk-Min-Length", ""))
        location, done = self._location(begun), 0
        with self._blobs.open(self._blob) as file:
            while chunk := file.read(size):
                # The specification's form, without the word "bytes" of RFC 9110.
                head = {"Content-Range": f"{done}-{done + len(chunk) - 1}", "Content-Type": "application/octet-stream"}
                response = self._session.request("PATCH", location, scopes=self._scopes, headers=head, content=chunk)
                self._session.done(response, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT, what=self._what)
                location, done = self._location(response), done + len(chunk)
                self._on_progress(done)
        self._session.done(self._put(location, b""), HTTPStatus.CREATED, what=self._what)

    def _put(self, location: str, content: Content) -> "requests.Response":
        parts = urlsplit(location)
        # The registry's own parameters stay: some keep the state of the upload in them.
        query = "&".join(filter(None, (parts.query, urlencode({"digest": self._blob.digest}))))
        head = {"Content-Type": "application/octet-stream"}
        url = parts._replace(query=query).geturl()
        return self._session.request("PUT", url, scopes=self._scopes, headers=head, content=content)

    def _open(self) -> _Watched:
        return _Watched(self._blobs.open(self._blob), self._blob.size, self._on_progress)

    def _location(self, response: "requests.Response") -> str:
        """Where the upload goes on; raises RegistryError where nobody says, or where it would be unsafe to follow."""
        said = response.headers.get("Location")
        if not said:
            raise RegistryError("registry.no-location", host=self._session.host)
        return self._session.endpoint.next(response.url, said)


def _chunk_size(least: str) -> int:
    return min(max(_CHUNK, int(least)), _MAX_CHUNK) if least.isdecimal() else _CHUNK
