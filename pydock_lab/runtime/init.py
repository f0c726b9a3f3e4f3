"""What the first process of a container does between its birth and the program that it becomes.

    clone3 --> 1. a session of its own, the control group        linux/cgroups
                  make /proc, /sys and /dev                      kernel_views.py
               2. wait, in namespaces of its own, for a task
               3. enter namespaces that it shares with others    joining.py
               4. assemble the tree of files, pivot_root         filesystem.py
               5. terminal, input and output, powers, execve     becoming.py

It is a child of the shim with the memory of a Python interpreter and the world of a container. It must not import
anything from step 4 on (the modules it would find are the container's), and it must never return: whatever happens,
it reports over its line to who starts it and ends. The line closes itself at execve: silence is how success is told.

The first two come first because they can be done ahead of time: making namespaces, joining a group and thirty mounts
take more than half of a container's start, and a worker that waits for an engine may as well have its child wait
beside it.
"""

import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from pydock_lab.errors import ContainerError, PydockError
from pydock_lab.linux import capabilities, journal, mount_calls, pages, syscalls
from pydock_lab.linux.netlink import loopback_up
from pydock_lab.linux.syscalls import NAMESPACE_FILES, Namespace, Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.network import inside
from pydock_lab.network.inside import Interface, Wiring
from pydock_lab.oci.plain import Document
from pydock_lab.oci.runtime_spec import ContainerSpec, Endpoint, Mount, Network, NetworkMode, ProcessSpec, Rootfs
from pydock_lab.runtime import becoming, filesystem, kernel_views, launch, sysctls
from pydock_lab.runtime.becoming import CANNOT_START, Becoming, describe, report
from pydock_lab.runtime.identity import resolve
from pydock_lab.runtime.kernel_views import KernelViews, Look
from pydock_lab.runtime.privileges import powers_of
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.sandbox.protocol import Connection, Kin


@dataclass(frozen=True, kw_only=True, slots=True)
class Task(Document):
    """What a child is told to become: a container, or with `process` a further program in one.

    The descriptors that come along are the program's standard input, output and error; one a namespace of others that
    it is to enter (`joins`: names of /proc/PID/ns; after them `shm` stands for a mount namespace, the /dev/shm of which
    is shared); and one a tree that was taken hold of already (`trees`: the targets of these mounts). `mounts` are those
    that every container has: /etc/hosts and the like; `stub` is the lowest layer. With `is_wired` a `Wiring` comes
    later: the cables of its network are laid while it assembles its files. With `tells_owners` somebody answers where
    owners can only be pretended to change.
    """

    tier: Tier
    container: ContainerSpec | None = None
    process: ProcessSpec | None = None
    stub: str = ""
    mounts: tuple[Mount, ...] = ()
    is_wired: bool = False
    joins: tuple[str, ...] = ()
    trees: tuple[str, ...] = ()
    tells_owners: bool = False


_GROUPS = "/sys/fs/cgroup/"
_OWN = Namespace.MOUNT | Namespace.PID | Namespace.UTS | Namespace.IPC
OWN_AND_NETWORK = _OWN | Namespace.NET
_SHARED_FLAGS = {"pid": Namespace.PID, "uts": Namespace.UTS, "ipc": Namespace.IPC}


def clone_flags(spec: ContainerSpec) -> Namespace:
    """The namespaces that a container is born into; its cgroup namespace comes after it joined its cgroup."""
    flags = _OWN
    for kind, flag in _SHARED_FLAGS.items():
        if is_shared(getattr(spec.namespaces, kind)):
            flags &= ~flag
    own_network = spec.network.mode in (NetworkMode.NONE, NetworkMode.BRIDGE)
    return flags | Namespace.NET if own_network else flags


def is_shared(mode: str) -> bool:
    """Whether a namespace is somebody else's: `host`, or `container:ID`."""
    return mode == "host" or mode.startswith("container:")


