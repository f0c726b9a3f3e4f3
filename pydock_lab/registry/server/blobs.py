"""The endpoints of blobs: reading them whole or in part, and removing them (end-2, end-10)."""

import re
from dataclasses import dataclass
from http import HTTPStatus

from pydock_lab.registry.server.messages import ErrorCode, FileSlice, Refusal, Request, Response
from pydock_lab.registry.server.sessions import Uploads
from pydock_lab.registry.server.storage import Storage

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Registry:
    """What every endpoint works on."""

    storage: Storage
    uploads: Uploads
    allow_delete: bool
    quota: int | None = None  # bytes of everything

    def room(self) -> int | None:
        """Bytes that may still come; None where nobody counts."""
        return None if self.quota is None else max(0, self.quota - self.storage.used() - self.uploads.used())

    def full(self) -> Refusal:
        """The refusal of what does not fit."""
        return Refusal(ErrorCode.DENIED, f"the registry is full: it may hold {self.quota} bytes")


def get_blob(registry: Registry, request: Request) -> Response:
    """end-2: a blob, or the part of it that a Range header asks for. HEAD is the same without the body."""
    digest = request.digest
    # The link of this repository decides, not the content: see storage.
    if not registry.storage.repository(request.name).has_blob(digest) or not registry.storage.blobs.has(digest):
        raise Refusal(ErrorCode.BLOB_UNKNOWN, "blob unknown to registry", detail={"digest": digest})
    if request.method == "HEAD":
        # Who is told that it is here will not send it: garbage collection leaves it alone for a while.
        registry.storage.repository(request.name).touch_blob(digest)
    path, size = registry.storage.blobs.path(digest), registry.storage.blobs.size(digest)
    head = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": digest,
        "Accept-Ranges": "bytes",
        # A digest's content never changes; caches may keep it for good.
        "Cache-Control": "max-age=31536000, immutable",
        "ETag": f'"{digest}"',
    }
    part = _part(request.headers.get("Range", ""), size)
    if part is None:
        return Response(status=HTTPStatus.OK, headers=head, file=FileSlice(path=path, offset=0, count=size))
    first, last = part
    head["Content-Range"] = f"bytes {first}-{last}/{size}"
    slice_ = FileSlice(path=path, offset=first, count=last - first + 1)
    return Response(status=HTTPStatus.PARTIAL_CONTENT, headers=head, file=slice_)


def delete_blob(registry: Registry, request: Request) -> Response:
    """end-10: take a blob out of the repository; the content goes with its last link."""
    _deletable(registry)
    digest, repository = request.digest, registry.storage.repository(request.name)
    # Manifests that name it are left as they are: the specification asks nobody to look for them.
    with registry.storage.changing():
        if not repository.has_blob(digest):
            raise Refusal(ErrorCode.BLOB_UNKNOWN, "blob unknown to registry", detail={"digest": digest})
        repository.remove_blob(digest)
        registry.storage.forget(digest)
    return Response(status=HTTPStatus.ACCEPTED)


def _deletable(registry: Registry) -> None:
    if not registry.allow_delete:
        raise Refusal(ErrorCode.UNSUPPORTED, "this registry deletes nothing")


def _part(said: str, size: int) -> tuple[int, int] | None:
    """First and last byte that a Range asks for; None for the whole, also where it asks for several parts.

    Source: RFC 9110, section 14.
    """
    found = _RANGE.fullmatch(said.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if found[1]:
        first, last = int(found[1]), int(found[2]) if found[2] else size - 1
        # A range that makes no sense is ignored, as RFC 9110 wants; one that lies beyond the end is refused.
        if last < first and found[2]:
            return None
    else:  # bytes=-500: the last 500
        first, last = max(0, size - int(found[2])), size - 1
    if first >= size:
        raise Refusal(
            ErrorCode.SIZE_INVALID,
            "the range lies beyond the blob",
            status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            headers={"Content-Range": f"bytes */{size}"},
        )
    return first, min(last, size - 1)
