"""`exec`: another program in a container that runs already, by joining its namespaces (setns(2)).

    shim --- fork ---> worker: setns for the pid namespace --- clone3 ---> child: is in it, and enters the others
                       relays the terminal, waits, answers

The worker itself stays outside: setns with a pid namespace changes only what its children are born into.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from pydock_lab.errors import ContainerError, PydockError
from pydock_lab.linux import syscalls
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.descriptors import keep_only
from pydock_lab.linux.syscalls import Namespace, Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ProcessSpec
from pydock_lab.runtime import groups
from pydock_lab.runtime.birth import Child, bear, wait
from pydock_lab.runtime.control import reply
from pydock_lab.runtime.farewell import Farewell
from pydock_lab.runtime.init import Task
from pydock_lab.runtime.loop import Loop
from pydock_lab.runtime.membership import DOOR
from pydock_lab.runtime.stdio import Ends, Stdio, make_ends
from pydock_lab.sandbox.protocol import Connection

_CANNOT_START = 125


@dataclass(frozen=True, slots=True)
class Target:
    """The container to join: its namespaces by name, its control group, its first process, its tier."""

    namespaces: Mapping[str, int]
    group: ControlGroup | None
    pid: int
    tier: Tier


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How a program is watched: `detached`, it lives on when who asked goes; `keys`, typed, let go of it."""

    detached: bool = False
    keys: bytes = b""


def work(
    connection: Connection, process: ProcessSpec, streams: dict[str, int], target: Target, manner: Manner
) -> NoReturn:
    """Do one `exec` and end: {"started": pid}, then {"result": {"exit_code": ...}} or {"error": ...}.

    We end with the program's exit status: so its shim hears of it.
    """
    code = _CANNOT_START
    try:
        keep_only(connection.fileno(), *streams.values(), *target.namespaces.values())
        code = _run(connection, process, streams, target, manner)
        reply(connection, {"result": {"exit_code": code}})
    except PydockError as error:
        code = error.exit_status
        reply(connection, {"error": error.to_json()})
    except BaseException as error:  # noqa: BLE001 - nothing may escape into the shim's code
        failure = ContainerError("runtime.start-failed", reason=str(error))
        reply(connection, {"error": failure.to_json()})
    os._exit(code)


def _run(connection: Connection, process: ProcessSpec, streams: dict[str, int], target: Target, manner: Manner) -> int:
    ends = make_ends(streams, use_terminal=process.terminal, piped=False, keep_input=False)
    begin = _ask_supervisor if target.tier is Tier.TRACED else _join
    child, end = begin(process, ends, target)
    for descriptor in dict.fromkeys(ends.theirs):
        os.close(descriptor)
    loop = Loop()
    stdio = Stdio(loop, {"master": child.terminal} if child.terminal >= 0 else {})
    reply(connection, {"started": child.pid})
    relay = _Relay(loop, connection, child, stdio, is_detached=manner.detached)
    if child.terminal >= 0:
        relay.attach(streams, manner.keys)
    relay.wait()
    code = end()  # at once: a PID namespace ends only when all who were in it have been buried
    relay.part()
    return code


_Begun: TypeAlias = tuple[Child, Callable[[], int]]  # and what gives its exit status, once it has ended


def _join(process: ProcessSpec, ends: Ends, target: Target) -> _Begun:
    joins = {**_groups_of(target.pid), **target.namespaces}
    # Copied by the clone: until execve, no process of the container may look into the child (see init.py).
    syscalls.prctl(Prctl.SET_DUMPABLE, 0)
    if "pid" in joins:
        syscalls.setns(joins.pop("pid"), Namespace.PID)
    # No sibling: who waits for the exit status has to be its parent, and that is us.
    child = bear(target.tier, Namespace(0), target.group, as_sibling=False, owns_groups=False)
    process = groups.without_devices(process, target.group, target.tier)
    task = Task(tier=target.tier, process=process, joins=tuple(joins))
    child.become(task, [*ends.theirs, *joins.values()])
    return child, lambda: wait(child)


def _groups_of(pid: int) -> dict[str, int]:
    """The cgroup namespace of a process, which was made after its birth; none where it has ended."""
    try:
        return {"cgroup": os.open(f"/proc/{pid}/ns/cgroup", os.O_RDONLY | os.O_CLOEXEC)}
    except OSError:
        return {}


def _ask_supervisor(process: ProcessSpec, ends: Ends, target: Target) -> _Begun:
    """Where there are no namespaces to join, the container's supervisor starts it."""
    from pydock_lab.runtime.traced import birth as traced  # noqa: PLC0415 - the zygote has it (start.settled)

    another = traced.Another(target.namespaces[DOOR], process, ends.theirs)
    return another.become(), another.wait


class _Relay:
    """Waits for a program's end; meanwhile its signals and its terminal's size come from the engine."""

    def __init__(self, loop: Loop, connection: Connection, child: Child, stdio: Stdio, *, is_detached: bool) -> None:
        self._loop, self._connection, self._child, self._stdio = loop, connection, child, stdio
        self._is_detached = is_detached
        self._runs = True
        self._streams: dict[str, int] = {}
        loop.watch(connection, self._hear_engine)
        loop.watch(child.pidfd, self._end)

    def wait(self) -> None:
        """Until it has ended."""
        while self._runs:
            self._loop.turn()

    def attach(self, streams: dict[str, int], keys: bytes) -> None:
        """Let flow what goes through its terminal."""
        self._streams = streams
        self._stdio.attach(streams, keys=keys, let_go=self._let_go)

    def part(self) -> None:
        """It has ended: wait until who watched has read everything, or has gone."""
        self._stdio.finish()
        farewell = Farewell(self._loop, self._connection, self._stdio.part(self._streams), lambda: None)
        while not farewell.is_over:
            self._loop.turn()

    def _let_go(self) -> None:
        """Somebody has typed the detach keys."""
        self._is_detached = True
        reply(self._connection, {"detached": True})
        self._leave()

    def _leave(self) -> None:
        self._stdio.detach(self._streams)
        self._streams = {}

    def _hear_engine(self) -> None:
        received = self._connection.receive()
        if received is None:
            self._loop.forget(self._connection)
            self._leave()
            if not self._is_detached:
                self._child.kill()
            return
        message, _ = received
        if message.get("do") == "kill":
            self._child.kill(message["signal"])
        elif message.get("do") == "resize":
            self._stdio.resize(message["rows"], message["columns"])

    def _end(self) -> None:
        self._runs = False
        self._loop.forget(self._child.pidfd)
