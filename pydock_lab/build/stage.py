"""Building one stage: step by step, each from the cache if its key is known, else done.

key known?  yes: the layer it made then
step --> key -->  +
'           no:  RUN   a container on an overlay, what it wrote becomes a layer
COPY  a layer written at once from its sources
ENV   nothing: only the configuration
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, singledispatchmethod
from pathlib import Path

from pydock_lab.build.cache import Layer
from pydock_lab.build.copying import Copier
from pydock_lab.build.keys import SCRATCH, CacheKey, base_key
from pydock_lab.build.layers import LayerSink, write_draft, write_stream
from pydock_lab.build.owners import owner
from pydock_lab.build.run_output import StepOutputs
from pydock_lab.build.steps import CopyStep, FolderStep, RunStep, Stage, Step
from pydock_lab.build.transfer import Transfer
from pydock_lab.build.tree import LayeredTree
from pydock_lab.build.workshop import StageLayer, Workshop
from pydock_lab.errors import BuildError
from pydock_lab.events import CacheHit, CacheMissed, Event, LayerCommitted, OnEvent, StepFinished, StepStarted
from pydock_lab.oci import Digest, History, chain_ids

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


class StageBuild:
    """A stage under way; afterwards its layers, history and last key, for the stages that stand on it.

    `find` gives the finished build of another stage by its index; `context` is what COPY copies from.
    """

    def __init__(self, stage: Stage, workshop: Workshop, transfer: Transfer, base: "StageBuild | None") -> None:
        self.stage, self.workshop, self._transfer = stage, workshop, transfer
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

    def _base_layers(self) -> tuple[list[StageLayer], CacheKey]:
        stage = self.stage
        if stage.base is None:
            return [], SCRATCH
        manifest = self.workshop.images.manifest(str(stage.base), str(stage.base_config.platform))
        pairs = zip(manifest.layers, stage.base_config.diff_ids, strict=True)
        layers = [StageLayer(descriptor=descriptor, diff_id=diff_id) for descriptor, diff_id in pairs]
        self.workshop.lease.add(*(layer.descriptor.digest for layer in layers))
        chain = stage.base_config.chain_ids
        return layers, base_key(chain[-1]) if chain else SCRATCH

    @cached_property
    def tree(self) -> LayeredTree:
        """The file system so far, kept up to date as layers are added."""
        return self.workshop.tree(self.layers)

    @property
    def chain_ids(self) -> tuple[Digest, ...]:
        """The chain ids of the layers so far."""
        return chain_ids(tuple(layer.diff_id for layer in self.layers))

    def build(self, first: int, total: int, on_event: OnEvent, *, no_cache: bool) -> None:
        """Do all steps; `first` is the number of the first one. Raises BuildError with the step that failed."""
        for number, step in enumerate(self.stage.steps, start=first):
            on_event(self._started(number, total, step))
            began = time.monotonic()
            try:
                result = self._step(number, step, on_event, no_cache=no_cache)
            except BuildError as error:
                raise located(error, number, step) from error
            self.results.append(result)
            seconds = time.monotonic() - began
            on_event(StepFinished(step=number, seconds=seconds, cached=result.cached))

    def _started(self, number: int, total: int, step: Step) -> Event:
        lines = step.lines
        return StepStarted(
            step=number,
            total=total,
            stage=self.stage.title,
            text=step.text,
            line=lines.first,
            end_line=lines.last,
        )

    def _step(self, number: int, step: Step, on_event: OnEvent, *, no_cache: bool) -> StepResult:
        began = time.monotonic()
        key = self._key(step)
        layer = None
        cached = True
        if key is not None:
            layer = None if no_cache else self._cached(key)
            cached = layer is not None
            on_event(CacheHit(step=number, key=key.digest) if cached else CacheMissed(step=number, key=key.digest))
            layer = layer or self._make(number, step, key, on_event)
            self._stack(layer, key)
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
        layer = self.workshop.cache.find(key)
        if layer is None:
            return None
        # First say that it is needed, then look whether it is there: a prune may be under way.
        self.workshop.lease.add(layer.descriptor.digest)
        return layer if self.workshop.blobs.has(layer.descriptor.digest, layer.descriptor.size) else None

    def _stack(self, layer: Layer, key: CacheKey) -> None:
        number = len(self.layers)
        self.layers.append(StageLayer(descriptor=layer.descriptor, diff_id=layer.diff_id))
        self.key = key
        if "tree" in self.__dict__:
            self.tree.add(number, self.workshop.indexes.get(layer.diff_id, layer.descriptor))

    # ---- keys

    @singledispatchmethod
    def _key(self, _step: Step) -> CacheKey | None:
        return None

    @_key.register
    def _(self, step: RunStep) -> CacheKey:
        return CacheKey.of(
            "RUN",
            on=self.key.digest,
            args=list(step.args),
            env=list(step.env),
            cwd=step.cwd,
            user=step.user,
            network=step.network.value,
            mounts=[self._transfer.mount_fact(mount) for mount in step.mounts],
            script=step.script,
        )

    @_key.register
    def _(self, step: CopyStep) -> CacheKey:
        return CacheKey.of(
            step.created_by.partition(" ")[0],
            on=self.key.digest,
            files=self._transfer.files(step),
            inline=[[file.name, file.data] for file in step.inline],
            destination=step.destination,
            owner=step.chown,
            mode=step.chmod,
            unpack=step.unpack,
        )

    @_key.register
    def _(self, step: FolderStep) -> CacheKey:
        return CacheKey.of("WORKDIR", on=self.key.digest, path=step.path, user=step.user)

    # ---- doing

    def _make(self, number: int, step: Step, key: CacheKey, on_event: OnEvent) -> Layer:
        began = time.monotonic()
        with LayerSink(self.workshop.blobs, self.workshop.indexes) as sink:
            finish = self._write(step, number, sink, on_event)
            written, descriptor, index = sink.commit()
        finish(written.diff_id)
        self.workshop.lease.add(descriptor.digest)
        layer = Layer(
            descriptor=descriptor,
            diff_id=written.diff_id,
            unpacked_size=index.size,
            created=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            seconds=time.monotonic() - began,
        )
        self.workshop.cache.remember(key, layer)
        on_event(
            LayerCommitted(
                step=number,
                digest=descriptor.digest,
                diff_id=written.diff_id,
                size=descriptor.size,
                unpacked_size=index.size,
            )
        )
        return layer

    @singledispatchmethod
    def _write(self, step: Step, _number: int, _sink: LayerSink, _on_event: OnEvent) -> Callable[[Digest], None]:
        """Write the step's layer to the sink; what is given is called with its diff_id once it is committed."""
        raise TypeError(step)

    @_write.register
    def _(self, step: CopyStep, _number: int, sink: LayerSink, _on_event: OnEvent) -> Callable[[Digest], None]:
        write_draft(self._transfer.draft(step, self.tree), sink)
        return _nothing

    @_write.register
    def _(self, step: FolderStep, _number: int, sink: LayerSink, _on_event: OnEvent) -> Callable[[Digest], None]:
        copier = Copier(self.tree)
        copier.make_folder(step.path, owner(step.user, self.tree))
        write_draft(copier.finish(), sink)
        return _nothing

    @_write.register
    def _(self, step: RunStep, number: int, sink: LayerSink, on_event: OnEvent) -> Callable[[Digest], None]:
        workshop, chain = self.workshop, self.chain_ids
        workshop.unpacked(self.layers, chain)
        folder = workshop.folder / f"step-{number}"
        rootfs = workshop.snapshots.rootfs(chain, folder)
        with self._removed_on_error(folder):
            folder.mkdir(parents=True)
            with StepOutputs(number, on_event) as outputs:
                status = workshop.runner.run(step, rootfs, folder, outputs.stdout, outputs.stderr)
            if status:
                raise _run_failed(step, status, outputs.tail())
            with workshop.snapshots.packed(rootfs.upper, owners=self._pretended()) as stream:
                write_stream(stream, sink)

        def keep(diff_id: Digest) -> None:
            whole = chain_ids((*(layer.diff_id for layer in self.layers), diff_id))[-1]
            workshop.lease.add(whole)
            workshop.snapshots.commit(rootfs, whole)
            workshop.snapshots.remove(folder)

        return keep

    def _pretended(self) -> dict[bytes, tuple[int, int]]:
        """Owners that files below have, where this machine could not give them: the upper tree does not show them."""
        return self.tree.owners() if self.workshop.runner.pretends_owners else {}

    @contextmanager
    def _removed_on_error(self, folder: Path) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.workshop.snapshots.remove(folder)
            raise


def _nothing(_diff_id: Digest) -> None:
    """After a layer that nobody unpacked there is nothing to do."""


def _run_failed(step: RunStep, status: int, output: str) -> BuildError:
    key = "build.run-failed" if output else "build.run-failed-silent"
    return BuildError(key, command=_command(step), status=status, output=output)


def _command(step: RunStep) -> str:
    # What a person wrote, not what the shell was wrapped around it with.
    return step.args[-1] if step.args[:2] == ("/bin/sh", "-c") else " ".join(step.args)


def located(error: BuildError, number: int, step: Step) -> BuildError:
    """The error with the step and lines it happened in."""
    fields = {"line": step.lines.first, "end_line": step.lines.last, "step": number, "text": step.text}
    return BuildError(error.key, **(fields | dict(error.fields)))
