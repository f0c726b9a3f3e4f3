"""From the side of who starts it: make a child in new namespaces, tell it what to become, and hear how that went.

The child is made a *sibling* (CLONE_PARENT): its parent is our keeper, which stays and becomes its shim, while we end
as soon as it runs. Only an `exec` has its child for itself.

One that is made ahead of time is made in two steps: a sibling in our own namespaces, which then goes on as another one
in new ones. What is left of the first is its *husk*: it holds the memory that the child gives up at execve, and takes
it apart while the program runs already (linux/husk.py).
"""

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn, TypeVar

from pydock_lab import errors
from pydock_lab.errors import ContainerError
from pydock_lab.linux import husk, journal, syscalls
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.descriptors import keep_only
from pydock_lab.linux.syscalls import NAMESPACE_FILES, Namespace, Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.network.inside import Wiring
from pydock_lab.oci.plain import Document
from pydock_lab.runtime import becoming, groups, init
from pydock_lab.runtime.becoming import CANNOT_START
from pydock_lab.runtime.init import Birthplace, Task
from pydock_lab.runtime.loop import end_status
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.sandbox import worker
from pydock_lab.sandbox.protocol import Connection, Kin, Message

_LOOK_MILLISECONDS = 1


@dataclass(slots=True)
class Child:
    """A process in namespaces of its own: `pid` on the host, `pidfd` readable once it has ended.

    `line` leads to it until it has become its program. `namespaces` are descriptors of those it was born into, by name,
    for those who join it later; `terminal` is the master of its terminal, `steps` are those of its start. `group` is
    the control group that it was put into, where there can be one. `owner` are the descriptors and ids for who answers
    for owners, where that is needed, and `notes` what of its task is not in force. `sockets` (descriptors) are those
    that it made in its network, for the shim to answer for names. `program` is the pid of its program where that is
    another process: a traced container's; it `is_gone` where it had ended before anybody could hold on to it. `husk`
    is the pid of who holds its memory, 0 for none.
    """

    pid: int
    pidfd: int
    line: Connection
    namespaces: dict[str, int] = field(default_factory=dict)
    terminal: int = -1
    steps: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    group: ControlGroup | None = None
    owner: tuple[list[int], list[int]] | None = None
    sockets: list[int] = field(default_factory=list)
    program: int = 0
    is_gone: bool = False
    husk: int = 0

    def hold_namespaces(self, flags: Namespace) -> None:
        """Open the child's namespaces: possible only until it is told what to become (see `init._arrive`)."""
        names = [name for flag, name in NAMESPACE_FILES.items() if flag in flags]
        # The mount namespace last: joining it changes what the paths of others would mean.
        names.sort(key=lambda name: name == "mnt")
        for name in names:
            self.namespaces[name] = os.open(f"/proc/{self.pid}/ns/{name}", os.O_RDONLY | os.O_CLOEXEC)

    def become(self, task: Task, descriptors: Sequence[int]) -> None:
        """Tell it its task, and wait until it runs its program; raises the PydockError if it does not."""
        self.tell(task, descriptors)
        self.run()

    def tell(self, task: Task, descriptors: Sequence[int]) -> None:
        """Tell it its task; the descriptors are those that `Task` speaks of, in that order."""
        self._send(task, descriptors)

    def run(self, wire: Callable[[], Wiring] | None = None, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Wait until it runs its program; raises the PydockError if it does not, and then it is dead.

        With `is_wired` in its task, `wire` lays the cables of its network. While it works, `meanwhile` can be done.
        """
        try:
            if wire is not None:
                self._send(wire())
            meanwhile()
            self.hear()
        except BaseException:
            self.end()
            raise

    def _send(self, document: Document, descriptors: Sequence[int] = ()) -> None:
        with contextlib.suppress(OSError):  # it has died; that it says nothing will tell
            self.line.send(document.to_brief(), descriptors)

    def hear(self) -> None:
        """Listen until the line closes itself at execve; raises the PydockError that is told."""
        reports = 0
        while received := self._next_message():
            message, descriptors = received
            if "error" in message:
                steps = message.get("steps", [])
                if reports:  # they have been told, but not that the last one would fail: execve(2)
                    steps = [step for step in steps if "failed" in step]
                    self.steps = [step for step in self.steps if step["at"] not in [one["at"] for one in steps]]
                self.steps += steps
                raise errors.from_json(message["error"])
            self._note(message, descriptors)
            if "steps" in message:
                reports += 1  # a traced one makes two: of what it does itself, and of its program
        self.line.close()
        if not reports:
            raise ContainerError("runtime.start-failed", reason="the first process was killed")

    def _note(self, message: Message, descriptors: list[int]) -> None:
        if "terminal" in message:
            (self.terminal,) = descriptors
        elif "sockets" in message:
            self.sockets = descriptors
        elif "owner" in message:
            self.owner = descriptors, message["owner"]
        elif "pid" in message:
            self.program = message["pid"]
        else:
            self.steps += message["steps"]
            self.notes += message["notes"]
            if "pages" in message:
                worker.lessons[becoming.KIND] = message["pages"]

    def _next_message(self) -> tuple[dict[str, Any], list[int]] | None:
        """What it says next; None at the end.

        Who is woken by a message takes the processor from who sends it: so we wait for the end alone, and look around
        every now and then.
        """
        poll = select.poll()
        # No event is asked for: poll(2) tells of POLLHUP in any case, and of nothing else then.
        poll.register(self.line, 0)
        while not poll.poll(_LOOK_MILLISECONDS) and not self._has_said():
            pass
        return self.line.receive()

    def _has_said(self) -> bool:
        try:
            # A look only: descriptors that come with a message would be lost by reading its first byte alone.
            return bool(self.line.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
        except BlockingIOError:
            return False
        except OSError:  # it has gone
            return True

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; nothing happens if it has ended."""
        with contextlib.suppress(ProcessLookupError):
            if not self.is_gone:
                signal.pidfd_send_signal(self.pidfd, number)

    def end(self) -> None:
        """Kill it, and wait until it is dead; its parent buries it."""
        self.kill()
        self.has_ended(seconds=None)

    def has_ended(self, seconds: float | None = 0) -> bool:
        """Whether it is dead, after so many seconds at most (None: when it is)."""
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(None if seconds is None else seconds * 1000))