def example(tier: Tier) -> Task:
    """A task like most, for rehearsals."""
    process = ProcessSpec(args=("true",), env=("PATH=/",), capabilities=capabilities.names(capabilities.DEFAULT))
    network = Network(mode=NetworkMode.BRIDGE, endpoints=(Endpoint(),))
    spec = ContainerSpec(id="", process=process, rootfs=Rootfs(layers=("/",), mountpoint="/"), network=network)
    return Task(tier=tier, container=spec, mounts=(Mount(target="/"),), is_wired=True)


def rehearse() -> None:
    """Do what every start does with values alone: it fills caches, and touches the memory that will be needed."""
    task = Task.from_json(example(Tier.ROOT).to_brief())
    Wiring.from_json(Wiring(interfaces=(Interface(name="", address=""),)).to_brief())
    assert task.container is not None  # noqa: S101 - for mypy; it is an example of one
    for tier, tells_owners in ((task.tier, False), (Tier.ROOTLESS_SINGLE, False), (Tier.ROOTLESS_SINGLE, True)):
        powers_of(task.container.process, tier, asked=tells_owners)
    syscalls.capget()
    identity = resolve("", "root:x:0:0:root:/root:/bin/sh", "root:x:0:")
    launch.environment(task.container.process.env, identity.home)
    _rehearse_report()


def _rehearse_report() -> None:
    log = StepLog()
    for name in NAMESPACE_FILES.values():
        log.add("namespace", os.readlink(f"/proc/self/ns/{name}"))
    ours, theirs = socket.socketpair()
    report(Kin(ours), log)
    ours.close()
    theirs.close()


@dataclass(frozen=True, kw_only=True, slots=True)
class Birthplace:
    """Where a child finds itself: the ground, its new namespaces, the doors of a control group to be in from the start.

    `directory` is that of the group, where one can be born into it; with `is_inside` it was, else it has to enter. With
    `owns_groups` it sees the group as the root of all. `outside` is a descriptor of the network that its parent is in,
    for who turns out to need no network of its own. `is_hurried`: its task is known already.
    """

    tier: Tier
    namespaces: Namespace
    doors: Sequence[int] = ()
    directory: int = -1
    is_inside: bool = False
    outside: int = -1
    owns_groups: bool = True
    is_hurried: bool = False

    @property
    def descriptors(self) -> list[int]:
        """All that are open for it."""
        return [one for one in (*self.doors, self.directory, self.outside) if one >= 0]


def live(line: Connection, place: Birthplace, log: StepLog) -> NoReturn:
    """Wait for a task and become what it says; runs in the child of clone3, and ends it whatever happens."""
    try:
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        # A group of its own: else `kill -9 0` in the container would reach the processes of the host that made it.
        journal.ask("setsid", os.setsid)
        log.add("session")
        views = _settle_in(place, log)
        # Which they are: looked up while there is time.
        own = {name: _namespace(name) for flag, name in NAMESPACE_FILES.items() if flag in place.namespaces}
        received = line.receive()
        if received is None:
            os._exit(CANNOT_START)  # there was nothing to become
        log.skip(is_ahead=False)
        task = Task.from_json(received[0])
        brought = _Brought.of(task, received[1])
        _arrive(task, place, brought, own, log)
        _live(task, views, brought, line, log)
    except PydockError as error:
        log.fail(error)
        report(line, log, error)
    except BaseException as error:  # noqa: BLE001 - nothing may escape into the shim's code
        log.fail(error)
        report(line, log, ContainerError("runtime.start-failed", reason=describe(error)))
    os._exit(CANNOT_START)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Brought:
    """The descriptors that came with a task, told apart."""

    standard: list[int]
    joins: dict[str, int]
    trees: dict[str, int]

    @classmethod
    def of(cls, task: Task, descriptors: list[int]) -> "_Brought":
        end_of_joins = 3 + len(task.joins)
        return cls(
            standard=descriptors[:3],
            joins=dict(zip(task.joins, descriptors[3:end_of_joins], strict=True)),
            trees=dict(zip(task.trees, descriptors[end_of_joins:], strict=True)),
        )


