"""`docker explain` and `build --predict`: the record of a build beside the one before it."""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.cache import Layer
from pydock_lab.build.explain.explanation import explain
from pydock_lab.build.explain.files import FileFact, FileKind
from pydock_lab.build.explain.nearest import nearest
from pydock_lab.build.record import BuildRecord, StepKind, StepRecord
from pydock_lab.build.selection import selected
from pydock_lab.build.snapshot_source import SnapshotSource
from pydock_lab.build.source import Source, resolve, walk
from pydock_lab.build.steps import PathSource
from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import ImageShelf
from pydock_lab.errors import Corrupt, NotFound, PydockError
from pydock_lab.views import Explanation

_KINDS = {
    EntryType.FILE: FileKind.FILE,
    EntryType.HARDLINK: FileKind.FILE,
    EntryType.DIRECTORY: FileKind.DIRECTORY,
    EntryType.SYMLINK: FileKind.LINK,
    EntryType.FIFO: FileKind.FIFO,
    EntryType.CHARACTER: FileKind.CHARACTER,
    EntryType.BLOCK: FileKind.BLOCK,
}


class Explaining:
    """Explains the builds of a home."""

    def __init__(self, home: Home, shelf: ImageShelf) -> None:
        self._home, self._shelf = home, shelf

    def explain(self, name: str) -> Explanation:
        """The build of that id (or its start), else the one that made that image; "" is the last one. NotFound."""
        return self.explain_record(self.find(name))

    def explain_record(self, after: BuildRecord) -> Explanation:
        """A record beside the one that it is to be compared with."""
        return explain(nearest(self.records(), after), after, self.files)

    def records(self) -> Iterator[BuildRecord]:
        """All builds that can be read, the oldest first."""
        found = []
        for build in self._home.builds:
            with suppress(PydockError):
                found.append(BuildRecord.from_json(self._home.builds.read(build)))
        yield from sorted(found, key=lambda record: record.created)

    def find(self, name: str) -> BuildRecord:
        """The record that is meant."""
        records = list(self.records())
        if not name:
            if not records:
                raise NotFound("engine.no-build", build="-")
            return records[-1]
        meant = [record for record in records if name == record.build or name in _names(record)]
        meant = meant or [record for record in records if record.build.startswith(name)]
        if not meant:
            image = self._shelf.find(name).image_id
            meant = [record for record in records if record.image_id == image]
        if not meant:
            raise NotFound("engine.no-build", build=name)
        return meant[-1]

    # ---- what a step read

    def files(self, record: BuildRecord, step: StepRecord) -> Mapping[str, FileFact] | None:
        """What a step read in that build, by path; None where it was not kept."""
        source = self._source(record, step)
        if source is None or not step.sources:
            return None
        facts = json.loads(step.key) if step.key else {}
        found: dict[str, FileFact] = {}
        with suppress(PydockError):  # a path that is no longer known
            for written in step.sources:
                part = PathSource(written=written, path="/" + written.lstrip("/"))
                for one in selected(part, source, tuple(facts.get("excludes", ()))):
                    found |= dict(_facts(one.source, resolve(one.source, one.path)))
        return found or None

    def _source(self, record: BuildRecord, step: StepRecord) -> Source | None:
        name = step.origin
        if name in record.snapshots:
            return SnapshotSource(self._home.contexts.get(record.snapshots[name]))
        titles = {one.stage for one in record.steps}
        return self._stage_tree(record, name) if name in titles else None

    def _stage_tree(self, record: BuildRecord, title: str) -> LayeredTree | None:
        """What the steps of a stage wrote, without its base image: that one is told by its own digest."""
        try:
            layers = [Layer.from_json(dict(step.layer)) for step in _steps(record, title) if step.layer]
            indexes = [self._home.indexes.get(layer.diff_id, layer.descriptor) for layer in layers]
        except (NotFound, Corrupt):  # pruned meanwhile
            return None
        return LayeredTree(indexes, lambda _: iter(()))


def _names(record: BuildRecord) -> frozenset[str]:
    return frozenset(name for tag in record.references for name in (tag, tag.removesuffix(":latest"), f"{tag}:latest"))


def _steps(record: BuildRecord, title: str) -> Iterator[StepRecord]:
    """The steps of a stage, those of the stages below it first."""
    own = [step for step in record.steps if step.stage == title]
    below = next((step.origin for step in own if step.kind is StepKind.FROM), "")
    if below and below != title:
        yield from _steps(record, below)
    yield from own


def _facts(source: Source, top: bytes) -> Iterator[tuple[str, FileFact]]:
    for entry in walk(source, top):
        yield os.fsdecode(entry.path) or ".", _fact(source, entry)


def _fact(source: Source, entry: Entry) -> FileFact:
    kind = _KINDS[entry.type]
    return FileFact(
        kind=kind,
        mode=stat.S_IMODE(entry.mode),
        uid=entry.uid,
        gid=entry.gid,
        size=entry.size,
        link=os.fsdecode(entry.target),
        checksum=str(source.file_checksum(entry)) if kind is FileKind.FILE else "",
        mtime=entry.mtime,
    )
