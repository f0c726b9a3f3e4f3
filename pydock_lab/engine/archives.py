"""`docker import` and `docker commit`: a tree of files, or what a container wrote, as a layer of a new image."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import BinaryIO

from pydock_lab.archive.compress import decompress
from pydock_lab.archive.reader import chunks
from pydock_lab.build.layers import LayerSink, write_stream
from pydock_lab.build.state import DEFAULT_PATH
from pydock_lab.engine.config_changes import changed
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.engine.run_options import CommitOptions
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.oci import (
    ContainerConfig,
    Descriptor,
    Digest,
    History,
    ImageConfig,
    Manifest,
    MediaType,
    Reference,
)
from pydock_lab.store.leases import Lease

_OF_THE_CONTAINER = frozenset({"HOSTNAME", "HOME", "TERM"})  # variables that no image says


class ImageMaking:
    """Makes images of a home without a Dockerfile."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def import_(self, stream: BinaryIO, reference: Reference, message: str, changes: Iterable[str] = ()) -> Descriptor:
        """A root file system tar (plain, gzip, zstd) as an image of one layer; raises ArchiveError.

        `changes` are instructions of a Dockerfile, for its configuration.
        """
        settings = changed(ContainerConfig(env=(f"PATH={DEFAULT_PATH}",)), changes, str(PLATFORM))
        with self._home.leases.hold("import") as lease, self._sink(lease) as sink:
            for chunk in decompress(chunks(stream)):
                sink.write(chunk)
            written, descriptor, _ = sink.commit()
            step = History(created=_now(), created_by="", comment=message or "Imported from -")
            config = ImageConfig(
                platform=PLATFORM,
                config=settings,
                diff_ids=(written.diff_id,),
                history=(step,),
                created=step.created,
            )
            return self._keep(lease, config, (descriptor,), reference)

    def commit(
        self,
        found: FoundImage,
        record: ContainerRecord,
        options: CommitOptions,
        owners: Mapping[bytes, tuple[int, int]],
    ) -> Descriptor:
        """What a container wrote as one more layer on its image, which starts as the container did.

        `owners` are those that its files do not tell. Raises DockerfileError, CommandError for `--change`,
        InvalidReference.
        """
        reference = Reference.parse(options.reference) if options.reference else None
        settings = changed(_settings(record, found.config.config), options.changes, str(found.config.platform))
        snapshots, rootfs = self._home.ground(record.isolation).snapshots, record.spec.rootfs
        with self._home.leases.hold("commit") as lease, self._sink(lease) as sink:
            with snapshots.packed(rootfs.upper, tree=rootfs.mountpoint, owners=owners) as stream:
                write_stream(stream, sink)
            written, descriptor, _ = sink.commit()
            step = History(created=_now(), created_by=_command(record), author=options.author, comment=options.message)
            config = replace(
                found.config,
                config=settings,
                author=options.author or found.config.author,
                diff_ids=(*found.config.diff_ids, written.diff_id),
                history=(*found.config.history, step),
                created=step.created,
            )
            return self._keep(lease, config, (*found.manifest.layers, descriptor), reference)

    def _sink(self, lease: Lease) -> LayerSink:
        return LayerSink(self._home.blobs, self._home.indexes, lease)

    def _keep(
        self, lease: Lease, config: ImageConfig, layers: tuple[Descriptor, ...], reference: Reference | None
    ) -> Descriptor:
        content = config.to_bytes()
        manifest = Manifest(config=Descriptor.of(content, MediaType.CONFIG), layers=layers).to_bytes()
        descriptor = Descriptor.of(manifest, MediaType.MANIFEST)
        # Of the layers below, too: their image may lose its last name meanwhile.
        lease.add(descriptor.digest, Digest.of(content), *(layer.digest for layer in layers))
        self._home.blobs.put(content)
        self._home.blobs.put(manifest)
        if reference is None:
            self._home.layout.add(descriptor)
        else:
            self._home.layout.tag(reference, descriptor)
        return descriptor


def _settings(record: ContainerRecord, config: ContainerConfig) -> ContainerConfig:
    """What the next container of the image starts with: what this one was started with, as Docker does."""
    process = record.spec.process
    entrypoint, command = record.entrypoint_and_command()
    return replace(
        config,
        env=tuple(one for one in process.env if one.partition("=")[0] not in _OF_THE_CONTAINER),
        cmd=command,
        entrypoint=entrypoint,
        user=process.user,
        working_dir=process.cwd if process.cwd != "/" else config.working_dir,
        labels=dict(record.labels),
        exposed_ports=tuple(sorted({*config.exposed_ports, *record.exposed})),
    )


def _command(record: ContainerRecord) -> str:
    return " ".join(record.spec.process.args)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
