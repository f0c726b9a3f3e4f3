"""`docker save` and `docker load`: images between the store and one tar file.

What is written is both an OCI archive and a docker-archive, as Docker writes since version 25: every tool finds the
form it knows, and the blobs are there once. What is read may be either; nothing of it is trusted (`archive.images`).
"""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import BinaryIO

from pydock_lab.archive.compress import LayerReader, LayerWriter, WrittenLayer
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.images import ArchiveFormat, DockerImage, ImageArchive, Part, open_archive
from pydock_lab.archive.reader import Readable, TarReader
from pydock_lab.archive.writer import TarWriter, Writable
from pydock_lab.errors import Corrupt, InvalidDocument, InvalidValue
from pydock_lab.oci import (
    INDEX_TYPES,
    Descriptor,
    Digest,
    ImageConfig,
    Index,
    Manifest,
    MediaType,
    Reference,
    read_document,
)
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.layout import FULL_NAME, REF_NAME, ImageLayout
from pydock_lab.store.leases import Lease

_CHUNK = 1 << 20
_MAX_DEPTH = 8


def load(file: BinaryIO, blobs: BlobStore, layout: ImageLayout, lease: Lease) -> tuple[Reference | Digest, ...]:
    """Take the images of an archive into the store; their names, or the manifest's digest where one has none.

    Raises ArchiveError, InvalidDocument or Corrupt for what is no image; what was read until then is not named, and
    so goes with the next prune.
    """
    with tempfile.TemporaryFile() as spool:
        archive = open_archive(file, spool)
        loading = _Loading(archive, blobs, lease)
        images = loading.oci() if archive.format is ArchiveFormat.OCI else loading.docker()
        loaded: list[Reference | Digest] = []
        # All of it is in the store before the first name points there.
        for descriptor, references in list(images):
            for reference in references:
                layout.tag(reference, descriptor)
            if not references:
                layout.add(descriptor)
            loaded.extend(references or (descriptor.digest,))
    return tuple(loaded)


class _Loading:
    """One archive on its way into the store."""

    def __init__(self, archive: ImageArchive, blobs: BlobStore, lease: Lease) -> None:
        self._archive, self._blobs, self._lease = archive, blobs, lease

    def oci(self) -> Iterator[tuple[Descriptor, tuple[Reference, ...]]]:
        """The images of an oci-archive, with their names."""
        for child in self._archive.index().manifests:
            self._image(child, 0)
            said = child.annotations.get(FULL_NAME) or child.annotations.get(REF_NAME)
            rest = {key: text for key, text in child.annotations.items() if key not in (FULL_NAME, REF_NAME)}
            yield replace(child, annotations=rest), _names(said)

    def docker(self) -> Iterator[tuple[Descriptor, tuple[Reference, ...]]]:
        """The images of a docker-archive: their layers get compressed, and a manifest is written for each."""
        for image in self._archive.docker_images():
            yield self._docker_image(image), image.references

    def _image(self, descriptor: Descriptor, depth: int) -> None:
        """A manifest with all it names, or an index with those of its children that are in the archive."""
        if depth > _MAX_DEPTH:
            raise InvalidDocument("store.nested", limit=_MAX_DEPTH)
        part = self._archive.blob(descriptor.digest)
        self._copy(part, descriptor)
        document = read_document(self._blobs.read(descriptor), descriptor.media_type)
        if isinstance(document, Manifest):
            for child in (document.config, *document.layers):
                self._copy(self._archive.blob(child.digest), child)
            return
        for child in document.manifests:
            if self._archive.has_blob(child.digest):
                self._image(child, depth + 1)

    def _copy(self, part: Part, descriptor: Descriptor) -> None:
        self._lease.add(descriptor.digest)
        # Leased above, so it cannot go away any more.
        if self._blobs.has(descriptor.digest, descriptor.size):
            return
        with self._blobs.writer(descriptor.digest.algorithm) as writer:
            while chunk := part.read(_CHUNK):
                writer.write(chunk)
            writer.commit(descriptor.digest, descriptor.size)

    def _docker_image(self, image: DockerImage) -> Descriptor:
        content = self._archive.document(image.config)
        config = ImageConfig.from_bytes(content)
        if len(config.diff_ids) != len(image.layers):
            raise InvalidDocument("store.layer-count", config=len(config.diff_ids), layers=len(image.layers))
        # manifest.json names layers by their paths: what each of them must be, the config's diff_ids say.
        layers = [self._layer(name, diff_id) for name, diff_id in zip(image.layers, config.diff_ids, strict=True)]
        self._lease.add(Digest.of(content))
        self._blobs.put(content)
        manifest = Manifest(config=Descriptor.of(content, MediaType.CONFIG), layers=tuple(layers)).to_bytes()
        self._lease.add(Digest.of(manifest))
        self._blobs.put(manifest)
        return replace(Descriptor.of(manifest, MediaType.MANIFEST), platform=config.platform)

    def _layer(self, name: str, diff_id: Digest) -> Descriptor:
        written = take_layer(self._archive.open(name), self._blobs, self._lease, diff_id)
        return Descriptor(media_type=written.media_type, digest=written.digest, size=written.size)


