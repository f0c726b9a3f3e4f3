"""The endpoints of uploads: how a blob gets here (end-4a to end-6, end-11, end-13, end-14).

POST uploads/                  202, Location: where to send it
PATCH location  (Content-Range: 0-999, or none: a stream)   202, Range: 0-999, what is here now
PUT location?digest=           the last part, or the whole, or nothing more; verified, 201
POST uploads/?digest=          all at once
POST uploads/?mount=&from=     not one byte: another repository of this registry has it
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from pydock_lab.errors import Corrupt
from pydock_lab.oci import Digest
from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.bodies import BrokenBody
from pydock_lab.registry.server.messages import ErrorCode, Refusal, Request, Response, valid_digest, valid_name
from pydock_lab.registry.server.rights import Action
from pydock_lab.registry.server.sessions import NoRoom, Upload

# The specification's own form, without the word "bytes" that RFC 9110 would want.
_CONTENT_RANGE = re.compile(r"(?:bytes )?([0-9]{1,18})-([0-9]{1,18})(?:/(?:[0-9]+|\*))?")


def start_upload(registry: Registry, request: Request) -> Response:
    """end-4a, end-4b, end-4c and end-11: begin an upload; with `digest` end it at once, with `mount` skip it."""
    name = request.name
    mount = request.value("mount")
    if mount is not None and (mounted := _mount(registry, request, valid_digest(mount))):
        return mounted
    whole = request.value("digest")
    digest = valid_digest(whole) if whole is not None else None
    algorithm = digest.algorithm if digest else request.value("digest-algorithm") or "sha256"
    if algorithm not in ("sha256", "sha384", "sha512"):
        raise Refusal(ErrorCode.DIGEST_INVALID, "unknown digest algorithm")
    upload = registry.uploads.start(name, algorithm)
    if digest is None:
        return _accepted(upload, HTTPStatus.ACCEPTED)
    with upload.lock:
        try:
            _append(registry, upload, request)
        except Refusal:
            registry.uploads.drop(upload)  # nobody was told its name, so nobody can go on with it
            raise
        return _finish(registry, upload, digest)


def upload_part(registry: Registry, request: Request) -> Response:
    """end-5: add a part; one that does not begin where the last one ended gets 416, and is told where that was."""
    with _session(registry, request) as upload:
        _append(registry, upload, request)
        return _accepted(upload, HTTPStatus.ACCEPTED)


def finish_upload(registry: Registry, request: Request) -> Response:
    """end-6: the last part, and the digest that all of it must have."""
    said = request.value("digest")
    if said is None:
        raise Refusal(ErrorCode.DIGEST_INVALID, "the digest is missing")
    digest = valid_digest(said)
    with _session(registry, request) as upload:
        _append(registry, upload, request)
        return _finish(registry, upload, digest)


def upload_status(registry: Registry, request: Request) -> Response:
    """end-13: how far it is."""
    with _session(registry, request) as upload:
        return _accepted(upload, HTTPStatus.NO_CONTENT)


def cancel_upload(registry: Registry, request: Request) -> Response:
    """end-14: forget it."""
    with _session(registry, request) as upload:
        registry.uploads.drop(upload)
    return Response(status=HTTPStatus.NO_CONTENT)


@contextmanager
def _session(registry: Registry, request: Request) -> Iterator[Upload]:
    """The upload of the path, held; raises Refusal."""
    unknown = Refusal(ErrorCode.BLOB_UPLOAD_UNKNOWN, "blob upload unknown to registry")
    upload = registry.uploads.find(request.parts["session"], request.name)
    if upload is None:
        raise unknown
    with upload.lock:
        # While we waited for the lock, somebody else may have finished it.
        if not upload.path.exists():
            raise unknown
        yield upload


def _mount(registry: Registry, request: Request, digest: Digest) -> Response | None:
    """Link a blob of another repository; None where that has it not (also where none is named), or not for everybody.

    Who may not pull there is answered as if it were not there: the upload begins.
    """
    source = request.value("from")
    if source is None or not request.visitor.may(valid_name(source), Action.PULL):
        return None
    with registry.storage.changing():
        # Existing content is not enough: who knows a digest has not therefore the right to its content.
        if not registry.storage.repository(source).has_blob(digest):
            return None
        registry.storage.repository(request.name).add_blob(digest)
    return _created(request.name, digest)


def _append(registry: Registry, upload: Upload, request: Request) -> None:
    # The order is checked before a byte is read: a part at the wrong place could not be taken back out.
    before = upload.size
    wanted = _wanted(upload, request.headers.get("Content-Range", ""))
    try:
        arrived = upload.append(request.body, registry.room())
    except NoRoom:
        raise registry.full() from None
    except BrokenBody:
        # A part that must have a size, and has not, is taken back; a stream keeps what came.
        if wanted is not None:
            upload.cut(before)
        raise
    if wanted is not None and arrived != wanted:
        upload.cut(before)
        raise Refusal(ErrorCode.SIZE_INVALID, f"Content-Range announced {wanted} bytes, {arrived} came")


def _wanted(upload: Upload, said: str) -> int | None:
    """How many bytes a Content-Range announces, None where there is none; raises Refusal where it is out of order."""
    if not said:
        return None
    found = _CONTENT_RANGE.fullmatch(said.strip())
    if found is None or int(found[2]) < int(found[1]):
        raise Refusal(ErrorCode.BLOB_UPLOAD_INVALID, "Content-Range is not first-last")
    if int(found[1]) != upload.size:
        raise Refusal(
            ErrorCode.BLOB_UPLOAD_INVALID,
            f"the next byte is {upload.size}, not {found[1]}",
            status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
            headers=_progress(upload),
        )
    return int(found[2]) - int(found[1]) + 1


def _finish(registry: Registry, upload: Upload, digest: Digest) -> Response:
    try:
        # Content before link, and both under one lock: a delete in between would take the content away.
        with registry.storage.changing():
            upload.commit(registry.storage.blobs, digest)
            registry.storage.repository(upload.repository).add_blob(digest)
    except Corrupt as error:
        detail = {"digest": digest, "found": error.fields["digest"]}
        message = "provided digest did not match uploaded content"
        raise Refusal(ErrorCode.DIGEST_INVALID, message, detail=detail) from None
    finally:
        registry.uploads.drop(upload)
    return _created(upload.repository, digest)


def _created(name: str, digest: Digest) -> Response:
    head = {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest}
    return Response(status=HTTPStatus.CREATED, headers=head)


def _accepted(upload: Upload, status: HTTPStatus) -> Response:
    return Response(status=status, headers=_progress(upload))


def _progress(upload: Upload) -> dict[str, str]:
    # Relative: whatever name or proxy the client came by, it comes back the same way.
    return {
        "Location": f"/v2/{upload.repository}/blobs/uploads/{upload.id}",
        # 0-0 where there is nothing, too: the form has no way to say that, and Docker's registry does the same.
        "Range": f"0-{max(0, upload.size - 1)}",
        "Docker-Upload-UUID": upload.id,
    }
