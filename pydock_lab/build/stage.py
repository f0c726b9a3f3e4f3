"""Building one stage: step by step, each from the cache if its key is known, else done.

              key known?  yes: the layer it made then
step --> key -->  +
                  no:  RUN   a container on an overlay, what it wrote becomes a layer
                       COPY  a layer written at once from its sources
                       ENV   nothing: only the configuration
"""

import os
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, singledispatchmethod
from pathlib import Path

from pydock_lab.archive.index import LayerIndex
from pydock_lab.archive.pipeline import wide_pipe
from pydock_lab.build.cache import Layer
from pydock_lab.build.copy_layers import CopyAhead, CopyLayer
from pydock_lab.build.copying import Copier
from pydock_lab.build.failures import FailedRun, located, run_failed
from pydock_lab.build.keys import SCRATCH, CacheKey, base_key
from pydock_lab.build.layers import LayerSink, write_draft, write_stream
from pydock_lab.build.origins import Layers, image_layers
from pydock_lab.build.owners import owner
from pydock_lab.build.run_mounts import prepared
from pydock_lab.build.run_output import StepOutputs
from pydock_lab.build.steps import CopyStep, FolderStep, RunStep, Stage, Step, origins_of
from pydock_lab.build.tools import Tools
from pydock_lab.build.tree import LayeredTree
from pydock_lab.build.workshop import RunPlace, RunStreams, StageLayer
from pydock_lab.errors import NotFound, PydockError, telling_no_space
from pydock_lab.events import CacheHit, CacheMissed, Event, LayerCommitted, StepFailed, StepFinished, StepStarted
from pydock_lab.oci import Digest, History, chain_ids
from pydock_lab.oci.times import rfc3339

COMMENT = "buildkit.dockerfile.v0"  # what tools look for to know a history of this form


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResult:
    """What became of a step: its key (None for one that only changes the configuration) and its layer, if any."""

    number: int
    step: Step
    key: CacheKey | None
    layer: Layer | None
    cached: bool
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """A layer before its commit: its index where it is known, and the directory with its files where there is one.

    `tree` lies in a folder of the step's own. `seconds` is what it took, where it was made before its turn.
    """

    sink: LayerSink
    index: LayerIndex | None = None
    tree: Path | None = None
    seconds: float = 0.0


