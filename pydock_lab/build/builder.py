"""From a plan to an image: every stage in a thread of its own, then config, manifest, record.

    FROM a AS build      RUN make ------.
    FROM b               RUN apt-get ... `--> COPY --from=build      waits here, and not before

Stages wait for each other where one needs the other's files, so those that do not need each other are built at the
same time. What happens comes through one queue to the thread that asked: whoever watches need not think of threads.
"""

import queue
import threading
import time
from dataclasses import dataclass, replace

from pydock_lab.build.cancelled import Cancelled
from pydock_lab.build.fetching import fetcher
from pydock_lab.build.origins import Contexts, Origins
from pydock_lab.build.stage import StageBuild, StepResult
from pydock_lab.build.step_keys import StepKeys
from pydock_lab.build.steps import Plan, Stage
from pydock_lab.build.tools import Tools
from pydock_lab.build.transfer import Transfer
from pydock_lab.build.workshop import Workshop
from pydock_lab.events import Event, OnEvent, StepFinished, StepStarted
from pydock_lab.oci import Descriptor, Digest, ImageConfig, Manifest, MediaType

_OCI_TYPES = {
    MediaType.DOCKER_LAYER: MediaType.LAYER,
    MediaType.DOCKER_LAYER_GZIP: MediaType.LAYER_GZIP,
}
_BEGINNING = "1970-01-01T00:00:00Z"  # an image of no layers has no time


@dataclass(frozen=True, kw_only=True, slots=True)
class BuiltImage:
    """What a build made; both documents are in the store already."""

    config: ImageConfig
    manifest: Manifest
    image_id: Digest
    descriptor: Descriptor


class _StageThread:
    """One stage's thread: what came of it, and a way to wait for that."""

    def __init__(self, stage: Stage, first: int) -> None:
        self.stage, self.first = stage, first
        self.build: StageBuild | None = None
        self.error: BaseException | None = None
        self.done = threading.Event()

    def result(self) -> StageBuild:
        """The finished stage; raises Cancelled where there is none."""
        self.done.wait()
        if self.build is None or self.error is not None:
            raise Cancelled
        return self.build


class Builder:
    """Builds one plan in a workshop; `contexts` gives the main context for None, and the named ones."""

    def __init__(self, plan: Plan, workshop: Workshop, contexts: Contexts) -> None:
        self._plan, self._workshop = plan, workshop
        self._queue: queue.SimpleQueue[Event | _StageThread] = queue.SimpleQueue()
        self._threads = dict(self._numbered())
        platform = str(plan.stage(plan.target).base_config.platform)
        origins = Origins(workshop, contexts, self._finished, platform)
        downloads = fetcher(workshop, self._queue.put)
        self.tools = Tools(
            workshop=workshop,
            origins=origins,
            keys=StepKeys(origins=origins, downloads=downloads, cache=workshop.cache, epoch=workshop.epoch),
            transfer=Transfer(workshop, origins, downloads),
            emit=self._queue.put,
        )

    def _numbered(self) -> list[tuple[int, _StageThread]]:
        """The stages with the number of their FROM; steps count from 1 through the whole file."""
        found, number = [], 1
        for stage in self._plan.stages:
            found.append((stage.index, _StageThread(stage, number)))
            number += 1 + len(stage.steps)
        return found

    def _finished(self, index: int) -> StageBuild:
        return self._threads[index].result()

    @property
    def results(self) -> tuple[StepResult, ...]:
        """What became of the steps that were done, after `build` has ended or failed."""
        return tuple(result for one in self._threads.values() if one.build for result in one.build.results)

    @property
    def base_chains(self) -> dict[int, str]:
        """For each stage that was begun, what its first step stood on: the chain id of layers, "" for none."""
        return {index: one.build.base_chain for index, one in self._threads.items() if one.build}

    def build(self, on_event: OnEvent, *, no_cache: bool = False) -> BuiltImage:
        """Build the target; raises PydockError, after which the next build goes on from the steps that were done."""
        threads = [self._start(one, no_cache=no_cache) for one in self._threads.values()]
        try:
            self._watch(on_event)
        finally:
            # Also where the user has had enough (Ctrl-C), or whoever watches has failed.
            if any(thread.is_alive() for thread in threads):
                self.tools.stop()
            for thread in threads:
                thread.join()
        return self._assemble(self._finished(self._plan.target))

    def _start(self, one: _StageThread, *, no_cache: bool) -> threading.Thread:
        thread = threading.Thread(
            target=self._run, args=(one, no_cache), name=f"pydock-stage-{one.stage.index}", daemon=True
        )
        thread.start()
        return thread

    def _watch(self, on_event: OnEvent) -> None:
        """Pass events on until every stage has ended; raises the first error."""
        running, first_error = len(self._threads), None
        while running:
            found = self._queue.get()
            if not isinstance(found, _StageThread):
                on_event(found)
                continue
            running -= 1
            # The first one is the cause: what fails after it may only have been stopped.
            if found.error is not None and first_error is None and not isinstance(found.error, Cancelled):
                first_error = found.error
                self.tools.stop()
        if first_error is not None:
            raise first_error

    def _run(self, one: _StageThread, no_cache: bool) -> None:  # noqa: FBT001 - what a thread is given
        try:
            base = self._finished(one.stage.base) if isinstance(one.stage.base, int) else None
            one.build = self._begin(one, base, no_cache=no_cache)
            one.build.build(one.first + 1, self._plan.steps)
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that watches
            one.error = error
        # After an error, too: the stages that wait for this one would never end.
        one.done.set()
        self._queue.put(one)

    def _begin(self, one: _StageThread, base: StageBuild | None, *, no_cache: bool) -> StageBuild:
        stage, number = one.stage, one.first
        lines, total = stage.lines, self._plan.steps
        self._queue.put(
            StepStarted(
                step=number,
                total=total,
                stage=stage.title,
                text=stage.text,
                line=lines.first,
                end_line=lines.last,
                label=stage.label,
            )
        )
        began = time.monotonic()
        build = StageBuild(stage, self.tools, base, no_cache=no_cache)
        self._queue.put(StepFinished(step=number, seconds=time.monotonic() - began, cached=True))
        return build

    def _assemble(self, final: StageBuild) -> BuiltImage:
        stage = final.stage
        config = ImageConfig(
            platform=stage.base_config.platform,
            config=stage.config,
            diff_ids=tuple(layer.diff_id for layer in final.layers),
            history=tuple(final.history),
            created=final.created or _BEGINNING,
            author=stage.author,
        )
        content = config.to_bytes()
        self._workshop.lease.add(Digest.of(content))
        image_id = self._workshop.blobs.put(content)
        manifest = Manifest(
            config=Descriptor.of(content, MediaType.CONFIG),
            layers=tuple(_as_oci(layer.descriptor) for layer in final.layers),
            annotations=dict(self._workshop.annotations),
        )
        document = manifest.to_bytes()
        self._workshop.lease.add(Digest.of(document))
        self._workshop.blobs.put(document)
        return BuiltImage(
            config=config,
            manifest=manifest,
            image_id=image_id,
            descriptor=Descriptor.of(document, MediaType.MANIFEST),
        )


def _as_oci(layer: Descriptor) -> Descriptor:
    """A base image of Docker's older form lends its layers to an image of OCI's."""
    for docker, oci in _OCI_TYPES.items():
        if layer.media_type == docker:
            return replace(layer, media_type=oci)
    return layer
