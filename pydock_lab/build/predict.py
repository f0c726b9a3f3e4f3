"""What a build would find in the cache, thought through without doing anything.

    hit       the key is known, and so is its layer
    miss      it is not: the step would be done
    content   it depends on the files of a stage that would be done anew: the same bytes, and it hits

A key names the key below it, so keys go on after a miss; only what a step copies from another stage cannot be known
before that stage is done.
"""

from dataclasses import dataclass, field

from pydock_lab.build.cache import Layer
from pydock_lab.build.fetching import GetDownloads
from pydock_lab.build.keys import SCRATCH, CacheKey, base_key
from pydock_lab.build.origins import Contexts, Origins, image_layers
from pydock_lab.build.step_keys import StepKeys
from pydock_lab.build.steps import Plan, Stage, Step
from pydock_lab.build.workshop import StageLayer, Workshop


@dataclass(frozen=True, kw_only=True, slots=True)
class PredictedStep:
    """A step and its key, None where nobody can know it yet, or where the step changes no files.

    `cached` tells whether the key and its layer are there; None where the key is.
    """

    stage: int
    step: Step
    key: CacheKey | None = None
    cached: bool | None = None
    layer: Layer | None = None


class _Unknown(Exception):
    """Nobody knows this before it is built."""


@dataclass(kw_only=True)
class _Thought:
    """A stage thought through: `key` is None once it cannot be known, `is_whole` while every layer is there."""

    title: str
    layers: list[StageLayer]
    key: CacheKey | None
    is_whole: bool = True
    steps: list[PredictedStep] = field(default_factory=list)


class Predictor:
    """Thinks one plan through; `contexts` are as the builder has them."""

    def __init__(self, plan: Plan, workshop: Workshop, contexts: Contexts, downloads: GetDownloads) -> None:
        self._plan, self._workshop = plan, workshop
        self._stages: dict[int, _Thought] = {}
        platform = str(plan.stage(plan.target).base_config.platform)
        origins = Origins(workshop, contexts, self._whole, platform)
        epoch = workshop.epoch
        self._keys = StepKeys(origins=origins, downloads=downloads, cache=workshop.cache, epoch=epoch)
        self.base_chains: dict[int, str] = {}

    def predict(self, *, no_cache: bool = False) -> tuple[PredictedStep, ...]:
        """Every step of the plan, in order; raises PydockError where a file that is copied is not there."""
        for stage in self._plan.stages:
            self._stages[stage.index] = self._stage(stage, no_cache=no_cache or stage.ignore_cache)
        return tuple(step for stage in self._plan.stages for step in self._stages[stage.index].steps)

    def _whole(self, index: int) -> _Thought:
        found = self._stages[index]
        if not found.is_whole:
            raise _Unknown
        return found

    def _stage(self, stage: Stage, *, no_cache: bool) -> _Thought:
        thought = self._begin(stage)
        for step in stage.steps:
            thought.steps.append(self._step(stage.index, step, thought, no_cache=no_cache))
        return thought

    def _begin(self, stage: Stage) -> _Thought:
        if isinstance(stage.base, int):
            below = self._stages[stage.base]
            return _Thought(title=stage.title, layers=[*below.layers], key=below.key, is_whole=below.is_whole)
        if stage.base is None:
            self.base_chains[stage.index] = ""
            return _Thought(title=stage.title, layers=[], key=SCRATCH)
        found = image_layers(self._workshop.images, str(stage.base), str(stage.base_config.platform))
        self.base_chains[stage.index] = found.chain
        key = base_key(found.chain) if found.chain else SCRATCH
        return _Thought(title=stage.title, layers=list(found.layers), key=key)

    def _step(self, stage: int, step: Step, thought: _Thought, *, no_cache: bool) -> PredictedStep:
        below = thought.key
        try:
            # Asked also where `below` is unknown: a missing file is an error even so, and some steps have no key.
            key = self._keys.key(step, below or SCRATCH)
        except _Unknown:
            thought.key, thought.is_whole = None, False
            return PredictedStep(stage=stage, step=step)
        if key is None:
            return PredictedStep(stage=stage, step=step)
        if below is None:
            thought.is_whole = False
            return PredictedStep(stage=stage, step=step)
        layer = None if no_cache else self._cached(key)
        if layer is None:
            thought.is_whole = False
        else:
            thought.layers.append(StageLayer(descriptor=layer.descriptor, diff_id=layer.diff_id))
        thought.key = self._keys.after(step, key, below)
        return PredictedStep(stage=stage, step=step, key=key, cached=layer is not None, layer=layer)

    def _cached(self, key: CacheKey) -> Layer | None:
        layer = self._workshop.cache.find(key)
        return layer if layer and self._workshop.blobs.has(layer.descriptor.digest, layer.descriptor.size) else None
