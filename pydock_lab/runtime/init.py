"""What the first process of a container does between its birth and the program that it becomes.

    clone3 --> 1. join the control group                         linux/cgroups.py
                  make /proc, /sys and /dev                      kernel_views.py
               2. wait, in namespaces of its own, for a task
               3. assemble the tree of files, pivot_root         filesystem.py
               4. terminal, standard input and output            terminal.py
               5. give up powers                                 privileges.py
               6. execve                                         launch.py

It is a child of the shim with the memory of a Python interpreter and the world of a container. It must not import
anything from step 3 on (the modules it would find are the container's), and it must never return: whatever happens,
it reports over its line to the shim and ends. The line closes itself at execve: silence is how the shim learns of
success.

The first two come first because they can be done ahead of time: making namespaces, joining a group and thirty mounts
take more than half of a container's start, and a worker that waits for an engine may as well have its child wait
beside it.
"""

import contextlib
import os
import select
import signal
import socket
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pydock_lab.errors import ContainerError, PydockError
from pydock_lab.linux import capabilities, syscalls
from pydock_lab.linux.netlink import loopback_up
from pydock_lab.linux.syscalls import NAMESPACE_FILES, Namespace, Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.plain import Document
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, NetworkMode, ProcessSpec, Rootfs
from pydock_lab.runtime import filesystem, kernel_views, launch, terminal
from pydock_lab.runtime.identity import Identity, resolve
from pydock_lab.runtime.kernel_views import KernelViews, Look
from pydock_lab.runtime.privileges import Powers, give_up, powers
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.sandbox.protocol import Connection

CANNOT_START = 125


@dataclass(frozen=True, kw_only=True, slots=True)
class Task(Document):
    """What the shim tells its child to become: a container, or with `process` a further program in one.

    The descriptors that come along are the program's standard input, output and error, and then the doors of the
    control group. `mounts` are those that every container has: /etc/hosts and the like; `stub` is the lowest layer.
    With `tells_owners` the shim answers where owners can only be pretended to change.
    """

    tier: Tier
    container: ContainerSpec | None = None
    process: ProcessSpec | None = None
    stub: str = ""
    mounts: tuple[Mount, ...] = ()
    tells_owners: bool = False


_OWN = Namespace.MOUNT | Namespace.PID | Namespace.UTS | Namespace.IPC
OWN_AND_NETWORK = _OWN | Namespace.NET


def clone_flags(spec: ContainerSpec) -> Namespace:
    """The namespaces that a container is born into; its cgroup namespace comes after it joined its cgroup."""
    return _OWN if spec.network.mode is NetworkMode.HOST else OWN_AND_NETWORK


def example(tier: Tier) -> Task:
    """A task like most, for rehearsals."""
    process = ProcessSpec(args=("true",), env=("PATH=/",), capabilities=capabilities.names(capabilities.DEFAULT))
    spec = ContainerSpec(id="", process=process, rootfs=Rootfs(layers=("/",), mountpoint="/"))
    return Task(tier=tier, container=spec, mounts=(Mount(target="/"),))


def rehearse() -> None:
    """Do what every start does with values alone: it fills caches, and touches the memory that will be needed."""
    task = Task.from_json(example(Tier.ROOT).to_json())
    assert task.container is not None  # noqa: S101 - for mypy; it is an example of one
    for tier, tells_owners in ((task.tier, False), (Tier.ROOTLESS_SINGLE, False), (Tier.ROOTLESS_SINGLE, True)):
        left = _powers(task.container.process, tier, asked=tells_owners)
    # What is kept is all there is: nothing is dropped.
    capabilities.limit_bounding(capabilities.ALL, left.last)
    syscalls.capget()
    identity = resolve("", "root:x:0:0:root:/root:/bin/sh", "root:x:0:")
    launch.environment(task.container.process.env, identity.home)
    _rehearse_report()


def _rehearse_report() -> None:
    log = StepLog()
    for name in NAMESPACE_FILES.values():
        log.add("namespace", os.readlink(f"/proc/self/ns/{name}"))
    ours, theirs = socket.socketpair()
    _report(Connection(ours), log)
    ours.close()
    theirs.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Birthplace:
    """Where a child finds itself: the ground, its new namespaces, the doors of a control group to be in from the start.

    `outside` is a descriptor of the network that its parent is in, for who turns out to need no network of its own.
    """

    tier: Tier
    namespaces: Namespace
    doors: tuple[int, ...] = ()
    outside: int = -1


