"""Commands on containers."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, cast

from pydock_lab.engine.local.workers import Workers
from pydock_lab.engine.results import Container, Image
from pydock_lab.errors import NotFound
from pydock_lab.events import OnEvent, ignore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pydock_lab.engine.base import Engine
    from pydock_lab.engine.hand_made import HandMade
    from pydock_lab.engine.records import ContainerRecord
    from pydock_lab.engine.run_options import CommitOptions, ExecOptions, LogOptions, RunOptions, UpdateOptions
    from pydock_lab.engine.streams import Streams
    from pydock_lab.engine.values import ContainerSummary, ContainerUsage, ProcessTable
    from pydock_lab.events import ContainerOutput
    from pydock_lab.views import FileChange, ImageTree, Instances, Namespaces, RunTrace


class LocalContainers(Workers):
    """Commands on containers."""

    def create(self, options: RunOptions, *, on_event: OnEvent = ignore) -> Container:
        """`docker create`."""
        return self._handed(self._parts.life.create(options, on_event).id)

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
        if options.auto_remove and status is not None:
            life.see_off(record)
        return self._handed(record.id, status)

    def start(self, container: str, *, streams: Streams | None = None) -> Container:
        """`docker start`."""
        record = self._record(container)
        status = self._parts.life.start(record, streams, ignore)
        return self._handed(record.id, status)

    def attach(self, container: str, *, streams: Streams) -> int:
        """`docker attach`."""
        return self._parts.life.attach(self._record(container), streams)

    def stop(self, container: str, *, timeout: int | None = None, signal: str = "") -> None:
        """`docker stop`."""
        self._parts.life.stop(self._record(container), timeout, signal)

    def restart(self, container: str, *, timeout: int | None = None, signal: str = "") -> None:
        """`docker restart`."""
        self._parts.life.restart(self._record(container), timeout, signal)

    def kill(self, container: str, *, signal: str = "KILL") -> None:
        """`docker kill`."""
        self._parts.life.kill(self._record(container), signal)

    def pause(self, container: str) -> None:
        """`docker pause`."""
        self._parts.life.pause(self._record(container))

    def unpause(self, container: str) -> None:
        """`docker unpause`."""
        self._parts.life.unpause(self._record(container))

    def update(self, container: str, options: UpdateOptions, *, on_event: OnEvent = ignore) -> None:
        """`docker update`."""
        self._parts.life.update(self._record(container), options, on_event)

    def wait(self, container: str) -> int:
        """`docker wait`."""
        return self._parts.life.wait(self._record(container))

    def rename(self, container: str, name: str) -> None:
        """`docker rename`."""
        self._parts.life.rename(self._record(container), name)

    def remove(self, container: str, *, force: bool = False, volumes: bool = False) -> None:
        """`docker rm`."""
        self._parts.life.remove(self._record(container), force=force, volumes=volumes)

    def exec(self, options: ExecOptions, *, streams: Streams | None = None) -> int:
        """`docker exec`."""
        return self._parts.life.exec(options, streams)

    def logs(self, options: LogOptions) -> Iterator[ContainerOutput]:
        """`docker logs`."""
        return self._parts.life.logs(options)

    def top(self, container: str, arguments: tuple[str, ...] = ()) -> ProcessTable:
        """`docker top`."""
        return self._parts.measures.top(self._record(container), arguments)

    def usage(self, containers: tuple[str, ...] = (), *, all_: bool = False) -> tuple[ContainerUsage, ...]:
        """One look of `docker stats`."""
        return self._parts.measures.usage([self._record(one) for one in containers], all_=all_)

    def containers(self, *, all_: bool = False) -> tuple[ContainerSummary, ...]:
        """`docker ps`."""
        return self._parts.questions.summaries(all_=all_)

    def container(self, container: str) -> Container:
        """One container, by name or the start of its id."""
        return self._handed(self._record(container).id)

    def inspect_container(self, container: str) -> Mapping[str, object]:
        """`docker inspect` of a container."""
        return self._parts.questions.inspect(self._record(container))

    def diff(self, container: str) -> tuple[FileChange, ...]:
        """`docker diff`."""
        return self._parts.questions.diff(self._record(container))

    def copy_in(
        self, container: str, source: Path | str, target: str, *, archive: bool = False, follow: bool = False
    ) -> int:
        """`docker cp SOURCE CONTAINER:TARGET`."""
        return self._parts.files.copy_in(self._record(container), source, target, archive=archive, follow=follow)

    def copy_out(
        self, container: str, source: str, target: Path | str, *, archive: bool = False, follow: bool = False
    ) -> int:
        """`docker cp CONTAINER:SOURCE TARGET`."""
        return self._parts.files.copy_out(self._record(container), source, target, archive=archive, follow=follow)

    def archive_out(self, container: str, source: str, sink: BinaryIO, *, follow: bool = False) -> None:
        """`docker cp CONTAINER:SOURCE -`."""
        self._parts.files.archive_out(self._record(container), source, sink, follow=follow)

    def archive_in(self, container: str, tar: BinaryIO, target: str) -> None:
        """`docker cp - CONTAINER:TARGET`."""
        self._parts.files.archive_in(self._record(container), tar, target)

    def export(self, container: str, stream: BinaryIO) -> None:
        """`docker export`."""
        self._parts.files.export(self._record(container), stream)

    def run_trace(self, container: str = "") -> RunTrace:
        """How a container was started, step by step, also of one that is gone; the latest where none is named."""
        from pydock_lab.engine.starts import run_trace  # noqa: PLC0415 - only for who asks

        with contextlib.suppress(NotFound):  # it may be gone, or have another name by now
            known = self._record(container).id if container else self._newest()
            state = self.home.runtime.state(self.home.containers.path(known))
            self.home.starts.wait(known, state.finished_at if state.error else state.started_at)
            container = known if container else ""
        return run_trace(self.home.starts.find(container))

    def _newest(self) -> str:
        lines = self._parts.life.shelf.lines()
        if not lines:
            raise NotFound("engine.no-container", container="")
        return lines[-1].id

    def namespaces(self, container: str) -> Namespaces:
        """A running container from the host and from inside."""
        from pydock_lab.engine.sides import both_sides  # noqa: PLC0415 - only for who asks

        return both_sides(self.home, self._parts.life, self._record(container))

    def by_hand(self, wish: HandMade, streams: Streams) -> tuple[int, Namespaces]:
        """`pydock unshare`."""
        from pydock_lab.engine.by_hand import ByHand  # noqa: PLC0415 - only for who asks

        image = self._transfers.have(wish.root, ignore) if wish.root else None
        return ByHand(self.home).run(wish, image, streams)

    def commit(self, options: CommitOptions) -> Image:
        """`docker commit`."""
        record = self._record(options.container)
        found = self._shelf.find(record.image_id)
        with self._parts.life.holding_still(record, wanted=options.pause):
            descriptor = self._making.commit(found, record, options, self._parts.questions.owners(record))
        image = self._shelf.image(self, options.reference or str(descriptor.digest))
        self._tell.container("commit", record, comment=options.message, imageID=image.id)
        return image

    def instances(self) -> Instances:
        """Images and the containers on them."""
        return self._parts.instances.look()

    def image_tree(self) -> ImageTree:
        """All images, and the containers on them."""
        from pydock_lab.engine.image_trees import image_tree  # noqa: PLC0415 - only for who looks at it

        return image_tree(self._shelf.all(), self.containers(all_=True))

    def _handed(self, container: str, ended_with: int | None = None) -> Container:
        return Container(engine=cast("Engine", self), id=container, ended_with=ended_with)

    def _record(self, name: str) -> ContainerRecord:
        return self._parts.life.shelf.find(name)
