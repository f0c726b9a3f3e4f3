"""Commands on volumes, networks, and the system itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydock_lab.engine.local.workers import Workers
from pydock_lab.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

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


class LocalThings(Workers):
    """Volumes, networks, and the system itself."""

    def volumes(self) -> tuple[VolumeSummary, ...]:
        """`docker volume ls`."""
        return self._parts.life.volumes.all()

    def inspect_volume(self, name: str) -> Mapping[str, object]:
        """`docker volume inspect`, in Docker's form."""
        return self._parts.life.volumes.inspect(name)

    def create_volume(
        self, name: str = "", *, labels: Mapping[str, str] | None = None, driver: str = "local"
    ) -> VolumeSummary:
        """`docker volume create`."""
        return self._parts.life.volumes.create(name, labels=labels, driver=driver)

    def remove_volume(self, name: str, *, force: bool = False) -> None:
        """`docker volume rm`."""
        try:
            self._parts.life.volumes.remove(name, self._parts.life.shelf.volume_users)
        except NotFound:
            if not force:
                raise

    def networks(self, filters: tuple[str, ...] = ()) -> tuple[NetworkSummary, ...]:
        """`docker network ls`."""
        return self._networks.summaries(filters)

    def create_network(self, wanted: NetworkCreation) -> str:
        """`docker network create`."""
        return self._networks.create(wanted).id

    def inspect_network(self, network: str) -> Mapping[str, object]:
        """`docker network inspect`."""
        return self._networks.inspect(network)

    def remove_network(self, network: str, *, force: bool = False) -> None:
        """`docker network rm`."""
        self._networks.remove(network, force=force)

    def connect_network(self, container: str, wanted: Attachment) -> None:
        """`docker network connect`."""
        self._networks.connect(container, wanted)

    def disconnect_network(self, network: str, container: str, *, force: bool = False) -> None:
        """`docker network disconnect`."""
        self._networks.disconnect(network, container, force=force)

    def info(self, isolation: str = "") -> Info:
        """`docker info`."""
        return self._parts.system.info(isolation)

    def version(self) -> Info:
        """`docker version`."""
        return self._parts.system.version()

    def events(self, options: EventOptions) -> Iterator[Happening]:
        """`docker events`."""
        from pydock_lab.engine.watching import watch  # noqa: PLC0415 - only for who watches

        return watch(self.home, options)

    def doctor(self, isolation: str = "") -> Doctor:
        """What this machine can do."""
        return self._parts.system.doctor(isolation)

    def disk_usage(self) -> tuple[DiskUsage, ...]:
        """`docker system df`."""
        return self._sizes.usage()

    def disk_details(self) -> DiskDetails:
        """`docker system df -v`."""
        return self._sizes.details()

    def container_size(self, container: str) -> ContainerSize:
        """`docker ps --size`."""
        return self._sizes.container(self._parts.life.shelf.find(container))

    def prune(self, kinds: Iterable[str], *, all_: bool = False, filters: tuple[str, ...] = ()) -> Mapping[str, Pruned]:
        """`docker KIND prune`."""
        return self._pruning.prune(tuple(kinds), all_=all_, filters=filters)

    def check(self, on_progress: Callable[[int, int], None] | None = None) -> tuple[str, ...]:
        """`pydock system check`."""
        return self._parts.system.check(on_progress)
