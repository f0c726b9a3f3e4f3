"""Images and the containers that stand on them."""

from dataclasses import dataclass

from pydock_lab.views.base import View
from pydock_lab.views.layers import FileChange, LayerRow
from pydock_lab.views.surroundings import EventView, NetworkView, PortView, VolumeView


@dataclass(frozen=True, kw_only=True, slots=True)
class Gauge:
    """What a container uses of something that can be limited, and its limit (None: it has none).

    `kind` is `memory` (bytes), `cpu` (processors) or `pids` (processes).
    """

    kind: str
    used: float
    limit: float | None = None

    @property
    def share(self) -> float:
        """From 0 to 1 of its limit; 0 without one."""
        return min(1.0, self.used / self.limit) if self.limit else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerView:
    """One container: `pid` as the host sees it, `inside_pid` as it sees itself (0 while it does not run).

    `exit_code` is None unless it has ended. `addresses` are pairs of a network's name and the address there ("" while
    it does not run), `volumes` of a volume's name and where it is mounted. `fresh` are the paths that it has just
    written, for who watches.
    """

    id: str
    name: str
    state: str
    command: str
    exit_code: int | None = None
    pid: int = 0
    inside_pid: int = 0
    hostname: str = ""
    address: str = ""
    addresses: tuple[tuple[str, str], ...] = ()
    volumes: tuple[tuple[str, str], ...] = ()
    ports: tuple[PortView, ...] = ()
    writable_size: int = 0
    changes: tuple[FileChange, ...] = ()
    changes_total: int = 0
    tier: str = ""
    network: str = ""
    docker_command: str = ""
    gauges: tuple[Gauge, ...] = ()
    oom_killed: bool = False
    fresh: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageInstances(View):
    """One image's read-only layers, drawn once, and the containers that stand on them."""

    name: str
    image_id: str
    layers: tuple[LayerRow, ...]
    containers: tuple[ContainerView, ...]

    @property
    def shared_size(self) -> int:
        """Unpacked bytes of the layers, on disk once however many containers there are."""
        return sum(row.unpacked_size for row in self.layers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instances(View):
    """All images that have containers; the networks that somebody made, all volumes, the last events, oldest first."""

    images: tuple[ImageInstances, ...]
    tier: str = ""
    networks: tuple[NetworkView, ...] = ()
    volumes: tuple[VolumeView, ...] = ()
    events: tuple[EventView, ...] = ()
