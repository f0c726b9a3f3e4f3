"""The states of a container, and the one table of how it goes from one to the next.

                 start            die
    created ----------> running --------> exited --- start --> running
       |                 |  | ^              |  ^
       |           pause |  | | unpause      |  | die: it was stopped meanwhile
       |                 v  | |              |  |
       |              paused| '- start --- restarting <-- retry: its policy wants it again
       |                    '----------------^
       |                                     | remove (of exited)
       '----- remove ------------------> removing --- (its files are gone)
                                               '-- fail --> dead: something of it could not be removed

Who does what: the engine creates and removes; the shim starts, pauses and sees the end, because it is the parent of
the container's first process, and only a parent learns of an exit status. A machine that stops in between leaves
`running` on disk: `observe` tells by the shim's pid, its start time and the boot that nobody is there any more.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydock_lab.errors import ContainerError
from pydock_lab.linux.descriptors import write_all
from pydock_lab.oci.plain import Document
from pydock_lab.oci.runtime_spec import Endpoint, PublishedPort
from pydock_lab.runtime.health import HealthState

STATE_FILE = "state.json"
_FORMAT = 1
# Docker's status for a container whose end nobody saw (the machine went down).
LOST = 255


class Status(StrEnum):
    """Where a container is in its life, in Docker's words."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    EXITED = "exited"
    REMOVING = "removing"
    DEAD = "dead"


# With a shim that looks after it.
LIVING = frozenset({Status.RUNNING, Status.PAUSED, Status.RESTARTING})
# With processes, and so with addresses and open ports.
UP = frozenset({Status.RUNNING, Status.PAUSED})


class Action(StrEnum):
    """What leads from one status to the next."""

    START = "start"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    RETRY = "retry"
    DIE = "die"
    REMOVE = "remove"
    FAIL = "fail"


TRANSITIONS: Mapping[tuple[Status, Action], Status] = MappingProxyType(
    {
        (Status.CREATED, Action.START): Status.RUNNING,
        (Status.CREATED, Action.DIE): Status.EXITED,  # it could not be started
        (Status.CREATED, Action.REMOVE): Status.REMOVING,
        (Status.RUNNING, Action.PAUSE): Status.PAUSED,
        (Status.RUNNING, Action.DIE): Status.EXITED,
        (Status.RUNNING, Action.RETRY): Status.RESTARTING,
        (Status.PAUSED, Action.UNPAUSE): Status.RUNNING,
        (Status.PAUSED, Action.DIE): Status.EXITED,
        (Status.PAUSED, Action.RETRY): Status.RESTARTING,
        (Status.RESTARTING, Action.START): Status.RUNNING,
        (Status.RESTARTING, Action.DIE): Status.EXITED,
        (Status.EXITED, Action.START): Status.RUNNING,
        (Status.EXITED, Action.DIE): Status.EXITED,  # a second start that failed
        (Status.EXITED, Action.REMOVE): Status.REMOVING,
        (Status.REMOVING, Action.REMOVE): Status.REMOVING,  # again, after a crash
        (Status.REMOVING, Action.FAIL): Status.DEAD,
        (Status.DEAD, Action.REMOVE): Status.REMOVING,
    }
)


def after(status: Status, action: Action) -> Status:
    """The status that `action` leads to; raises ContainerError where it is not possible."""
    try:
        return TRANSITIONS[status, action]
    except KeyError:
        raise ContainerError("runtime.wrong-state", status=status.value, action=action.value) from None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessMark(Document):
    """A process that can be told from a later one with the same pid: start time in clock ticks since the boot."""

    pid: int
    started: int
    boot: str
    namespace: str

    @classmethod
    def of(cls, pid: int) -> "ProcessMark":
        """The mark of a process that is running now; a pid that is gone gets start time 0."""
        return cls(pid=pid, started=_start_time(pid), boot=_boot_id(), namespace=_pid_namespace())

    def is_alive(self) -> bool:
        """Whether that very process still runs; True if it is of another pid namespace, which we cannot see."""
        if self.boot != _boot_id():
            return False
        return self.namespace != _pid_namespace() or 0 < self.started == _start_time(self.pid)


def _start_time(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            # The name, in brackets, may hold spaces and brackets of its own (proc_pid_stat(5)); a zombie is no more.
            words = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0
    # Field 22, starttime: the first word behind the name is field 3.
    return 0 if words[0] in (b"Z", b"X") else int(words[19])


@cache
def _boot_id() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="utf-8") as file:
        return file.read().strip()


@cache
def _pid_namespace() -> str:
    return os.readlink("/proc/self/ns/pid")


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerState(Document):
    """What is known of a container's life: `state.json`. Times are seconds since 1970, 0 where not yet.

    `process` is its first process, `shim` the one that watches it. `ports` are those that are open, with the host
    port that was found for each, `endpoints` its networks, with the addresses that it has there. `error` is a
    PydockError as plain data, where it could not be started. `by_hand`: it was stopped by a person, which ends its
    restart policy; `health` is what its check has found.
    """

    status: Status = Status.CREATED
    process: ProcessMark | None = None
    shim: ProcessMark | None = None
    exit_code: int = 0
    error: dict[str, Any] | None = None
    started_at: float = 0
    finished_at: float = 0
    oom_killed: bool = False
    restarts: int = 0
    by_hand: bool = False
    health: HealthState | None = None
    address: str = ""
    gateway: str = ""
    ports: tuple[PublishedPort, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    format: int = _FORMAT

    def then(self, action: Action, **changes: Any) -> "ContainerState":
        """The state after `action`; raises ContainerError where it is not possible."""
        return replace(self, status=after(self.status, action), **changes)


def load(directory: Path) -> ContainerState:
    """The state as it was last written; a container that was never started is `created`."""
    try:
        # Unbuffered: a list of containers reads a thousand of them.
        with open(f"{directory}/{STATE_FILE}", "rb", buffering=0) as file:
            return ContainerState.from_json(json.loads(file.read()))
    except FileNotFoundError:
        return ContainerState()
    except (ValueError, KeyError, TypeError, AttributeError):
        # Cut off when the machine went down, and all containers with it.
        return ContainerState(status=Status.EXITED, exit_code=LOST, finished_at=_written_at(directory))


def _written_at(directory: Path) -> float:
    try:
        return os.stat(f"{directory}/{STATE_FILE}").st_mtime
    except OSError:
        return 0


def save(directory: Path, state: ContainerState) -> None:
    """Replace the state in one step: whoever reads sees the old one or the new one."""
    path = os.path.join(directory, STATE_FILE)
    # Engine and shim both write states: each needs a temporary file of its own.
    temporary = os.path.join(directory, f".{STATE_FILE}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_CLOEXEC", 0), 0o644)
    try:
        write_all(descriptor, json.dumps(state.to_json()).encode())
    finally:
        os.close(descriptor)
    os.replace(temporary, path)


def observe(directory: Path, written: ContainerState | None = None) -> ContainerState:
    """The state as it is: one that is called running, but whose shim is no more, has ended unseen.

    `written` is what `load` gives, for who has it already.
    """
    state = load(directory) if written is None else written
    if state.status not in LIVING or (state.shim and state.shim.is_alive()):
        return state
    ended = state.then(Action.DIE, exit_code=LOST, process=None, shim=None)
    return replace(ended, finished_at=_written_at(directory))
