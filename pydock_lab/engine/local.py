"""The local engine: the Engine Protocol on this machine's own store and containers.

Each method only says who does the work: images, building, transfers, containers, files, system. Who that is, is
loaded when it is first asked for: a command that only looks something up starts at once.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from pydock_lab.engine.event_log import EventLog
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import ImageShelf
from pydock_lab.engine.rebuilding import Rebuilding
from pydock_lab.engine.results import BuildResult, Container, Image
from pydock_lab.engine.transfers import Transfers
from pydock_lab.errors import NotFound, telling_no_space
from pydock_lab.events import OnEvent, ignore
from pydock_lab.oci import Reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pydock_lab.engine.advising import Advising
    from pydock_lab.engine.archives import ImageMaking
    from pydock_lab.engine.building import ImageBuilding
    from pydock_lab.engine.explaining import Explaining
    from pydock_lab.engine.images import FoundImage
    from pydock_lab.engine.network_options import Attachment, NetworkCreation
    from pydock_lab.engine.networks import Networks
    from pydock_lab.engine.options import BuildOptions
    from pydock_lab.engine.parts import Parts
    from pydock_lab.engine.run_options import ExecOptions, LogOptions, RunOptions
    from pydock_lab.engine.streams import Streams
    from pydock_lab.engine.values import (
        ContainerSummary,
        DiskUsage,
        ImageSummary,
        Info,
        NetworkSummary,
        Pruned,
        SearchResult,
        VolumeSummary,
    )
    from pydock_lab.events import ContainerOutput
    from pydock_lab.views import (
        BuildTrace,
        ContextWeight,
        Doctor,
        Explanation,
        FileChange,
        Instances,
        LayerStack,
        TagTree,
        Weight,
        WhatIf,
    )


class LocalEngine:
    """The engine of this machine; `root` is its store (default: `$PYDOCK_HOME`, else the user's data directory)."""

    def __init__(self, root: Path | None = None) -> None:
        self.home = Home(root)
        self._shelf = ImageShelf(self.home)
        self._transfers = Transfers(self.home, self._shelf)
        self._rebuilding = Rebuilding(self.home, self._shelf)

    @cached_property
    def _building(self) -> ImageBuilding:
        from pydock_lab.engine.building import ImageBuilding  # noqa: PLC0415 - only where something has changed

        return ImageBuilding(self.home, self._shelf, self._transfers)

    @cached_property
    def _parts(self) -> Parts:
        """All that needs containers: made when the first one is asked for, and not at all where there are none."""
        from pydock_lab.engine.parts import Parts  # noqa: PLC0415 - Linux only

        return Parts.of(self.home, self._shelf, self._transfers, self._networks)

    @cached_property
    def _networks(self) -> Networks:
        from pydock_lab.engine.networks import Networks  # noqa: PLC0415 - only for who speaks of networks
        from pydock_lab.engine.records import ContainerShelf  # noqa: PLC0415 - see above

        return Networks(self.home, ContainerShelf(self.home))

    @cached_property
    def _making(self) -> ImageMaking:
        from pydock_lab.engine.archives import ImageMaking  # noqa: PLC0415 - only for import and commit

        return ImageMaking(self.home)

    @cached_property
    def _explaining(self) -> Explaining:
        from pydock_lab.engine.explaining import Explaining  # noqa: PLC0415 - only for who asks why

        return Explaining(self.home, self._shelf)

    @cached_property
    def _advising(self) -> Advising:
        from pydock_lab.engine.advising import Advising  # noqa: PLC0415 - only for who asks for advice

        return Advising(self.home, self._shelf, self._explaining, self._building)

    # ---- images

    @telling_no_space()
    def build(self, options: BuildOptions, *, on_event: OnEvent = ignore) -> BuildResult:
        """`docker build`."""
        log = EventLog(on_event)
        found = self._rebuilding.again(options, log) or self._build(options, log)
        image = self.image(next(iter(options.names), str(found.descriptor.digest)))
        return BuildResult(image=image, build=log.build)

    def fetched(self, options: BuildOptions) -> AbstractContextManager[BuildOptions]:
        """The options with their context on this machine."""
        from pydock_lab.engine.remote_context import fetched  # noqa: PLC0415 - most contexts are folders

        return fetched(self.home, options, ignore)

    def _build(self, options: BuildOptions, log: EventLog) -> FoundImage:
        if "RUN" in options.dockerfile.upper():
            self.home.warm()
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

    def images(self, *, all_: bool = False) -> tuple[ImageSummary, ...]:
        """`docker images`, newest first."""
        return self._shelf.summaries(all_=all_)

    def image(self, reference: str) -> Image:
        """One image, by name, digest, or the start of its id."""
        return self._shelf.image(self, reference)

    def layers(self, reference: str) -> LayerStack:
        """`docker history`, with what each layer holds."""
        return self._shelf.stack(reference)

    def tag(self, source: str, destination: str) -> None:
        """`docker tag`."""
        self._shelf.tag(source, destination)

    def remove_image(self, reference: str, *, force: bool = False) -> tuple[str, ...]:
        """`docker rmi`."""
        lines = self._shelf.remove(reference, force=force, find_users=self._users)
        if any(line.startswith("Deleted") for line in lines):
            from pydock_lab.engine.records import needed  # noqa: PLC0415 - only for who removes

            self.home.store.collector.collect(needed(self.home))
        return lines

    def _users(self, image_id: str) -> tuple[str, ...]:
        from pydock_lab.engine.records import ContainerShelf  # noqa: PLC0415 - see remove_image

        # The records alone tell: this works where no container can be started, too.
        return tuple(record.name for record in ContainerShelf(self.home).all() if record.image_id == image_id)

    def save(self, references: Iterable[str], stream: BinaryIO) -> None:
        """`docker save`."""
        for name in references:
            self._shelf.find(name)
        self.home.store.save(tuple(Reference.parse(name) for name in references), stream)

    def load(self, stream: BinaryIO) -> tuple[str, ...]:
        """`docker load`."""
        loaded = self.home.store.load(stream)
        return tuple(one.familiar if isinstance(one, Reference) else str(one) for one in loaded)

    def import_(self, stream: BinaryIO, reference: str, *, message: str = "") -> Image:
        """`docker import`."""
        self._making.import_(stream, Reference.parse(reference), message)
        return self.image(reference)

    def pull(self, reference: str, *, on_event: OnEvent = ignore) -> Image:
        """`docker pull`."""
        found = self._transfers.pull(Reference.parse(reference), on_event)
        return self.image(str(found.descriptor.digest))

    def push(self, reference: str, *, on_event: OnEvent = ignore) -> str:
        """`docker push`."""
        return self._transfers.push(reference, on_event)

    def login(self, host: str, username: str, password: str) -> None:
        """`docker login`."""
        self._transfers.login(host, username, password)

    def logout(self, host: str) -> None:
        """`docker logout`."""
        self._transfers.logout(host)

    def search(self, term: str, *, limit: int = 25) -> tuple[SearchResult, ...]:
        """`docker search`."""
        return self._transfers.search(term, limit)

    def tag_tree(self, host: str) -> TagTree:
        """All repositories, tags and manifests of a registry."""
        return self._transfers.tag_tree(host)

    # ---- containers

    def create(self, options: RunOptions, *, on_event: OnEvent = ignore) -> Container:
        """`docker create`."""
        return Container(engine=self, id=self._parts.life.create(options, on_event).id)

    def run(self, options: RunOptions, *, streams: Streams | None = None, on_event: OnEvent = ignore) -> Container:
        """`docker run`; a container with `--rm` is gone when this returns, and its exit status stays readable."""
        life = self._parts.life
        record = life.create(options, on_event)
        try:
            status = life.start(record, streams, on_event)
        except BaseException:
            if options.auto_remove:
                life.remove(record, force=True, volumes=True)
            raise
        if options.auto_remove and streams is not None:
            life.remove(record, force=True, volumes=True)
        return Container(engine=self, id=record.id, ended_with=status)

    def start(self, container: str, *, streams: Streams | None = None) -> Container:
        """`docker start`."""
        record = self._parts.life.shelf.find(container)
        status = self._parts.life.start(record, streams, ignore)
        return Container(engine=self, id=record.id, ended_with=status)

    def stop(self, container: str, *, timeout: int | None = None) -> None:
        """`docker stop`."""
        self._parts.life.stop(self._parts.life.shelf.find(container), timeout)

    def kill(self, container: str, *, signal: str = "KILL") -> None:
        """`docker kill`."""
        self._parts.life.kill(self._parts.life.shelf.find(container), signal)

    def wait(self, container: str) -> int:
        """`docker wait`."""
        return self._parts.life.wait(self._parts.life.shelf.find(container))

    def rename(self, container: str, name: str) -> None:
        """`docker rename`."""
        self._parts.life.rename(self._parts.life.shelf.find(container), name)

    def remove(self, container: str, *, force: bool = False, volumes: bool = False) -> None:
        """`docker rm`."""
        self._parts.life.remove(self._parts.life.shelf.find(container), force=force, volumes=volumes)

    def exec(self, options: ExecOptions, *, streams: Streams | None = None) -> int:
        """`docker exec`."""
        return self._parts.life.exec(options, streams)

    def logs(self, options: LogOptions) -> Iterator[ContainerOutput]:
        """`docker logs`."""
        return self._parts.life.logs(options)

    def containers(self, *, all_: bool = False) -> tuple[ContainerSummary, ...]:
        """`docker ps`."""
        return self._parts.questions.summaries(all_=all_)

    def container(self, container: str) -> Container:
        """One container, by name or the start of its id."""
        return Container(engine=self, id=self._parts.life.shelf.find(container).id)

    def inspect_container(self, container: str) -> Mapping[str, object]:
        """`docker inspect` of a container."""
        return self._parts.questions.inspect(self._parts.life.shelf.find(container))

    def diff(self, container: str) -> tuple[FileChange, ...]:
        """`docker diff`."""
        return self._parts.questions.diff(self._parts.life.shelf.find(container))

    def copy_in(self, container: str, source: Path, target: str) -> None:
        """`docker cp SOURCE CONTAINER:TARGET`."""
        self._parts.files.copy_in(self._parts.life.shelf.find(container), source, target)

    def copy_out(self, container: str, source: str, target: Path) -> None:
        """`docker cp CONTAINER:SOURCE TARGET`."""
        self._parts.files.copy_out(self._parts.life.shelf.find(container), source, target)

    def commit(self, container: str, reference: str, *, message: str = "") -> Image:
        """`docker commit`."""
        record = self._parts.life.shelf.find(container)
        found = self._shelf.find(record.image_id)
        owners = self._parts.questions.tree(record).owners() if self.home.runtime.tier == "rootless-single" else {}
        self._making.commit(found, record.spec.rootfs, Reference.parse(reference), message, owners)
        return self.image(reference)

    def instances(self) -> Instances:
        """Images and the containers on them."""
        return self._parts.questions.instances()

    # ---- volumes, networks, the system

    def volumes(self) -> tuple[VolumeSummary, ...]:
        """`docker volume ls`."""
        return self._parts.life.volumes.all()

    def create_volume(self, name: str = "") -> VolumeSummary:
        """`docker volume create`."""
        return self._parts.life.volumes.create(name)

    def remove_volume(self, name: str, *, force: bool = False) -> None:
        """`docker volume rm`."""
        try:
            self._parts.life.volumes.remove(name, self._parts.questions.volume_users(name))
        except NotFound:
            if not force:
                raise

    def networks(self, filters: tuple[str, ...] = ()) -> tuple[NetworkSummary, ...]:
        """`docker network ls`."""
        return self._networks.summaries(filters)

    def create_network(self, wanted: NetworkCreation) -> str:
        """`docker network create`."""
        return self._networks.create(wanted).id

    def inspect_network(self, network: str) -> Mapping[str, object]:
        """`docker network inspect`."""
        return self._networks.inspect(network)

    def remove_network(self, network: str, *, force: bool = False) -> None:
        """`docker network rm`."""
        self._networks.remove(network, force=force)

    def connect_network(self, container: str, wanted: Attachment) -> None:
        """`docker network connect`."""
        self._networks.connect(container, wanted)

    def disconnect_network(self, network: str, container: str, *, force: bool = False) -> None:
        """`docker network disconnect`."""
        self._networks.disconnect(network, container, force=force)

    def info(self) -> Info:
        """`docker info`."""
        return self._parts.system.info()

    def version(self) -> Info:
        """`docker version`."""
        return self._parts.system.version()

    def doctor(self) -> Doctor:
        """What this machine can do."""
        return self._parts.system.doctor()

    def disk_usage(self) -> tuple[DiskUsage, ...]:
        """`docker system df`."""
        return self._parts.system.disk_usage()

    def prune(self, kinds: Iterable[str], *, all_: bool = False, filters: tuple[str, ...] = ()) -> Mapping[str, Pruned]:
        """`docker KIND prune`."""
        return self._parts.system.prune(kinds, all_=all_, filters=filters)

    def check(self, on_progress: Callable[[int, int], None] | None = None) -> tuple[str, ...]:
        """`pydock system check`."""
        return self._parts.system.check(on_progress)
