"""Questions about containers: lists, what they wrote, and the picture of an image with its containers on it."""

import time
from collections.abc import Iterable

from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.gauges import Gauges
from pydock_lab.engine.ground import shown
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import ImageShelf
from pydock_lab.engine.inspection import inspected
from pydock_lab.engine.records import ContainerLine, ContainerRecord
from pydock_lab.engine.spoken_times import since
from pydock_lab.engine.values import ContainerSummary
from pydock_lab.errors import StoreError
from pydock_lab.runtime.health import Health
from pydock_lab.runtime.state import LIVING, UP, ContainerState, Status
from pydock_lab.snapshot.snapshotter import Changes
from pydock_lab.views import ChangeKind, ContainerView, FileChange, ImageInstances, Instances, LayerRow, PortView

_SHOWN = 200


class ContainerQuestions:
    """Asks the records, the states on disk, and the writable layers."""

    def __init__(self, home: Home, images: ImageShelf, life: ContainerLife) -> None:
        self._home, self._images, self._life = home, images, life
        self._gauges = Gauges(home, life)

    def summaries(self, *, all_: bool) -> tuple[ContainerSummary, ...]:
        """`docker ps`: newest first."""
        self._life.sweep()
        rows = [(line, self._life.state(line)) for line in self._life.shelf.lines()]
        shown = [row for row in rows if all_ or row[1].status in LIVING]
        return tuple(_summary(line, state) for line, state in reversed(shown))

    def volume_users(self, volume: str) -> tuple[str, ...]:
        """The names of the containers that have a volume."""
        end = f"/{volume}/_data"
        return tuple(
            line.name for line in self._life.shelf.lines() if any(mount.source.endswith(end) for mount in line.mounts)
        )

    def diff(self, record: ContainerRecord) -> tuple[FileChange, ...]:
        """What a container wrote, changed and deleted."""
        return self._changes(record, self._written(record))

    def _written(self, record: ContainerRecord) -> Changes:
        return self._home.ground(record.isolation).snapshots.changes(record.spec.rootfs)

    def _changes(self, record: ContainerRecord, found: Changes) -> tuple[FileChange, ...]:
        tree = self.tree(record)
        return tuple(
            FileChange(
                path=f"/{path}",
                kind=_kind(letter, known=tree.entry(path.encode("utf-8", "surrogateescape")) is not None),
                size=size,
                mode=mode,
                link=link,
                is_directory=is_directory,
            )
            for path, letter, size, mode, link, is_directory in found.rows
        )

    def tree(self, record: ContainerRecord) -> LayeredTree:
        """The read-only tree that a container stands on, from its layers' indexes."""
        try:
            found = self._images.find(record.image_id)
        except StoreError:  # the image was removed by force: everything counts as new
            return LayeredTree((), lambda _: iter(()))
        pairs = zip(found.config.diff_ids, found.manifest.layers, strict=True)
        return LayeredTree([self._home.indexes.get(*pair) for pair in pairs], lambda _: iter(()))

    def owners(self, record: ContainerRecord) -> dict[bytes, tuple[int, int]]:
        """Whose the image's files are, where those on disk do not tell: all of them are one user's."""
        has_single_id = self._home.ground(record.isolation).runtime.tier.has_single_id
        return self.tree(record).owners() if has_single_id else {}

    def inspect(self, record: ContainerRecord) -> dict[str, object]:
        """`docker inspect`, with Docker's names."""
        return inspected(record, self._life.state(record), self._life.shelf.folder(record.id))

    def instances(self) -> Instances:
        """Each image that has containers, its layers once, its containers on top."""
        self._life.sweep()
        by_image: dict[str, list[ContainerRecord]] = {}
        for record in self._life.shelf.all():
            by_image.setdefault(record.image_id, []).append(record)
        return Instances(
            images=tuple(self._image(image_id, records) for image_id, records in by_image.items()),
            tier=shown(str(self._home.runtime.tier)) if by_image else "",
        )

    def _image(self, image_id: str, records: Iterable[ContainerRecord]) -> ImageInstances:
        records = list(records)
        layers: tuple[LayerRow, ...] = ()
        name = records[0].image
        try:
            stack = self._images.stack(image_id)
            layers, name = tuple(row for row in stack.rows if not row.is_empty), stack.name
        except StoreError:
            pass
        return ImageInstances(
            name=name, image_id=image_id, layers=layers, containers=tuple(self._view(record) for record in records)
        )

    def _view(self, record: ContainerRecord) -> ContainerView:
        state = self._life.state(record)
        found = self._written(record)
        runs = state.status in UP
        return ContainerView(
            id=record.id,
            name=record.name,
            state=state.status.value,
            status=status_text(state),
            command=" ".join(record.spec.process.args),
            pid=state.process.pid if runs and state.process else 0,
            inside_pid=1 if runs else 0,
            hostname=record.spec.hostname,
            address=state.address if runs else "",
            ports=_ports(state) if runs else (),
            writable_size=found.size,
            changes=self._changes(record, found)[:_SHOWN],
            changes_total=found.total,
            tier=shown(record.isolation),
            network=record.spec.network.title,
            docker_command=f"docker diff {record.name}",
            gauges=self._gauges.of(record, state),
            oom_killed=state.oom_killed,
        )


def _kind(letter: str, *, known: bool) -> ChangeKind:
    if letter == "D":
        return ChangeKind.DELETED
    return ChangeKind.CHANGED if known else ChangeKind.ADDED


def _summary(line: ContainerLine, state: ContainerState) -> ContainerSummary:
    ended = state.status in (Status.EXITED, Status.DEAD)
    return ContainerSummary(
        id=line.id,
        name=line.name,
        image=line.image,
        command=line.command,
        created=line.created,
        state=state.status.value,
        status=status_text(state),
        ports=_ports(state) if state.status in UP else (),
        exit_code=state.exit_code if ended else None,
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


def _ports(state: ContainerState) -> tuple[PortView, ...]:
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