class StageBuild:
    """A stage under way; afterwards its layers, history and last key, for the stages that stand on it."""

    def __init__(self, stage: Stage, tools: Tools, base: "StageBuild | None", *, no_cache: bool) -> None:
        self.stage, self._tools, self._workshop = stage, tools, tools.workshop
        self._no_cache = no_cache or stage.ignore_cache
        self._ahead: CopyAhead | None = None
        self.results: list[StepResult] = []
        self.layers: list[StageLayer]
        self.history: list[History]
        self.key: CacheKey
        self.created: str
        if base is not None:
            self.layers, self.history, self.key = list(base.layers), list(base.history), base.key
            self.created = base.created
        else:
            self.layers, self.key = self._base_layers()
            self.history = list(stage.base_config.history)
            self.created = stage.base_config.created

        self.base_chain = Layers(layers=tuple(self.layers)).chain

    @property
    def title(self) -> str:
        """How people call the stage."""
        return self.stage.title

    def _base_layers(self) -> tuple[list[StageLayer], CacheKey]:
        stage = self.stage
        if stage.base is None:
            return [], SCRATCH
        found = image_layers(self._workshop.images, str(stage.base), str(stage.base_config.platform))
        self._workshop.lease.add(*(layer.descriptor.digest for layer in found.layers))
        for layer in found.layers:  # looked for afterwards: a prune may have been quicker
            if not self._workshop.blobs.has(layer.descriptor.digest, layer.descriptor.size):
                raise NotFound("store.blob-missing", digest=layer.descriptor.digest)
        return list(found.layers), base_key(found.chain) if found.chain else SCRATCH

    @cached_property
    def tree(self) -> LayeredTree:
        """The file system so far, kept up to date as layers are added."""
        return self._workshop.tree(self.layers)

    @property
    def chain_ids(self) -> tuple[Digest, ...]:
        """The chain ids of the layers so far."""
        return Layers(layers=tuple(self.layers)).chain_ids

    def build(self, first: int, total: int) -> None:
        """Do all steps; `first` is the number of the first one. Raises BuildError with the step that failed."""
        try:
            self._build(first, total)
        finally:
            if self._ahead is not None:
                self._ahead.discard()

    def _build(self, first: int, total: int) -> None:
        for number, step in enumerate(self.stage.steps, start=first):
            self._wait_for_origins(step)
            self._tools.check_stopped()
            self._tools.emit(self._started(number, total, step))
            began = time.monotonic()
            try:
                with telling_no_space():
                    result = self._step(number, step)
            except PydockError as error:
                failure = located(error, number, step)
                seconds = time.monotonic() - began
                self._tools.emit(StepFailed(step=number, seconds=seconds, message=failure.message()))
                raise failure from error
            self.results.append(result)
            self._tools.emit(StepFinished(step=number, seconds=result.seconds, cached=result.cached))

    def _wait_for_origins(self, step: Step) -> None:
        """Wait for the stages whose files a step takes: its own time begins when they are there."""
        for origin in origins_of(step):
            if isinstance(origin, int):
                self._tools.origins.layers(origin)

    def _started(self, number: int, total: int, step: Step) -> Event:
        lines = step.lines
        return StepStarted(
            step=number,
            total=total,
            stage=self.stage.title,
            text=step.text,
            line=lines.first,
            end_line=lines.last,
            label=step.label,
        )

    def _step(self, number: int, step: Step) -> StepResult:
        began = time.monotonic()
        ahead = self._ahead if self._ahead is not None and self._ahead.step is step else None
        if ahead is not None:
            ahead.wait()  # it knows the checksums that the key asks for
        key = self._tools.keys.key(step, self.key)
        layer = None
        cached = True
        if key is not None:
            layer = None if self._no_cache else self._cached(key)
            cached = layer is not None
            self._tools.emit((CacheHit if cached else CacheMissed)(step=number, key=key.digest))
            layer = layer or self._make(number, step, key)
            self._stack(step, layer, key)
        if ahead is not None:
            ahead.discard()
            self._ahead = None
        if step.created_by:
            self.history.append(self._history(step, layer))
        return StepResult(
            number=number, step=step, key=key, layer=layer, cached=cached, seconds=time.monotonic() - began
        )

    def _history(self, step: Step, layer: Layer | None) -> History:
        # A step without a layer has the time of the last one with: so a rebuild gives the same image, bit for bit.
        self.created = layer.created if layer else self.created
        return History(created=self.created, created_by=step.created_by, comment=COMMENT, empty_layer=layer is None)

    def _cached(self, key: CacheKey) -> Layer | None:
        layer = self._workshop.cache.find(key)
        if layer is None:
            return None
        # First say that it is needed, then look whether it is there: a prune may be under way.
        self._workshop.lease.add(layer.descriptor.digest)
        return layer if self._workshop.blobs.has(layer.descriptor.digest, layer.descriptor.size) else None

    def _stack(self, step: Step, layer: Layer, key: CacheKey) -> None:
        number = len(self.layers)
        self.layers.append(StageLayer(descriptor=layer.descriptor, diff_id=layer.diff_id))
        self.key = self._tools.keys.after(step, key, self.key)
        # Where cached_property keeps it: a tree that nobody has asked for is not made for this.
        if "tree" in self.__dict__:
            self.tree.add(number, self._workshop.indexes.get(layer.diff_id, layer.descriptor))

    # ---- doing

    def _make(self, number: int, step: Step, key: CacheKey) -> Layer:
        began = time.monotonic()
        workshop = self._workshop
        with ExitStack() as stack:
            made = self._write(step, number, stack)
            written, descriptor, index = made.sink.commit(made.index)
        chain_id = chain_ids((*(layer.diff_id for layer in self.layers), written.diff_id))[-1]
        if made.tree is not None:
            workshop.keep_snapshot(made.tree, chain_id, made.tree.parent)
        layer = Layer(
            descriptor=descriptor,
            diff_id=written.diff_id,
            unpacked_size=index.size,
            created=self._now(),
            seconds=max(time.monotonic() - began, made.seconds),
        )
        workshop.cache.remember(key, layer)
        self._tools.emit(
            LayerCommitted(
                step=number,
                digest=descriptor.digest,
                diff_id=written.diff_id,
                size=descriptor.size,
                unpacked_size=index.size,
            )
        )
        return layer

    def _now(self) -> str:
        epoch = self._workshop.epoch
        return rfc3339(datetime.now(UTC) if epoch is None else datetime.fromtimestamp(epoch, UTC))

    @singledispatchmethod
    def _write(self, step: Step, _number: int, _stack: ExitStack) -> _Made:
        """Write the step's layer; what must be let go of after its commit comes onto the stack."""
        raise TypeError(step)

    @_write.register
    def _(self, step: CopyStep, number: int, stack: ExitStack) -> _Made:
        copy = self._ahead.take(step, self.tree) if self._ahead is not None else None
        if copy is None:
            copy = stack.enter_context(CopyLayer(self._tools, step, self._copy_folder(step, number)))
            copy.write(self.tree)
        else:
            stack.enter_context(copy)
        tree = copy.folder / "tree" if copy.folder else None
        return _Made(sink=copy.sink, index=copy.index, tree=tree, seconds=copy.seconds)

    def _copy_folder(self, step: Step, number: int) -> Path | None:
        """Where the files of a copy are unpacked, if a RUN of this stage will need them."""
        is_needed = any(isinstance(one, RunStep) for one in self._after(step))
        return self._workshop.folder / f"step-{number}" if is_needed else None

    def _after(self, step: Step) -> tuple[Step, ...]:
        steps = self.stage.steps
        return steps[next(at for at, one in enumerate(steps) if one is step) + 1 :]

    @_write.register
    def _(self, step: FolderStep, _number: int, stack: ExitStack) -> _Made:
        copier = Copier(self.tree)
        copier.make_folder(step.path, owner(step.user, self.tree))
        sink = stack.enter_context(self._sink(index=False))
        draft = copier.finish().not_after(self._workshop.epoch)
        return _Made(sink=sink, index=write_draft(draft, sink, self._tools.check_stopped))

    @_write.register
    def _(self, step: RunStep, number: int, stack: ExitStack) -> _Made:
        self._begin_copy(step, number)
        sink = stack.enter_context(self._sink())
        return _Made(sink=sink, tree=_Run(self, step, number).write(sink))

    def _sink(self, *, index: bool = True) -> LayerSink:
        workshop = self._workshop
        return LayerSink(workshop.blobs, workshop.indexes, workshop.lease, index=index)

    def _begin_copy(self, step: RunStep, number: int) -> None:
        """Have the next copy written while the program runs: it stands on a step that missed, so it will miss too."""
        if self._ahead is not None:
            return
        for following, one in enumerate(self._after(step), start=number + 1):
            if isinstance(one, CopyStep) and CopyAhead.suits(one):
                folder = self._copy_folder(one, following)
                self._ahead = CopyAhead(self._tools, one, tuple(self.layers), folder)
                return


