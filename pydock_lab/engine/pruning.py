"""`docker KIND prune`: what nobody uses goes, of the kinds that are asked for and as far as filters let it.

    container   those that do not run                       filters: until, label
    network     those that no container is in               until, label
    volume      anonymous ones that no container has        label; --all or all=true: named ones, too
    image       those without a name                        until, label; --all or dangling=false: unused ones, too
    builder     what builds have left (build_storage)       type, id, until, shared

Source: Docker's documentation, "docker system prune" and its kind.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydock_lab.engine.build_storage import CACHE_FILTERS, BuildStorage, cache_filter, tree_size
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.filters import LABELS, PRUNE, Filters
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.needs import needed
from pydock_lab.engine.networks import Networks
from pydock_lab.engine.values import Pruned, VolumeSummary
from pydock_lab.errors import CommandError, Conflict, NotFound, StoreError
from pydock_lab.oci.times import seconds

_KNOWN: Mapping[str, tuple[str, ...]] = {
    "container": PRUNE,
    "network": PRUNE,
    "volume": (*LABELS, "all"),
    "image": (*PRUNE, "dangling"),
    "builder": CACHE_FILTERS,
}

_Gone = Iterator[tuple[str, int]]  # what is told of it, and the bytes that it was


class Pruning:
    """Removes what nobody uses."""

    def __init__(self, home: Home, images: ImageShelf, life: ContainerLife, networks: Networks) -> None:
        self._home, self._images, self._life, self._networks = home, images, life, networks

    def prune(self, kinds: Sequence[str], *, all_: bool, filters: tuple[str, ...] = ()) -> dict[str, Pruned]:
        """Prune these kinds, in this order; raises CommandError for a kind or a filter that there is not."""
        said = {kind: _filters(kind, kinds, filters) for kind in kinds}
        removers: Mapping[str, Callable[[Filters, bool], _Gone]] = {
            "container": self._containers,
            "network": self._network,
            "volume": self._volumes,
            "image": self._image,
            "builder": self._builder,
        }
        found = {}
        for kind in kinds:
            # Of all kinds at once, `all_` is about images: a volume with a name is only removed where it is asked for.
            takes_all = all_ and (kind != "volume" or len(kinds) == 1)
            gone = list(removers[kind](said[kind], takes_all))
            collected = self._home.store.collector.collect(needed(self._home))
            self._home.store.trash.empty(self._home.snapshots.remove)
            size = collected.size + sum(one for _, one in gone)
            found[kind] = Pruned(removed=tuple(line for line, _ in gone), reclaimed=size)
        return found

    def _containers(self, said: Filters, _all: bool) -> _Gone:  # noqa: FBT001 - one form for all kinds
        now = time.time()
        for record in list(self._life.shelf.all()):
            if self._life.is_running(record) or not said.has_labels(record.labels):
                continue
            if said.is_older(record.created, now):
                size = self._home.ground(record.isolation).snapshots.changes(record.spec.rootfs).size
                with suppress(Conflict, NotFound):  # it was started, or removed, meanwhile
                    self._life.remove(record, force=False, volumes=False)
                    yield record.id, size

    def _network(self, said: Filters, _all: bool) -> _Gone:  # noqa: FBT001 - see above
        for name in self._networks.prune(said):
            yield name, 0

    def _volumes(self, said: Filters, all_: bool) -> _Gone:  # noqa: FBT001 - see above
        for volume in self._life.volumes.all():
            if not (volume.anonymous or all_ or said.truth("all")) or not said.has_labels(volume.labels):
                continue
            yield from self._volume(volume)

    def _volume(self, volume: VolumeSummary) -> _Gone:
        if not self._life.shelf.volume_users(volume.name):
            size = tree_size(Path(volume.mountpoint))
            with suppress(Conflict, NotFound):  # see _containers
                self._life.volumes.remove(volume.name, self._life.shelf.volume_users)
                yield volume.name, size

    def _image(self, said: Filters, all_: bool) -> _Gone:  # noqa: FBT001 - see above
        used = {line.image_id for line in self._life.shelf.lines()}
        takes_named = all_ or said.truth("dangling") is False
        now = time.time()
        for descriptor in {image.descriptor.digest: image.descriptor for image in self._home.layout.images()}.values():
            with suppress(StoreError):  # an image whose documents are broken is `system check`'s business
                found = self._images.open(descriptor)
                is_wanted = takes_named or not found.references
                if is_wanted and found.image_id not in used and _fits(found, said, now):
                    yield from self._drop(found)

    def _drop(self, found: FoundImage) -> _Gone:
        for reference in self._home.layout.drop(found.descriptor.digest):
            yield f"untagged: {reference.familiar}", 0
        yield f"deleted: {found.image_id}", 0

    def _builder(self, said: Filters, all_: bool) -> _Gone:  # noqa: FBT001 - see above
        for one in BuildStorage(self._home).prune(cache_filter(said), all_=all_):
            yield f"{one.type} {one.name}", one.size


def _fits(found: FoundImage, said: Filters, now: float) -> bool:
    is_older = said.is_older(seconds(found.config.created) or 0.0, now)
    return is_older and said.has_labels(found.config.config.labels)


def _filters(kind: str, kinds: Sequence[str], words: tuple[str, ...]) -> Filters:
    """The filters of one kind; where several are pruned at once, only what all of them know can be said."""
    if kind not in _KNOWN:
        raise CommandError("engine.prune-kind", kind=kind, kinds=", ".join(_KNOWN))
    if len(kinds) == 1:
        return Filters.parse(words, _KNOWN[kind])
    said = Filters.parse(words, PRUNE)
    if "until" in said and "volume" in kinds:
        raise CommandError("engine.prune-until-volumes")
    return said
