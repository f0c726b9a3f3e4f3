"""What things take on the disk: `docker ps --size`, `docker system df`, and each for itself with `-v`.

image       its layers as they are kept; `shared`: those that another image has, too
container   what it wrote; with its image's files, unpacked, what it sees
volume      what is in its folder
cache       what builds have left
"""

from collections import Counter
from contextlib import suppress
from pathlib import Path

from pydock_lab.engine.asking import ContainerQuestions
from pydock_lab.engine.build_storage import BuildStorage, tree_size
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.needs import needed
from pydock_lab.engine.records import ContainerRecord, ContainerShelf
from pydock_lab.engine.values import (
    ContainerSize,
    ContainerSpace,
    DiskDetails,
    DiskUsage,
    ImageUsage,
    VolumeUsage,
)
from pydock_lab.engine.volumes import Volumes
from pydock_lab.errors import StoreError
from pydock_lab.oci import Digest

_RUNNING = ("running", "paused", "restarting")


class Sizes:
    """Measures the store of a home."""

    def __init__(self, home: Home, images: ImageShelf, questions: ContainerQuestions, volumes: Volumes) -> None:
        self._home, self._images, self._questions, self._volumes = home, images, questions, volumes
        self._shelf = ContainerShelf(home)

    def container(self, record: ContainerRecord) -> ContainerSize:
        """One container."""
        writable = self._home.ground(record.isolation).snapshots.changes(record.spec.rootfs).size
        try:
            found = self._images.find(record.image_id)
        except StoreError:  # the image was removed by force
            return ContainerSize(writable=writable, total=writable)
        layers = zip(found.config.diff_ids, found.manifest.layers, strict=True)
        return ContainerSize(
            writable=writable, total=writable + sum(self._home.indexes.get(*layer).size for layer in layers)
        )

    def usage(self) -> tuple[DiskUsage, ...]:
        """A row for each kind of things: how many, how many in use, bytes, and how many of them a prune gives back."""
        details = self.details()
        return (
            self._image_usage(details),
            _usage("Containers", [(one.size.writable, one.summary.state in _RUNNING) for one in details.containers]),
            _usage("Local Volumes", [(one.size, one.links > 0) for one in details.volumes]),
            _usage("Build Cache", [(one.size, one.is_shared) for one in details.cache]),
        )

    def _image_usage(self, details: DiskDetails) -> DiskUsage:
        """Layers are counted once, however many images have them."""
        blobs = self._home.store.collector.usage(needed(self._home))
        used, all_ = set[Digest](), set[Digest]()
        for one in self._found():
            mine = {layer.digest: layer.size for layer in one.manifest.layers}
            all_ |= mine.keys()
            if any(row.containers and row.summary.image_id == one.image_id for row in details.images):
                used |= mine.keys()
        free = sum(self._home.blobs.size(digest) for digest in all_ - used if self._home.blobs.has(digest))
        ids = {one.summary.image_id: one.containers for one in details.images}
        return DiskUsage(
            kind="Images",
            total=len(ids),
            active=sum(map(bool, ids.values())),
            size=blobs.size,
            reclaimable=blobs.reclaimable + free,
        )

    def details(self) -> DiskDetails:
        """Every image, container, volume and piece of build cache."""
        containers = self._questions.summaries(all_=True)
        sizes = {record.id: self.container(record) for record in self._shelf.all()}
        links = Counter(mount.name for one in containers for mount in one.mounts)
        return DiskDetails(
            images=self._image_details(Counter(one.image_id for one in containers)),
            containers=tuple(ContainerSpace(summary=one, size=sizes[one.id]) for one in containers if one.id in sizes),
            volumes=tuple(
                VolumeUsage(summary=one, size=tree_size(Path(one.mountpoint)), links=links[one.name])
                for one in self._volumes.all()
            ),
            cache=tuple(BuildStorage(self._home).all()),
        )

    def _image_details(self, users: Counter[str]) -> tuple[ImageUsage, ...]:
        found = {one.image_id: one for one in self._found()}
        owners = Counter(digest for one in found.values() for digest in {layer.digest for layer in one.manifest.layers})
        return tuple(
            ImageUsage(
                summary=row,
                shared=sum(layer.size for layer in one.manifest.layers if owners[layer.digest] > 1),
                containers=users[row.image_id],
            )
            for row in self._images.summaries(all_=True)
            if (one := found.get(Digest(row.image_id))) is not None
        )

    def _found(self) -> list[FoundImage]:
        """The images whose documents are whole."""
        found = []
        for image in self._home.layout.images():
            with suppress(StoreError):
                found.append(self._images.open(image.descriptor))
        return found


def _usage(kind: str, things: list[tuple[int, bool]]) -> DiskUsage:
    """Things as bytes, and whether they are in use."""
    return DiskUsage(
        kind=kind,
        total=len(things),
        active=sum(is_used for _, is_used in things),
        size=sum(size for size, _ in things),
        reclaimable=sum(size for size, is_used in things if not is_used),
    )