def wait(child: Child) -> int:
    """The exit status of a child of our own: 128 + signal where a signal ended it (as a shell says it)."""
    return end_status(os.waitpid(child.pid, 0)[1])


def bear(
    tier: Tier,
    namespaces: Namespace,
    group: ControlGroup | None = None,
    *,
    as_sibling: bool = True,
    owns_groups: bool = True,
    is_hurried: bool = True,
) -> Child:
    """Clone a child into new namespaces and a control group; it waits for its task, and dies with its parent."""
    ours, theirs = socket.socketpair()
    place = Birthplace(
        tier=tier,
        namespaces=namespaces,
        doors=group.open_doors() if group else (),
        directory=_open_directory(group),
        outside=os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC) if Namespace.NET in namespaces else -1,
        owns_groups=owns_groups,
        is_hurried=is_hurried,
    )
    if as_sibling and not is_hurried and husk.is_possible():
        child = _bear_with_husk(ours, theirs, place)
    else:
        child = _bear_at_once(ours, theirs, place, as_sibling=as_sibling)
    theirs.close()
    for descriptor in place.descriptors:
        os.close(descriptor)
    child.group = group
    return child


def _bear_at_once(ours: socket.socket, theirs: socket.socket, place: Birthplace, *, as_sibling: bool) -> Child:
    log = StepLog(is_ahead=not place.is_hurried, is_outside=True)

    def clone(group: int) -> tuple[int, int]:
        return journal.ask("clone3", _clone, int(place.namespaces), as_sibling, group)

    (pid, pidfd), is_inside = _into_group(clone, place.directory)
    if pid == 0:
        _keep(theirs, place)
        init.live(Kin(theirs), replace(place, is_inside=is_inside), StepLog(is_ahead=not place.is_hurried))
    log.add("clone", "", pid=pid)
    return Child(pid, pidfd, Kin(ours), steps=log.steps)


