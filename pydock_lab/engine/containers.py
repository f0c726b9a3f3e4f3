"""The life of containers on the local engine: create, start, stop, exec, remove.

There is no daemon. A container's shim watches it, writes its log and its end; the engine only asks. What a daemon
would do when something ends (`--rm` of a container in the background) the next engine does that comes by.
"""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

from pydock_lab.engine.home import Home
from pydock_lab.engine.images import FoundImage, ImageShelf
from pydock_lab.engine.names import invent
from pydock_lab.engine.network_wishes import NetworkWishes
from pydock_lab.engine.networks import Networks
from pydock_lab.engine.options import ExecOptions, LogOptions, RunOptions, VolumeMount
from pydock_lab.engine.records import ContainerRecord, ContainerShelf, now
from pydock_lab.engine.streams import Streams
from pydock_lab.engine.transfers import Transfers
from pydock_lab.engine.volumes import Volumes
from pydock_lab.engine.wishes import exec_wishes, run_wishes
from pydock_lab.errors import Conflict, ContainerError, IsolationError, PydockError
from pydock_lab.events import ContainerOutput, Noted, OnEvent, Stream
from pydock_lab.locale import text
from pydock_lab.oci.runtime_spec import Mount
from pydock_lab.runtime import logs
from pydock_lab.runtime.base import Process, Stdio
from pydock_lab.runtime.bundle import container_spec, exec_process
from pydock_lab.runtime.commands import check_signal
from pydock_lab.runtime.state import ContainerState, Status
from pydock_lab.snapshot.snapshotter import PackedLayer

_STOP_SECONDS = 10
_POLL_SECONDS = 0.02


