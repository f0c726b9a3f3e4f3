"""The life of containers on the local engine: start, stop, exec, attach, update, remove.

There is no daemon. A container's shim watches it, writes its log and its end, and starts it again where its policy says
so; the engine only asks. What a daemon would do when something ends unseen the next engine does that
comes by (`sweep`): it removes what was started with `--rm`, and starts what was to come back after a crash or a
reboot.
"""

import contextlib
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING

from pydock_lab.engine.ground import shown
from pydock_lab.engine.home import Home
from pydock_lab.engine.images import ImageShelf
from pydock_lab.engine.log_reader import read_log
from pydock_lab.engine.networks import Networks
from pydock_lab.engine.records import ContainerLine, ContainerRecord, ContainerShelf
from pydock_lab.engine.run_options import ExecOptions, LogOptions, RunOptions, UpdateOptions
from pydock_lab.engine.streams import Streams
from pydock_lab.engine.telling import Telling
from pydock_lab.engine.transfers import Transfers
from pydock_lab.engine.volumes import Volumes
from pydock_lab.engine.wishes import exec_wishes, limits
from pydock_lab.errors import Conflict, ContainerError, NotFound, PydockError
from pydock_lab.events import ContainerOutput, OnEvent, ignore
from pydock_lab.runtime import state as states
from pydock_lab.runtime.base import Process, Stdio
from pydock_lab.runtime.bundle import exec_process
from pydock_lab.runtime.restart import RestartKind
from pydock_lab.runtime.signals import number_of
from pydock_lab.runtime.state import ContainerState, Status

if TYPE_CHECKING:
    from pydock_lab.engine.creating import Creating

_POLL_SECONDS = 0.02
_PATIENCE_SECONDS = 2


