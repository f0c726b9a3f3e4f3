"""The endpoints of manifests, tags and referrers (end-3, end-7, end-9, end-12).

A manifest is taken byte for byte: its digest is what signatures and other registries know it by. All that it names must
be here first, so that an image that can be found by its tag can be pulled whole; only `subject` may come later.
"""

from http import HTTPStatus

from pydock_lab.errors import InvalidDocument
from pydock_lab.oci import Descriptor, Digest, Index, Manifest, MediaType, read_document
from pydock_lab.oci.document import Node
from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.listings import page_of
from pydock_lab.registry.server.messages import ErrorCode, Refusal, Request, Response, is_tag, valid_digest
from pydock_lab.registry.server.repository import Repository
from pydock_lab.registry.server.storage import Storage

MAX_MANIFEST = 4 * 1024 * 1024  # bytes: what every registry must take, and most take no more
_MOST_REFERRERS = 100  # a page


def get_manifest(registry: Registry, request: Request) -> Response:
    """end-3: a manifest by tag or digest, as it was pushed. HEAD is the same without the body."""
    repository = registry.storage.repository(request.name)
    digest = _resolve(repository, request.parts["reference"])
    media_type = repository.media_type(digest) if digest else None
    if digest is None or media_type is None:
        raise _unknown(request)
    head = {"Content-Type": media_type, "Docker-Content-Digest": digest, "ETag": f'"{digest}"'}
    return Response(status=HTTPStatus.OK, headers=head, content=registry.storage.blobs.read(digest))


