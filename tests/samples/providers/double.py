"""A registry in memory, as far as clients use it: what a provider does in its own way is a method to be overridden.

Source: OCI distribution specification 1.1.1.
"""

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote

_ROUTE = re.compile(r"/v2/(.+?)/(manifests|blobs/uploads|blobs|tags/list|referrers)(?:/([^/]*))?/?")
_NAME = re.compile(r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*")
_SIGNED = "X-Amz-Signature"  # what opens a storage for who has been sent there


@dataclass(frozen=True, kw_only=True)
class Request:
    """What came in; `query` has the last of repeated parameters, `scopes` all of that name."""

    method: str
    host: str
    path: str
    query: Mapping[str, str]
    scopes: tuple[str, ...]
    headers: Mapping[str, str]
    body: bytes

    @property
    def authorization(self) -> tuple[str, str]:
        """Scheme, in small letters, and what follows."""
        scheme, _, rest = self.headers.get("authorization", "").partition(" ")
        return scheme.lower(), rest

    @property
    def basic(self) -> tuple[str, str] | None:
        """User and password."""
        scheme, rest = self.authorization
        if scheme != "basic":
            return None
        username, _, password = base64.b64decode(rest).decode().partition(":")
        return username, password


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes out."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(document: Any, status: int = 200, **headers: str) -> Answer:
    """An answer in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = json.dumps(document).encode()
    return Answer(status=status, body=body, headers={"Content-Type": "application/json"} | named)


def refusal(status: int, code: str, message: str, **headers: str) -> Answer:
    """An error in the form of the specification."""
    return as_json({"errors": [{"code": code, "message": message}]}, status, **headers)


@dataclass
class Repository:
    """Its contents by digest, and what its tags mean."""

    manifests: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


class Double:
    """A provider: answers requests for its `hosts`; `asked` are those that it got."""

    hosts: ClassVar[tuple[str, ...]]
    storage: ClassVar[str] = ""  # the host that blobs are fetched from; "" where the registry gives them itself
    storage_takes_no_papers: ClassVar[bool] = True
    creates_repositories: ClassVar[bool] = True  # with the first push
    page: ClassVar[int] = 100  # tags, where a client does not say how many it wants

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.asked: list[Request] = []
        self._uploads: dict[str, bytearray] = {}

    def answer(self, request: Request) -> Answer:
        """What the provider says."""
        self.asked.append(request)
        if request.host == self.storage:
            return self._stored(request)
        if request.host == self.hosts[0] and request.path.startswith("/v2/"):
            return self.registry(request)
        return self.elsewhere(request)

    # ---- what providers do in their own way

    def admit(self, request: Request, name: str, action: str) -> Answer | None:
        """None where the request may do this (`pull`, `push`, `delete`); "" is the registry itself."""
        raise NotImplementedError

    def elsewhere(self, request: Request) -> Answer:
        """What is below other paths, or on other hosts: token servers, APIs."""
        del request
        return Answer(status=404)

    def catalog(self, request: Request) -> Answer:
        """`/v2/_catalog`."""
        del request
        return Answer(status=404)

    def check_name(self, name: str) -> Answer | None:
        """What it says of a name; None where that is fine."""
        if _NAME.fullmatch(name):
            return None
        return refusal(400, "NAME_INVALID", "invalid repository name")

    def list_tags(self, request: Request, name: str, repository: Repository) -> Answer:
        """`tags/list`, in pages."""
        count, last = int(request.query.get("n", self.page)), request.query.get("last", "")
        names = sorted(tag for tag in repository.tags if tag > last)
        document = {"name": name, "tags": names[:count]}
        if len(names) <= count:
            return as_json(document)
        return as_json(document, Link=f'</v2/{name}/tags/list?last={quote(names[count - 1])}&n={count}>; rel="next"')

    def missing_repository(self, name: str) -> Answer:
        """The answer where there is no such repository."""
        return refusal(404, "NAME_UNKNOWN", "repository name not known to registry", name=name)

    # ---- what all have in common

    def registry(self, request: Request) -> Answer:
        """Everything below `/v2/`."""
        if request.path == "/v2/":
            return self.admit(request, "", "pull") or as_json({})
        if request.path == "/v2/_catalog":
            return self.catalog(request)
        route = _ROUTE.fullmatch(request.path)
        if route is None:
            return Answer(status=404)
        name, kind, reference = route[1], route[2], route[3] or ""
        action = {"GET": "pull", "HEAD": "pull", "DELETE": "delete"}.get(request.method, "push")
        refused = self.check_name(name) or self.admit(request, name, action)
        if refused is not None:
            return refused
        if name not in self.repositories:
            if action != "push" or not self.creates_repositories:
                return self.missing_repository(name)
            self.repositories[name] = Repository()
        return self._route(request, name, kind, reference)

    def _route(self, request: Request, name: str, kind: str, reference: str) -> Answer:
        repository = self.repositories[name]
        if kind == "tags/list":
            return self.list_tags(request, name, repository)
        if kind == "manifests":
            return self._manifest(request, name, repository, reference)
        if kind == "blobs":
            return self._blob(request, name, repository, reference)
        if kind == "blobs/uploads":
            return self._upload(request, name, repository, reference)
        return Answer(status=404)  # referrers: not everybody has them yet

    def _manifest(self, request: Request, name: str, repository: Repository, reference: str) -> Answer:
        if request.method == "PUT":
            digest = f"sha256:{hashlib.sha256(request.body).hexdigest()}"
            repository.manifests[digest] = (request.headers["content-type"], request.body)
            if not reference.startswith("sha256:"):
                repository.tags[reference] = digest
            where = f"/v2/{name}/manifests/{digest}"
            return Answer(status=201, headers={"Location": where, "Docker-Content-Digest": digest})
        digest = repository.tags.get(reference, reference)
        if digest not in repository.manifests:
            return refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")
        media_type, content = repository.manifests[digest]
        return Answer(status=200, body=content, headers={"Content-Type": media_type, "Docker-Content-Digest": digest})

    def _blob(self, request: Request, name: str, repository: Repository, digest: str) -> Answer:
        content = repository.blobs.get(digest)
        if content is None:
            return refusal(404, "BLOB_UNKNOWN", "blob unknown to registry")
        if self.storage and request.method == "GET":
            return Answer(
                status=307, headers={"Location": f"https://{self.storage}/{name}?digest={digest}&{_SIGNED}=secret"}
            )
        return Answer(status=200, body=content, headers={"Docker-Content-Digest": digest})

    def _stored(self, request: Request) -> Answer:
        """From the storage: for who was sent there, and brings nothing but the signature (as S3 and its like say)."""
        if "authorization" in request.headers and self.storage_takes_no_papers:
            return Answer(status=400, body=b"<Code>InvalidArgument</Code> Only one auth mechanism allowed")
        if request.query.get(_SIGNED) != "secret":
            return Answer(status=403, body=b"<Code>AccessDenied</Code>")
        repository = self.repositories[request.path.removeprefix("/")]
        return Answer(status=200, body=repository.blobs[request.query["digest"]])

    def _upload(self, request: Request, name: str, repository: Repository, upload: str) -> Answer:
        if request.method == "POST":
            upload = uuid.uuid4().hex
            self._uploads[upload] = bytearray()
        else:
            self._uploads[upload] += request.body
        where = f"/v2/{name}/blobs/uploads/{upload}"
        if request.method != "PUT":
            size = len(self._uploads[upload])
            return Answer(status=202, headers={"Location": where, "Range": f"0-{max(0, size - 1)}"})
        content, digest = bytes(self._uploads.pop(upload)), request.query["digest"]
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            return refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        repository.blobs[digest] = content
        return Answer(status=201, headers={"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})
