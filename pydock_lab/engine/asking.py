"""Questions about containers: lists, and what they wrote."""

import time

from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.ground import shown
from pydock_lab.engine.home import Home
from pydock_lab.engine.inspection import inspected
from pydock_lab.engine.known_images import KnownImages
from pydock_lab.engine.records import ContainerLine, ContainerRecord
from pydock_lab.engine.spoken_times import since
from pydock_lab.engine.values import ContainerSummary
from pydock_lab.engine.written import WritableLayers
from pydock_lab.runtime.health import Health
from pydock_lab.runtime.state import LIVING, UP, ContainerState, Status
from pydock_lab.views import FileChange, PortView

ENDED = (Status.EXITED, Status.DEAD)


class ContainerQuestions:
    """Asks the records, the states on disk, and the writable layers."""

    def __init__(self, home: Home, images: KnownImages, layers: WritableLayers, life: ContainerLife) -> None:
        self._home, self._images, self._layers, self._life = home, images, layers, life

    def summaries(self, *, all_: bool) -> tuple[ContainerSummary, ...]:
        """`docker ps`: newest first."""
        shown = [row for row in self._life.sweep() if all_ or row[1].status in LIVING]
        return tuple(_summary(line, state) for line, state in reversed(shown))

    def diff(self, record: ContainerRecord) -> tuple[FileChange, ...]:
        """What a container wrote, changed and deleted."""
        return self._layers.all_of(record)

    def owners(self, record: ContainerRecord) -> dict[bytes, tuple[int, int]]:
        """Whose the image's files are, where those on disk do not tell: all of them are one user's."""
        has_single_id = self._home.ground(record.isolation).runtime.tier.has_single_id
        return self._images.tree(record.image_id).owners() if has_single_id else {}

    def inspect(self, record: ContainerRecord) -> dict[str, object]:
        """`docker inspect`, with Docker's names."""
        return inspected(record, self._life.state(record), self._life.shelf.folder(record.id))


def _summary(line: ContainerLine, state: ContainerState) -> ContainerSummary:
    return ContainerSummary(
        id=line.id,
        name=line.name,
        image=line.image,
        command=line.command,
        created=line.created,
        state=state.status.value,
        status=status_text(state),
        ports=open_ports(state) if state.status in UP else (),
        exit_code=state.exit_code if state.status in ENDED else None,
        labels=line.labels,
        image_id=line.image_id,
        layers=line.layers,
        exposed=line.exposed,
        published=line.published,
        mounts=line.mounts,
        networks=line.networks,
        health=state.health.status.value if state.health else "",
        isolation=shown(line.isolation),
    )


def open_ports(state: ContainerState) -> tuple[PortView, ...]:
    """The ports that are published now."""
    return tuple(
        PortView(
            host_ip=port.host_ip,
            host_port=port.host_port,
            container_port=port.container_port,
            protocol=port.protocol,
        )
        for port in state.ports
    )


def status_text(state: ContainerState) -> str:
    """The status as `docker ps` words it: `Up 3 minutes (healthy)`, `Exited (0) 2 hours ago`."""
    ended = f"({state.exit_code}) {since(time.time() - state.finished_at)} ago"
    at_rest = {
        Status.CREATED: "Created",
        Status.RESTARTING: f"Restarting {ended}",
        Status.EXITED: f"Exited {ended}",
        Status.REMOVING: "Removal In Progress",
        Status.DEAD: "Dead",
    }
    if state.status in at_rest:
        return at_rest[state.status]
    text = f"Up {since(time.time() - state.started_at)}"
    if state.status is Status.PAUSED:
        return f"{text} (Paused)"
    if state.health is None:
        return text
    return f"{text} (health: starting)" if state.health.status is Health.STARTING else f"{text} ({state.health.status})"
