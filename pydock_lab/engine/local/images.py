"""Commands on images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydock_lab.engine.event_log import EventLog
from pydock_lab.engine.local.workers import Workers
from pydock_lab.engine.results import BuildResult, Image
from pydock_lab.errors import telling_no_space
from pydock_lab.events import OnEvent, ignore
from pydock_lab.oci import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from pydock_lab.engine.context_trees import ContextExplorer
    from pydock_lab.engine.images import FoundImage
    from pydock_lab.engine.layer_files import LayerExplorer
    from pydock_lab.engine.options import BuildOptions
    from pydock_lab.engine.remotes import Remotes
    from pydock_lab.engine.streams import Streams
    from pydock_lab.engine.values import ImageDifference, ImageSummary, Referrer, RemoteManifest, SearchResult, Travel
    from pydock_lab.oci import Digest
    from pydock_lab.registry.limits import RateLimit
    from pydock_lab.registry.listing import TagDetails
    from pydock_lab.registry.tree import Explorer
    from pydock_lab.views import (
        ArgumentVector,
        BuildTrace,
        ContextTree,
        ContextWeight,
        Explanation,
        LayerStack,
        SharedLayers,
        TagStory,
        TagTree,
        TransferTrace,
        Weight,
        WhatIf,
    )


class LocalImages(Workers):
    """Commands on images."""

    @telling_no_space()
    def build(self, options: BuildOptions, *, on_event: OnEvent = ignore) -> BuildResult:
        """`docker build`."""
        log = EventLog(on_event)
        found = self._rebuilding.again(options, log) or self._build(options, log)
        image = self.image(next(iter(options.names), str(found.descriptor.digest)))
        self._tell.image("build", image.id, image.name)
        return BuildResult(image=image, build=log.build)

    def fetched(self, options: BuildOptions) -> AbstractContextManager[BuildOptions]:
        """The options with their context on this machine."""
        from pydock_lab.engine.remote_context import fetched  # noqa: PLC0415 - most contexts are folders

        return fetched(self.home, options, ignore)

    def _build(self, options: BuildOptions, log: EventLog) -> FoundImage:
        if "RUN" in options.dockerfile.upper():
            self.home.warm(options.isolation)
        return self._building.build(options, log)

    def predict(self, options: BuildOptions, *, on_event: OnEvent = ignore) -> Explanation:
        """`docker build --predict`."""
        from pydock_lab.build.record import BuildStatus  # noqa: PLC0415 - only for who asks

        recording = self._building.predict(options, on_event)
        return self._explaining.explain_record(recording.record(BuildStatus.PREDICTED))

    def trace(self, build: str = "") -> BuildTrace:
        """`docker trace`."""
        from pydock_lab.engine.tracing import Tracing  # noqa: PLC0415 - only for who looks back

        return Tracing(self.home, self._shelf, self._explaining).trace(build)

    def explain(self, build: str = "") -> Explanation:
        """`docker explain`."""
        return self._explaining.explain(build)

    def debug(self, build: str, command: tuple[str, ...], *, streams: Streams, terminal: bool = False) -> int:
        """`docker debug`."""
        from pydock_lab.engine.debugging import Debugging  # noqa: PLC0415 - Linux only

        return Debugging(self.home).run(build, command, streams, terminal=terminal)

    def what_if(self, build: str = "") -> WhatIf:
        """`docker whatif`."""
        return self._advising.what_if(build)

    def weigh(self, reference: str) -> Weight:
        """`docker weigh`."""
        return self._advising.weigh(reference)

    def weigh_context(self, folder: Path, *, dockerfile_name: str = "Dockerfile") -> ContextWeight:
        """`docker weigh --context`."""
        return self._advising.weigh_context(folder, dockerfile_name)

    def context_tree(self, folder: Path, *, dockerfile_name: str = "Dockerfile") -> ContextTree:
        """Which files of a build context are sent, and which instruction takes which."""
        return replace(self.context_explorer(folder, dockerfile_name=dockerfile_name).view(), can_open=False)

    def context_explorer(
        self, folder: Path, *, dockerfile_name: str = "Dockerfile", dockerfile: str = ""
    ) -> ContextExplorer:
        """The same, to be opened."""
        from pydock_lab.engine.context_trees import context_explorer  # noqa: PLC0415 - only for who looks at it

        return context_explorer(Path(folder), self._shelf, dockerfile_name, dockerfile)

    def images(self, *, all_: bool = False) -> tuple[ImageSummary, ...]:
        """`docker images`, newest first."""
        return self._shelf.summaries(all_=all_)

    def image(self, reference: str) -> Image:
        """One image, by name, digest, or the start of its id."""
        return self._shelf.image(self, reference)

    def inspect_image(self, reference: str) -> Mapping[str, object]:
        """`docker image inspect`, in Docker's form."""
        from pydock_lab.engine.image_documents import image_document  # noqa: PLC0415 - only for who looks at it

        return image_document(self.home, self._shelf.find(reference))

    def layers(self, reference: str) -> LayerStack:
        """`docker history`, with what each layer holds."""
        return self._shelf.stack(reference)

    def layer_explorer(self, reference: str, *, name: str = "") -> LayerExplorer:
        """The same, to be opened."""
        from pydock_lab.engine.layer_files import layer_explorer  # noqa: PLC0415 - only for who opens it

        stack = self._shelf.stack(reference)
        return layer_explorer(self.home, self._shelf.find(reference), replace(stack, name=name or stack.name))

    def shared_layers(self, first: str, second: str) -> SharedLayers:
        """Two images side by side."""
        from pydock_lab.views import SharedLayers  # noqa: PLC0415 - only for who looks at it

        return SharedLayers(first=self._shelf.stack(first), second=self._shelf.stack(second))

    def tag(self, source: str, destination: str) -> None:
        """`docker tag`."""
        self._shelf.tag(source, destination)
        self._tell.image("tag", self._shelf.find(destination).image_id, destination)

    def remove_image(self, reference: str, *, force: bool = False) -> tuple[str, ...]:
        """`docker rmi`."""
        image_id = self._shelf.find(reference).image_id
        lines = self._shelf.remove(reference, force=force, find_users=self._users)
        for line in lines:
            action, _, name = line.partition(": ")
            self._tell.image({"Untagged": "untag"}.get(action, "delete"), image_id, name)
        if any(line.startswith("Deleted") for line in lines):
            from pydock_lab.engine.needs import needed  # noqa: PLC0415 - only for who removes

            self.home.store.collector.collect(needed(self.home))
        return lines

    def _users(self, image_id: str) -> tuple[str, ...]:
        from pydock_lab.engine.records import ContainerShelf  # noqa: PLC0415 - see remove_image

        # The records alone tell: this works where no container can be started, too.
        return tuple(line.name for line in ContainerShelf(self.home).lines() if line.image_id == image_id)

    def save(self, references: Iterable[str], stream: BinaryIO) -> None:
        """`docker save`."""
        references = tuple(references)
        found = {name: self._shelf.find(name).image_id for name in references}
        self.home.store.save(tuple(Reference.parse(name) for name in references), stream)
        for name, image_id in found.items():
            self._tell.image("save", image_id, name)

    def load(self, stream: BinaryIO) -> tuple[str, ...]:
        """`docker load`."""
        loaded = self.home.store.load(stream)
        names = tuple(one.familiar if isinstance(one, Reference) else str(one) for one in loaded)
        for name in names:
            self._tell.image("load", self._shelf.find(name).image_id, name)
        return names

    def import_(self, stream: BinaryIO, reference: str, *, message: str = "", changes: tuple[str, ...] = ()) -> Image:
        """`docker import`."""
        self._making.import_(stream, Reference.parse(reference), message, changes)
        image = self.image(reference)
        self._tell.image("import", image.id, reference)
        return image

    def pull(
        self, reference: str, *, platform: str = "", signed_by: Path | None = None, on_event: OnEvent = ignore
    ) -> Image:
        """`docker pull`."""
        wanted = Reference.parse(reference)
        if signed_by is not None:
            # By the digest that was verified: the tag may point elsewhere by now.
            wanted = replace(wanted, digest=self._remotes.verify(reference, signed_by))
        found = self._transfers.pull(wanted, on_event, platform=platform)
        return self.image(str(found.descriptor.digest))

    def push(self, reference: str, *, compression: str = "", on_event: OnEvent = ignore) -> str:
        """`docker push`."""
        digest = self._transfers.push(reference, on_event, compression=compression)
        self._tell.image("push", reference, reference)
        return digest

    def login(self, host: str, username: str, password: str) -> Path | None:
        """`docker login`."""
        return self._transfers.login(host, username, password)

    def logout(self, host: str) -> None:
        """`docker logout`."""
        self._transfers.logout(host)

    def search(self, term: str, *, limit: int = 25) -> tuple[SearchResult, ...]:
        """`docker search`."""
        return self._transfers.search(term, limit)

    def tag_tree(self, where: str, *, filter_: str = "") -> TagTree:
        """Repositories, tags and manifests of a registry."""
        explorer = self._transfers.explorer(where)
        explorer.filter = filter_
        return explorer.view()

    def explorer(self, where: str) -> Explorer:
        """The same, to be opened further."""
        return self._transfers.explorer(where)

    def image_file(self, reference: str, path: str) -> bytes | None:
        """A file of an image; None where there is none."""
        from pydock_lab.build.source import resolve  # noqa: PLC0415 - only for who asks
        from pydock_lab.engine.final_tree import final_tree  # noqa: PLC0415 - see above

        found = self._shelf.find(reference)
        tree = final_tree(self.home, found.manifest, found.config)
        place = resolve(tree, path.encode())
        return tree.read(place) if tree.entry(place) is not None else None

    def argument_vector(
        self, reference: str, words: tuple[str, ...] = (), *, entrypoint: str | None = None
    ) -> ArgumentVector:
        """What process 1 of a container of an image is told."""
        from pydock_lab.engine.argument_vectors import argument_vector  # noqa: PLC0415 - only for who asks

        found = self._transfers.have(reference, ignore)
        return argument_vector(reference, found.config.config, words, entrypoint)

    def transfer_trace(self, direction: str = "", reference: str = "") -> TransferTrace:
        """How the latest pull or push went, request by request."""
        from pydock_lab.engine.exchanges import transfer_trace  # noqa: PLC0415 - only for who asks

        name = Reference.parse(reference).familiar if reference else ""
        return transfer_trace(self.home.transfers.find(direction, name))

    # ---- in registries

    @property
    def _remotes(self) -> Remotes:
        from pydock_lab.engine.remotes import Remotes  # noqa: PLC0415 - only for who asks a registry

        return Remotes(self.home, self._shelf, self._transfers)

    def would_pull(self, reference: str, *, platform: str = "") -> tuple[Travel, ...]:
        """`docker pull --dry-run`."""
        return self._remotes.would_pull(reference, platform=platform)

    def would_push(self, reference: str) -> tuple[Travel, ...]:
        """`docker push --dry-run`."""
        return self._remotes.would_push(reference)

    def remote_tags(self, repository: str) -> tuple[str, ...]:
        """The tags of a repository in its registry."""
        return self._remotes.tags(repository)

    def remote_tag_details(self, repository: str, *, limit: int = 100) -> tuple[TagDetails, ...]:
        """The first tags of a repository in its registry, with what there is to know of each."""
        return self._remotes.tag_details(repository, limit=limit)

    def tag_story(self, reference: str) -> TagStory:
        """Where a tag has pointed."""
        return self._remotes.tag_story(reference)

    def pulls_left(self, reference: str) -> RateLimit | None:
        """How many pulls an image's registry still allows, where it says so."""
        return self._remotes.pulls_left(reference)

    def remote_manifest(self, reference: str, *, platform: str = "") -> RemoteManifest:
        """`docker manifest inspect`."""
        return self._remotes.manifest(reference, platform=platform)

    def remote_copy(self, source: str, target: str, *, platform: str = "", on_event: OnEvent = ignore) -> Digest:
        """Copy an image from registry to registry."""
        return self._remotes.copy(source, target, on_event, platform=platform)

    def compare(self, before: str, after: str) -> ImageDifference:
        """What is different in another image."""
        return self._remotes.compare(before, after)

    def remote_delete(self, reference: str) -> None:
        """Remove a tag, or by digest a manifest, from its registry."""
        self._remotes.delete(reference)

    def attach_files(self, reference: str, files: Sequence[tuple[Path, str]], *, artifact_type: str) -> Digest:
        """Attach files to an image in its registry."""
        return self._remotes.attach(reference, files, artifact_type=artifact_type)

    def sign(self, reference: str, key: Path) -> Digest:
        """Sign an image in its registry."""
        return self._remotes.sign(reference, key)

    def verify(self, reference: str, key: Path) -> Digest:
        """Whether an image in its registry is signed."""
        return self._remotes.verify(reference, key)

    def discover(self, reference: str, *, artifact_type: str = "") -> tuple[Referrer, ...]:
        """What was attached to an image."""
        return self._remotes.discover(reference, artifact_type)
