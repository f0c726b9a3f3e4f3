"""What a build works with: the parts of the store, base images, and a way to run programs."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pydock_lab.archive.compress import decompress
from pydock_lab.archive.reader import chunks
from pydock_lab.build.cache import BuildCache
from pydock_lab.build.cache_mounts import CacheMounts
from pydock_lab.build.failures import FailedRun
from pydock_lab.build.steps import RunStep
from pydock_lab.build.tree import LayeredTree
from pydock_lab.oci import Descriptor, Digest, ImageConfig, Manifest
from pydock_lab.oci.runtime_spec import Mount, Rootfs
from pydock_lab.snapshot.snapshotter import PackedLayer, Snapshotter
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.indexes import IndexStore
from pydock_lab.store.leases import Lease


@dataclass(frozen=True, kw_only=True, slots=True)
class StageLayer:
    """A layer as a stage stands on it."""

    descriptor: Descriptor
    diff_id: Digest


class BaseImages(Protocol):
    """The images that stages stand on and copy from."""

    def config(self, name: str, platform: str) -> ImageConfig:
        """The config of an image; raises PydockError where it cannot be had."""

    def manifest(self, name: str, platform: str) -> Manifest:
        """Its manifest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPlace:
    """Where a RUN runs: its tree, what is mounted into it, and variables that are in no key (a secret's)."""

    folder: Path
    rootfs: Rootfs
    mounts: tuple[Mount, ...] = ()
    env: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStreams:
    """Descriptors for a RUN: its two outputs, and where the tar of what it has written is to go if it ends well.

    `pack` says of what, in the arguments of `snapshot.jobs:pack`.
    """

    stdout: int
    stderr: int
    layer: int
    pack: Mapping[str, object]


class Runner(Protocol):
    """Runs the program of a RUN step in a tree of files."""

    def running(self, step: RunStep, place: RunPlace, streams: RunStreams) -> AbstractContextManager[Callable[[], int]]:
        """A program that runs: called, it gives the exit status.

        Raises PydockError where it could not be started, or this machine has no containers.
        """

    def stop(self) -> None:
        """Kill all programs that run; those that are to come end at once."""


def _none(_asked: object) -> None:
    """There are none."""


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """Everything that a builder needs; `root` is the store, `folder` where writable snapshots are while steps run.

    `secrets` and `agents` give what `--secret` and `--ssh` say, by id; `keep_failed` is told of a RUN that failed
    before its files go; `epoch` is SOURCE_DATE_EPOCH.
    """

    root: Path
    blobs: BlobStore
    indexes: IndexStore
    cache: BuildCache
    snapshots: Snapshotter
    images: BaseImages
    runner: Runner
    lease: Lease
    folder: Path
    cache_mounts: CacheMounts
    secrets: Callable[[str], bytes | None] = _none
    agents: Callable[[str], Path | None] = _none
    keep_failed: Callable[[FailedRun], None] = _none
    epoch: int | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)

    def tree(self, layers: Sequence[StageLayer]) -> LayeredTree:
        """The file system of these layers, base first."""
        indexes = [self.indexes.get(layer.diff_id, layer.descriptor) for layer in layers]
        return LayeredTree(indexes, lambda number: self.tar(layers[number].descriptor))

    def tar(self, layer: Descriptor) -> Iterator[bytes]:
        """The uncompressed bytes of a layer."""
        with self.blobs.open(layer) as blob:
            yield from decompress(chunks(blob))

    def keep_snapshot(self, directory: Path, chain_id: Digest, folder: Path) -> None:
        """Make a directory the committed snapshot of that name, and remove the step's folder that it was in."""
        self.lease.add(chain_id)
        self.snapshots.commit(directory, chain_id)
        self.snapshots.remove(folder)

    def unpacked(self, layers: Sequence[StageLayer], chain_ids: Sequence[Digest]) -> None:
        """Have every one of these layers as a committed snapshot."""
        self.lease.add(*chain_ids)
        parts = zip(layers, chain_ids, strict=True)
        packed = [
            PackedLayer(chain_id=chain_id, diff_id=layer.diff_id, blob=layer.descriptor) for layer, chain_id in parts
        ]
        self.snapshots.have(packed, self.blobs.open)
