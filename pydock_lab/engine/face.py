r"""The engine for people who write Python: the same verbs as the command line, with plain values.

engine = Engine()
image = engine.build("FROM lab/base\nRUN echo hello > /greeting", "hello:1").image
print(engine.run("hello:1", "cat", "/greeting").logs())
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.engine.base import Engine as EngineProtocol
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.results import BuildResult, Container, Image
from pydock_lab.engine.run_options import ExecOptions, Publish, RunOptions, VolumeMount
from pydock_lab.engine.streams import Streams, captured
from pydock_lab.events import OnEvent, ignore
from pydock_lab.runtime.restart import RestartPolicy
from pydock_lab.views import (
    ArgumentVector,
    BuildTrace,
    ContextTree,
    Doctor,
    Explanation,
    Guess,
    ImageTree,
    Instances,
    LayerStack,
    Namespaces,
    RunTrace,
    SharedLayers,
    TagStory,
    TagTree,
    TransferTrace,
)

if TYPE_CHECKING:
    from pydock_lab.engine.layer_files import LayerExplorer
    from pydock_lab.registry.server import RegistryServer


class Engine:
    """The local engine on the store in `root` (default: `$PYDOCK_HOME`), or any other behind the same Protocol.

    Every method raises PydockError. `engine.full` has the methods that are not here.
    """

    def __init__(self, root: str | Path | None = None, *, full: EngineProtocol | None = None) -> None:
        from pydock_lab.engine.local import LocalEngine  # noqa: PLC0415 - another engine needs none of it

        self.full: EngineProtocol = full or LocalEngine(root if root is None else Path(root).expanduser())

    def build(
        self,
        dockerfile: str,
        tag: str = "",
        *,
        context: str | Path | None = None,
        build_args: Mapping[str, str] | None = None,
        target: str = "",
        no_cache: bool = False,
        on_event: OnEvent = ignore,
        **more: object,
    ) -> BuildResult:
        """Build an image from the text of a Dockerfile; `more` are further fields of BuildOptions."""
        options = _build_options(dockerfile, tag, context, build_args, target=target, no_cache=no_cache, **more)
        return self.full.build(options, on_event=on_event)

    def predict(
        self,
        dockerfile: str,
        tag: str = "",
        *,
        context: str | Path | None = None,
        build_args: Mapping[str, str] | None = None,
        **more: object,
    ) -> Explanation:
        """What a build would find in the cache, and why not; nothing is run. The values are those of `build`."""
        return self.full.predict(_build_options(dockerfile, tag, context, build_args, **more))

    def guess(
        self,
        dockerfile: str,
        tag: str = "",
        *,
        context: str | Path | None = None,
        build_args: Mapping[str, str] | None = None,
        **more: object,
    ) -> Guess:
        """The same as a question: which steps will the cache have? To be marked in a notebook, and revealed."""
        return Guess(forecast=self.predict(dockerfile, tag, context=context, build_args=build_args, **more))

    def run_trace(self, container: str = "") -> RunTrace:
        """How a container was started, step by step; the latest one where none is named."""
        return self.full.run_trace(container)

    def namespaces(self, container: str) -> Namespaces:
        """A running container from the host and from inside, side by side."""
        return self.full.namespaces(container)

    def trace(self, build: str = "") -> BuildTrace:
        """A build step by step: by its id, or its image; the last one without a name."""
        return self.full.trace(build)

    def explain(self, build: str = "") -> Explanation:
        """Why steps of a build were not in the cache: by its id, or its image; the last one without a name."""
        return self.full.explain(build)

    def run(
        self,
        image: str,
        *command: str,
        detach: bool = False,
        name: str = "",
        env: Mapping[str, str] | None = None,
        ports: Mapping[int, int] | None = None,
        volumes: Mapping[str, str] | None = None,
        restart: str | RestartPolicy = "no",
        **more: object,
    ) -> Container:
        """Run a container: until it ends, or with `detach` until it is started; its output is in `.logs()`.

        `ports` maps ports of the container to ports of the host (0: any free one), `volumes` folders of the host or
        volume names to paths in the container; `restart` is written as on the command line (`on-failure:3`); `more` are
        further fields of RunOptions.
        """
        options = RunOptions(
            image=image,
            command=command,
            name=name,
            env=env or {},
            publish=tuple(Publish(container_port=port, host_port=host) for port, host in (ports or {}).items()),
            volumes=tuple(VolumeMount(source=source, target=target) for source, target in (volumes or {}).items()),
            restart=restart if isinstance(restart, RestartPolicy) else RestartPolicy.parse(str(restart)),
            **more,  # type: ignore[arg-type]
        )
        return self.full.run(options, streams=None if detach else Streams.of_nobody())

    def exec(self, container: str, *command: str) -> tuple[int, str]:
        """Run a further program in a container: its exit status, and what it wrote."""
        texts: list[str] = []
        with captured(lambda _stream, text: texts.append(text)) as streams:
            status = self.full.exec(ExecOptions(container=container, command=command), streams=streams)
        return status, "".join(texts)

    def image(self, name: str) -> Image:
        """One image."""
        return self.full.image(name)

    def images(self) -> tuple[str, ...]:
        """The names of all images, newest first."""
        return tuple(f"{row.repository}:{row.tag}" for row in self.full.images())

    def layers(self, name: str) -> LayerStack:
        """The layers of an image, with what each holds."""
        return self.full.layers(name)

    def layer_explorer(self, name: str) -> "LayerExplorer":
        """The same, to be opened: `explorer.open(3)`, `explorer.view()` shows the files of the layer of row 3."""
        return self.full.layer_explorer(name)

    def shared_layers(self, first: str, second: str) -> SharedLayers:
        """Two images side by side, and the layers that both stand on."""
        return self.full.shared_layers(first, second)

    def tag(self, source: str, destination: str) -> None:
        """Give an image one more name."""
        self.full.tag(source, destination)

    def pull(self, name: str) -> Image:
        """Fetch an image from its registry."""
        return self.full.pull(name)

    def push(self, name: str) -> str:
        """Send an image to the registry in its name; the manifest's digest."""
        return self.full.push(name)

    def tags(self, repository: str) -> tuple[str, ...]:
        """The tags of a repository in its registry."""
        return self.full.remote_tags(repository)

    def tag_story(self, reference: str) -> TagStory:
        """Where a tag has pointed."""
        return self.full.tag_story(reference)

    def copy(self, source: str, target: str) -> str:
        """Copy an image from registry to registry, nothing of it kept here: its digest."""
        return self.full.remote_copy(source, target)

    def registry(self, directory: str | Path | None = None, **options: object) -> "RegistryServer":
        """A registry of one's own, which answers until its `stop`, or in a `with` block.

        Its files are in `directory`, or in the store; `options` are those of RegistryServer.
        """
        from pydock_lab.registry.server import RegistryServer  # noqa: PLC0415 - only for who serves
        from pydock_lab.store.home import find  # noqa: PLC0415 - see above

        port = options.get("port", 0)
        folder = Path(directory).expanduser() if directory is not None else find() / "registries" / str(port)
        return RegistryServer(folder, trusted_in=find(), **options).start()  # type: ignore[arg-type]

    def remove_image(self, name: str, *, force: bool = False) -> Sequence[str]:
        """Remove a name, and with the last one the image."""
        return self.full.remove_image(name, force=force)

    def container(self, name: str) -> Container:
        """One container."""
        return self.full.container(name)

    def containers(self, *, all_: bool = True) -> tuple[Container, ...]:
        """The containers, newest first."""
        return tuple(Container(engine=self.full, id=row.id) for row in self.full.containers(all_=all_))

    def context_tree(self, folder: str | Path, *, dockerfile_name: str = "Dockerfile") -> ContextTree:
        """A folder as a build context: what is sent, which line leaves out what, which COPY takes what."""
        return self.full.context_tree(Path(folder).expanduser(), dockerfile_name=dockerfile_name)

    def image_tree(self) -> ImageTree:
        """All images as one tree: which stands on which."""
        return self.full.image_tree()

    def instances(self) -> Instances:
        """Images and the containers on them."""
        return self.full.instances()

    def argv(self, image: str, *words: str, entrypoint: str | None = None) -> ArgumentVector:
        """What process 1 of `docker run [--entrypoint PROGRAM] IMAGE [WORD...]` is told."""
        return self.full.argument_vector(image, words, entrypoint=entrypoint)

    def transfer_trace(self, direction: str = "", reference: str = "") -> TransferTrace:
        """How the latest pull or push went, request by request."""
        return self.full.transfer_trace(direction, reference)

    def tag_tree(self, where: str, *, filter_: str = "") -> TagTree:
        """What a registry has, or a repository of it."""
        return self.full.tag_tree(where, filter_=filter_)

    def doctor(self, isolation: str = "") -> Doctor:
        """What this machine can do: in the best tier, or in the one that is named."""
        return self.full.doctor(isolation)


def _build_options(
    dockerfile: str, tag: str, context: str | Path | None, build_args: Mapping[str, str] | None, **more: object
) -> BuildOptions:
    return BuildOptions(
        dockerfile=dockerfile,
        tags=(tag,) if tag else (),
        context=Path(context) if context is not None else None,
        build_args=build_args or {},
        **more,  # type: ignore[arg-type]
    )
