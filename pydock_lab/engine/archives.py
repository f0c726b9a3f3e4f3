"""`docker import` and `docker commit`: a tree of files, or what a container wrote, as a layer of a new image."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO

from pydock_lab.archive.compress import decompress
from pydock_lab.archive.reader import chunks
from pydock_lab.build.layers import LayerSink, write_stream
from pydock_lab.build.state import DEFAULT_PATH
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.oci import (
    ContainerConfig,
    Descriptor,
    History,
    ImageConfig,
    Manifest,
    MediaType,
    Reference,
)
from pydock_lab.oci.runtime_spec import Rootfs


class ImageMaking:
    """Makes images of a home without a Dockerfile."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def import_(self, stream: BinaryIO, reference: Reference, message: str) -> Descriptor:
        """A root file system tar (plain, gzip, zstd) as an image of one layer; raises ArchiveError."""
        with self._home.leases.hold("import") as lease, LayerSink(self._home.blobs, self._home.indexes) as sink:
            for chunk in decompress(chunks(stream)):
                sink.write(chunk)
            written, descriptor, _ = sink.commit()
            lease.add(descriptor.digest)
            step = History(created=_now(), created_by="", comment=message or "Imported from -")
            config = ImageConfig(
                platform=PLATFORM,
                config=ContainerConfig(env=(f"PATH={DEFAULT_PATH}",)),
                diff_ids=(written.diff_id,),
                history=(step,),
                created=step.created,
            )
            return self._keep(config, (descriptor,), reference)

    def commit(
        self,
        found: FoundImage,
        rootfs: Rootfs,
        reference: Reference,
        message: str,
        owners: Mapping[bytes, tuple[int, int]],
    ) -> Descriptor:
        """What a container wrote as one more layer on its image."""
        with self._home.leases.hold("commit") as lease, LayerSink(self._home.blobs, self._home.indexes) as sink:
            with self._home.snapshots.packed(rootfs.upper, owners=owners) as stream:
                write_stream(stream, sink)
            written, descriptor, _ = sink.commit()
            lease.add(descriptor.digest)
            step = History(created=_now(), created_by="docker commit", comment=message)
            config = replace(
                found.config,
                diff_ids=(*found.config.diff_ids, written.diff_id),
                history=(*found.config.history, step),
                created=step.created,
            )
            return self._keep(config, (*found.manifest.layers, descriptor), reference)

    def _keep(self, config: ImageConfig, layers: tuple[Descriptor, ...], reference: Reference) -> Descriptor:
        content = config.to_bytes()
        manifest = Manifest(config=Descriptor.of(content, MediaType.CONFIG), layers=layers).to_bytes()
        self._home.blobs.put(content)
        self._home.blobs.put(manifest)
        descriptor = Descriptor.of(manifest, MediaType.MANIFEST)
        self._home.layout.tag(reference, descriptor)
        return descriptor


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