def _settle_in(place: Birthplace, log: StepLog) -> KernelViews | None:
    """Do what can be done without knowing the task."""
    if Namespace.NET in place.namespaces:
        # A new network namespace holds nothing but `lo`, and that is down.
        loopback_up()
        log.add("loopback", "lo")
        inside.without_ipv6()
        _open_low_ports()
        log.add("low-ports")
    if not place.is_hurried:
        pages.touch(becoming.KIND)
        rehearse()
        if Namespace.NET in place.namespaces:
            inside.rehearse()
        log.skip()
    # Before `_join`: it closes the doors that this reads.
    groups = _trees_of(place.doors) if place.owns_groups else ()
    _join(place, log)
    if Namespace.MOUNT not in place.namespaces:
        return None
    filesystem.leave_alone()
    log.add("private")
    look = Look(
        in_user_namespace=place.tier.in_user_namespace,
        is_nested=place.tier is Tier.NESTED,
        network=NetworkMode.BRIDGE if Namespace.NET in place.namespaces else NetworkMode.HOST,
        pid="" if Namespace.PID in place.namespaces else "host",
        groups=groups,
    )
    views = kernel_views.prepare(look)
    log.add("views", "/proc /sys /dev")
    return views


def _live(task: Task, views: KernelViews | None, brought: _Brought, line: Connection, log: StepLog) -> None:
    spec = task.container
    if spec is None or views is None:
        assert task.process is not None  # noqa: S101 - for mypy; who sends a task says one or the other
        Becoming(task.process, task.tier, brought.standard, line, log).go(init=False)
        return
    log.begin("views", "anew")
    if views.change(Look.of(spec, task.tier), _shared_memory(brought)):
        log.add("views", "anew")
    # Through the host's /proc, which shows this process its own namespaces: the container's cannot be written to.
    if spec.sysctls and task.is_wired:
        _settle_network(line, log)  # they may be of a device that comes with it
    sysctls.write(spec.sysctls, log)
    filesystem.assemble(spec, task.mounts, views, log, stub=task.stub, trees=brought.trees)
    _name_host(spec, log)
    if task.is_wired and not spec.sysctls:
        _settle_network(line, log)
    last = Becoming(spec.process, task.tier, brought.standard, line, log, tells_owners=task.tells_owners)
    last.go(init=spec.init, console=True)


def _shared_memory(brought: _Brought) -> int:
    """The /dev/shm of another container, from its mount namespace; -1 where it is not shared."""
    if "shm" not in brought.joins:
        return -1
    # Opened before we go: setns(2) moves our root as well, and the /proc of there does not know us.
    own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    syscalls.setns(brought.joins["shm"], Namespace.MOUNT)
    tree = mount_calls.open_tree("/dev/shm")  # noqa: S108 - the other container's
    syscalls.setns(own, Namespace.MOUNT)
    os.close(own)
    return tree


def _name_host(spec: ContainerSpec, log: StepLog) -> None:
    if spec.hostname and not is_shared(spec.namespaces.uts):
        log.begin("hostname", spec.hostname)
        syscalls.sethostname(spec.hostname)
        log.add("hostname", spec.hostname)
    if spec.domainname and not is_shared(spec.namespaces.uts):
        syscalls.setdomainname(spec.domainname)
        log.add("domainname", spec.domainname)


def _join(place: Birthplace, log: StepLog) -> None:
    """Enter a control group, and see it as the root of all groups."""
    paths = [os.readlink(f"/proc/self/fd/{door}") for door in place.doors]
    for door, path in zip(place.doors, paths, strict=True):
        if not place.is_inside:
            journal.ask("write", _enter, path, door)
        os.close(door)
    if place.directory >= 0:
        os.close(place.directory)
    if paths:
        log.add("control-group", os.path.dirname(paths[0]))
        if place.owns_groups:
            _own_groups(log)


