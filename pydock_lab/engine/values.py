"""What an engine answers, as frozen values: rows of Docker's lists, and the whole of one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydock_lab.oci.plain import Document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydock_lab.oci import Descriptor, Digest, ImageConfig, Manifest
    from pydock_lab.views import FileChange, PortView


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSummary:
    """One row of `docker images`; `tag` and `repository` are `<none>` where there is no name; sizes in bytes."""

    repository: str
    tag: str
    image_id: str
    digest: str
    created: str
    size: int
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageDetails:
    """An image: its documents and names."""

    image_id: str
    digest: str
    references: tuple[str, ...]
    manifest: Manifest
    config: ImageConfig
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MountSummary(Document):
    """What is mounted at `target`: a volume by its `name`, else the `source`."""

    target: str
    source: str = ""
    name: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSummary:
    """One row of `docker ps`.

    `layers` are the chain ids of its image, `exposed` and `published` ports of its own (`80/tcp`), running or not;
    `networks` their ids by name; `health` is "" where there is no check. `isolation` is the tier, as people read it.
    """

    id: str
    name: str
    image: str
    command: str
    created: float
    state: str
    status: str
    ports: tuple[PortView, ...] = ()
    exit_code: int | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    image_id: str = ""
    layers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    published: tuple[str, ...] = ()
    mounts: tuple[MountSummary, ...] = ()
    networks: Mapping[str, str] = field(default_factory=dict)
    health: str = ""
    isolation: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSize:
    """Bytes: what a container wrote, and that together with its image's files."""

    writable: int
    total: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessTable:
    """`docker top`: one row a process."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerUsage:
    """One look at what a container uses; a limit is None where there is none.

    `at` is in seconds of a clock that only runs forwards: two looks give what is used of the processors. Sizes in
    bytes, `cpu_limit` in processors; `is_whole` is False where only processes that live are counted.
    """

    id: str
    name: str
    at: float
    is_running: bool = False
    is_whole: bool = True
    cpu_seconds: float = 0
    cpu_limit: float | None = None
    memory: int = 0
    memory_limit: int | None = None
    machine_memory: int = 0
    pids: int = 0
    pids_limit: int | None = None
    received: int = 0
    sent: int = 0
    block_read: int = 0
    block_written: int = 0

    def processors(self, before: ContainerUsage) -> float:
        """How many processors it kept busy since a look before."""
        seconds = self.at - before.at
        return max(0.0, self.cpu_seconds - before.cpu_seconds) / seconds if seconds > 0 else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeSummary:
    """One row of `docker volume ls`."""

    name: str
    mountpoint: str
    created: str
    anonymous: bool = False
    labels: Mapping[str, str] = field(default_factory=dict)
    driver: str = "local"


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSummary:
    """One row of `docker network ls`; `created` is "" for those that were always there."""

    id: str
    name: str
    driver: str
    scope: str = "local"
    internal: bool = False
    created: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskUsage:
    """One row of `docker system df`: counts, and bytes."""

    kind: str
    total: int
    active: int
    size: int
    reclaimable: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageUsage:
    """An image in `docker system df -v`: bytes that it shares with others, and how many containers stand on it."""

    summary: ImageSummary
    shared: int
    containers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSpace:
    """A container there."""

    summary: ContainerSummary
    size: ContainerSize


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeUsage:
    """A volume there: bytes, and how many containers have it."""

    summary: VolumeSummary
    size: int
    links: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A piece of build cache: its kind and name, bytes, whether an image needs it anyway, when it was last changed."""

    type: str
    name: str
    size: int
    is_shared: bool = False
    changed: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskDetails:
    """`docker system df -v`."""

    images: tuple[ImageUsage, ...]
    containers: tuple[ContainerSpace, ...]
    volumes: tuple[VolumeUsage, ...]
    cache: tuple[Kept, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned:
    """What a prune removed: names or ids, and bytes won."""

    removed: tuple[str, ...]
    reclaimed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResult:
    """One row of `docker search`."""

    name: str
    description: str
    stars: int
    official: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteManifest:
    """A manifest or index as a registry has it; `content` are its bytes."""

    name: str
    descriptor: Descriptor
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Referrer:
    """What refers to an image: `artifact_type` says what it is, `size` are the bytes of its manifest."""

    digest: Digest
    artifact_type: str
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Travel:
    """A blob that a pull or a push is about: whether it `is_there` already, or would travel."""

    digest: Digest
    size: int
    media_type: str
    is_there: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerDifference:
    """A layer that both images have (`=`), or only the one (`-`) or the other (`+`)."""

    sign: str
    digest: Digest
    diff_id: Digest
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingDifference:
    """A field of the config that differs; "" where an image has none."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageDifference:
    """Two images beside each other: all layers, and the settings and files that differ."""

    before: str
    after: str
    layers: tuple[LayerDifference, ...]
    settings: tuple[SettingDifference, ...]
    files: tuple[FileChange, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Info:
    """`docker version` and `docker info`, with Docker's names, and ours for what only we have."""

    facts: Mapping[str, object]
