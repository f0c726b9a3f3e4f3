"""A build as it went, told from its record, its events and the indexes of its layers: nothing is done again.

builds/91bc.../record.json     what each step was, and the layer that it made
               events.jsonl    when it began, what it wrote, how it failed
indexes of the layers          which files each added, changed and deleted
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pydock_lab.archive.index import LayerIndex
from pydock_lab.build.cache import Layer
from pydock_lab.build.record import BuildRecord, StepKind, StepRecord
from pydock_lab.build.tree import LayeredTree
from pydock_lab.dockerfile.instructions import Run
from pydock_lab.dockerfile.stages import Dockerfile, parse
from pydock_lab.engine.explaining import Explaining
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.layerstack import changes_of, heaviest
from pydock_lab.engine.records import ContainerShelf
from pydock_lab.errors import DockerfileError, NotFound, PydockError
from pydock_lab.views import BuildTrace, FileChange, StepOutcome, TraceStage, TraceStep

_OUTPUT_LINES = 40


class Tracing:
    """Tells the builds of a home, step by step."""

    def __init__(self, home: Home, shelf: ImageShelf, explaining: Explaining) -> None:
        self._home, self._shelf, self._explaining = home, shelf, explaining

    def trace(self, name: str) -> BuildTrace:
        """The build of that id (or its start), else the one that made that image; "" is the last one. NotFound."""
        record = self._find(name)
        told = _Told.read(self._lines(record.build))
        written = _Written.of(record)
        files = _Files(self._home, self._shelf, record)
        return BuildTrace(
            build=record.build,
            name=next(iter(record.references), ""),
            created=record.created,
            seconds=record.seconds,
            dockerfile=tuple(record.dockerfile.rstrip("\n").split("\n")),
            stages=written.stages(),
            steps=tuple(_step(step, told, written, files) for step in record.steps),
            image_id=record.image_id,
            error=record.error,
        )

    def _find(self, name: str) -> BuildRecord:
        try:
            return self._explaining.find(name)
        except NotFound:
            if name in {line.name for line in ContainerShelf(self._home).lines()}:
                raise NotFound("engine.trace-container", container=name) from None
            raise

    def _lines(self, build: str) -> Iterator[Mapping[str, Any]]:
        """The events that can be read; a build that was killed may have left none."""
        with suppress(OSError, ValueError):
            path = self._home.builds.path(build) / "events.jsonl"
            yield from map(json.loads, path.read_text(encoding="utf-8").splitlines())


@dataclass(slots=True)
class _Told:
    """What the events say of each step, by its number."""

    starts: dict[int, float] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    seconds: dict[int, float] = field(default_factory=dict)
    outputs: dict[int, list[str]] = field(default_factory=dict)
    errors: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, events: Iterator[Mapping[str, Any]]) -> "_Told":
        told = cls()
        for event in events:
            told._add(event, event.get("step", 0))
        return told

    def _add(self, event: Mapping[str, Any], step: int) -> None:
        match event["event"]:
            case "StepStarted":
                self.starts[step] = float(event.get("at", 0.0))
                self.labels[step] = str(event.get("label", ""))
            case "StepOutput":
                self.outputs.setdefault(step, []).append(event["text"])
            case "StepFinished" | "StepFailed":
                self.seconds[step] = float(event["seconds"])
                if "message" in event:
                    self.errors[step] = event["message"]

    def output(self, step: int) -> tuple[str, ...]:
        """The last lines that a step wrote."""
        return tuple("".join(self.outputs.get(step, ())).rstrip("\n").split("\n")[-_OUTPUT_LINES:])


# ---- stages and steps


@dataclass(frozen=True, slots=True)
class _Written:
    """The Dockerfile of a record, for what the record does not have: skipped stages, and where mounts come from."""

    record: BuildRecord
    parsed: Dockerfile | None

    @classmethod
    def of(cls, record: BuildRecord) -> "_Written":
        try:
            return cls(record, parse(record.dockerfile))
        except DockerfileError:  # an earlier version may have read it
            return cls(record, None)

    def stages(self) -> tuple[TraceStage, ...]:
        """All stages of the file, those that were skipped too."""
        stages = self.parsed.stages if self.parsed else ()
        built = [step.stage_index for step in self.record.steps]
        last = self.record.dockerfile.rstrip("\n").count("\n") + 1
        ends = [*(stage.lines.first - 1 for stage in stages[1:]), last]
        return tuple(
            TraceStage(
                index=index,
                title=stage.name or f"stage-{index}",
                base=stage.base,
                line=stage.lines.first,
                end_line=end,
                needs=self._stage_needs(index),
                # It needs all others, so in the plan it comes last.
                is_target=index == built[-1],
                is_skipped=index not in built,
            )
            for index, (stage, end) in enumerate(zip(stages, ends, strict=False))
        )

    def _stage_needs(self, index: int) -> tuple[int, ...]:
        steps = (step for step in self.record.steps if step.stage_index == index)
        return tuple(sorted({need for step in steps for need in self.needs(step)}))

    def needs(self, step: StepRecord) -> tuple[int, ...]:
        """The other stages that a step takes files from: FROM and COPY say it in the record, mounts in the file."""
        return tuple(sorted(set(self._found(step)) - {step.stage_index}))

    def _found(self, step: StepRecord) -> Iterator[int]:
        if self.parsed is None:
            return
        titles = {stage.name or f"stage-{at}": at for at, stage in enumerate(self.parsed.stages)}
        if step.origin in titles:
            yield titles[step.origin]
        for command in self.parsed.stages[step.stage_index].commands:
            if isinstance(command, Run) and command.lines.first == step.line:
                options = (dict(part.partition("=")[::2] for part in mount.split(",")) for mount in command.mounts)
                found = (self.parsed.stage(each.get("from", "")) for each in options)
                yield from (self.parsed.stages.index(stage) for stage in found if stage is not None)


def _step(step: StepRecord, told: _Told, written: _Written, files: "_Files") -> TraceStep:
    number = step.number
    found = files.of(step)
    return TraceStep(
        number=number,
        stage=step.stage_index,
        text=step.text,
        line=step.line,
        end_line=step.end_line,
        outcome=_outcome(step, told),
        label=told.labels.get(number, ""),
        start=told.starts.get(number, 0.0),
        seconds=told.seconds.get(number, step.seconds),
        made_seconds=step.made_seconds,
        size=found.size,
        unpacked_size=found.unpacked_size,
        digest=found.digest,
        diff_id=found.diff_id,
        key=step.key_digest,
        needs=written.needs(step),
        output=told.output(number) if number in told.outputs else (),
        error=told.errors.get(number, ""),
        changes=tuple(heaviest(found.changes)),
        changes_total=len(found.changes),
    )


def _outcome(step: StepRecord, told: _Told) -> StepOutcome:
    if step.number in told.errors:
        return StepOutcome.FAILED
    if step.number not in told.starts and step.cached is None:
        return StepOutcome.UNREACHED
    if step.kind is StepKind.FROM:
        return StepOutcome.BASE
    if step.kind is StepKind.CONFIG:
        return StepOutcome.CONFIG if step.number in told.seconds else StepOutcome.UNREACHED
    if step.cached is None:
        return StepOutcome.UNREACHED
    return StepOutcome.CACHED if step.cached else StepOutcome.MISSED


@dataclass(frozen=True, kw_only=True, slots=True)
class _LayerFacts:
    """What a step's layer is; all empty where it made none, or where it was pruned."""

    size: int = 0
    unpacked_size: int = 0
    digest: str = ""
    diff_id: str = ""
    changes: tuple[FileChange, ...] = ()


