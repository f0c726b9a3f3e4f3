"""Images and the containers that stand on them."""

from dataclasses import dataclass

from pydock_lab.views.base import View
from pydock_lab.views.layers import FileChange, LayerRow


@dataclass(frozen=True, kw_only=True, slots=True)
class PortView:
    """A published port."""

    host_ip: str
    host_port: int
    container_port: int
    protocol: str = "tcp"

    def __str__(self) -> str:
        return f"{self.host_ip}:{self.host_port}->{self.container_port}/{self.protocol}"


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerView:
    """One container: `pid` as the host sees it, `inside_pid` as it sees itself (0 while it does not run)."""

    id: str
    name: str
    state: str
    status: str
    command: str
    pid: int = 0
    inside_pid: int = 0
    hostname: str = ""
    address: str = ""
    ports: tuple[PortView, ...] = ()
    writable_size: int = 0
    changes: tuple[FileChange, ...] = ()
    changes_total: int = 0
    tier: str = ""
    network: str = ""
    docker_command: str = ""


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
    """All images that have containers."""

    images: tuple[ImageInstances, ...]
    tier: str = ""