class ContainerLife:
    """Containers of a home."""

    def __init__(self, home: Home, images: ImageShelf, transfers: Transfers, networks: Networks) -> None:
        self._home = home
        self.tell = Telling(home)
        self.shelf = ContainerShelf(home)
        self.volumes = Volumes(home, on_change=self.tell.change)
        self._images, self._transfers, self._networks = images, transfers, networks

    @cached_property
    def _creating(self) -> "Creating":
        from pydock_lab.engine.creating import Creating  # noqa: PLC0415 - most commands make no container
        from pydock_lab.engine.network_wishes import NetworkWishes  # noqa: PLC0415 - see above

        wishes = NetworkWishes(self._networks, self.shelf)
        return Creating(self._home, self._images, self._transfers, self.volumes, wishes)

    def create(self, options: RunOptions, on_event: OnEvent) -> ContainerRecord:
        """Make a container, ready to start; raises PydockError, with nothing left behind."""
        self.sweep()
        record = self._creating.create(replace(options, name=options.name.removeprefix("/")), on_event)
        self.tell.container("create", record)
        return record

    # ---- running

    def start(self, record: ContainerRecord, streams: Streams | None, on_event: OnEvent) -> int | None:
        """Start it: with streams until it ends (its exit status), without them until it runs (None).

        With one that runs already whoever has streams stays, too.
        """
        if self.is_running(record):
            return self.attach(record, streams) if streams else None
        folder = self.shelf.folder(record.id)
        self._networks.check(record)
        with self._networks.naming_holder():
            process = self._home.ground(record.isolation).runtime.start(
                folder,
                record.spec,
                _stdio(streams),
                detach=streams is None,
                keep_input=record.interactive and (streams is None or streams.stdin is None),
                detach_keys=streams.detach_keys if streams else b"",
                steps=self._home.starts.place(record.id),
                supervision=record.supervision(self._home.root, self._home.events),
                on_event=on_event,
            )
        return self._accompany(record, process, streams, partial(self.is_running, record))

    def attach(self, record: ContainerRecord, streams: Streams) -> int:
        """Watch a running container, and type into it: its exit status; raises ContainerError unless it runs."""
        if self.state(record).status is Status.PAUSED:
            raise Conflict("engine.attach-paused", container=record.name)
        self._check_runs(record)
        process = self._home.runtime.attach(
            self.shelf.folder(record.id), _stdio(streams), detach_keys=streams.detach_keys
        )
        return self._accompany(record, process, streams, partial(self.is_running, record)) or 0

    def exec(self, options: ExecOptions, streams: Streams | None) -> int:
        """Run a further program; its exit status (0 for one in the background)."""
        record = self.shelf.find(options.container)
        if self.state(record).status is Status.PAUSED:
            raise Conflict("engine.exec-paused", container=record.name)
        self._check_runs(record)
        program = exec_process(record.config, exec_wishes(record.spec, options), record.spec.hostname)
        process = self._home.runtime.exec(
            self.shelf.folder(record.id),
            program,
            _stdio(streams),
            detach=options.detach,
            detach_keys=streams.detach_keys if streams else b"",
        )
        return self._accompany(record, process, streams, lambda: True) or 0

    def _accompany(
        self, record: ContainerRecord, process: Process, streams: Streams | None, is_running: Callable[[], bool]
    ) -> int | None:
        if streams is None:
            process.close()
            return None
        process.isolation = shown(record.isolation)
        with process:
            try:
                streams.on_start(process)
                status = process.wait()
            except KeyboardInterrupt:
                # What a terminal does: the program is asked, and only then made, to end.
                process.kill(signal.SIGINT)
                return self._wait_a_little(process, is_running)
            return None if process.is_detached else status

    @staticmethod
    def _wait_a_little(process: Process, is_running: Callable[[], bool]) -> int:
        until = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < until and is_running():
            time.sleep(_POLL_SECONDS)
        if is_running():
            process.kill(signal.SIGKILL)
        return process.wait()

    def _check_runs(self, record: ContainerRecord) -> None:
        status = self.state(record).status
        if status is Status.RESTARTING:
            raise Conflict("engine.restarting", container=record.name)
        if status not in states.LIVING:
            raise ContainerError("engine.not-running", container=record.name, exit_status=1)

    # ---- ending

    def stop(self, record: ContainerRecord, timeout: int | None, name: str = "", *, keep: bool = False) -> None:
        """The stop signal; SIGKILL when it is still there after `timeout` seconds (-1: never).

        With `keep` its shim does not remove it, whatever it was started with.
        """
        if not self.is_running(record):
            return
        number = number_of(name or record.spec.stop_signal)
        folder = self.shelf.folder(record.id)
        try:
            patience = record.stop_timeout if timeout is None else timeout
            self._home.runtime.stop(folder, number, patience, keep=keep)
        except ContainerError:
            if self.is_running(record):  # else it ended as we asked
                raise

    def restart(self, record: ContainerRecord, timeout: int | None, name: str = "") -> None:
        """Stop it where it runs, and start it; what is to go at its end (`--rm`) stays in between, as with Docker."""
        with self._kept(record):
            self.stop(record, timeout, name, keep=True)
            self.start(record, None, ignore)
        self.tell.container("restart", record)

    @contextlib.contextmanager
    def _kept(self, record: ContainerRecord) -> Iterator[None]:
        if not record.auto_remove:
            yield
            return
        # Any engine that comes by removes what has ended and was started with `--rm` (`sweep`).
        self.shelf.change(record.id, lambda now: replace(now, auto_remove=False))
        try:
            yield
        finally:
            self.shelf.change(record.id, lambda now: replace(now, auto_remove=True))

    def kill(self, record: ContainerRecord, name: str) -> None:
        """Send a signal; raises ContainerError unless it runs."""
        number = number_of(name)
        self._check_runs(record)
        try:
            self._home.runtime.kill(self.shelf.folder(record.id), number)
        except ContainerError:
            if self.is_running(record):
                raise

    def pause(self, record: ContainerRecord) -> None:
        """Freeze its processes; raises Conflict, IsolationError."""
        if self.state(record).status is Status.PAUSED:
            raise Conflict("engine.already-paused", container=record.name)
        self._check_runs(record)
        self._home.runtime.pause(self.shelf.folder(record.id))

    def unpause(self, record: ContainerRecord) -> None:
        """Let them go on; raises Conflict where it is not paused."""
        if self.state(record).status is not Status.PAUSED:
            raise Conflict("engine.not-paused", container=record.name)
        self._home.runtime.unpause(self.shelf.folder(record.id))

    def update(self, record: ContainerRecord, options: UpdateOptions, on_event: OnEvent) -> None:
        """Other limits, and another restart policy, for one that runs too; raises ContainerError."""
        if options.restart and options.restart.kind is not RestartKind.NO and record.auto_remove:
            raise Conflict("engine.update-rm", container=record.name)
        merged = limits(options.limits, record.spec.limits)
        if self.is_running(record):
            for note in self._home.runtime.update(self.shelf.folder(record.id), merged, options.restart):
                on_event(note)

        def changed(now: ContainerRecord) -> ContainerRecord:
            spec = replace(now.spec, limits=limits(options.limits, now.spec.limits))
            return replace(now, spec=spec, restart=options.restart or now.restart)

        self.shelf.change(record.id, changed)
        self.tell.container("update", record)

    @contextlib.contextmanager
    def holding_still(self, record: ContainerRecord, *, wanted: bool) -> Iterator[None]:
        """Paused, where it runs and that is `wanted` and can be had: what is read of its files belongs together."""
        is_paused = False
        if wanted and self.state(record).status is Status.RUNNING:
            with contextlib.suppress(PydockError):  # no freezer, or it has just ended: it is read as it is
                self._home.runtime.pause(self.shelf.folder(record.id))
                is_paused = True
        try:
            yield
        finally:
            if is_paused and self.state(record).status is Status.PAUSED:  # else somebody has ended it meanwhile
                self._home.runtime.unpause(self.shelf.folder(record.id))

    def wait(self, record: ContainerRecord) -> int:
        """Wait for the end; the exit status; raises NotFound where it has been removed meanwhile."""
        return self._home.runtime.wait(self.shelf.folder(record.id))

    def remove(self, record: ContainerRecord, *, force: bool, volumes: bool) -> None:
        """Remove it with its writable layer, and its anonymous volumes where asked; raises Conflict while it runs."""
        if self.is_running(record):
            if not force:
                raise Conflict("engine.container-running", container=record.name)
            self.stop(record, 0, "KILL")  # this ends its restart policy, too
            with contextlib.suppress(NotFound):
                self.wait(record)
        folder, snapshots = self.shelf.folder(record.id), self._home.ground(record.isolation).snapshots
        if not self._home.remove_tree(folder, snapshots):
            return  # its shim was quicker
        self._home.sweep()
        if volumes or record.auto_remove:
            for name in record.anonymous:
                with contextlib.suppress(NotFound, Conflict):  # gone already, or another container's (--volumes-from)
                    self.volumes.remove(name, self.shelf.volume_users)
        self.tell.container("destroy", record)

    def see_off(self, record: ContainerRecord) -> None:
        """Remove what was started with `--rm` and has ended, unless somebody starts it again just now, or has."""
        with contextlib.suppress(NotFound):  # its shim was quicker
            now = self.shelf.find(record.id)
            if now.auto_remove and not self.is_running(now):
                self.remove(now, force=True, volumes=True)

    def rename(self, record: ContainerRecord, name: str) -> None:
        """Give it another name; raises Conflict where that is taken."""
        name = name.removeprefix("/")  # as `docker inspect` shows it
        self._networks.rename(record, name)
        self.tell.container("rename", replace(record, name=name), oldName=record.name)

    # ---- asking

    def state(self, record: ContainerRecord | ContainerLine) -> ContainerState:
        """How it is now."""
        return states.observe(self.shelf.folder(record.id))

    def all_now(self) -> list[tuple[ContainerLine, ContainerState]]:
        """All containers and how they are now, oldest first."""
        return self._now(self.shelf.lines())

    def _now(self, lines: Iterable[ContainerLine]) -> list[tuple[ContainerLine, ContainerState]]:
        written = self.shelf.states()
        return [(line, states.observe(self.shelf.folder(line.id), written.get(line.id))) for line in lines]

    def is_running(self, record: ContainerRecord) -> bool:
        """Whether somebody looks after it: it runs, is paused, or about to be started again."""
        return self.state(record).status in states.LIVING

    def logs(self, options: LogOptions) -> Iterator[ContainerOutput]:
        """What its program has written, and with `follow` what it goes on to write."""
        record = self.shelf.find(options.container)
        return read_log(self.shelf.folder(record.id), record, options, lambda: self.is_running(record))

    # ---- what nobody saw

    def sweep(self) -> list[tuple[ContainerLine, ContainerState]]:
        """Remove what was started with `--rm` and has ended unseen, and start what is to come back after a crash.

        All containers and how they are then, oldest first.
        """
        lines = self.shelf.lines()
        looked_after = [record for line in lines if line.is_looked_after and (record := self.shelf.read(line))]
        for record in looked_after:
            self._look_after(record)
        return self._now(self.shelf.lines() if looked_after else lines)

    def _look_after(self, record: ContainerRecord) -> None:
        folder = self.shelf.folder(record.id)
        written, now = states.load(folder), self.state(record)
        try:
            if record.auto_remove and now.status is Status.EXITED:
                self.remove(record, force=False, volumes=True)
            elif written.status in states.LIVING and now.status is Status.EXITED:
                self._come_back(record, now)
        except PydockError:
            return  # another engine came first, or it cannot be started any more, which is written down

    def _come_back(self, record: ContainerRecord, now: ContainerState) -> None:
        folder = self.shelf.folder(record.id)
        with self._home.containers.lock():
            if states.load(folder).status not in states.LIVING:
                return
            states.save(folder, now)
        if record.restart.survives_engine(by_hand=now.by_hand):
            self.start(record, None, ignore)


def _stdio(streams: Streams | None) -> Stdio:
    if streams is None:
        return Stdio()
    return Stdio(stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr)
