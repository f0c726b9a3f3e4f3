"""An image and a container in a person's hands: values with the few verbs that one wants to say to them.

Both show themselves as a picture in a notebook (`_repr_mimebundle_`: picture with text alternative, and text). What
draws is loaded only then: most commands show no picture.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pydock_lab.errors import NotFound

if TYPE_CHECKING:
    from pydock_lab.engine.base import Engine
    from pydock_lab.engine.layer_files import LayerExplorer
    from pydock_lab.engine.values import ContainerSummary, ImageDetails
    from pydock_lab.views import BuildTrace, Explanation, FileChange, LayerStack


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """An image of an engine; `name` is how it was asked for."""

    engine: Engine
    name: str
    details: ImageDetails

    @property
    def id(self) -> str:
        """The digest of its config, as Docker calls an image."""
        return self.details.image_id

    @property
    def digest(self) -> str:
        """The digest of its manifest, as a registry calls it."""
        return self.details.digest

    @property
    def layers(self) -> LayerStack:
        """Its layers, with what each holds."""
        return replace(self.engine.layers(self.id), name=self.name)

    def layer_explorer(self) -> LayerExplorer:
        """The same, to be opened: the files of each layer, and what is in them."""
        return self.engine.layer_explorer(self.id, name=self.name)

    def shared_with(self, other: Image) -> tuple[str, ...]:
        """The layers (digests, base first) that another image has, too: they are kept, and travel, once for both."""
        known = set(other._layer_digests())
        return tuple(digest for digest in self._layer_digests() if digest in known)

    def _layer_digests(self) -> tuple[str, ...]:
        return tuple(map(str, self.details.config.diff_ids))

    def tag(self, name: str) -> Image:
        """Give it one more name."""
        self.engine.tag(self.id, name)
        return self.engine.image(name)

    def to_dot(self) -> str:
        """Its layers in Graphviz's language."""
        from pydock_lab import drawing  # noqa: PLC0415 - see the top

        return drawing.to_dot(self.layers)

    @property
    def graphviz(self) -> object:
        """Its layers drawn by Graphviz, where `dot` is installed."""
        from pydock_lab import drawing  # noqa: PLC0415 - see the top

        return drawing.graphviz(self.layers)

    def __repr__(self) -> str:
        return f"<Image {self.name} {self.id[7:19]}>"

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        from pydock_lab import drawing  # noqa: PLC0415 - see the top

        return drawing.mimebundle(self.layers)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildResult:
    """What a build made: the image, and the record that explains it."""

    image: Image
    build: str

    @property
    def stack(self) -> LayerStack:
        """The layers, as they came."""
        return self.image.engine.layers(self.image.name)

    @property
    def trace(self) -> BuildTrace:
        """The build step by step, to be gone through forwards and backwards."""
        return self.image.engine.trace(self.build)

    def explain(self) -> Explanation:
        """Why steps of it were not in the cache."""
        return self.image.engine.explain(self.build)

    def to_dot(self) -> str:
        """The layers in Graphviz's language."""
        from pydock_lab import drawing  # noqa: PLC0415 - see the top

        return drawing.to_dot(self.stack)

    @property
    def graphviz(self) -> object:
        """The layers drawn by Graphviz, where `dot` is installed."""
        from pydock_lab import drawing  # noqa: PLC0415 - see the top

        return drawing.graphviz(self.stack)

    def __repr__(self) -> str:
        return f"<BuildResult {self.image.name} {self.image.id[7:19]}>"

    def _repr_mimebundle_(self, **_options: object) -> dict[str, str]:
        from pydock_lab import drawing  # noqa: PLC0415 - see the top

        return drawing.mimebundle(self.stack)


@dataclass(frozen=True, kw_only=True, slots=True)
class Container:
    """A container of an engine, by its id; every question is asked of the engine when it is asked.

    `ended_with` is the exit status of a run in the foreground, which stays known when the container is gone (`--rm`).
    """

    engine: Engine
    id: str
    ended_with: int | None = None

    @property
    def summary(self) -> ContainerSummary:
        """Its row of `docker ps -a`, now; raises NotFound once it has been removed."""
        for row in self.engine.containers(all_=True):
            if row.id == self.id:
                return row
        raise NotFound("engine.no-container", container=self.id)

    @property
    def name(self) -> str:
        """Its name."""
        return self.summary.name

    @property
    def state(self) -> str:
        """`created`, `running`, `exited` ..., now."""
        return self.summary.state

    @property
    def exit_code(self) -> int | None:
        """The exit status, once it has ended."""
        return self.summary.exit_code if self.ended_with is None else self.ended_with

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """What it wrote, changed and deleted against its image."""
        return self.engine.diff(self.id)

    def logs(self) -> str:
        """All that its program has written, both streams together."""
        from pydock_lab.engine.run_options import LogOptions  # noqa: PLC0415 - values only where they are used

        return "".join(event.text for event in self.engine.logs(LogOptions(container=self.id)))

    def wait(self) -> int:
        """Wait until it ends; its exit status."""
        return self.engine.wait(self.id)

    def stop(self, timeout: int | None = None) -> None:
        """Stop it."""
        self.engine.stop(self.id, timeout=timeout)

    def remove(self, *, force: bool = False) -> None:
        """Remove it, and its writable layer with it."""
        self.engine.remove(self.id, force=force)

    def __repr__(self) -> str:
        return f"<Container {self.id[:12]}>"
