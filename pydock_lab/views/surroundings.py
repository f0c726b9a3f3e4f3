"""What is around containers: the networks they are in, the volumes that outlast them, and what has happened to them."""

from dataclasses import dataclass
from enum import StrEnum


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
class NetworkMember:
    """A container in a network; it has an `address` while it runs, and the `ports` that are published through it."""

    container: str
    address: str = ""
    ports: tuple[PortView, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkView:
    """A network: an `internal` one leads nowhere outside; in one that `has_names`, members find each other by name."""

    id: str
    name: str
    subnet: str = ""
    gateway: str = ""
    internal: bool = False
    has_names: bool = True
    members: tuple[NetworkMember, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeUser:
    """A container that has a volume, at a place of its own."""

    container: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeView:
    """A volume, and who has it: nobody, when all have gone that did."""

    name: str
    created: str = ""
    anonymous: bool = False
    users: tuple[VolumeUser, ...] = ()


class EventKind(StrEnum):
    """What can happen to a container, as far as a picture tells it."""

    CREATED = "create"
    STARTED = "start"
    PAUSED = "pause"
    RESUMED = "unpause"
    OUT_OF_MEMORY = "oom"
    DIED = "die"
    REMOVED = "destroy"
    COPIED_UP = "copy-up"  # no event of Docker's: an overlay does it, and tells nobody


@dataclass(frozen=True, kw_only=True, slots=True)
class EventView:
    """Something that happened to a container, `ago` seconds before the picture was made, in steps as people count.

    `id` tells it from all others. Of what was copied up there is a `path`, its `layer` (from 0), and how many files it
    is the last of (`count`); of who died, an `exit_code`.
    """

    id: str
    kind: EventKind
    container: str
    at: str = ""
    ago: int = 0
    exit_code: int | None = None
    path: str = ""
    layer: int = -1
    count: int = 1