def _trees_of(doors: Sequence[int]) -> tuple[str, ...]:
    """The trees that the doors are in: "" for the one of version 2, else the controllers, after which it is named."""
    places = [os.readlink(f"/proc/self/fd/{door}") for door in doors]
    if any(os.path.exists(f"{os.path.dirname(place)}/cgroup.controllers") for place in places):
        return ("",)
    return tuple(place.removeprefix(_GROUPS).partition("/")[0] for place in places if place.startswith(_GROUPS))


def _enter(_path: str, door: int) -> None:
    # 0 is whoever writes it (cgroups(7)).
    os.write(door, b"0")


def _own_groups(log: StepLog) -> None:
    # The cgroup namespace shows the cgroup that one is in when it is made as its root: so it comes after.
    syscalls.unshare(Namespace.CGROUP)
    log.add("namespace", _namespace("cgroup"))


def _arrive(task: Task, place: Birthplace, brought: _Brought, own: dict[str, str], log: StepLog) -> None:
    """Be unreadable to the container, enter what is shared with others, and say which namespaces are its `own`."""
    score = task.container.process.oom_score_adj if task.container else None
    _be_first_to_die(score, log, alone=not brought.joins)
    # Until execve we are a program of the host: nothing in the container may reach it through /proc/1/exe.
    # Who has it open could write to it as soon as nobody runs it any more (CVE-2019-5736).
    syscalls.prctl(Prctl.SET_DUMPABLE, 0)
    log.add("undumpable")
    if place.owns_groups and not place.doors:
        _own_groups(log)
    if task.container and task.container.network.mode is NetworkMode.HOST and "net" in own:
        # It was born for most containers, and this one shares the host's network.
        syscalls.setns(place.outside, Namespace.NET)
        log.add("share", "net", left=own.pop("net"))
    for name, descriptor in brought.joins.items():
        if name != "shm":
            log.begin("share", name)
            # 0: the descriptor alone says which kind it is (setns(2)).
            syscalls.setns(descriptor, Namespace(0))
            # As in /proc/PID/ns, where it has no name of its own.
            log.add("share", name, left=own.pop(name, ""), entered=_namespace(name))
    for which in own.values():
        log.add("namespace", which)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def _be_first_to_die(score: int | None, log: StepLog, *, alone: bool) -> None:
    """Set how likely the kernel is to choose this program when memory is short.

    Who has entered a user namespace has become undumpable by that, and its files in /proc are root's (proc(5)). While
    nobody else is in our namespaces it does no harm to be dumpable.
    """
    if score is None:
        return
    try:
        if alone:
            syscalls.prctl(Prctl.SET_DUMPABLE, 1)
        journal.ask("write", _write, "/proc/self/oom_score_adj", str(score))
    except OSError as error:
        log.note("runtime.oom-score-refused", score=score, reason=error.strerror)
        return
    log.add("oom-score", str(score))


def _settle_network(line: Connection, log: StepLog) -> None:
    """Give the ends of cables their addresses, and make the sockets at which the shim answers for names."""
    log.skip()
    received = line.receive()
    if received is None:
        os._exit(CANNOT_START)  # the cables could not be laid
    log.skip()
    wiring = Wiring.from_json(received[0])
    inside.settle(wiring)
    for one in wiring.interfaces:
        log.add("address", f"{one.name} {one.address}", gateway=wiring.gateway)
    if wiring.asks:
        sockets = inside.listen_for_questions()
        line.send({"sockets": len(sockets)}, [one.fileno() for one in sockets])
        for end in sockets:
            end.close()
        log.add("name-server", inside.NAME_SERVER)


def _namespace(name: str) -> str:
    return os.readlink(f"/proc/self/ns/{name}")


def _open_low_ports() -> None:
    """Let every user bind port 80 in a network of its own, as Docker does; not where an outer container forbids it."""
    with contextlib.suppress(OSError):
        sysctls.put("net.ipv4.ip_unprivileged_port_start", "0")
