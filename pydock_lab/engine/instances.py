"""The picture of images with their containers, as the engine sees them now.

It is asked for again and again while somebody looks, so each part is understood anew only where it has changed; but
what a container writes is looked at each time.
"""

import threading
from collections.abc import Mapping, Sequence

from pydock_lab.engine.asking import ENDED, open_ports
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.gauges import Gauges
from pydock_lab.engine.ground import shown
from pydock_lab.engine.home import Home
from pydock_lab.engine.known_images import KnownImages
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.engine.sides import inside_pid
from pydock_lab.engine.surroundings import Kept, Surroundings, addresses, volumes_of
from pydock_lab.engine.timeline import Timeline
from pydock_lab.engine.written import WritableLayers, Written
from pydock_lab.errors import StoreError
from pydock_lab.runtime.state import UP, ContainerState
from pydock_lab.views import ContainerView, ImageInstances, Instances, LayerRow

_SHOWN = 200  # changes of a container


class InstancesPicture:
    """Makes the view; one stays with an engine, for what it has understood already."""

    def __init__(self, home: Home, images: KnownImages, layers: WritableLayers, life: ContainerLife) -> None:
        self._home, self._images, self._layers, self._life = home, images, layers, life
        self._gauges = Gauges(home, life)
        self._lock = threading.Lock()
        self._surroundings, self._timeline = Surroundings(home), Timeline(home)

    def look(self) -> Instances:
        """Each image that has containers, its layers once, its containers on top, and what is around them."""
        with self._lock:  # several pictures may be looked at, each in a thread of its own
            return self._look()

    def _look(self) -> Instances:
        self._life.sweep()
        containers = [(record, self._life.state(record)) for record in self._life.shelf.all()]
        written = {record.id: self._layers.of(record) for record, _ in containers}
        self._layers.forget(set(written))
        self._images.forget({record.image_id for record, _ in containers})
        by_image: dict[str, list[Kept]] = {}
        for kept in containers:
            by_image.setdefault(kept[0].image_id, []).append(kept)
        names = {record.id: record.name for record, _ in containers}
        return Instances(
            images=tuple(self._image(image_id, kept, written) for image_id, kept in by_image.items()),
            tier=shown(str(self._home.runtime.tier)) if by_image else "",
            networks=self._surroundings.networks(containers),
            volumes=self._surroundings.volumes(containers),
            events=self._timeline.last(names, ((names[key], one.copied) for key, one in written.items())),
        )

    def _image(self, image_id: str, containers: Sequence[Kept], written: Mapping[str, Written]) -> ImageInstances:
        layers: tuple[LayerRow, ...] = ()
        name = containers[0][0].image
        try:
            stack = self._images.stack(image_id)
            layers, name = tuple(row for row in stack.rows if not row.is_empty), stack.name
        except StoreError:  # removed by force
            pass
        views = tuple(self._view(record, state, written[record.id]) for record, state in containers)
        return ImageInstances(name=name, image_id=image_id, layers=layers, containers=views)

    def _view(self, record: ContainerRecord, state: ContainerState, written: Written) -> ContainerView:
        runs = state.status in UP
        return ContainerView(
            id=record.id,
            name=record.name,
            state=state.status.value,
            exit_code=state.exit_code if state.status in ENDED else None,
            command=" ".join(record.spec.process.args),
            pid=state.process.pid if runs and state.process else 0,
            inside_pid=inside_pid(state.process) if runs and state.process else 0,
            hostname=record.spec.hostname,
            address=state.address if runs else "",
            addresses=_addresses(record, state),
            volumes=tuple((mount.volume, mount.target) for mount in volumes_of(record)),
            ports=open_ports(state) if runs else (),
            writable_size=written.size,
            changes=written.changes[:_SHOWN],
            changes_total=written.total,
            tier=shown(record.isolation),
            network=record.spec.network.title,
            docker_command=f"docker diff {record.name}",
            gauges=self._gauges.of(record, state),
            oom_killed=state.oom_killed,
        )


def _addresses(record: ContainerRecord, state: ContainerState) -> tuple[tuple[str, str], ...]:
    """Each network by its name, and the address there."""
    found = addresses(record, state)
    return tuple((place.name, found[place.network]) for place in record.spec.network.places)
