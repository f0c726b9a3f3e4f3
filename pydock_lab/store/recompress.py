"""An image with its layers packed in another way: the same files, the same config, another manifest.

layer  sha256:9c1e.. tar+gzip  ──▶  tar  ──▶  sha256:77ab.. tar+zstd        the diff_id, of the tar, is checked

Docker's own manifests know gzip alone: what is packed otherwise becomes an image of the OCI specification.
"""

from dataclasses import replace

from pydock_lab.archive.compress import Compression, LayerReader, LayerWriter, detect
from pydock_lab.oci import Descriptor, Digest, ImageConfig, Index, Manifest, MediaType, read_document
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.leases import Lease


def recompress(blobs: BlobStore, descriptor: Descriptor, compression: Compression, lease: Lease) -> Descriptor:
    """The manifest (or index) with all layers in this form, kept while the lease is held.

    It is `descriptor` itself where they are already. Raises NotFound, Corrupt, ArchiveError, InvalidDocument.
    """
    document = read_document(blobs.read(descriptor), descriptor.media_type)
    if isinstance(document, Index):
        # What is not here (other platforms) stays as it is: a push sends it only if it can.
        children = tuple(
            recompress(blobs, child, compression, lease) if blobs.has(child.digest) else child
            for child in document.manifests
        )
        if children == document.manifests:
            return descriptor
        content = replace(document, manifests=children, media_type=MediaType.INDEX).to_bytes()
        return _kept(blobs, content, descriptor, MediaType.INDEX, lease)
    return _manifest(blobs, descriptor, document, compression, lease)


def _manifest(
    blobs: BlobStore, descriptor: Descriptor, manifest: Manifest, compression: Compression, lease: Lease
) -> Descriptor:
    config = ImageConfig.from_bytes(blobs.read(manifest.config))
    layers = tuple(
        _layer(blobs, layer, diff_id, compression, lease)
        for layer, diff_id in zip(manifest.layers, config.diff_ids, strict=True)
    )
    if layers == manifest.layers:
        return descriptor
    config_part = replace(manifest.config, media_type=MediaType.CONFIG)
    content = replace(manifest, media_type=MediaType.MANIFEST, config=config_part, layers=layers).to_bytes()
    return _kept(blobs, content, descriptor, MediaType.MANIFEST, lease)


def _kept(blobs: BlobStore, content: bytes, old: Descriptor, media_type: MediaType, lease: Lease) -> Descriptor:
    lease.add(Digest.of(content))
    blobs.put(content)
    return replace(old, media_type=media_type, digest=Digest.of(content), size=len(content))


def _layer(blobs: BlobStore, layer: Descriptor, diff_id: Digest, compression: Compression, lease: Lease) -> Descriptor:
    with blobs.open(layer) as file:
        # The bytes tell, whatever the media type says. zstd's magic number has four of them (RFC 8878, section 3.1.1).
        head = file.read(4)
        if detect(head) is compression:
            return layer
        file.seek(0)
        with LayerReader(file, size=layer.size) as chunks, blobs.writer() as blob:
            with LayerWriter(blob, compression) as writer:
                for chunk in chunks:
                    writer.write(chunk)
            written = writer.close()
            chunks.verify(diff_id)
            lease.add(written.digest)
            blob.commit(written.digest, written.size)
    return replace(layer, media_type=written.media_type, digest=written.digest, size=written.size)
