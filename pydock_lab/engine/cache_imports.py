"""`--cache-from`: build caches elsewhere, as `cache_exports` writes them, behind the store's own."""

import json
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pydock_lab import locale
from pydock_lab.build.cache import BuildCache, Layer
from pydock_lab.build.keys import CacheKey
from pydock_lab.engine.cache_exports import CONFIG_TYPE, FORMAT, INLINE
from pydock_lab.engine.home import Home
from pydock_lab.engine.options import CacheStore
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.engine.transfers import OpenClient
from pydock_lab.errors import Corrupt, PydockError
from pydock_lab.events import Noted, OnEvent, ignore
from pydock_lab.oci import INDEX_TYPES, Descriptor, Index, Manifest, Reference, read_document
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.layout import REF_NAME
from pydock_lab.store.leases import Lease

if TYPE_CHECKING:
    from pydock_lab.registry.client import RegistryClient

_CHUNK = 1 << 20


class Source(Protocol):
    """A cache elsewhere: its records by the digests of their keys, and a way to have a layer."""

    @property
    def records(self) -> Mapping[str, Layer]:
        """What it has."""

    def fetch(self, layer: Descriptor, blobs: BlobStore) -> None:
        """Have the layer in `blobs`; raises PydockError."""


@dataclass(frozen=True, kw_only=True)
class FolderSource:
    """A cache in an OCI layout."""

    path: Path
    records: Mapping[str, Layer]

    def fetch(self, layer: Descriptor, blobs: BlobStore) -> None:
        """Copy it, verified on the way."""
        with BlobStore(self.path).open(layer) as file, blobs.writer(layer.digest.algorithm) as writer:
            while chunk := file.read(_CHUNK):
                writer.write(chunk)
            writer.commit(layer.digest, layer.size)


@dataclass(frozen=True, kw_only=True)
class RegistrySource:
    """A cache in a registry."""

    client: "RegistryClient"
    repository: str
    records: Mapping[str, Layer]

    def fetch(self, layer: Descriptor, blobs: BlobStore) -> None:
        """Download it, verified on the way."""
        self.client.get_blob(self.repository, layer, blobs)


class ImportingCache(BuildCache):
    """The store's cache, and behind it those of `--cache-from`: what is found there is from then on here, too."""

    def __init__(self, home: Home, sources: Sequence[Source], lease: Lease, on_event: OnEvent) -> None:
        super().__init__(home.root)
        self._blobs, self._sources, self._lease, self._on_event = home.blobs, sources, lease, on_event
        self._lock = threading.Lock()

    def find(self, key: CacheKey) -> Layer | None:
        """The layer of a key, fetched where only another cache has it."""
        found = super().find(key)
        if found is not None and self._blobs.has(found.descriptor.digest, found.descriptor.size):
            return found
        for source in self._sources:
            layer = source.records.get(key.digest)
            if layer is not None and self._fetched(source, layer):
                self.remember(key, layer)
                return layer
        return found

    def _fetched(self, source: Source, layer: Layer) -> bool:
        descriptor = layer.descriptor
        self._lease.add(descriptor.digest)
        with self._lock:  # two stages may want the same layer
            try:
                if not self._blobs.has(descriptor.digest, descriptor.size):
                    source.fetch(descriptor, self._blobs)
            except (PydockError, OSError) as error:
                self._on_event(Noted(text=_not_read(str(descriptor.digest), error)))
                return False
        return True


def opened(stores: Iterable[CacheStore], open_client: OpenClient, on_event: OnEvent) -> list[Source]:
    """The caches that can be read; of the others it is said why, and the build goes on without them."""
    found: list[Source] = []
    for store in stores:
        try:
            found.append(_open(store, open_client))
        except (PydockError, OSError) as error:
            on_event(Noted(text=_not_read(str(store), error)))
    return found


def _not_read(name: str, error: BaseException) -> str:
    reason = error.message() if isinstance(error, PydockError) else str(error)
    return locale.text("engine.cache-not-read", name=name, reason=reason)


def _open(store: CacheStore, open_client: OpenClient) -> Source:
    if store.path is not None:
        return _folder(store.path, store.tag)
    reference = Reference.parse(store.reference)
    client = open_client(reference.domain, ignore)
    manifest = _registry_manifest(client, reference)
    text = manifest.annotations.get(INLINE)
    if text is None and manifest.config.media_type != CONFIG_TYPE:
        raise Corrupt("engine.no-cache-in", name=reference.familiar)
    content = text.encode() if text is not None else client.read_blob(reference.path, manifest.config)
    return RegistrySource(client=client, repository=reference.path, records=_records(content))


def _registry_manifest(client: "RegistryClient", reference: Reference) -> Manifest:
    wanted: str = reference.digest or reference.tag
    content, media_type = client.manifest(reference.path, wanted)
    document = read_document(content, media_type)
    if isinstance(document, Index):
        from pydock_lab.registry.platforms import choose  # noqa: PLC0415 - see write

        child = choose(document, PLATFORM, reference.familiar)
        content, media_type = client.manifest(reference.path, child.digest)
        document = read_document(content, media_type)
    if isinstance(document, Index):
        raise Corrupt("engine.no-cache-in", name=reference.familiar)
    return document


def _folder(path: Path, tag: str) -> FolderSource:
    blobs = BlobStore(path)
    children = Index.from_bytes((path / "index.json").read_bytes()).manifests
    named = [one for one in children if one.annotations.get(REF_NAME) == tag and one.media_type not in INDEX_TYPES]
    if not named:
        raise Corrupt("engine.no-cache-in", name=f"{path}:{tag}")
    manifest = Manifest.from_bytes(blobs.read(named[-1]))
    if manifest.config.media_type != CONFIG_TYPE:
        raise Corrupt("engine.no-cache-in", name=f"{path}:{tag}")
    return FolderSource(path=path, records=_records(blobs.read(manifest.config)))


def _records(content: bytes) -> dict[str, Layer]:
    """The records of a document; raises Corrupt for anything else."""
    try:
        document: dict[str, Any] = json.loads(content)
        return {str(row["digest"]): Layer.from_json(row) for row in document["records"] if document["format"] == FORMAT}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Corrupt("engine.cache-records", reason=repr(error)) from None