def take_layer(tar: Readable, blobs: BlobStore, lease: Lease, diff_id: Digest | None = None) -> WrittenLayer:
    """Keep a tar (plain, gzip or zstd) as a layer, compressed anew: `docker import`, and the layers of `docker load`.

    Every entry is read on the way, so that what could not be unpacked is refused now: raises ArchiveError, or Corrupt
    where the content is not `diff_id`.
    """
    with LayerReader(tar) as chunks, blobs.writer() as blob:
        with LayerWriter(blob) as writer:
            for _ in TarReader(_copied(iter(chunks), writer)):
                pass
        written = writer.close()
        if diff_id not in (None, written.diff_id):
            raise Corrupt("archive.diff-id", expected=diff_id, got=written.diff_id)
        lease.add(written.digest)
        blob.commit(written.digest, written.size)
    return written


def _copied(chunks: Iterator[bytes], writer: LayerWriter) -> Iterator[bytes]:
    for chunk in chunks:
        writer.write(chunk)
        yield chunk


def _names(said: str | None) -> tuple[Reference, ...]:
    try:
        return (Reference.parse(said),) if said else ()
    except InvalidValue:
        return ()


def save(
    images: Iterable[tuple[Reference | None, Descriptor]], blobs: BlobStore, sink: Writable, *, docker: bool = True
) -> None:
    """Write an archive of these images, with their names; raises NotFound where a blob is missing, Corrupt.

    Without `docker` it is an OCI archive only, which may hold what is no image.
    """
    images = list(images)
    tar = TarWriter(sink)
    needed = {child.digest: child for _, descriptor in images for child in _children(descriptor, blobs)}
    for folder in (b"blobs", b"blobs/sha256"):
        tar.add(Entry(path=folder, type=EntryType.DIRECTORY, mode=0o755))
    for digest, descriptor in sorted(needed.items()):
        with blobs.open(descriptor) as file:
            tar.add_file(Entry(path=_part(digest).encode(), size=descriptor.size), file.fileno())
    documents = {"index.json": _index(images), "oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    if docker:
        documents["manifest.json"] = _docker(images, blobs)
    for name, content in documents.items():
        tar.add(Entry(path=name.encode(), size=len(content)), content)
    tar.finish()


def _part(digest: Digest) -> str:
    return f"blobs/{digest.algorithm}/{digest.hex}"


def _children(descriptor: Descriptor, blobs: BlobStore) -> Iterator[Descriptor]:
    yield descriptor
    document = read_document(blobs.read(descriptor), descriptor.media_type)
    if isinstance(document, Index):
        for child in document.manifests:
            if blobs.has(child.digest):
                yield from _children(child, blobs)
    else:
        yield from (document.config, *document.layers)


def _platform(descriptor: Descriptor, blobs: BlobStore) -> Descriptor:
    """The manifest that a docker-archive, which knows no index, can hold: the first that is here."""
    if descriptor.media_type not in INDEX_TYPES:
        return descriptor
    index = Index.from_bytes(blobs.read(descriptor))
    return next((child for child in index.manifests if blobs.has(child.digest)), descriptor)


def _index(images: Iterable[tuple[Reference | None, Descriptor]]) -> bytes:
    return Index(manifests=tuple(_named(reference, descriptor) for reference, descriptor in images)).to_bytes()


def _named(reference: Reference | None, descriptor: Descriptor) -> Descriptor:
    if reference is None:
        return descriptor
    # As containerd exports it: the tag alone in the specification's annotation, the whole name in its own.
    names = {REF_NAME: reference.tag or str(reference), FULL_NAME: str(reference)}
    return replace(descriptor, annotations=names)


def _docker(named: Iterable[tuple[Reference | None, Descriptor]], blobs: BlobStore) -> bytes:
    # One image under several names is one entry with several tags.
    images = [(reference, _platform(descriptor, blobs)) for reference, descriptor in named]
    entries: dict[Digest, dict[str, object]] = {}
    for _, descriptor in images:
        manifest = Manifest.from_bytes(blobs.read(descriptor))
        tags = [image.familiar for image, other in images if image and image.tag and other.digest == descriptor.digest]
        layers = [_part(layer.digest) for layer in manifest.layers]
        entries[descriptor.digest] = {"Config": _part(manifest.config.digest), "RepoTags": tags, "Layers": layers}
    return json.dumps(list(entries.values())).encode()