def live(line: Connection, place: Birthplace) -> NoReturn:
    """Wait for a task and become what it says; runs in the child of clone3, and ends it whatever happens."""
    log = StepLog()
    try:
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        views = _settle_in(place)
        received = line.receive()
        if received is None:
            os._exit(CANNOT_START)  # there was nothing to become
        log = StepLog()
        task = Task.from_json(received[0])
        _arrive(task, place, received[1][3:] if not place.doors else [], log)
        _live(task, views, received[1][:3], line, log)
    except PydockError as error:
        _report(line, log, error)
    except BaseException as error:  # noqa: BLE001 - nothing may escape into the shim's code
        _report(line, log, ContainerError("runtime.start-failed", reason=_describe(error)))
    os._exit(CANNOT_START)


def _settle_in(place: Birthplace) -> KernelViews | None:
    """Do what can be done without knowing the task."""
    if Namespace.NET in place.namespaces:
        loopback_up()
        _open_low_ports()
    rehearse()
    _join(place.doors)
    if Namespace.MOUNT not in place.namespaces:
        return None
    filesystem.leave_alone()
    own_network = Namespace.NET in place.namespaces
    return kernel_views.prepare(Look(in_user_namespace=place.tier.in_user_namespace, own_network=own_network))


def _live(task: Task, views: KernelViews | None, standard: list[int], line: Connection, log: StepLog) -> None:
    spec = task.container
    if spec is None or views is None:
        assert task.process is not None  # noqa: S101 - for mypy; the shim says one or the other
        _Becoming(task.process, task.tier, standard, line, log).go(init=False)
        return
    views.change(Look.of(spec, in_user_namespace=task.tier.in_user_namespace))
    filesystem.assemble(spec, task.mounts, views, log, stub=task.stub)
    if spec.hostname:
        syscalls.sethostname(spec.hostname)
    becoming = _Becoming(spec.process, task.tier, standard, line, log, tells_owners=task.tells_owners)
    becoming.go(init=spec.init, console=True)


def _powers(process: ProcessSpec, tier: Tier, *, asked: bool) -> Powers:
    single_id = tier is Tier.ROOTLESS_SINGLE
    return powers(process.capabilities, seccomp_on=process.seccomp, single_id=single_id, asked=asked)


@dataclass(frozen=True, slots=True)
class _Becoming:
    """The last steps, from inside the container: what the program gets, and what it gives up."""

    process: ProcessSpec
    tier: Tier
    standard: list[int]
    line: Connection
    log: StepLog
    tells_owners: bool = False

    def go(self, *, init: bool, console: bool = False) -> None:
        identity = resolve(self.process.user, _read("/etc/passwd"), _read("/etc/group"), self.process.groups)
        os.umask(0o022)
        slave = self._open_terminal(identity, console=console) if self.process.terminal else -1
        for number, descriptor in enumerate(self.standard if slave < 0 else (slave,) * 3):
            os.dup2(descriptor, number)
        self._give_pipes(identity)
        _change_directory(self.process.cwd)
        left = _powers(self.process, self.tier, asked=self.tells_owners)
        self._hand_over(give_up(self.process, identity, left, self.log), identity)
        self._die_with_the_shim()
        if init:
            _be_init()
        if slave >= 0:
            terminal.control(0)
        self.log.add("exec", " ".join(self.process.args))
        launch.reset_signals()
        _report(self.line, self.log)
        self.log.steps.clear()
        launch.execute(self.process.args, launch.environment(self.process.env, identity.home))

    def _open_terminal(self, identity: Identity, *, console: bool) -> int:
        master, slave = terminal.open_terminal(self.process.rows, self.process.columns)
        if console:
            terminal.be_console(slave)
        self.line.send({"terminal": True}, [master])
        os.close(master)
        if self.tier is not Tier.ROOTLESS_SINGLE:
            os.fchown(slave, identity.uid, -1)
        return slave

    def _give_pipes(self, identity: Identity) -> None:
        """Let the user open /dev/stdout anew, as servers do for their logs; files and terminals of the host stay."""
        for number in range(3):
            if stat.S_ISFIFO(os.fstat(number).st_mode):
                with contextlib.suppress(OSError):  # with a single id there is nobody to give it to
                    os.fchown(number, identity.uid, -1)

    def _hand_over(self, listener: int, identity: Identity) -> None:
        """Give the shim what it needs to answer for owners: see owners.py."""
        if listener >= 0:
            root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            self.line.send({"owner": [identity.uid, identity.gid]}, [listener, root])
            os.close(listener)
            os.close(root)

    def _die_with_the_shim(self) -> None:
        """Again: a change of user makes the kernel forget it. And the shim may have died in between."""
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        readable, _, _ = select.select([self.line], [], [], 0)
        if readable:
            os._exit(CANNOT_START)  # the shim has no more to say: its end of the line has been closed


