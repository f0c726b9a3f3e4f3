"""What the first process of a container does between its birth and the program that it becomes.

    clone3 --> 1. join the cgroup, wait for the network
               2. assemble the tree of files, pivot_root         filesystem.py
               3. terminal, standard input and output            terminal.py
               4. give up powers                                 privileges.py
               5. execve                                         launch.py

It is a child of the shim with the memory of a Python interpreter and the world of a container. It must not import
anything from step 2 on (the modules it would find are the container's), and it must never return: whatever happens,
it reports through a pipe and ends. The pipe closes itself at execve: silence is how the shim learns of success.
"""

import json
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from pydock_lab.errors import ContainerError, PydockError
from pydock_lab.linux import syscalls
from pydock_lab.linux.netlink import loopback_up
from pydock_lab.linux.syscalls import NAMESPACE_FILES, Namespace, Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, NetworkMode, ProcessSpec
from pydock_lab.runtime import filesystem, launch, terminal
from pydock_lab.runtime.identity import Identity, resolve
from pydock_lab.runtime.privileges import Powers, give_up
from pydock_lab.runtime.steplog import StepLog

CANNOT_START = 125


@dataclass(frozen=True, kw_only=True, slots=True)
class Birth:
    """What the shim prepares for its child: open files (-1: none), and values that need the host's files.

    `standard` are the program's input, output and error; with a terminal they are unused, and `terminal` is a
    socket that takes the terminal's master. `go` is readable once the network is there, `report` takes the report.
    `doors` lead into the control group. `mounts` are those that every container has: /etc/hosts and the like.
    """

    tier: Tier
    powers: Powers
    namespaces: Namespace
    standard: tuple[int, int, int]
    report: int
    go: int
    stub: str = ""
    doors: tuple[int, ...] = ()
    terminal: int = -1
    mounts: tuple[Mount, ...] = ()


def live(spec: ContainerSpec, birth: Birth) -> NoReturn:
    """Become the container's program; runs in the child of clone3, and ends it whatever happens."""

    def begin(log: StepLog) -> None:
        _arrive(birth, log)
        _show_namespaces(birth.namespaces, log)
        if spec.network.mode is not NetworkMode.HOST:
            loopback_up()
            _open_low_ports()
        filesystem.assemble(
            replace(spec, mounts=(*birth.mounts, *spec.mounts)),
            log,
            in_user_namespace=birth.tier.in_user_namespace,
            stub=birth.stub,
        )
        if spec.hostname:
            syscalls.sethostname(spec.hostname)
        _become(spec.process, birth, log, init=spec.init, console=True)

    _guarded(begin, birth.report)


def join(process: ProcessSpec, birth: Birth) -> NoReturn:
    """Become a further program of a container; the namespaces have been joined before."""

    def begin(log: StepLog) -> None:
        _arrive(birth, log)
        _become(process, birth, log, init=False)

    _guarded(begin, birth.report)


def _guarded(begin: Callable[[StepLog], None], report: int) -> NoReturn:
    """Whatever happens is reported, and ends this process."""
    log = StepLog()
    try:
        begin(log)
    except PydockError as error:
        _report(report, log, error)
    except BaseException as error:  # noqa: BLE001 - nothing may escape into the shim's code
        _report(report, log, ContainerError("runtime.start-failed", reason=_describe(error)))
    os._exit(CANNOT_START)


def _become(process: ProcessSpec, birth: Birth, log: StepLog, *, init: bool, console: bool = False) -> None:
    """From inside the container's namespaces: standard files, powers, execve."""
    identity = _identity(process)
    os.umask(0o022)
    slave = _open_terminal(process, birth, identity, console=console) if process.terminal else -1
    for number, descriptor in enumerate(birth.standard if slave < 0 else (slave,) * 3):
        os.dup2(descriptor, number)
    _change_directory(process.cwd)
    give_up(process, identity, birth.powers, log)
    _die_with_the_shim(birth)
    if init:
        _be_init()
    if slave >= 0:
        terminal.control(0)
    log.add("exec", " ".join(process.args))
    launch.reset_signals()
    _report(birth.report, log)
    log.steps.clear()
    launch.execute(process.args, launch.environment(process.env, identity.home))


def _die_with_the_shim(birth: Birth) -> None:
    """Again: a change of user makes the kernel forget it. And the shim may have died in between."""
    syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
    readable, _, _ = select.select([birth.go], [], [], 0)
    if readable:
        os._exit(CANNOT_START)  # the only other end of the pipe has been closed


def _arrive(birth: Birth, log: StepLog) -> None:
    """Die with the shim, be unreadable to the container, join the cgroup, and say which namespaces these are."""
    syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
    for door in birth.doors:
        os.write(door, b"0")
    if os.read(birth.go, 1) != b"g":
        os._exit(CANNOT_START)  # the shim has ended
    # Until execve we are a program of the host: nothing in the container may reach it through /proc/1/exe.
    syscalls.prctl(Prctl.SET_DUMPABLE, 0)
    # The cgroup namespace shows the cgroup that one is in when it is made as its root.
    syscalls.unshare(Namespace.CGROUP)
    log.add("arrive")


def _show_namespaces(namespaces: Namespace, log: StepLog) -> None:
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


def _identity(process: ProcessSpec) -> Identity:
    return resolve(process.user, _read("/etc/passwd"), _read("/etc/group"), process.groups)


def _read(path: str) -> str:
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def _open_terminal(process: ProcessSpec, birth: Birth, identity: Identity, *, console: bool) -> int:
    master, slave = terminal.open_terminal(process.rows, process.columns)
    if console:
        terminal.be_console(slave)
    with socket.socket(fileno=os.dup(birth.terminal)) as shim:
        socket.send_fds(shim, [b"t"], [master])
    os.close(master)
    if not birth.powers.ownership:
        os.fchown(slave, identity.uid, -1)
    return slave


def _change_directory(path: str) -> None:
    """Enter the working directory, made where the image lacks it (as Docker does)."""
    os.makedirs(path, exist_ok=True)
    os.chdir(path)


def _report(pipe: int, log: StepLog, error: PydockError | None = None) -> None:
    document: dict[str, Any] = {"steps": log.steps}
    if error is not None:
        document["error"] = error.to_json()
    os.write(pipe, json.dumps(document).encode() + b"\n")


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
    os.closerange(3, 4096)  # the report's pipe among them: the shim waits for its end
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


_OWN = Namespace.MOUNT | Namespace.PID | Namespace.UTS | Namespace.IPC
_OWN_AND_NET = _OWN | Namespace.NET


def clone_flags(spec: ContainerSpec) -> Namespace:
    """The namespaces that a container is born into; its cgroup namespace comes after it joined its cgroup."""
    return _OWN if spec.network.mode is NetworkMode.HOST else _OWN_AND_NET


def split_report(content: bytes) -> tuple[list[dict[str, Any]], dict[str, Any] | None]:
    """The steps and the error (as plain data) of all reports that came through the pipe."""
    documents: Sequence[dict[str, Any]] = [json.loads(line) for line in content.splitlines()]
    steps = [step for document in documents for step in document["steps"]]
    errors = [document["error"] for document in documents if "error" in document]
    return steps, errors[0] if errors else None
