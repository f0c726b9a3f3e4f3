"""A registry's endpoints as methods: one class that talks to Docker Hub, GHCR, Harbor and our own server alike.

    client = RegistryClient("localhost:5000")
    content, media_type = client.manifest("lab/app", "1")

Nothing that a registry says is taken on trust where a digest can tell: what comes in is hashed, then believed.

Source: OCI distribution specification 1.1.1; `_catalog` is Docker's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

from pydock_lab.errors import InvalidDigest, InvalidDocument, RegistryError
from pydock_lab.events import OnEvent, ignore
from pydock_lab.oci import INDEX_TYPES, MANIFEST_TYPES, Descriptor, Digest, Index, Manifest, MediaType, read_document
from pydock_lab.registry.answers import finish, next_page, plain, read_capped, read_json
from pydock_lab.registry.auth import login_refused
from pydock_lab.registry.credentials import Credentials, Login, NoCredentials, OneLogin
from pydock_lab.registry.downloads import OnProgress, fetch_blob, silent, stream_blob
from pydock_lab.registry.hosts import Endpoint
from pydock_lab.registry.limits import RateLimit
from pydock_lab.registry.session import Session, repository_scope, wrong_digest
from pydock_lab.registry.sources import BlobSource
from pydock_lab.registry.unfinished import Unfinished
from pydock_lab.registry.uploads import Sent, Upload
from pydock_lab.registry.watching import serialized
from pydock_lab.store.blobs import BlobStore

if TYPE_CHECKING:
    import requests

# All that we can read; schema 1 only so that it is refused by its name.
_ACCEPT = ", ".join(sorted(MANIFEST_TYPES | INDEX_TYPES))
_CATALOG = ("registry:catalog:*",)
_MAX_PAGES, _MAX_NAMES = 1000, 100_000
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")


@dataclass(frozen=True, kw_only=True, slots=True)
class TagMove:
    """A tag pointed to a digest (None: was removed) at a moment, in seconds since 1970."""

    at: float
    target: Digest | None

    @classmethod
    def read(cls, document: object) -> "TagMove":
        """From a registry's answer; raises RegistryError where it is none of that form."""
        try:
            move = dict(document)  # type: ignore[call-overload]
            return cls(at=float(move["at"]), target=Digest(move["to"]) if move["to"] else None)
        except (KeyError, TypeError, ValueError, InvalidDigest):
            raise RegistryError("registry.not-json", host="", status=HTTPStatus.OK) from None