def _join(doors: Sequence[int]) -> None:
    """Enter a control group, and see it as the root of all groups."""
    for door in doors:
        os.write(door, b"0")
        os.close(door)
    if doors:
        # The cgroup namespace shows the cgroup that one is in when it is made as its root: so it comes after.
        syscalls.unshare(Namespace.CGROUP)


def _arrive(task: Task, place: Birthplace, doors: list[int], log: StepLog) -> None:
    """Be unreadable to the container, join the cgroup, and say which namespaces these are."""
    # Until execve we are a program of the host: nothing in the container may reach it through /proc/1/exe.
    syscalls.prctl(Prctl.SET_DUMPABLE, 0)
    _join(doors)
    if not doors and not place.doors:
        syscalls.unshare(Namespace.CGROUP)
    namespaces = place.namespaces
    if task.container and clone_flags(task.container) != namespaces:
        # It was born for most containers, and this one shares the host's network.
        syscalls.setns(place.outside, Namespace.NET)
        namespaces &= ~Namespace.NET
    log.add("arrive")
    for flag, name in NAMESPACE_FILES.items():
        if flag in namespaces or flag is Namespace.CGROUP:
            log.add("namespace", os.readlink(f"/proc/self/ns/{name}"))


def _open_low_ports() -> None:
    """Let every user bind port 80 in a network of its own, as Docker does."""
    _write("/proc/sys/net/ipv4/ip_unprivileged_port_start", b"0")


def _write(path: str, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, content)
    finally:
        os.close(descriptor)


def _read(path: str) -> str:
    """A small file of the image; what is missing, or no file at all, is empty."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return ""
    content = b""
    with contextlib.suppress(OSError):
        while chunk := os.read(descriptor, 65536):
            content += chunk
    os.close(descriptor)
    return content.decode("utf-8", "replace")


def _change_directory(path: str) -> None:
    """Enter the working directory, made where the image lacks it (as Docker does)."""
    os.makedirs(path, exist_ok=True)
    os.chdir(path)


def _report(line: Connection, log: StepLog, error: PydockError | None = None) -> None:
    document: dict[str, Any] = {"steps": log.steps}
    if error is not None:
        document["error"] = error.to_json()
    line.send(document)


def _describe(error: BaseException) -> str:
    if isinstance(error, OSError):
        return f"{error.strerror}{f' ({error.filename})' if error.filename else ''}"
    return f"{type(error).__name__}: {error}"


def _be_init() -> None:
    """Stay as PID 1 (`--init`) and return in a child: pass signals on to it, bury orphans, end as it ends.

    The kernel protects PID 1 of a namespace from signals that it has no handler for: a plain `sleep` would neither
    hear Ctrl-C nor `docker stop`.
    """
    everything = signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}
    signal.pthread_sigmask(signal.SIG_BLOCK, everything)
    child = os.fork()
    if child == 0:
        return
    os.closerange(3, 4096)  # the line among them: the shim waits for its end
    syscalls.set_title("init")
    while True:
        number = signal.sigwait(everything)
        if number != signal.SIGCHLD:
            os.kill(child, number)
        elif (status := _bury(child)) is not None:
            os._exit(status)


def _bury(child: int) -> int | None:
    """Reap all that have ended; the exit status once `child` is among them."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code
