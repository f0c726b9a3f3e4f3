"""What an Engine (see base.py) is asked about that is neither image nor container."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from pydock_lab.engine.network_options import Attachment, NetworkCreation
from pydock_lab.engine.run_options import EventOptions
from pydock_lab.engine.values import (
    ContainerSize,
    DiskDetails,
    DiskUsage,
    Info,
    NetworkSummary,
    Pruned,
    VolumeSummary,
)
from pydock_lab.store.happenings import Happening
from pydock_lab.views import Doctor


class Things(Protocol):
    """Volumes, networks, and the system itself."""

    def volumes(self) -> tuple[VolumeSummary, ...]:
        """`docker volume ls`."""

    def inspect_volume(self, name: str) -> Mapping[str, object]:
        """`docker volume inspect`, in Docker's form."""

    def create_volume(
        self, name: str = "", *, labels: Mapping[str, str] | None = None, driver: str = "local"
    ) -> VolumeSummary:
        """`docker volume create`."""

    def remove_volume(self, name: str, *, force: bool = False) -> None:
        """`docker volume rm`."""

    def networks(self, filters: tuple[str, ...] = ()) -> tuple[NetworkSummary, ...]:
        """`docker network ls`, by name; filters are `NAME=VALUE`."""

    def create_network(self, wanted: NetworkCreation) -> str:
        """`docker network create`: its id."""

    def inspect_network(self, network: str) -> Mapping[str, object]:
        """`docker network inspect`, in Docker's form."""

    def remove_network(self, network: str, *, force: bool = False) -> None:
        """`docker network rm`; with `force` one that there is not is no error."""

    def connect_network(self, container: str, wanted: Attachment) -> None:
        """`docker network connect`, also of a running container."""

    def disconnect_network(self, network: str, container: str, *, force: bool = False) -> None:
        """`docker network disconnect`."""

    def info(self, isolation: str = "") -> Info:
        """`docker info`; `isolation` is the tier that it speaks of, "" the best. Raises IsolationError."""

    def version(self) -> Info:
        """`docker version`."""

    def events(self, options: EventOptions) -> Iterator[Happening]:
        """`docker events`."""

    def doctor(self, isolation: str = "") -> Doctor:
        """What this machine can do, facet by facet, in a tier ("": the best); raises IsolationError."""

    def disk_usage(self) -> tuple[DiskUsage, ...]:
        """`docker system df`."""

    def disk_details(self) -> DiskDetails:
        """`docker system df -v`: every image, container, volume and piece of build cache."""

    def container_size(self, container: str) -> ContainerSize:
        """`docker ps --size`: what a container wrote."""

    def prune(self, kinds: Iterable[str], *, all_: bool = False, filters: tuple[str, ...] = ()) -> Mapping[str, Pruned]:
        """`docker KIND prune`, for `container`, `image`, `volume`, `network`, `builder`."""

    def check(self, on_progress: Callable[[int, int], None] | None = None) -> tuple[str, ...]:
        """`pydock system check`: every digest computed again; the problems found, none if all is well."""
