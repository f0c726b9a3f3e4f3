"""From the shim's side: make a child in new namespaces, tell it what to become, and hear how that went."""

import contextlib
import errno
import os
import signal
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from pydock_lab import errors
from pydock_lab.errors import ContainerError, IsolationError
from pydock_lab.linux import cgroups, syscalls
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.syscalls import NAMESPACE_FILES, Namespace
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import Limits
from pydock_lab.runtime import init
from pydock_lab.runtime.init import Birthplace, Task
from pydock_lab.runtime.owners import Owners
from pydock_lab.sandbox.protocol import Connection


@dataclass(slots=True)
class Child:
    """A process in namespaces of its own: `pid` on the host, `pidfd` readable once it has ended.

    `line` leads to it until it has become its program. `namespaces` are descriptors of those it was born into, for
    those who join it later; `terminal` is the master of its terminal, `steps` are those of its start. `group` is the
    control group that it was put into, where there can be one; `owners` who answers for owners, where that is needed.
    """

    pid: int
    pidfd: int
    line: Connection
    namespaces: tuple[int, ...] = ()
    terminal: int = -1
    steps: list[dict[str, Any]] = field(default_factory=list)
    group: ControlGroup | None = None
    owners: Owners | None = None

    def hold_namespaces(self, flags: Namespace) -> None:
        """Open the child's namespaces: possible only until it is told what to become (see `init._arrive`)."""
        names = [name for flag, name in NAMESPACE_FILES.items() if flag in flags]
        # The mount namespace last: joining it changes what the paths of others would mean.
        names.sort(key=lambda name: name == "mnt")
        paths = (f"/proc/{self.pid}/ns/{name}" for name in names)
        self.namespaces = tuple(os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in paths)

    def become(self, task: Task, standard: Sequence[int], doors: Sequence[int] = ()) -> None:
        """Tell it its task, and wait until it runs its program; raises the PydockError if it does not.

        Whatever goes wrong, it is dead and buried then.
        """
        try:
            with contextlib.suppress(OSError):  # it has died; that it says nothing will tell
                self.line.send(task.to_json(), [*standard, *doors])
            self._hear()
        except BaseException:
            self.kill()
            self.reap()
            raise

    def _hear(self) -> None:
        """Listen until the line closes itself at execve."""
        reports = 0
        while received := self.line.receive():
            message, descriptors = received
            if "error" in message:
                raise errors.from_json(message["error"])
            if "terminal" in message:
                (self.terminal,) = descriptors
            elif "owner" in message:
                self.owners = Owners(*descriptors, newcomer=tuple(message["owner"]))
            else:
                self.steps += message["steps"]
                reports += 1
        self.line.close()
        if not reports:
            raise ContainerError("runtime.start-failed", reason="the first process was killed")

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; nothing happens if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.pidfd, number)

    def reap(self) -> int:
        """Wait for its end: the exit status, 128 + signal where a signal ended it (as a shell says it)."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code


def bear(tier: Tier, namespaces: Namespace, group: ControlGroup | None = None) -> Child:
    """Clone a child into new namespaces and a control group; it waits for its task, and dies with this process."""
    ours, theirs = socket.socketpair()
    doors = group.open_doors() if group else ()
    outside = [os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)] if Namespace.NET in namespaces else []
    pid, pidfd = syscalls.clone3(namespaces)
    if pid == 0:
        place = Birthplace(tier=tier, namespaces=namespaces, doors=doors, outside=outside[0] if outside else -1)
        _keep_only(theirs.fileno(), *doors, *outside)
        init.live(Connection(theirs), place)
    theirs.close()
    for descriptor in (*outside, *doors):
        os.close(descriptor)
    return Child(pid, pidfd, Connection(ours), group=group)


def _keep_only(*wanted: int) -> None:
    """Close what the clone copied, but for the standard three.

    Our end of the line, held open in the child as well, would hide from it that we have died; and the socket on which
    the zygote listens would still be there for engines to knock at, with nobody to answer.
    """
    for below, above in pairwise((2, *sorted(wanted), _MOST_DESCRIPTORS)):
        os.closerange(below + 1, above)


_MOST_DESCRIPTORS = 4096
_GROUP = "shim-"
_waiting: list[Child] = []


def prepare(tier: Tier) -> None:
    """Bear a child ahead of time, for a worker that is waiting itself.

    It joins its control group ahead of time, too: in version 1 that waits for all processors of the machine to come to
    rest (RCU), which took as long as all other steps of a start together.
    """
    _waiting.append(bear(tier, init.OWN_AND_NETWORK, _make_group()))


def take(tier: Tier, namespaces: Namespace) -> Child:
    """A child in these namespaces: the one that waits, if it fits, or can go back into the host's network.

    The host's network is not that of a user namespace: who left it cannot come back.
    """
    if _waiting and (namespaces == init.OWN_AND_NETWORK or not tier.in_user_namespace):
        return _waiting.pop()
    abandon()
    return bear(tier, namespaces, _make_group())


def abandon() -> None:
    """Nobody will need the child that waits."""
    for unfit in _waiting:
        unfit.kill()
        unfit.reap()
        if unfit.group:
            unfit.group.remove()
    _waiting.clear()


def sweep() -> None:
    """Remove the control groups of shims that were killed."""
    hierarchy = cgroups.find_hierarchy()
    if hierarchy is not None:
        ControlGroup.sweep(hierarchy, _GROUP)


def regroup(child: Child, parent: str) -> None:
    """Give a child another control group, below `parent` (`--cgroup-parent`); raises IsolationError."""
    hierarchy = cgroups.find_hierarchy()
    if hierarchy is None:
        raise IsolationError("runtime.cgroup-parent", facet="limits", parent=parent, reason=os.strerror(errno.EACCES))
    place, before = hierarchy.below(parent), child.group
    try:
        ControlGroup.sweep(place, _GROUP)
        child.group = ControlGroup.create(place, _name(), Limits())
        child.group.add(child.pid)
    except OSError as error:
        raise IsolationError("runtime.cgroup-parent", facet="limits", parent=parent, reason=error.strerror) from None
    finally:
        if before is not None and child.group is not before:
            before.remove()


def _make_group() -> ControlGroup | None:
    """A group for the next child, without limits yet; None where this machine lets us make none."""
    hierarchy = cgroups.find_hierarchy()
    if hierarchy is None:
        return None
    try:
        return ControlGroup.create(hierarchy, _name(), Limits())
    except OSError:
        return None


def _name() -> str:
    return f"{_GROUP}{os.getpid()}-{time.monotonic_ns()}"
