"""A container's start as it went: each step with its system calls, and what the process sees before and after.

clone        clone3(CLONE_NEWPID | ...)     processes: all of the host's      ->  only itself, as number 1
pivot_root   pivot_root(".", ".")           ls /: bin boot dev home ...       ->  bin dev etc proc sys
hostname     sethostname("web")             hostname: laptop                  ->  web
capabilities prctl, capset                  all 41                            ->  Docker's 14
exec         execve("/bin/sh")              a Python of the engine's          ->  the program
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from pydock_lab.views.base import SteppedView


class StartPhase(StrEnum):
    """What a group of steps is about."""

    BIRTH = "birth"  # a process in namespaces of its own
    LIMITS = "limits"  # control groups
    NETWORK = "network"
    FILES = "files"  # another tree becomes "/"
    POWERS = "powers"  # what is given up, for good
    PROGRAM = "program"


@dataclass(frozen=True, kw_only=True, slots=True)
class CallView:
    """One system call as it was made: its text as C has it, its manual page, and how long it took.

    `step` is the number of the earlier step that it was made in, for this one; 0: in this one. `error` is the name of
    the errno that it failed with.
    """

    text: str
    man: str
    seconds: float = 0.0
    step: int = 0
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """What a process sees, and may do, at one moment.

    `processes` are lines as ps(1) has them, `root` the names of `ls /`, `addresses` lines as of `ip addr`, `mounts`
    "what on where" in the order of the mount table. `namespaces` are inode numbers by kind. `capabilities` are names
    without CAP_, `control_groups` the lines of /proc/self/cgroup (cgroups(7)). What would be too long is cut, with a
    last entry "...".
    """

    hostname: str = ""
    processes: tuple[str, ...] = ()
    root: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    mounts: tuple[str, ...] = ()
    user: str = ""
    capabilities: tuple[str, ...] = ()
    control_groups: tuple[str, ...] = ()
    seccomp: str = ""
    directory: str = ""
    namespaces: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStep:
    """One step; `name` is its kind (`clone`, `overlay`, `pivot_root` ...), `detail` what it was done to.

    `start` is in seconds since the start was asked for. What `is_ahead` was done before anybody knew for whom: such a
    step has no place in time; what was done `is_once`, for all containers, even less. A step `is_beside` others where
    who makes the container did it outside, while the container's own process went on. `changed` are the fields of a
    Sight in which `after` differs from the step before. The one that `has_failed` is the last. Of a namespace `outside`
    is the inode of that which the host has.
    """

    number: int
    name: str
    phase: StartPhase
    detail: str = ""
    start: float = 0.0
    seconds: float = 0.0
    is_ahead: bool = False
    is_once: bool = False
    is_beside: bool = False
    has_failed: bool = False
    outside: str = ""
    calls: tuple[CallView, ...] = ()
    after: Sight = field(default_factory=Sight)
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RunTrace(SteppedView):
    """The start of a container; `outside` is what the process saw that made it.

    `error` and `hint` say why it failed, and what to do next.
    """

    container: str
    name: str
    image: str
    command: str
    tier: str
    created: str
    seconds: float
    outside: Sight
    steps: tuple[RunStep, ...]
    error: str = ""
    hint: str = ""

    @property
    def step(self) -> RunStep | None:
        """The step at which one stands; None at the end."""
        return next((step for step in self.steps if step.number == self.at), None)

    @property
    def inside(self) -> Sight:
        """What the program sees when it starts."""
        return self.steps[-1].after if self.steps else self.outside

    @property
    def ahead_seconds(self) -> float:
        """What was done for it before it was asked for."""
        return sum(step.seconds for step in self.steps if step.is_ahead and not step.is_once)

    def before(self, step: RunStep) -> Sight:
        """What the process saw before a step."""
        return next((one.after for one in self.steps if one.number == step.number - 1), self.outside)
