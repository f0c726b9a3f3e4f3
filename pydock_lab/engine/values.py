"""What an engine answers, as frozen values: rows of Docker's lists, and the whole of one thing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydock_lab.oci import ImageConfig, Manifest
    from pydock_lab.views import PortView


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
    """`docker inspect` of an image: its documents and names."""

    image_id: str
    digest: str
    references: tuple[str, ...]
    manifest: Manifest
    config: ImageConfig
    size: int

    def to_json(self) -> dict[str, object]:
        """In the form and with the names of `docker image inspect`."""
        config = self.config
        return {
            "Id": self.image_id,
            "RepoTags": [name for name in self.references if "@" not in name],
            "RepoDigests": [f"{name.rpartition(':')[0]}@{self.digest}" for name in self.references],
            "Created": config.created,
            "Author": config.author,
            "Architecture": config.platform.architecture,
            "Os": config.platform.os,
            "Size": self.size,
            "Config": config.config.to_json(),
            "RootFS": {"Type": "layers", "Layers": [str(diff_id) for diff_id in config.diff_ids]},
            "Descriptor": {
                "mediaType": str(self.manifest.media_type),
                "digest": self.digest,
                "size": len(self.manifest.to_bytes()),
            },
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSummary:
    """One row of `docker ps`."""

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
class Info:
    """`docker version` and `docker info`: names and values, in the order in which they are shown."""

    facts: Mapping[str, str]
