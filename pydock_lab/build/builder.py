"""From a plan to an image: stages in the order in which they need each other, then config, manifest, record."""

import time
from dataclasses import dataclass, replace

from pydock_lab.build.source import Source
from pydock_lab.build.stage import StageBuild, StepResult
from pydock_lab.build.steps import Plan, Stage
from pydock_lab.build.transfer import Transfer
from pydock_lab.build.tree import LayeredTree
from pydock_lab.build.workshop import StageLayer, Workshop
from pydock_lab.events import OnEvent, StepFinished, StepStarted
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
    results: tuple[StepResult, ...]


class Builder:
    """Builds one plan in a workshop."""

    def __init__(self, plan: Plan, workshop: Workshop, context: Source) -> None:
        self._plan, self._workshop = plan, workshop
        self._transfer = Transfer(context, self._tree)
        self._stages: dict[int, StageBuild] = {}
        self._images: dict[str, LayeredTree] = {}

    def build(self, on_event: OnEvent, *, no_cache: bool = False) -> BuiltImage:
        """Build the target; raises PydockError, after which the next build goes on from the steps that were done."""
        number, total = 0, self._plan.steps
        for stage in self._plan.stages:
            number += 1
            self._stages[stage.index] = self._begin(stage, number, total, on_event)
            self._stages[stage.index].build(number + 1, total, on_event, no_cache=no_cache)
            number += len(stage.steps)
        return self._assemble()

    def _begin(self, stage: Stage, number: int, total: int, on_event: OnEvent) -> StageBuild:
        lines = stage.lines
        on_event(
            StepStarted(
                step=number, total=total, stage=stage.title, text=stage.text, line=lines.first, end_line=lines.last
            )
        )
        began = time.monotonic()
        base = self._stages[stage.base] if isinstance(stage.base, int) else None
        build = StageBuild(stage, self._workshop, self._transfer, base)
        on_event(StepFinished(step=number, seconds=time.monotonic() - began, cached=True))
        return build

    def _tree(self, origin: int | str) -> LayeredTree:
        """What COPY --from copies from."""
        if isinstance(origin, int):
            return self._stages[origin].tree
        if origin not in self._images:
            config = self._workshop.images.config(origin, "")
            manifest = self._workshop.images.manifest(origin, "")
            pairs = zip(manifest.layers, config.diff_ids, strict=True)
            layers = [StageLayer(descriptor=descriptor, diff_id=diff_id) for descriptor, diff_id in pairs]
            self._images[origin] = self._workshop.tree(layers)
        return self._images[origin]

    def _assemble(self) -> BuiltImage:
        final = self._stages[self._plan.target]
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
        )
        document = manifest.to_bytes()
        self._workshop.lease.add(Digest.of(document))
        self._workshop.blobs.put(document)
        return BuiltImage(
            config=config,
            manifest=manifest,
            image_id=image_id,
            descriptor=Descriptor.of(document, MediaType.MANIFEST),
            results=tuple(result for build in self._stages.values() for result in build.results),
        )


def _as_oci(layer: Descriptor) -> Descriptor:
    """A base image of Docker's older form lends its layers to an image of OCI's."""
    for docker, oci in _OCI_TYPES.items():
        if layer.media_type == docker:
            return replace(layer, media_type=oci)
    return layer