def put_manifest(registry: Registry, request: Request) -> Response:
    """end-7a and end-7b: a manifest under a tag, or under its digest, then with tags as parameters."""
    name, content = request.name, _content(request)
    room = registry.room()
    if room is not None and len(content) > room:
        raise registry.full()
    digest, tags = _names(request, content)
    document, media_type = _document(request, content)
    subject = document.subject.digest if document.subject else None
    repository = registry.storage.repository(name)
    # From the look at the children to the link of the manifest nothing may be deleted: it would have holes.
    with registry.storage.changing():
        _check_children(registry.storage, repository, document)
        registry.storage.put(content, digest)
        repository.add_manifest(digest, media_type, subject)
        # Last: who reads takes no lock, and must not meet a tag to nothing.
        repository.tags.point(tags, digest)
    head = {"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest}
    if subject:
        head["OCI-Subject"] = subject
    if "tag" in request.query:
        head["OCI-Tag"] = ", ".join(tags)
    return Response(status=HTTPStatus.CREATED, headers=head)


def delete_manifest(registry: Registry, request: Request) -> Response:
    """end-9: a tag alone, or by digest the manifest with all its tags; neither where nothing may be deleted."""
    if not registry.allow_delete:
        raise Refusal(ErrorCode.UNSUPPORTED, "this registry deletes nothing")
    repository, reference = registry.storage.repository(request.name), request.parts["reference"]
    with registry.storage.changing():
        if is_tag(reference):
            if not repository.tags.remove(reference):
                raise _unknown(request)
        else:
            _delete(registry.storage, repository, request, valid_digest(reference))
    return Response(status=HTTPStatus.ACCEPTED)


def referrers(registry: Registry, request: Request) -> Response:
    """end-12a and end-12b: what refers to a digest (signatures, lists of contents), as an index; empty if nothing.

    A page at a time, each with a Link to the next: an index that everybody may add to would grow beyond all bounds.
    """
    repository = registry.storage.repository(request.name)
    names, more = page_of([str(one) for one in repository.referrers(request.digest)], request, most=_MOST_REFERRERS)
    found = [_referrer(registry.storage, repository, Digest(name)) for name in names]
    head = {"Content-Type": str(MediaType.INDEX)} | more
    wanted = request.value("artifactType")
    if wanted:
        # After the page was cut: one may come out empty, and its Link still leads on.
        found = [descriptor for descriptor in found if descriptor.artifact_type == wanted]
        head["OCI-Filters-Applied"] = "artifactType"
    return Response(status=HTTPStatus.OK, headers=head, content=Index(manifests=tuple(found)).to_bytes())


# ---- what a manifest is


def _content(request: Request) -> bytes:
    content = bytearray()
    # One byte more than allowed tells that there is more, however it is sent.
    while len(content) <= MAX_MANIFEST and (piece := request.body.read(MAX_MANIFEST + 1 - len(content))):
        content += piece
    if len(content) > MAX_MANIFEST:
        status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise Refusal(ErrorCode.SIZE_INVALID, f"manifests may have {MAX_MANIFEST} bytes", status=status)
    return bytes(content)


def _names(request: Request, content: bytes) -> tuple[Digest, list[str]]:
    """The digest of a pushed manifest, and the tags that it is to have; raises Refusal."""
    reference, tags = request.parts["reference"], list(request.query.get("tag", []))
    if ":" in reference:
        digest = valid_digest(reference)
        if Digest.of(content, digest.algorithm) != digest:
            raise Refusal(ErrorCode.DIGEST_INVALID, "provided digest did not match uploaded content")
    else:
        digest, tags = Digest.of(content), [reference]
    if not all(map(is_tag, tags)):
        raise Refusal(ErrorCode.TAG_INVALID, "invalid tag")
    return digest, tags


def _document(request: Request, content: bytes) -> tuple[Manifest | Index, str]:
    """The document and the media type it was pushed with; Refusal where they contradict each other."""
    said = request.headers.get("Content-Type", "").partition(";")[0].strip()
    try:
        media_type = said or Node.read(content, "manifest").get("mediaType").text()
        return read_document(content, media_type), media_type
    except InvalidDocument as error:
        raise Refusal(ErrorCode.MANIFEST_INVALID, error.message("en")) from None


def _check_children(storage: Storage, repository: Repository, document: Manifest | Index) -> None:
    if isinstance(document, Index):
        missing = [child for child in document.manifests if repository.media_type(child.digest) is None]
    else:
        needed = [document.config, *(layer for layer in document.layers if not _is_elsewhere(layer))]
        missing = [child for child in needed if not _has(storage, repository, child.digest)]
    if missing:
        detail = [{"digest": child.digest} for child in missing[:100]]
        raise Refusal(ErrorCode.MANIFEST_BLOB_UNKNOWN, "manifest names what is not here", detail=detail)


def _has(storage: Storage, repository: Repository, digest: Digest) -> bool:
    return repository.has_blob(digest) and storage.blobs.has(digest)


def _is_elsewhere(layer: Descriptor) -> bool:
    """Whether a layer is of the kind that must not be distributed, so never is in a registry."""
    return "nondistributable" in layer.media_type or layer.media_type == MediaType.DOCKER_FOREIGN_GZIP


# ---- finding and removing


def _resolve(repository: Repository, reference: str) -> Digest | None:
    """The digest that a reference means; None for a tag that is not there, or cannot be one."""
    return valid_digest(reference) if ":" in reference else repository.tags.get(reference)


def _unknown(request: Request) -> Refusal:
    detail = {"name": request.parts["name"], "reference": request.parts["reference"][:255]}
    return Refusal(ErrorCode.MANIFEST_UNKNOWN, "manifest unknown to registry", detail=detail)


def _delete(storage: Storage, repository: Repository, request: Request, digest: Digest) -> None:
    media_type = repository.media_type(digest)
    if media_type is None:
        raise _unknown(request)
    subject = read_document(storage.blobs.read(digest), media_type).subject
    repository.remove_manifest(digest, subject.digest if subject else None)
    storage.forget(digest)


def _referrer(storage: Storage, repository: Repository, digest: Digest) -> Descriptor:
    content, media_type = storage.blobs.read(digest), repository.media_type(digest) or ""
    document = read_document(content, media_type)
    # Without a type of its own, an image is what its config says.
    config_type = document.config.media_type if isinstance(document, Manifest) else ""
    return Descriptor(
        media_type=media_type,
        digest=digest,
        size=len(content),
        annotations=document.annotations,
        artifact_type=document.artifact_type or config_type,
    )
