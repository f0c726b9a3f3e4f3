"""The picture of images with their containers, as the engine sees them now.

It is asked for again and again while somebody looks, so each part is understood anew only where it has changed; but
what a container writes is looked at each time.
"""

from collections.abc import Sequence

from pydock_lab.engine.asking import ENDED, open_ports
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.gauges import Gauges
from pydock_lab.engine.ground import shown
from pydock_lab.engine.home import Home
from pydock_lab.engine.known_images import KnownImages
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.engine.written import WritableLayers
from pydock_lab.errors import StoreError
from pydock_lab.runtime.state import UP
from pydock_lab.views import ContainerView, ImageInstances, Instances, LayerRow

_SHOWN = 200  # changes of a container


class InstancesPicture:
    """Makes the view; one stays with an engine, for what it has understood already."""

    def __init__(self, home: Home, images: KnownImages, layers: WritableLayers, life: ContainerLife) -> None:
        self._home, self._images, self._layers, self._life = home, images, layers, life
        self._gauges = Gauges(home, life)

    def look(self) -> Instances:
        """Each image that has containers, its layers once, its containers on top."""
        self._life.sweep()
        by_image: dict[str, list[ContainerRecord]] = {}
        for record in self._life.shelf.all():
            by_image.setdefault(record.image_id, []).append(record)
        self._layers.forget({record.id for records in by_image.values() for record in records})
        return Instances(
            images=tuple(self._image(image_id, records) for image_id, records in by_image.items()),
            tier=shown(str(self._home.runtime.tier)) if by_image else "",
        )

    def _image(self, image_id: str, records: Sequence[ContainerRecord]) -> ImageInstances:
        layers: tuple[LayerRow, ...] = ()
        name = records[0].image
        try:
            stack = self._images.stack(image_id)
            layers, name = tuple(row for row in stack.rows if not row.is_empty), stack.name
        except StoreError:  # removed by force
            pass
        return ImageInstances(
            name=name, image_id=image_id, layers=layers, containers=tuple(self._view(record) for record in records)
        )

    def _view(self, record: ContainerRecord) -> ContainerView:
        state = self._life.state(record)
        written = self._layers.of(record)
        runs = state.status in UP
        return ContainerView(
            id=record.id,
            name=record.name,
            state=state.status.value,
            exit_code=state.exit_code if state.status in ENDED else None,
            command=" ".join(record.spec.process.args),
            pid=state.process.pid if runs and state.process else 0,
            inside_pid=1 if runs else 0,
            hostname=record.spec.hostname,
            address=state.address if runs else "",
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