def _bear_with_husk(ours: socket.socket, theirs: socket.socket, place: Birthplace) -> Child:
    left, pidfd = syscalls.clone3(Namespace(0), as_sibling=True)
    if left == 0:
        try:
            _keep(theirs, place)
            _be_husk(theirs, place)
        finally:
            os._exit(CANNOT_START)  # nothing may escape into our own code
    os.close(pidfd)
    # Before we listen: an open copy would hide from us that the child has died.
    theirs.close()
    line = Kin(ours)
    received = line.receive()
    if received is None:
        raise ContainerError("runtime.start-failed", reason="the first process was killed")
    if "error" in received[0]:
        raise errors.from_json(received[0]["error"])
    pid = received[0]["pid"]
    return Child(pid, os.pidfd_open(pid), line, husk=left)


def _be_husk(theirs: socket.socket, place: Birthplace) -> NoReturn:
    """Go on as the child, and leave to who we were all but our end of the line: its end tells of execve."""
    syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
    log = StepLog(is_ahead=True)
    out, back = map(Kin, socket.socketpair())
    out.send({}, [theirs.fileno()])  # on its way it is nobody's
    theirs.close()
    failure = ""
    pid, is_inside = 0, False
    try:
        pid, is_inside = _into_group(lambda group: husk.leave(int(place.namespaces), True, group), place.directory)
    except OSError as error:
        failure = str(error)
    received = back.receive()
    assert received is not None  # noqa: S101 - for mypy; we have just sent it
    line = Kin.of(received[1][0])
    out.close()
    back.close()
    if failure:
        line.send({"error": ContainerError("runtime.start-failed", reason=failure).to_json()})
        os._exit(CANNOT_START)
    log.add("clone", "", pid=pid)
    line.send({"pid": pid})
    init.live(line, replace(place, is_inside=is_inside), log)


def _keep(theirs: socket.socket, place: Birthplace) -> None:
    # Our end of the line, held open in the child as well, would hide from it that we have died.
    keep_only(theirs.fileno(), *place.descriptors)


_Born = TypeVar("_Born")


def _into_group(clone: Callable[[int], _Born], directory: int) -> tuple[_Born, bool]:
    """Have a child born into the group, and say whether it was; where it cannot be, it has to go in by itself."""
    if directory >= 0:
        # E2BIG: a kernel before 5.7. EACCES, EBUSY, EOPNOTSUPP: this group takes nobody in that way (clone(2)).
        with contextlib.suppress(OSError):
            return clone(directory), True
    return clone(-1), False


def _open_directory(group: ControlGroup | None) -> int:
    """The group that a child can be born into, without a wait for the other processors (RCU); -1 where it cannot."""
    try:
        return group.open_directory() if group else -1
    except OSError:
        return -1


def _clone(namespaces: int, as_sibling: bool, group: int) -> tuple[int, int]:  # noqa: FBT001 - its arguments are noted
    return syscalls.clone3(Namespace(namespaces), as_sibling=as_sibling, group=group)


_waiting: list[Child] = []


def prepare(tier: Tier, *, is_hurried: bool) -> None:
    """Bear a child ahead of time, for a worker that is waiting itself; its control group is made ahead of time, too."""
    log = StepLog(is_ahead=not is_hurried, is_outside=True)
    child = bear(tier, init.OWN_AND_NETWORK, groups.make(log), is_hurried=is_hurried)
    child.steps[:0] = log.steps
    _waiting.append(child)


def take(fits: Callable[[Namespace], bool]) -> Child | None:
    """The child that waits, if it fits: who knows which namespaces are wanted says so."""
    if _waiting and fits(init.OWN_AND_NETWORK):
        return _waiting.pop()
    abandon()
    return None


def abandon() -> None:
    """Nobody will need the child that waits."""
    for unfit in _waiting:
        unfit.end()
        if unfit.group:
            unfit.group.remove()
    _waiting.clear()
