"""What is in registries, asked and changed without an image in the store: tags, manifests, copies, deletes."""

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.engine.home import Home
from pydock_lab.engine.images import ImageShelf
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.engine.transfers import Transfers
from pydock_lab.engine.values import Referrer, RemoteManifest, Travel
from pydock_lab.errors import NotFound, RegistryError
from pydock_lab.events import OnEvent, ignore
from pydock_lab.oci import Descriptor, Digest, ImageConfig, Index, Manifest, Platform, Reference, read_document
from pydock_lab.oci.times import rfc3339
from pydock_lab.views import TagState, TagStory

_ASKED = 60  # tags: a HEAD each

if TYPE_CHECKING:
    from pydock_lab.engine.comparing import Side
    from pydock_lab.engine.values import ImageDifference
    from pydock_lab.registry.client import RegistryClient
    from pydock_lab.registry.limits import RateLimit
    from pydock_lab.registry.listing import TagDetails


class Remotes:
    """Registries, with the user's logins. Methods raise PydockError."""

    def __init__(self, home: Home, shelf: ImageShelf, transfers: Transfers) -> None:
        self._home, self._shelf, self._transfers = home, shelf, transfers

    def tags(self, name: str) -> tuple[str, ...]:
        """All tags of a repository, as the registry orders them."""
        reference = Reference.parse(name)
        return self._client(reference).tags(reference.path)

    def tag_details(self, name: str, *, limit: int) -> "tuple[TagDetails, ...]":
        """The first tags of a repository, with what there is to know of each."""
        from pydock_lab.registry.listing import tag_details  # noqa: PLC0415 - see transfers

        reference = Reference.parse(name)
        return tag_details(self._client(reference), reference, limit)

    def tag_story(self, name: str) -> TagStory:
        """Where a tag has pointed: as its registry tells, else as far as it was seen from here."""
        reference = Reference.parse(name)
        client = self._client(reference)
        moves = client.tag_moves(reference.path, reference.tag)
        told = moves is not None
        found = [(move.at, str(move.target or "")) for move in moves] if moves is not None else self._seen(reference)
        now = client.head_manifest(reference.path, reference.tag)
        if now is not None and (not found or found[-1][1] != now.digest):
            found.append((time.time(), str(now.digest)))
        names = self._names(client, reference, {digest for _, digest in found if digest})
        states = [
            TagState(since=_time(at), digest=digest, tags=names.get(digest, ())) for at, digest in _changes(found)
        ]
        return TagStory(
            host=reference.domain, repository=reference.path, tag=reference.tag, states=tuple(states), told=told
        )

    def _seen(self, reference: Reference) -> list[tuple[float, str]]:
        """What a name meant in the pulls and pushes that are recorded here, oldest first."""
        records = [one for one in self._home.transfers.all() if one["reference"] == reference.familiar]
        return [(one["began"], one["digest"]) for one in reversed(records) if one["digest"] and not one["error"]]

    def _names(self, client: "RegistryClient", reference: Reference, digests: set[str]) -> dict[str, tuple[str, ...]]:
        """The tags that mean one of these digests now; of a repository of very many only the newest are asked."""
        from pydock_lab.registry.together import at_once  # noqa: PLC0415 - see transfers
        from pydock_lab.registry.tree import newest  # noqa: PLC0415 - see transfers

        found: dict[str, list[str]] = {}
        asked = list(dict.fromkeys((reference.tag, *newest(client.tags(reference.path))[:_ASKED])))
        heads = at_once(lambda tag: client.head_manifest(reference.path, tag), asked)
        for tag, known in zip(asked, heads, strict=True):
            if known is not None and known.digest in digests:
                found.setdefault(str(known.digest), []).append(tag)
        return {digest: tuple(sorted(names)) for digest, names in found.items()}

    def pulls_left(self, name: str) -> "RateLimit | None":
        """How many pulls a registry still allows; by HEAD, which none counts."""
        reference = Reference.parse(name)
        client = self._client(reference)
        client.head_manifest(reference.path, _wanted(reference))
        return client.limit

    def manifest(self, name: str, *, platform: str = "") -> RemoteManifest:
        """A manifest or index as it is there; with `platform` the manifest for that."""
        reference = Reference.parse(name)
        client = self._client(reference)
        if platform:
            from pydock_lab.registry.transfer import find_manifest  # noqa: PLC0415 - see transfers

            descriptor, content = find_manifest(client, reference, _platform(platform))
        else:
            content, media_type = client.manifest(reference.path, _wanted(reference))
            digest = reference.digest or Digest.of(content)
            descriptor = Descriptor(media_type=media_type, digest=digest, size=len(content))
        return RemoteManifest(name=reference.familiar, descriptor=descriptor, content=content)

    def copy(self, source: str, target: str, on_event: OnEvent, *, platform: str = "") -> Digest:
        """Copy an image from one registry to another, or within one; all platforms, unless one is named."""
        from pydock_lab.registry.sources import RemoteBlobs  # noqa: PLC0415 - see transfers
        from pydock_lab.registry.transfer import push  # noqa: PLC0415 - see transfers

        found, there = self.manifest(source, platform=platform), Reference.parse(target)
        origin = Reference.parse(source)
        is_same = origin.domain == there.domain
        return push(
            RemoteBlobs(self._transfers.client(origin.domain, on_event), origin.path),
            found.descriptor,
            self._transfers.client(there.domain, on_event),
            there,
            mount_from=(origin.path,) if is_same else (),
            on_event=on_event,
        )

    def compare(self, before: str, after: str) -> "ImageDifference":
        """What is different in another image; each of the store where it is there, else of its registry."""
        from pydock_lab.engine.comparing import compare  # noqa: PLC0415 - only for who asks

        return compare(self._home, self._side(before), self._side(after))

    def _side(self, name: str) -> "Side":
        from pydock_lab.engine.comparing import Side, check_layers  # noqa: PLC0415 - see compare
        from pydock_lab.registry.transfer import find_manifest  # noqa: PLC0415 - see transfers

        try:
            found = self._shelf.find(name)
            return Side(name=name, manifest=found.manifest, config=found.config)
        except NotFound:
            reference = Reference.parse(name)
        client = self._client(reference)
        _, content = find_manifest(client, reference, PLATFORM)
        manifest = Manifest.from_bytes(content)
        config = ImageConfig.from_bytes(client.read_blob(reference.path, manifest.config))
        check_layers(name, manifest, config)
        return Side(name=name, manifest=manifest, config=config, client=client, repository=reference.path)

    def delete(self, name: str) -> None:
        """Remove a tag from its registry, or by digest a manifest with all its tags."""
        reference = Reference.parse(name)
        self._client(reference).delete_manifest(reference.path, _wanted(reference))

    def discover(self, name: str, artifact_type: str = "") -> tuple[Referrer, ...]:
        """What refers to an image in its registry: signatures, lists of contents, and what else was attached to it."""
        reference = Reference.parse(name)
        client = self._client(reference)
        digest = reference.digest or self.manifest(name).descriptor.digest
        return tuple(
            Referrer(
                digest=one.digest,
                artifact_type=one.artifact_type,
                size=one.size,
                annotations=dict(one.annotations),
            )
            for one in client.referrers(reference.path, digest, artifact_type)
        )

    def attach(self, name: str, files: Sequence[tuple[Path, str]], *, artifact_type: str) -> Digest:
        """Attach files (with the media type of each) to an image in its registry: the digest of what was attached."""
        from pydock_lab.registry.attaching import Part, attach  # noqa: PLC0415 - see transfers

        found, reference = self.manifest(name), Reference.parse(name)
        try:
            parts = [Part.of(path, media_type) for path, media_type in files]
        except OSError as error:
            raise RegistryError("registry.no-file", path=error.filename, reason=error.strerror) from None
        return attach(self._client(reference), reference.path, found.descriptor, parts, artifact_type=artifact_type)

    def sign(self, name: str, key: Path) -> Digest:
        """Sign an image in its registry; the digest of what was attached to it."""
        from pydock_lab.registry.signatures import sign  # noqa: PLC0415 - see transfers

        reference = Reference.parse(name)
        return sign(self._client(reference), reference, key)

    def verify(self, name: str, key: Path) -> Digest:
        """The digest of an image in its registry that the owner of the key has signed; raises RegistryError."""
        from pydock_lab.registry.signatures import verify  # noqa: PLC0415 - see transfers

        reference = Reference.parse(name)
        return verify(self._client(reference), reference, key)

    # ---- what would travel

    def would_pull(self, name: str, *, platform: str = "") -> tuple[Travel, ...]:
        """The blobs of an image, and whether they are here already."""
        from pydock_lab.registry.transfer import find_manifest  # noqa: PLC0415 - see transfers

        reference = Reference.parse(name)
        _, content = find_manifest(self._client(reference), reference, _platform(platform))
        parts = _parts(Manifest.from_bytes(content))
        return tuple(_travel(part, is_there=self._home.blobs.has(part.digest, part.size)) for part in parts)

    def would_push(self, name: str) -> tuple[Travel, ...]:
        """The blobs of an image of the store, and whether its registry has them already."""
        reference, descriptor = Reference.parse(name), self._shelf.find(name).descriptor
        client = self._client(reference)
        parts = self._parts_below(descriptor)
        return tuple(_travel(part, is_there=client.has_blob(reference.path, part.digest)) for part in parts)

    def _parts_below(self, descriptor: Descriptor) -> tuple[Descriptor, ...]:
        document = read_document(self._home.blobs.read(descriptor), descriptor.media_type)
        if isinstance(document, Index):
            found = [part for child in document.manifests for part in self._parts_below(child)]
            return tuple({part.digest: part for part in found}.values())
        return _parts(document)

    def _client(self, reference: Reference) -> "RegistryClient":
        return self._transfers.client(reference.domain, ignore)


def _changes(found: Iterable[tuple[float, str]]) -> Iterator[tuple[float, str]]:
    """Only where it is another digest than before."""
    before: str | None = None
    for at, digest in found:
        if digest != before:
            yield at, digest
        before = digest


def _time(seconds: float) -> str:
    return rfc3339(datetime.fromtimestamp(seconds, UTC).replace(microsecond=0))


def _parts(manifest: Manifest) -> tuple[Descriptor, ...]:
    """Config and layers, each once."""
    return tuple({part.digest: part for part in (manifest.config, *manifest.layers)}.values())


def _travel(part: Descriptor, *, is_there: bool) -> Travel:
    return Travel(digest=part.digest, size=part.size, media_type=part.media_type, is_there=is_there)


def _wanted(reference: Reference) -> str:
    return reference.digest or reference.tag


def _platform(said: str) -> Platform:
    from pydock_lab.dockerfile.platforms import parse_platform  # noqa: PLC0415 - only for who transfers

    return parse_platform(said, PLATFORM) if said else PLATFORM
