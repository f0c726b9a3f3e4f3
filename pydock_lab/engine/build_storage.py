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
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydock_lab.build.record import BuildRecord
from pydock_lab.engine.home import Home
from pydock_lab.errors import CommandError, PydockError
from pydock_lab.oci import INDEX_TYPES, Digest, Manifest

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


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One thing: how people may call it, its bytes, and whether an image needs it anyway."""

    type: RecordType
    name: str
    size: int
    is_shared: bool = False


def record_types(words: tuple[str, ...]) -> frozenset[RecordType]:
    """The kinds of `--filter type=...`, all without one; raises CommandError."""
    found = set()
    for word in words:
        name, _, value = word.partition("=")
        if name != "type" or value not in list(RecordType):
            raise CommandError("engine.builder-filter", value=word, known=", ".join(RecordType))
        found.add(RecordType(value))
    return frozenset(found or RecordType)


class BuildStorage:
    """What the builds of a home have left."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def all(self) -> Iterator[Kept]:
        """All of it."""
        shared = self._image_layers()
        for _, layer in self._home.cache.layers():
            digest = layer.descriptor.digest
            yield Kept(type=RecordType.REGULAR, name=digest, size=layer.descriptor.size, is_shared=digest in shared)
        for mount in self._home.cache_mounts.all():
            yield Kept(type=RecordType.CACHE_MOUNT, name=mount.id, size=tree_size(mount.path))
        for kind, pattern in _FILES.items():
            for path in self._home.root.glob(pattern):
                yield Kept(type=kind, name=path.stem, size=_size(path))
        for build in self._home.builds:
            yield Kept(type=RecordType.HISTORY, name=build, size=tree_size(self._home.builds.path(build)))

    def prune(self, types: frozenset[RecordType], *, all_: bool) -> Iterator[Kept]:
        """Remove what is not needed, of these kinds; each as it goes. Blobs go when the store is collected."""
        removers = {
            RecordType.REGULAR: self._layers,
            RecordType.CACHE_MOUNT: self._mounts,
            RecordType.HISTORY: self._history,  # before the contexts that only it has needed
            RecordType.LOCAL: self._contexts,
            RecordType.HTTP: self._downloads,
            RecordType.INTERNAL: self._answers,
        }
        for kind, remove in removers.items():
            if kind in types:
                yield from remove(all_=all_)

    def _layers(self, *, all_: bool) -> Iterator[Kept]:
        shared = frozenset() if all_ else self._image_layers()
        for path, layer in list(self._home.cache.layers()):
            digest = layer.descriptor.digest
            if digest not in shared:
                path.unlink(missing_ok=True)
                yield Kept(type=RecordType.REGULAR, name=digest, size=0)

    def _mounts(self, *, all_: bool) -> Iterator[Kept]:
        del all_
        sizes = {mount.path: tree_size(mount.path) for mount in self._home.cache_mounts.all()}
        for mount in self._home.cache_mounts.prune():
            yield Kept(type=RecordType.CACHE_MOUNT, name=mount.id, size=sizes.get(mount.path, 0))

    def _history(self, *, all_: bool) -> Iterator[Kept]:
        kept = frozenset() if all_ else self._recent()
        for build in list(self._home.builds):
            if build not in kept:
                size = tree_size(self._home.builds.path(build))
                with suppress(PydockError):  # another prune was quicker
                    self._home.builds.remove(build)
                    yield Kept(type=RecordType.HISTORY, name=build, size=size)

    def _contexts(self, *, all_: bool) -> Iterator[Kept]:
        before = self._found(RecordType.LOCAL)
        if all_:
            for path in self._home.root.glob("contexts/roots/*"):
                path.unlink(missing_ok=True)
        needed = {name for record in self._records() for name in record.snapshots.values()}
        self._home.contexts.forget(needed)
        yield from (before[name] for name in before.keys() - self._found(RecordType.LOCAL).keys())

    def _downloads(self, *, all_: bool) -> Iterator[Kept]:
        del all_
        yield from self._unlinked(RecordType.HTTP)

    def _answers(self, *, all_: bool) -> Iterator[Kept]:
        if all_:
            yield from self._unlinked(RecordType.INTERNAL)

    # ---- looking

    def _unlinked(self, kind: RecordType) -> Iterator[Kept]:
        for name, one in self._found(kind).items():
            (self._home.root / _FILES[kind]).with_name(f"{name}.json").unlink(missing_ok=True)
            yield one

    def _found(self, kind: RecordType) -> dict[str, Kept]:
        paths = self._home.root.glob(_FILES[kind])
        return {path.stem: Kept(type=kind, name=path.stem, size=_size(path)) for path in paths}

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