class ContainerLife:
    """Containers of a home."""

    def __init__(self, home: Home, images: ImageShelf, transfers: Transfers, networks: Networks) -> None:
        self._home, self._images, self._transfers = home, images, transfers
        self.shelf = ContainerShelf(home)
        self.volumes = Volumes(home)
        self._networks, self._network_wishes = networks, NetworkWishes(networks, self.shelf)

    # ---- making

    def create(self, options: RunOptions, on_event: OnEvent) -> ContainerRecord:
        """Make a container, ready to start; raises PydockError, with nothing left behind."""
        self.sweep()
        if options.pull == "never":
            found = self._images.find(options.image)
        else:
            found = self._transfers.have(options.image, on_event, always=options.pull == "always")
        if options.name:
            self._free_name(options.name)
        for key in self._network_wishes.notes(options):
            on_event(Noted(text=text(key)))
        container = os.urandom(32).hex()
        folder = self._home.containers.create(container)
        try:
            record = self._record(container, options, found)
            with self._home.leases.hold(f"create {record.name}") as lease:
                lease.add(*record.chain_ids)
                self._unpack(found)
                self.shelf.add(record)
        except BaseException:
            self._home.snapshots.remove(folder)
            raise
        return record

    def _free_name(self, name: str) -> None:
        if name in self.shelf.names():
            raise Conflict("engine.name-taken", name=name, id=self.shelf.find(name).id[:12])

    def _record(self, container: str, options: RunOptions, found: FoundImage) -> ContainerRecord:
        if self._home.runtime.tier == "none":
            raise IsolationError("engine.no-containers", facet="processes")
        config = found.config.config
        chain = found.config.chain_ids
        name = options.name or invent(self.shelf.names())
        network = self._network_wishes.network(options, name, config.exposed_ports)
        options = replace(options, hostname=self._network_wishes.hostname(options))
        mounts, anonymous = self._mounts(options, config.volumes)
        rootfs = self._home.snapshots.rootfs(chain, self._home.containers.path(container))
        return ContainerRecord(
            id=container,
            name=name,
            image=options.image,
            image_id=found.image_id,
            created=now(),
            spec=container_spec(container, config, run_wishes(options, mounts, network), rootfs),
            config=config,
            chain_ids=chain,
            auto_remove=options.auto_remove,
            interactive=options.interactive,
            stop_timeout=_STOP_SECONDS if options.stop_timeout is None else options.stop_timeout,
            anonymous=anonymous,
            labels=dict(config.labels) | dict(options.labels),
        )

    def _mounts(self, options: RunOptions, declared: tuple[str, ...]) -> tuple[tuple[Mount, ...], tuple[str, ...]]:
        """`-v`, and an anonymous volume for each VOLUME of the image that nothing is mounted on."""
        taken = {volume.target.rstrip("/") for volume in options.volumes}
        rest = [VolumeMount(target=path) for path in declared if path.rstrip("/") not in taken]
        made = [self.volumes.mount(volume) for volume in (*options.volumes, *rest)]
        return tuple(mount for mount, _ in made), tuple(name for _, name in made if name)

    def _unpack(self, found: FoundImage) -> None:
        config = found.config
        for layer, diff_id, chain_id in zip(found.manifest.layers, config.diff_ids, config.chain_ids, strict=True):
            if not self._home.snapshots.has(chain_id):
                packed = PackedLayer(chain_id=chain_id, diff_id=diff_id, size=layer.size)
                with self._home.blobs.open(layer) as blob:
                    self._home.snapshots.unpack(packed, blob)

    # ---- running

    def start(self, record: ContainerRecord, streams: Streams | None, on_event: OnEvent) -> int | None:
        """Start it: with streams until it ends (its exit status), without them until it runs (None)."""
        if self.state(record).status in (Status.RUNNING, Status.PAUSED):
            return None
        folder = self.shelf.folder(record.id)
        stdio = Stdio() if streams is None else Stdio(stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr)
        self._networks.check(record)
        with self._networks.naming_holder():
            process = self._home.runtime.start(
                folder,
                record.spec,
                stdio,
                detach=streams is None,
                keep_input=record.interactive,
                on_event=on_event,
            )
        if streams is None:
            process.close()
            return None
        with process:
            return self._wait(process, record)

    def _wait(self, process: Process, record: ContainerRecord) -> int:
        try:
            return process.wait()
        except KeyboardInterrupt:
            # What a terminal does: the program is asked, and only then made, to end.
            process.kill(signal.SIGINT)
            return self._wait_a_little(process, record)

    def _wait_a_little(self, process: Process, record: ContainerRecord) -> int:
        until = time.monotonic() + 2
        while time.monotonic() < until and self.is_running(record):
            time.sleep(_POLL_SECONDS)
        if self.is_running(record):
            process.kill(signal.SIGKILL)
        return process.wait()

    def stop(self, record: ContainerRecord, timeout: int | None) -> None:
        """The stop signal; SIGKILL when it is still there after `timeout` seconds."""
        if not self.is_running(record):
            return
        self._signal(record, record.spec.stop_signal)
        until = time.monotonic() + (record.stop_timeout if timeout is None else timeout)
        while self.is_running(record):
            if time.monotonic() > until:
                self._signal(record, "SIGKILL")
                self._home.runtime.wait(self.shelf.folder(record.id))
                return
            time.sleep(_POLL_SECONDS)

    def kill(self, record: ContainerRecord, name: str) -> None:
        """Send a signal; raises ContainerError unless it runs."""
        if not self.is_running(record):
            raise ContainerError("engine.not-running", container=record.name, exit_status=1)
        self._signal(record, name)

    def _signal(self, record: ContainerRecord, name: str) -> None:
        number = check_signal(name)
        try:
            self._home.runtime.kill(self.shelf.folder(record.id), number)
        except ContainerError:
            if self.is_running(record):  # it ended in between: nothing to kill
                raise

    def wait(self, record: ContainerRecord) -> int:
        """Wait for the end; the exit status."""
        return self._home.runtime.wait(self.shelf.folder(record.id))

    def exec(self, options: ExecOptions, streams: Streams | None) -> int:
        """Run a further program; its exit status (0 for one in the background)."""
        record = self.shelf.find(options.container)
        if not self.is_running(record):
            raise ContainerError("engine.not-running", container=record.name, exit_status=1)
        program = exec_process(record.config, exec_wishes(record.spec, options), record.spec.hostname)
        stdio = Stdio()
        if streams is not None:
            stdio = Stdio(stdin=streams.stdin, stdout=streams.stdout, stderr=streams.stderr)
        process = self._home.runtime.exec(self.shelf.folder(record.id), program, stdio)
        if options.detach:
            return 0
        with process:
            return process.wait()

    # ---- asking

    def state(self, record: ContainerRecord) -> ContainerState:
        """How it is now."""
        return self._home.runtime.state(self.shelf.folder(record.id))

    def is_running(self, record: ContainerRecord) -> bool:
        """Whether its processes exist."""
        return self._home.runtime.is_running(self.shelf.folder(record.id))

    def logs(self, options: LogOptions) -> Iterator[ContainerOutput]:
        """What its program has written, and with `follow` what it goes on to write."""
        record = self.shelf.find(options.container)
        folder = self.shelf.folder(record.id)
        follow = (lambda: self.is_running(record)) if options.follow else None
        entries: Iterator[logs.LogEntry] = logs.read(folder, follow=follow)
        if options.tail is not None:
            past = list(logs.read(folder))
            skipped = max(0, len(past) - options.tail)
            entries = (entry for number, entry in enumerate(entries) if number >= skipped)
        for entry in entries:
            if (options.since or 0) <= entry.time <= (options.until or float("inf")):
                line = f"{_stamp(entry.time)} {entry.text}" if options.timestamps else entry.text
                yield ContainerOutput(container=record.id, stream=Stream(entry.stream), text=line)

    # ---- ending

    def remove(self, record: ContainerRecord, *, force: bool, volumes: bool) -> None:
        """Remove it with its writable layer, and its anonymous volumes where asked; raises Conflict while it runs."""
        if self.is_running(record):
            if not force:
                raise Conflict("engine.container-running", container=record.name)
            self._signal(record, "SIGKILL")
            self.wait(record)
        self._home.snapshots.remove(self.shelf.folder(record.id))
        if volumes or record.auto_remove:
            for name in record.anonymous:
                self.volumes.remove(name, ())

    def rename(self, record: ContainerRecord, name: str) -> None:
        """Give it another name; raises Conflict where that is taken."""
        self._networks.rename(record, name)

    def sweep(self) -> None:
        """Remove what was started with `--rm` and has ended while nobody was looking."""
        for record in self.shelf.all():
            if record.auto_remove and self.state(record).status is Status.EXITED:
                try:
                    self.remove(record, force=False, volumes=True)
                except PydockError:
                    continue  # another engine came first


def _stamp(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1e9):09d}Z"
