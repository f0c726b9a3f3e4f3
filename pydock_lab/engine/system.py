"""The system's own commands: version, info, doctor, disk usage, prune, check."""

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pydock_lab import locale
from pydock_lab.engine.asking import ContainerQuestions
from pydock_lab.engine.build_storage import BuildStorage, record_types, tree_size
from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.home import Home
from pydock_lab.engine.networks import Networks
from pydock_lab.engine.records import needed
from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.engine.values import DiskUsage, Info, Pruned
from pydock_lab.errors import CommandError
from pydock_lab.runtime.state import Status
from pydock_lab.version import __version__
from pydock_lab.views import Doctor, FacetView

_KINDS = ("container", "image", "volume", "network", "builder")


class System:
    """Questions and housekeeping of a home."""

    def __init__(self, home: Home, life: ContainerLife, questions: ContainerQuestions, networks: Networks) -> None:
        self._home, self._life, self._questions, self._networks = home, life, questions, networks

    def version(self) -> Info:
        """`docker version`."""
        return Info(
            facts={
                "Version": __version__,
                "OS/Arch": str(PLATFORM),
                "Python": platform.python_version(),
                "Kernel": platform.release(),
            }
        )

    def info(self) -> Info:
        """`docker info`."""
        states = [self._life.state(record).status for record in self._life.shelf.all()]
        return Info(
            facts={
                "Containers": str(len(states)),
                "Running": str(states.count(Status.RUNNING)),
                "Paused": str(states.count(Status.PAUSED)),
                "Stopped": str(len(states) - states.count(Status.RUNNING) - states.count(Status.PAUSED)),
                "Images": str(len(self._home.layout.images())),
                "Server Version": __version__,
                "Isolation": str(self._home.runtime.tier),
                "Kernel Version": platform.release(),
                "Architecture": platform.machine(),
                "CPUs": str(os.cpu_count()),
                "Root Dir": str(self._home.root),
            }
        )

    def doctor(self) -> Doctor:
        """Each facet of isolation, tried: in force or not, how, why not, and what would bring it."""
        if sys.platform != "linux":
            return Doctor(tier="none", summary=locale.text("engine.doctor-none"), facets=())
        runtime = self._home.runtime
        facets = tuple(
            FacetView(
                name=facet.name,
                title=locale.text(f"engine.facet-{facet.name}"),
                in_force=facet.in_force,
                how=facet.how,
                why=_said(facet.why, facet.detail),
                remedy=_said(facet.remedy, facet.detail),
            )
            for facet in runtime.probe()
        )
        return Doctor(tier=str(runtime.tier), summary=locale.text(f"engine.doctor-{runtime.tier}"), facets=facets)

    # ---- housekeeping

    def disk_usage(self) -> tuple[DiskUsage, ...]:
        """`docker system df`."""
        usage = self._home.store.collector.usage(needed(self._home))
        images = self._home.layout.images()
        used = {record.image_id for record in self._life.shelf.all()}
        records = list(self._life.shelf.all())
        running = [record for record in records if self._life.is_running(record)]
        sizes = {record.id: self._home.snapshots.changes(record.spec.rootfs).size for record in records}
        stopped = sum(size for key, size in sizes.items() if key not in {one.id for one in running})
        volumes = [tree_size(Path(volume.mountpoint)) for volume in self._life.volumes.all()]
        built = list(BuildStorage(self._home).all())
        return (
            DiskUsage(
                kind="Images",
                total=len(images),
                active=len(used),
                size=usage.size,
                reclaimable=usage.reclaimable,
            ),
            DiskUsage(
                kind="Containers",
                total=len(records),
                active=len(running),
                size=sum(sizes.values()),
                reclaimable=stopped,
            ),
            DiskUsage(kind="Local Volumes", total=len(volumes), active=0, size=sum(volumes), reclaimable=0),
            DiskUsage(
                kind="Build Cache",
                total=len(built),
                active=sum(one.is_shared for one in built),
                size=sum(one.size for one in built),
                reclaimable=sum(one.size for one in built if not one.is_shared),
            ),
        )

    def prune(self, kinds: Iterable[str], *, all_: bool, filters: tuple[str, ...] = ()) -> dict[str, Pruned]:
        """Remove what nobody uses, of these kinds; raises CommandError for an unknown one.

        `filters` are those of `docker builder prune`, or of `docker network prune`.
        """
        kinds, found = list(kinds), {}
        types = record_types(filters) if "builder" in kinds else frozenset()
        for kind in kinds:
            if kind not in _KINDS:
                raise CommandError("engine.prune-kind", kind=kind, kinds=", ".join(_KINDS))
            size = 0
            if kind == "builder":
                gone = list(BuildStorage(self._home).prune(types, all_=all_))
                removed, size = tuple(f"{one.type} {one.name}" for one in gone), sum(one.size for one in gone)
            elif kind == "network":
                removed = tuple(self._networks.prune(filters if kinds == [kind] else ()))
            else:
                removed = tuple(getattr(self, f"_prune_{kind}")(all_))
            collected = self._home.store.collector.collect(needed(self._home))
            self._home.store.trash.empty(self._home.snapshots.remove)
            found[kind] = Pruned(removed=removed, reclaimed=collected.size + size)
        return found

    def _prune_container(self, _all: bool) -> Iterator[str]:  # noqa: FBT001 - one form for all kinds
        for record in list(self._life.shelf.all()):
            if not self._life.is_running(record):
                self._life.remove(record, force=False, volumes=False)
                yield record.id

    def _prune_image(self, all_: bool) -> Iterator[str]:  # noqa: FBT001 - see above
        used = {record.image_id for record in self._life.shelf.all()}
        for image in self._home.layout.images():
            if image.reference is None or all_:
                manifest = self._home.blobs.read(image.descriptor)
                if not any(one.encode() in manifest for one in used):
                    self._home.layout.drop(image.descriptor.digest)
                    yield image.reference.familiar if image.reference else str(image.descriptor.digest)

    def _prune_volume(self, all_: bool) -> Iterator[str]:  # noqa: FBT001 - see above
        for volume in self._life.volumes.all():
            if (volume.anonymous or all_) and not self._questions.volume_users(volume.name):
                self._life.volumes.remove(volume.name, ())
                yield volume.name

    def check(self, on_progress: Callable[[int, int], None] | None) -> tuple[str, ...]:
        """Recompute every digest; what is broken, in words."""
        found = self._home.store.collector.check(on_progress)
        return tuple(locale.text(one.damage.value, digest=one.digest, needed_by=one.needed_by or "-") for one in found)


def _said(key: str, detail: str) -> str:
    return locale.text(key, detail=detail) if key else ""