class _Run:
    """A RUN under way: its container, and its upper directory as a layer."""

    def __init__(self, stage: StageBuild, step: RunStep, number: int) -> None:
        self._stage, self._step, self._tools = stage, step, stage._tools  # noqa: SLF001 - a part of the stage
        self._workshop, self._chain = self._tools.workshop, stage.chain_ids
        self._folder = self._workshop.folder / f"step-{number}"
        # The layer is what lasts, and it is on the disk before the step counts as done; its files need not be.
        self._rootfs = replace(self._workshop.snapshots.rootfs(self._chain, self._folder), volatile=True)
        self._number = number

    def write(self, sink: LayerSink) -> Path:
        """Run the program, and write the tar of what it left, in the directory; raises BuildError where it failed."""
        self._workshop.unpacked(self._stage.layers, self._chain)
        try:
            self._folder.mkdir(parents=True)
            self._run(sink)
        except BaseException:
            with suppress(OSError):
                self._workshop.snapshots.remove(self._folder)
            raise
        return Path(self._rootfs.upper)

    def _run(self, sink: LayerSink) -> None:
        step, tools = self._step, self._tools
        needs_tree = step.mounts or step.script
        tree = self._stage.tree if needs_tree else LayeredTree([], lambda _: iter(()))
        with (
            StepOutputs(self._number, tools.emit) as outputs,
            prepared(step, tree, self._folder, self._workshop, tools.origins) as more,
        ):
            stubs = (more.stub,) if more.stub else ()
            # Topmost first: the places to mount on lie below all layers, and never come into the upper directory.
            rootfs = replace(self._rootfs, layers=(*self._rootfs.layers, *stubs))
            place = RunPlace(folder=self._folder, rootfs=rootfs, mounts=more.mounts, env=more.env)
            status = self._follow(place, outputs, sink)
        tools.check_stopped()
        if status:
            failed = FailedRun(step=step, number=self._number, chain_ids=self._chain, upper=self._rootfs.upper)
            with suppress(OSError):  # it would be a service: on a full disk the step's own error says more
                self._workshop.keep_failed(failed)
            raise run_failed(step, status, outputs.tail())

    def _follow(self, place: RunPlace, outputs: StepOutputs, sink: LayerSink) -> int:
        """Run the program until it has ended, and its layer is written; the exit status."""
        reader, writer = wide_pipe()
        upper, epoch = self._rootfs.upper, self._workshop.epoch
        pack = self._workshop.snapshots.pack_arguments(upper, tree=self._rootfs.mountpoint, latest=epoch)
        streams = RunStreams(stdout=outputs.stdout, stderr=outputs.stderr, layer=writer, pack=pack)
        with ExitStack() as stack, os.fdopen(reader, "rb", buffering=0) as layer:
            try:
                wait = stack.enter_context(self._workshop.runner.running(self._step, place, streams))
            finally:
                # A pipe ends when the last copy of its writing end is closed (pipe(7)): the last one must not be ours.
                os.close(writer)
                outputs.close()
            write_stream(layer, sink)
            return wait()
