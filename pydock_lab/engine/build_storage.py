"""What builds leave in the store beside images, by BuildKit's names of it, and how it goes: `docker builder prune`.

    regular           layers of the build cache             stay while an image has them
    exec.cachemount   folders of RUN --mount=type=cache     go unless a step is using them
    source.local      what contexts looked like             the newest of each stays, and those that a record names
    source.http       what ADD has downloaded
    history           records of builds                     the last ones stay, and those of images that are here
    internal          answers found out about layers        go with --all only

With `--all` everything goes but the folders in use. Source: Docker's documentation, "docker buildx prune".
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.build.record import BuildRecord
from pydock_lab.engine.filters import Filters
from pydock_lab.engine.home import Home
from pydock_lab.engine.values import Kept
from pydock_lab.errors import PydockError
from pydock_lab.oci import INDEX_TYPES, Digest, Manifest

if TYPE_CHECKING:
    from pydock_lab.build.cache_mounts import CacheMount

Wanted = Callable[[Kept], bool]

_KEPT_BUILDS = 50  # as many as BuildKit keeps


class RecordType(StrEnum):
    """Kinds of what is kept."""

    REGULAR = "regular"
    CACHE_MOUNT = "exec.cachemount"
    LOCAL = "source.local"
    HTTP = "source.http"
    HISTORY = "history"
    INTERNAL = "internal"


_FILES = {
    RecordType.LOCAL: "contexts/*.txt",
    RecordType.HTTP: "downloads/*.json",
    RecordType.INTERNAL: "cache/answers/*.json",
}


CACHE_FILTERS = ("id", "shared", "type", "until")


def cache_filter(said: Filters) -> Wanted:
    """Which things the filters mean; raises CommandError."""
    types, shared = said.choices("type", list(RecordType)), said.truth("shared")
    now = time.time()
    said.is_older(now, now)  # what is no time is told at once

    def is_wanted(one: Kept) -> bool:
        return (
            (not types or one.type in types)
            and (shared is None or one.is_shared is shared)
            and said.fit("id", one.name.startswith)
            and said.is_older(one.changed, now)
            and said.has_labels({})
        )

    return is_wanted


class BuildStorage:
    """What the builds of a home have left."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def all(self) -> Iterator[Kept]:
        """All of it."""
        for _, one in self._cached_layers():
            yield one
        for mount in self._home.cache_mounts.all():
            yield _mount(mount)
        for kind in _FILES:
            yield from self._found(kind).values()
        for build in self._home.builds:
            yield self._build(build)

    def prune(self, is_wanted: Wanted, *, all_: bool) -> Iterator[Kept]:
        """Remove what is wanted gone and not needed; each as it goes. Blobs go when the store is collected."""
        yield from self._prune_layers(is_wanted, all_=all_)
        yield from self._mounts(is_wanted)
        yield from self._history(is_wanted, all_=all_)  # before the contexts that only it has needed
        yield from self._contexts(is_wanted, all_=all_)
        yield from self._unlinked(RecordType.HTTP, is_wanted)
        if all_:
            yield from self._unlinked(RecordType.INTERNAL, is_wanted)

    def _prune_layers(self, is_wanted: Wanted, *, all_: bool) -> Iterator[Kept]:
        for path, one in list(self._cached_layers()):
            if is_wanted(one) and (all_ or not one.is_shared):
                path.unlink(missing_ok=True)
                # Its blob is counted when it is collected.
                yield replace(one, size=0)

    def _mounts(self, is_wanted: Wanted) -> Iterator[Kept]:
        found = {mount.path: _mount(mount) for mount in self._home.cache_mounts.all()}
        wanted = {path for path, one in found.items() if is_wanted(one)}
        for mount in self._home.cache_mounts.prune(wanted.__contains__):
            yield found[mount.path]

    def _history(self, is_wanted: Wanted, *, all_: bool) -> Iterator[Kept]:
        kept = frozenset() if all_ else self._recent()
        for build in list(self._home.builds):
            one = self._build(build)
            if build not in kept and is_wanted(one):
                with suppress(PydockError):  # another prune was quicker
                    self._home.builds.remove(build)
                    yield one

    def _contexts(self, is_wanted: Wanted, *, all_: bool) -> Iterator[Kept]:
        before = self._found(RecordType.LOCAL)
        if all_ and any(map(is_wanted, before.values())):
            for path in self._home.root.glob("contexts/roots/*"):
                path.unlink(missing_ok=True)
        needed = {name for record in self._records() for name in record.snapshots.values()}
        self._home.contexts.forget(needed | {name for name, one in before.items() if not is_wanted(one)})
        yield from (before[name] for name in before.keys() - self._found(RecordType.LOCAL).keys())

    # ---- looking

    def _cached_layers(self) -> Iterator[tuple[Path, Kept]]:
        shared = self._image_layers()
        for path, layer in self._home.cache.layers():
            digest, size = layer.descriptor.digest, layer.descriptor.size
            yield path, _kept(RecordType.REGULAR, digest, size, path, is_shared=digest in shared)

    def _build(self, build: str) -> Kept:
        folder = self._home.builds.path(build)
        return _kept(RecordType.HISTORY, build, tree_size(folder), folder)

    def _unlinked(self, kind: RecordType, is_wanted: Wanted) -> Iterator[Kept]:
        for name, one in self._found(kind).items():
            if is_wanted(one):
                (self._home.root / _FILES[kind]).with_name(f"{name}.json").unlink(missing_ok=True)
                yield one

    def _found(self, kind: RecordType) -> dict[str, Kept]:
        paths = self._home.root.glob(_FILES[kind])
        return {path.stem: _kept(kind, path.stem, _size(path), path) for path in paths}

    def _records(self) -> Iterator[BuildRecord]:
        for build in self._home.builds:
            with suppress(PydockError):
                yield BuildRecord.from_json(self._home.builds.read(build))

    def _recent(self) -> frozenset[str]:
        """The builds that somebody may ask about: the last ones, and those of images that are here."""
        here = {image.descriptor.digest for image in self._home.layout.images()}
        records = sorted(self._records(), key=lambda record: record.created)
        kept = {record.build for record in records[-_KEPT_BUILDS:]}
        return frozenset(kept | {record.build for record in records if record.digest in here})

    def _image_layers(self) -> frozenset[Digest]:
        """The layers of all images."""
        found: set[Digest] = set()
        for image in self._home.layout.images():
            if image.descriptor.media_type not in INDEX_TYPES:
                with suppress(PydockError):
                    manifest = Manifest.from_bytes(self._home.blobs.read(image.descriptor))
                    found.update(layer.digest for layer in manifest.layers)
        return frozenset(found)


def _kept(kind: RecordType, name: str, size: int, path: Path, *, is_shared: bool = False) -> Kept:
    return Kept(type=kind, name=name, size=size, is_shared=is_shared, changed=_changed(path))


def _mount(mount: "CacheMount") -> Kept:
    return Kept(type=RecordType.CACHE_MOUNT, name=mount.id, size=tree_size(mount.path), changed=mount.used)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # see _size
        return 0.0


def tree_size(folder: Path) -> int:
    """Bytes of the files in a folder, as far as they can be seen."""
    total = 0
    for path, _, files in os.walk(folder):
        total += sum(_size(Path(path, name)) for name in files)
    return total


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:  # deleted meanwhile, or another user's
        return 0
