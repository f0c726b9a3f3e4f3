"""What a build or an image could do better: the edit that keeps a step cached, and where the bytes are.

`what_if` tries edits on the records of two builds: their Dockerfiles are planned again with the files that each of
them had, as their snapshots tell, and nothing is run.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from pydock_lab.archive.compress import decompress
from pydock_lab.archive.entry import EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.archive.reader import TarReader, chunks
from pydock_lab.build.context import BuildContext
from pydock_lab.build.explain.context_weight import weigh_context
from pydock_lab.build.explain.nearest import nearest
from pydock_lab.build.explain.secrets import Read
from pydock_lab.build.explain.weighed import WeighedLayer
from pydock_lab.build.explain.weight import weigh_image
from pydock_lab.build.explain.what_if import Version, what_if
from pydock_lab.build.record import BuildRecord, BuildStatus, StepRecord
from pydock_lab.build.selection import Without
from pydock_lab.build.snapshot_source import SnapshotSource
from pydock_lab.build.source import Source, walk
from pydock_lab.dockerfile.ignore import IgnoreRules
from pydock_lab.engine.building import ImageBuilding
from pydock_lab.engine.context_folder import read_ignore
from pydock_lab.engine.explaining import Explaining
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import NotFound
from pydock_lab.oci import Descriptor
from pydock_lab.views import ContextWeight, Weight, WhatIf

_MOST_BYTES = 1 << 20  # of a file that is looked into for secrets


class Advising:
    """Advice on the builds and images of a home."""

    def __init__(self, home: Home, shelf: ImageShelf, explaining: Explaining, building: ImageBuilding) -> None:
        self._home, self._shelf, self._explaining, self._building = home, shelf, explaining, building

    # ---- what if

    def what_if(self, name: str) -> WhatIf:
        """The edits that would have kept steps of a build in the cache; raises NotFound."""
        after = self._explaining.find(name)
        before = nearest(self._explaining.records(), after)
        if before is None:
            return WhatIf(build=after.build, name=next(iter(after.references), ""), proposals=())
        records = {Version.BEFORE: before, Version.AFTER: after}

        def keys(dockerfile: str, ignore: str, version: Version) -> Sequence[StepRecord]:
            return self._keys(records[version], dockerfile, ignore)

        return what_if(before, after, self._explaining.files, keys)

    def _keys(self, record: BuildRecord, dockerfile: str, ignore: str) -> Sequence[StepRecord]:
        """The steps of a Dockerfile with the files and options of a recorded build."""
        options = BuildOptions(
            dockerfile=dockerfile,
            build_args=record.build_args,
            target=record.target,
            platform=record.platform,
        )
        return self._building.keys(options, self._source(record, ignore))

    def _source(self, record: BuildRecord, ignore: str) -> Source:
        """The context of a recorded build, with another ignore file."""
        snapshot = SnapshotSource(self._home.contexts.get(record.snapshots.get("", "")))
        return Without(snapshot, IgnoreRules.parse(ignore), [b""]) if ignore != record.ignore else snapshot

    # ---- weight

    def weigh(self, name: str) -> Weight:
        """An image by weight; raises NotFound."""
        found = self._shelf.find(name)
        try:
            record = self._explaining.find(name)
        except NotFound:  # it was made elsewhere
            record = BuildRecord(build="", status=BuildStatus.DONE, created="", dockerfile="")
        by_layer = {str((step.layer or {}).get("diff_id", "")): step for step in record.steps}
        layers = [
            _weighed(self._home.indexes.get(diff_id, layer), by_layer.get(str(diff_id)), layer.size)
            for layer, diff_id in zip(found.manifest.layers, found.config.diff_ids, strict=True)
        ]
        return weigh_image(name, record, layers, self._reader(found))

    def _reader(self, found: FoundImage) -> Read:
        """Gives small files of an image's layers, to be looked into."""
        layers = [_LayerFiles(partial(self._tar, layer)) for layer in found.manifest.layers]
        return lambda at, path: layers[at].read(path)

    def _tar(self, layer: Descriptor) -> Iterator[bytes]:
        with self._home.blobs.open(layer) as blob:
            yield from decompress(chunks(blob))

    def weigh_context(self, root: Path, dockerfile_name: str = "Dockerfile") -> ContextWeight:
        """A folder as a build context, by weight; raises NotFound and DockerfileError."""
        if not root.is_dir():
            raise NotFound("build.no-context", path=str(root))
        entries = (entry for entry in walk(BuildContext(root), b"") if entry.type is not EntryType.DIRECTORY)
        files = {os.fsdecode(entry.path): entry.size for entry in entries}
        ignore = read_ignore(root, f"{dockerfile_name}.dockerignore")
        return weigh_context(str(root), files, ignore, dockerfile_name)


class _LayerFiles:
    """The files of a layer, asked for in the order of its tar: so that is read once, and not once for each."""

    def __init__(self, tar: Callable[[], Iterator[bytes]]) -> None:
        self._tar = tar
        self._begin()

    def _begin(self) -> None:
        self._reader = TarReader(self._tar())
        self._entries = iter(self._reader)

    def read(self, path: bytes) -> bytes | None:
        """The content of a file; None where it is not there, or too large."""
        for _ in range(2):
            for entry in self._entries:
                if entry.path == path and entry.type is EntryType.FILE:
                    return b"".join(map(bytes, self._reader.content())) if entry.size <= _MOST_BYTES else None
            self._begin()  # it stands before the one that was asked for last
        return None


def _weighed(index: LayerIndex, step: StepRecord | None, compressed: int) -> WeighedLayer:
    if step is None:
        return WeighedLayer(index=index, compressed=compressed)
    return WeighedLayer(index=index, number=step.number, text=step.text, line=step.line, compressed=compressed)