class RegistryClient:
    """The registry `host`, as a reference writes it, over https; http to this machine, or where `insecure` says so.

    Every method raises RegistryError. `on_event` hears of each HTTP exchange. Threads may share a client. In the folder
    `unfinished` it remembers uploads that broke off, to go on with them.
    """

    def __init__(
        self,
        host: str,
        *,
        credentials: Credentials | None = None,
        insecure: bool | None = None,
        unfinished: Path | None = None,
        on_event: OnEvent = ignore,
    ) -> None:
        self.host = host
        self._unfinished = Unfinished(unfinished)
        self._endpoint = Endpoint.of(host, insecure=insecure)
        self._session = Session(self._endpoint, credentials or NoCredentials(), serialized(on_event))

    @property
    def on_event(self) -> OnEvent:
        """Who hears of exchanges."""
        return self._session.on_event

    # ---- who we are

    def ping(self) -> None:
        """Ask whether it is a registry, and takes our login if we have one (end-1)."""
        response = self._session.request("GET", "/v2/")
        self._session.done(response, HTTPStatus.OK, what=self.host)

    def check_login(self, username: str, password: str) -> Login:
        """Try a login without keeping it: what to keep, a token in place of the password if the registry gives one."""
        login = Login(username=username, password=password)
        session = Session(self._endpoint, OneLogin(login), self._session.on_event, keep=True)
        response = session.request("GET", "/v2/")
        # Amazon says 400 to what cannot be a password of its own.
        if response.status_code in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            finish(response)
            raise login_refused(self.host, login)
        session.done(response, HTTPStatus.OK, what=self.host)
        token = session.identity_token
        return Login(username=username, password="", identity_token=token) if token else login

    @property
    def limit(self) -> RateLimit | None:
        """How many pulls are left, as far as the registry has said so."""
        return self._session.limit

    def is_public(self, repository: str) -> bool:
        """Whether anybody may pull from a repository."""
        if not self._session.has_login:
            return True
        anonymous = Session(self._endpoint, NoCredentials(), self._session.on_event)
        try:
            scopes = (repository_scope(repository, "pull"),)
            response = anonymous.request("GET", f"/v2/{repository}/tags/list?n=1", scopes=scopes)
            anonymous.done(response, HTTPStatus.OK, what=repository)
        except RegistryError:
            return False
        return True

    # ---- manifests

    def manifest(self, repository: str, reference: str) -> tuple[bytes, str]:
        """A manifest or index by tag or digest, verified, and its media type (end-3); also raises InvalidDocument."""
        what = self._name(repository, reference)
        response = self._ask_manifest("GET", repository, reference)
        self._session.expect(response, (HTTPStatus.OK,), what=what, missing="registry.no-manifest")
        content = read_capped(response)
        media_type = _media_type(response)
        self._verify(response, content, reference, what)
        # A document that means two things at once is refused before anybody reads it as one of them.
        read_document(content, media_type)
        return content, media_type

    def head_manifest(self, repository: str, reference: str) -> Descriptor | None:
        """What a tag points to, without fetching it; None where it is not there, or the registry does not say."""
        response = self._ask_manifest("HEAD", repository, reference)
        finish(response)
        digest = self._said_digest(response, self._name(repository, reference))
        # Without the header there is nothing to go by: a HEAD has no body to hash.
        if response.status_code != HTTPStatus.OK or digest is None:
            return None
        size = int(response.headers.get("Content-Length") or 0)
        return Descriptor(media_type=_media_type(response), digest=digest, size=size)

    def put_manifest(self, repository: str, reference: str, content: bytes, media_type: str) -> Digest:
        """Push a manifest under a tag or its digest (end-7); its digest.

        Of one with a subject, a registry from before 1.1 does not say so: then it is written down under a tag, too.
        """
        what, digest = self._name(repository, reference), Digest.of(content)
        scopes = (repository_scope(repository, "pull,push"),)
        url, head = f"/v2/{repository}/manifests/{reference}", {"Content-Type": media_type}
        response = self._session.request("PUT", url, scopes=scopes, headers=head, content=content)
        self._session.done(response, HTTPStatus.CREATED, what=what)
        # A registry that changed the bytes (some reformat JSON) would break every reference to them.
        said = self._said_digest(response, what)
        if said is not None and said.algorithm == digest.algorithm and said != digest:
            raise wrong_digest(self.host, what, said, digest)
        if "OCI-Subject" not in response.headers:
            self._note_referrer(repository, content, media_type)
        return digest

    def _note_referrer(self, repository: str, content: bytes, media_type: str) -> None:
        """Add a manifest to the list of what refers to its subject (the "Referrers Tag Schema")."""
        try:
            document = read_document(content, media_type)
        except InvalidDocument:  # a registry took what we do not know
            return
        if document.subject is None:
            return
        digest, subject = Digest.of(content), document.subject.digest
        # Read, then written: of two clients at once, one loses its entry, as the specification itself warns.
        known = tuple(one for one in self._tagged_referrers(repository, subject) if one.digest != digest)
        config_type = document.config.media_type if isinstance(document, Manifest) else ""
        entry = Descriptor(
            media_type=media_type,
            digest=digest,
            size=len(content),
            annotations=document.annotations,
            artifact_type=document.artifact_type or config_type,
        )
        index = Index(manifests=(*known, entry)).to_bytes()
        self.put_manifest(repository, _referrers_tag(subject), index, MediaType.INDEX)

    def delete_manifest(self, repository: str, reference: str) -> None:
        """Remove a tag, or by digest a manifest (end-9)."""
        scopes = (repository_scope(repository, "delete"),)
        response = self._session.request("DELETE", f"/v2/{repository}/manifests/{reference}", scopes=scopes)
        what = self._name(repository, reference)
        self._session.expect(response, (HTTPStatus.ACCEPTED,), what=what, missing="registry.no-manifest")
        finish(response)

    def referrers(self, repository: str, digest: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """What refers to a manifest: signatures, lists of contents (end-12); none where it knows of none."""
        query = "?" + urlencode({"artifactType": artifact_type}) if artifact_type else ""
        url, scopes = f"/v2/{repository}/referrers/{digest}{query}", (repository_scope(repository, "pull"),)
        found: list[Descriptor] = []
        seen = set[str]()
        while url and url not in seen and len(seen) < _MAX_PAGES and len(found) < _MAX_NAMES:
            seen.add(url)
            response = self._session.request("GET", url, scopes=scopes, headers={"Accept": str(MediaType.INDEX)})
            if response.status_code == HTTPStatus.NOT_FOUND:
                finish(response)
                found += self._tagged_referrers(repository, digest)
                break
            self._session.expect(response, (HTTPStatus.OK,), what=self._name(repository, digest))
            url = next_page(response.headers.get("Link", ""))
            found += Index.from_bytes(read_capped(response)).manifests
        # A registry may ignore the filter: then it is ours to apply.
        return tuple(one for one in found if not artifact_type or one.artifact_type == artifact_type)

    def _tagged_referrers(self, repository: str, digest: Digest) -> tuple[Descriptor, ...]:
        """In a registry from before 1.1: what clients wrote down under a tag (the "Referrers Tag Schema")."""
        try:
            content, _ = self.manifest(repository, _referrers_tag(digest))
        except RegistryError as error:
            if error.fields.get("status") == HTTPStatus.NOT_FOUND:
                return ()
            raise
        return Index.from_bytes(content).manifests

    # ---- blobs

    def has_blob(self, repository: str, digest: Digest) -> bool:
        """Whether a blob is there (end-2), as far as we may know: who must not look may still push.

        A refusal of HEAD has no words, that of the upload which follows has.
        """
        scopes = (repository_scope(repository, "pull"),)
        response = self._session.request("HEAD", f"/v2/{repository}/blobs/{digest}", scopes=scopes)
        finish(response)
        if response.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return False
        if response.status_code == HTTPStatus.OK:
            return True
        raise self._refused(response, repository, digest)

    def get_blob(
        self, repository: str, blob: Descriptor, blobs: BlobStore, *, on_progress: OnProgress = silent
    ) -> None:
        """Fetch a blob into `blobs`, verified on the way (end-2); `on_progress` hears how many bytes are there."""
        fetch_blob(self._session, repository, blob, blobs, on_progress)

    def stream_blob(self, repository: str, blob: Descriptor) -> Iterator[bytes]:
        """The bytes of a blob as they come (end-2), not verified: whoever takes them has to."""
        return stream_blob(self._session, repository, blob)

    def read_blob(self, repository: str, blob: Descriptor) -> bytes:
        """A small blob (a config), verified."""
        scopes, what = (repository_scope(repository, "pull"),), self._name(repository, blob.digest)
        response = self._session.request("GET", f"/v2/{repository}/blobs/{blob.digest}", scopes=scopes)
        self._session.expect(response, (HTTPStatus.OK,), what=what, missing="registry.no-blob")
        content = read_capped(response)
        found = Digest.of(content, blob.digest.algorithm)
        if found != blob.digest:
            raise wrong_digest(self.host, what, found, blob.digest)
        return content

    def put_blob(
        self,
        repository: str,
        blob: Descriptor,
        blobs: BlobSource,
        *,
        mount_from: tuple[str, ...] = (),
        on_progress: OnProgress = silent,
    ) -> Sent:
        """Push a blob, or have it mounted from one of the repositories `mount_from` (end-4 to end-6, end-11)."""
        return Upload(self._session, repository, blob, blobs, on_progress, unfinished=self._unfinished).send(mount_from)

    def delete_blob(self, repository: str, digest: Digest) -> None:
        """Remove a blob (end-10)."""
        scopes = (repository_scope(repository, "delete"),)
        response = self._session.request("DELETE", f"/v2/{repository}/blobs/{digest}", scopes=scopes)
        what = self._name(repository, digest)
        self._session.expect(response, (HTTPStatus.ACCEPTED,), what=what, missing="registry.no-blob")
        finish(response)

    # ---- lists

    def tags(self, repository: str) -> tuple[str, ...]:
        """All tags of a repository, as the registry orders them (end-8)."""
        scopes = (repository_scope(repository, "pull"),)
        names = self._pages(f"/v2/{repository}/tags/list", "tags", scopes, f"{self.host}/{repository}")
        # What breaks the grammar is no tag, whatever a registry calls it; it would end up on a screen.
        return tuple(name for name in names if _TAG.fullmatch(name))

    def tag_moves(self, repository: str, tag: str) -> tuple[TagMove, ...] | None:
        """Where a tag has pointed, oldest first; None of a registry that does not tell: only our own does."""
        url, scopes = f"/v2/{repository}/_pydock/tags/moves?tag={tag}", (repository_scope(repository, "pull"),)
        response = self._session.request("GET", url, scopes=scopes)
        if response.status_code != HTTPStatus.OK:
            finish(response)
            return None
        said = read_json(response).get("moves")
        return tuple(TagMove.read(move) for move in said) if isinstance(said, list) else None

    def catalog(self) -> tuple[str, ...]:
        """All repositories, where a registry lists them: Docker Hub, GHCR and others do not."""
        try:
            return tuple(plain(name) for name in self._pages("/v2/_catalog", "repositories", _CATALOG, self.host))
        except RegistryError as error:
            closed = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
            # Harbor refuses a login that is right, but not its administrator's, as if it were wrong.
            if error.fields.get("status") in closed or error.key == "registry.login-refused":
                raise RegistryError("registry.no-catalog", host=self.host) from error
            raise

    def _pages(self, url: str, field: str, scopes: tuple[str, ...], what: str) -> Iterator[str]:
        seen, count = {url}, 0
        for _ in range(_MAX_PAGES):
            response = self._session.request("GET", url, scopes=scopes)
            self._session.expect(response, (HTTPStatus.OK,), what=what, missing="registry.no-repository")
            names = read_json(response).get(field) or []
            page = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
            yield from page
            count += len(page)
            url = next_page(response.headers.get("Link", ""))
            # A list without an end is an attack, or a registry that loops.
            if not url or url in seen or count > _MAX_NAMES:
                return
            seen.add(url)

    # ---- small things

    def _ask_manifest(self, method: str, repository: str, reference: str) -> "requests.Response":
        url, scopes = (
            f"/v2/{repository}/manifests/{quote(reference, safe=':')}",
            (repository_scope(repository, "pull"),),
        )
        return self._session.request(method, url, scopes=scopes, headers={"Accept": _ACCEPT})

    def _verify(self, response: "requests.Response", content: bytes, reference: str, what: str) -> None:
        said = self._said_digest(response, what)
        asked = Digest(reference) if ":" in reference else None
        for expected in filter(None, (asked, said)):
            found = Digest.of(content, expected.algorithm)
            if found != expected:
                raise wrong_digest(self.host, what, found, expected)

    def _said_digest(self, response: "requests.Response", what: str) -> Digest | None:
        said = response.headers.get("Docker-Content-Digest")
        try:
            return Digest(said) if said else None
        except InvalidDigest:
            raise wrong_digest(self.host, what, plain(said or ""), "sha256:...") from None

    def _refused(self, response: "requests.Response", repository: str, digest: Digest) -> RegistryError:
        fields = {"host": self.host, "what": self._name(repository, digest), "status": response.status_code}
        return RegistryError("registry.refused", **fields, code="", words=response.status_code)

    def _name(self, repository: str, reference: str) -> str:
        return f"{self.host}/{repository}{'@' if ':' in reference else ':'}{reference}"


def _referrers_tag(subject: Digest) -> str:
    """A tag has 128 characters at most, and a long digest is cut (the "Referrers Tag Schema")."""
    return f"{subject.algorithm[:32]}-{subject.hex[:64]}"


def _media_type(response: "requests.Response") -> str:
    return response.headers.get("Content-Type", "").partition(";")[0].strip()
