"""`--build-context NAME=oci-layout://PATH[:TAG][@DIGEST]`: an image in a folder, taken into the store.

Source: Docker's documentation, "docker buildx build --build-context"; OCI image specification, image-layout.md.
"""

from pathlib import Path

from pydock_lab.engine.home import Home
from pydock_lab.errors import NotFound, PydockError
from pydock_lab.oci import INDEX_TYPES, Descriptor, Digest, Index, Manifest, Platform
from pydock_lab.registry.platforms import choose
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.layout import REF_NAME
from pydock_lab.store.leases import Lease

_CHUNK = 1 << 20
_MAX_DEPTH = 4


def take_image(home: Home, text: str, platform: Platform) -> Descriptor:
    """The manifest of that image for that platform, which is in the store without a name afterwards.

    Raises NotFound, Corrupt, and RegistryError where there is none for it.
    """
    place, _, digest = text.partition("@")
    path, tag = _split(place)
    source = BlobStore(path)
    found = _manifest(source, _entry(path, tag, digest), text, platform)
    with home.leases.hold(f"oci-layout {text}") as lease:
        for blob in _blobs(source, found):
            _copy(blob, source, home.blobs, lease)
        home.layout.add(found)
    return found


def _split(place: str) -> tuple[Path, str]:
    """A path may have colons, a tag no slashes."""
    head, colon, tail = place.rpartition(":")
    return (Path(head), tail) if colon and "/" not in tail else (Path(place), "")


def _entry(path: Path, tag: str, digest: str) -> Descriptor:
    """The entry of the index that is meant: by digest, by tag (`latest` where none is said), or the only one."""
    name = f"{path}{f':{tag}' if tag else ''}{f'@{digest}' if digest else ''}"
    try:
        children = Index.from_bytes((path / "index.json").read_bytes()).manifests
    except (OSError, PydockError):
        raise NotFound("build.no-layout", name=name) from None
    if digest:
        found = [one for one in children if one.digest == Digest(digest)]
    else:
        found = [one for one in children if one.annotations.get(REF_NAME) == (tag or "latest")]
    if not found and not tag and not digest and len(children) == 1:
        found = list(children)
    if not found:
        raise NotFound("build.no-layout", name=name)
    return found[-1]


def _manifest(source: BlobStore, entry: Descriptor, name: str, platform: Platform) -> Descriptor:
    """The manifest for that platform, through as many indexes as there are on the way; raises RegistryError."""
    for _ in range(_MAX_DEPTH):
        if entry.media_type not in INDEX_TYPES:
            return Descriptor(media_type=entry.media_type, digest=entry.digest, size=entry.size)
        entry = choose(Index.from_bytes(source.read(entry)), platform, name)
    raise NotFound("build.no-layout", name=name)


def _blobs(source: BlobStore, manifest: Descriptor) -> tuple[Descriptor, ...]:
    """Children first: whoever finds the manifest finds all that it names."""
    document = Manifest.from_bytes(source.read(manifest))
    return (*document.layers, document.config, manifest)


def _copy(blob: Descriptor, source: BlobStore, target: BlobStore, lease: Lease) -> None:
    lease.add(blob.digest)
    if target.has(blob.digest, blob.size):
        return
    with source.open(blob) as file, target.writer(blob.digest.algorithm) as writer:
        while chunk := file.read(_CHUNK):
            writer.write(chunk)
        writer.commit(blob.digest, blob.size)
