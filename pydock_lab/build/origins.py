"""Where files come from, by the plan's word for it (`steps.Origin`): the context, a stage, an image, a named context.

A stage that is being built by another thread is waited for, and not before somebody asks.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydock_lab.build.context import BuildContext
from pydock_lab.build.source import Source
from pydock_lab.build.steps import NamedContext, Origin
from pydock_lab.build.tree import LayeredTree
from pydock_lab.build.workshop import BaseImages, StageLayer, Workshop
from pydock_lab.oci import Digest, chain_ids

SCRATCH = "scratch"
Contexts = Callable[[str | None], Source]  # the main context under None, the named ones under their names


class FinishedStage(Protocol):
    """A stage of which all steps are done."""

    @property
    def title(self) -> str:
        """How people call it."""

    @property
    def layers(self) -> Sequence[StageLayer]:
        """Its layers, base first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layers:
    """The file system of a stage or image, base first; `chain` is "" where there is none."""

    layers: tuple[StageLayer, ...]

    @property
    def chain_ids(self) -> tuple[Digest, ...]:
        """The chain ids of the layers."""
        return chain_ids(tuple(layer.diff_id for layer in self.layers))

    @property
    def chain(self) -> str:
        """What the file system is, in one digest."""
        return self.chain_ids[-1] if self.layers else ""


class Origins:
    """The origins of one build.

    `stage` gives a finished stage by its index, and waits for it.
    """

    def __init__(
        self,
        workshop: Workshop,
        contexts: Contexts,
        stage: Callable[[int], FinishedStage],
        platform: str,
    ) -> None:
        self._workshop, self._contexts, self._stage, self._platform = workshop, contexts, stage, platform
        self._trees: dict[str, LayeredTree] = {}
        self._sources: dict[str | None, Source] = {}
        self._lock = threading.Lock()

    def source(self, origin: Origin) -> Source:
        """The files of an origin."""
        if isinstance(origin, int | str):
            # `layers` may wait for a stage, so it is asked before the lock is taken: nobody else has to wait along.
            return self._tree(self.layers(origin))
        name = origin.name if isinstance(origin, NamedContext) else None
        with self._lock:
            if name not in self._sources:
                self._sources[name] = self._contexts(name)
            return self._sources[name]

    def _tree(self, found: Layers) -> LayeredTree:
        with self._lock:
            if found.chain not in self._trees:
                self._trees[found.chain] = self._workshop.tree(found.layers)
            return self._trees[found.chain]

    def stop(self) -> None:
        """Have whoever is reading a context stop."""
        with self._lock:
            for source in self._sources.values():
                if isinstance(source, BuildContext):
                    source.stop()

    def layers(self, origin: int | str) -> Layers:
        """The layers of a stage or image."""
        if isinstance(origin, int):
            return Layers(layers=tuple(self._stage(origin).layers))
        if origin == SCRATCH:
            return Layers(layers=())
        return image_layers(self._workshop.images, origin, self._platform)

    def title(self, origin: Origin) -> str:
        """How people call it; "" is the context."""
        match origin:
            case int():
                return self._stage(origin).title
            case NamedContext():
                return origin.name
            case _:
                return origin or ""

    @property
    def seen(self) -> Mapping[str | None, Source]:
        """The contexts that somebody has asked for."""
        return self._sources


def image_layers(images: BaseImages, name: str, platform: str) -> Layers:
    """The layers of an image, each with its diff_id."""
    manifest, config = images.manifest(name, platform), images.config(name, platform)
    pairs = zip(manifest.layers, config.diff_ids, strict=True)
    return Layers(layers=tuple(StageLayer(descriptor=descriptor, diff_id=diff_id) for descriptor, diff_id in pairs))
