"""The layers of an image as a view: what each step wrote, changed and deleted, told from the layers' indexes."""

import heapq
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.build.source import walk
from pydock_lab.build.tree import LayeredTree
from pydock_lab.engine.values import ImageDetails
from pydock_lab.oci import Descriptor, Digest, History
from pydock_lab.store.indexes import IndexStore
from pydock_lab.views import ChangeKind, FileChange, LayerRow, LayerStack, Origin

SHOWN = 200  # changes a row; the rest is counted
_MANY = 5_000  # files of an image from which on it is quicker to read what was told than to tell it again
_FORMAT = 1
_KINDS = {kind.value: kind for kind in ChangeKind}
_GO_WORD = re.compile(r'"(?:[^"\\]|\\.)*"')
_GO_LIST = re.compile(rf"([A-Z]+) \[({_GO_WORD.pattern}(?: {_GO_WORD.pattern})*)\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class StepFacts:
    """What the build record knows of a step: where it stood in the Dockerfile, and how it came."""

    line: int = 0
    seconds: float = 0.0
    cached: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildFacts:
    """What the build record knows of an image: how many history entries are its base's, and of each step after."""

    base_entries: int
    steps: tuple[StepFacts, ...] = field(default=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What a layer changes: those that are shown, how many there are in `total`, bytes of all its files in `size`."""

    shown: tuple[FileChange, ...]
    total: int
    size: int

    @classmethod
    def of(cls, index: LayerIndex, below: LayeredTree) -> Self:
        """Those of a layer on the tree below it."""
        gone, written = list(_deleted(index, below)), list(_written(index, below))
        # Of 100,000 files 200 are shown: only these are put into words.
        first = heapq.nsmallest(SHOWN, written, key=lambda found: (-found[0].size, found[0].path))
        return cls(
            shown=tuple(heaviest([*gone, *(_change(*found) for found in first)])),
            total=len(gone) + len(written),
            size=index.size,
        )

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        rows = [[one.path, one.kind.value, one.size, one.mode, one.link, one.is_directory] for one in self.shown]
        return {"format": _FORMAT, "total": self.total, "size": self.size, "shown": rows}

    @classmethod
    def from_json(cls, document: object) -> Self | None:
        """What `to_json` gave; None for anything else."""
        if not isinstance(document, dict) or document.get("format") != _FORMAT:
            return None
        try:
            shown = tuple(
                FileChange(path=path, kind=_KINDS[kind], size=size, mode=mode, link=link, is_directory=is_directory)
                for path, kind, size, mode, link, is_directory in document["shown"]
            )
            return cls(shown=shown, total=document["total"], size=document["size"])
        except (KeyError, TypeError, ValueError):
            return None


def layer_stack(name: str, details: ImageDetails, indexes: IndexStore, facts: BuildFacts | None) -> LayerStack:
    """The view of an image; without a build record every layer counts as the base's: somebody else made it."""
    config = details.config
    layers = iter(
        _Found(*found)
        for found in zip(
            details.manifest.layers,
            config.diff_ids,
            config.chain_ids,
            _changes(details, indexes),
            strict=True,
        )
    )
    rows = []
    for number, entry in enumerate(config.history):
        layer = None if entry.empty_layer else next(layers, None)
        rows.append(_row(number, entry, _step(number, facts), layer))
    for layer in layers:  # those that no history speaks of
        rows.append(_row(len(rows), History(), None, layer))
    command = f"docker history --no-trunc {name}"
    return LayerStack(
        name=name,
        image_id=details.image_id,
        digest=details.digest,
        platform=str(config.platform),
        rows=tuple(replace(row, command=command) for row in rows),
        created=config.created,
    )


@dataclass(frozen=True, slots=True)
class _Found:
    descriptor: Descriptor
    diff_id: Digest
    chain_id: Digest
    changes: Changes


def _changes(details: ImageDetails, indexes: IndexStore) -> list[Changes]:
    """What each layer changes, the base first: as it was kept, or from the indexes of all of them."""
    chain_ids = details.config.chain_ids
    kept = [Changes.from_json(indexes.changes(chain_id)) for chain_id in chain_ids]
    if all(kept):
        return [one for one in kept if one]
    tree = LayeredTree((), lambda _: iter(()))
    found, entries = [], 0
    for number, (layer, diff_id) in enumerate(zip(details.manifest.layers, details.config.diff_ids, strict=True)):
        index = indexes.get(diff_id, layer)
        found.append(kept[number] or Changes.of(index, tree))
        tree.add(number, index)
        entries += len(index.entries)
    if entries >= _MANY:
        for chain_id, before, one in zip(chain_ids, kept, found, strict=True):
            if before is None:
                indexes.keep_changes(chain_id, one.to_json())
    return found


def _step(number: int, facts: BuildFacts | None) -> StepFacts | None:
    """The facts of a history entry; None where it belongs to the base."""
    if facts is None or number < facts.base_entries:
        return None
    at = number - facts.base_entries
    return facts.steps[at] if at < len(facts.steps) else StepFacts()


def _origin(step: StepFacts | None, *, has_layer: bool) -> Origin:
    if not has_layer:
        return Origin.CONFIG
    if step is None:
        return Origin.BASE
    return Origin.CACHED if step.cached else Origin.BUILT


def _row(number: int, entry: History, step: StepFacts | None, layer: _Found | None) -> LayerRow:
    """The row of a history entry, with its layer, if any."""
    told = step or StepFacts()
    row = LayerRow(
        number=number,
        instruction=shown_instruction(entry.created_by) or entry.comment,
        origin=_origin(step, has_layer=layer is not None),
        created=entry.created,
        seconds=told.seconds,
        line=told.line,
    )
    if layer is None:
        return row
    return replace(
        row,
        size=layer.descriptor.size,
        unpacked_size=layer.changes.size,
        digest=layer.descriptor.digest,
        diff_id=layer.diff_id,
        chain_id=layer.chain_id,
        changes=layer.changes.shown,
        changes_total=layer.changes.total,
    )


def shown_instruction(created_by: str) -> str:
    """A history text as the instruction that a person wrote: without what the builder wrapped around it."""
    text = created_by.removesuffix(" # buildkit")
    text = text.removeprefix("/bin/sh -c #(nop)").strip()
    if text.startswith("RUN |"):
        # `RUN |2 A=1 B=2 /bin/sh -c ...`: build arguments are not part of the command
        text = "RUN " + text.partition("/bin/sh -c ")[2] if "/bin/sh -c " in text else text
    text = text.replace("RUN /bin/sh -c ", "RUN ", 1)
    # `CMD ["a" "b"]`: builders print the list as Go does, without the commas that it was written with
    exec_form = _GO_LIST.fullmatch(text)
    return f"{exec_form[1]} [{', '.join(_GO_WORD.findall(exec_form[2]))}]" if exec_form else text


def changes_of(index: LayerIndex, below: LayeredTree) -> Iterator[FileChange]:
    """What a layer does to the tree below it; folders that it only passes through are no change."""
    yield from _deleted(index, below)
    for entry, kind in _written(index, below):
        yield _change(entry, kind)


def _deleted(index: LayerIndex, below: LayeredTree) -> Iterator[FileChange]:
    for path in sorted(index.whiteouts):
        size = sum(entry.size for entry in walk(below, path))
        yield FileChange(path=_shown(path), kind=ChangeKind.DELETED, size=size)
    for folder in sorted(index.opaque):
        for name in below.children(folder):
            path = folder + b"/" + name if folder else name
            size = sum(entry.size for entry in walk(below, path))
            yield FileChange(path=_shown(path), kind=ChangeKind.DELETED, size=size)


def _written(index: LayerIndex, below: LayeredTree) -> Iterator[tuple[Entry, ChangeKind]]:
    for entry in index.entries:
        known = below.entry(entry.path)
        if entry.path and not _only_passed(entry, known):
            yield entry, ChangeKind.CHANGED if known else ChangeKind.ADDED


def _only_passed(entry: Entry, known: Entry | None) -> bool:
    if known is None or entry.type is not EntryType.DIRECTORY or known.type is not EntryType.DIRECTORY:
        return False
    return (entry.mode, entry.uid, entry.gid) == (known.mode, known.uid, known.gid)


def _change(entry: Entry, kind: ChangeKind) -> FileChange:
    return FileChange(
        path=_shown(entry.path),
        kind=kind,
        size=entry.size,
        mode=entry.mode,
        link=os.fsdecode(entry.target),
        is_directory=entry.type is EntryType.DIRECTORY,
    )


def _shown(path: bytes) -> str:
    return "/" + path.decode("utf-8", "replace")


def heaviest(changes: Sequence[FileChange]) -> list[FileChange]:
    """Deletions first, for they surprise; then the heaviest files."""
    ranked = sorted(changes, key=lambda change: (change.kind is not ChangeKind.DELETED, -change.size, change.path))
    return ranked[:SHOWN]


def facts_from(record: Mapping[str, object]) -> BuildFacts:
    """What `engine.building` wrote into a build record."""
    steps = record.get("steps")
    rows = steps if isinstance(steps, list) else []
    return BuildFacts(
        base_entries=int(str(record.get("base_entries", 0))),
        steps=tuple(
            StepFacts(line=row["line"], seconds=row["seconds"], cached=row["cached"])
            for row in rows
            if row["in_history"]
        ),
    )