class _Files:
    """The layers of a record's steps, each laid on the tree of its stage so far; to be asked in the steps' order."""

    def __init__(self, home: Home, shelf: ImageShelf, record: BuildRecord) -> None:
        self._home, self._shelf = home, shelf
        self._titles = {step.stage: step.stage_index for step in record.steps}
        self._indexes: dict[int, list[LayerIndex]] = {}
        self._trees: dict[int, LayeredTree] = {}

    def of(self, step: StepRecord) -> _LayerFacts:
        """The layer of a step; of a FROM, those of its image together."""
        if step.kind is StepKind.FROM:
            return self._base(step)
        if step.layer is None:
            return _LayerFacts()
        layer = Layer.from_json(dict(step.layer))
        facts = _LayerFacts(
            size=layer.descriptor.size,
            unpacked_size=layer.unpacked_size,
            digest=layer.descriptor.digest,
            diff_id=layer.diff_id,
        )
        try:
            index = self._home.indexes.get(layer.diff_id, layer.descriptor)
        except PydockError:  # pruned meanwhile
            return facts
        changes = tuple(changes_of(index, self._trees[step.stage_index]))
        self._add(step.stage_index, index)
        return replace(facts, changes=changes)

    def _add(self, stage: int, index: LayerIndex) -> None:
        self._trees[stage].add(len(self._indexes[stage]), index)
        self._indexes[stage].append(index)

    def _base(self, step: StepRecord) -> _LayerFacts:
        stage = step.stage_index
        self._indexes[stage], self._trees[stage] = [], LayeredTree((), lambda _: iter(()))
        if step.base is None:
            # A stage on a stage: its files are told there.
            for index in self._indexes.get(self._titles.get(step.origin, -1), ()):
                self._add(stage, index)
            return _LayerFacts()
        image = self._image(step.base.name, step.base.chain) if step.base.chain else None
        if image is None:
            return _LayerFacts()
        pairs = zip(image.config.diff_ids, image.manifest.layers, strict=True)
        for diff_id, descriptor in pairs:
            with suppress(PydockError):
                self._add(stage, self._home.indexes.get(diff_id, descriptor))
        changes = (change for index in self._indexes[stage] for change in changes_of(index, _NOTHING))
        return _LayerFacts(
            size=sum(layer.size for layer in image.manifest.layers),
            unpacked_size=sum(index.size for index in self._indexes[stage]),
            digest=image.descriptor.digest,
            diff_id=image.config.chain_ids[-1],
            changes=tuple(changes),
        )

    def _image(self, name: str, chain: str) -> FoundImage | None:
        """The image of a FROM, if it is still the one that was used then."""
        try:
            image = self._shelf.find(name)
        except PydockError:
            return None
        chains = image.config.chain_ids
        return image if chains and chains[-1] == chain else None


_NOTHING = LayeredTree((), lambda _: iter(()))
