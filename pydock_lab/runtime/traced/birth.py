"""From the side of who starts a traced container: a supervisor is made, which is to its parent what PID 1 is elsewhere.

An `exec` is asked of the supervisor as well: only who traces the others can let one more see the same.
"""

import os
import socket
from collections.abc import Sequence
from typing import NoReturn

from pydock_lab.linux import journal, syscalls
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.descriptors import keep_only
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.oci.runtime_spec import ProcessSpec
from pydock_lab.runtime.birth import Child
from pydock_lab.runtime.membership import DOOR
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.runtime.traced import service
from pydock_lab.sandbox.protocol import Connection, Kin


def bear(group: ControlGroup | None = None) -> Child:
    """Make a supervisor, a child of our parent; it waits for its task, and dies with its parent."""
    log = StepLog(is_outside=True)
    ours, theirs = socket.socketpair()
    door, behind = socket.socketpair()
    doors = group.open_doors() if group else ()
    pid, pidfd = journal.ask("clone3", _clone, 0, True)
    if pid == 0:
        _be_supervisor(theirs, behind, doors)
    for one in (theirs, behind):
        one.close()
    for descriptor in doors:
        os.close(descriptor)
    log.add("clone", "", pid=pid)
    return Child(pid, pidfd, Kin(ours), {DOOR: door.detach()}, group=group, steps=log.steps)


def _clone(_namespaces: int, _as_sibling: bool) -> tuple[int, int]:  # noqa: FBT001 - its arguments are noted
    return syscalls.clone3(Namespace(0), as_sibling=True)


def _be_supervisor(line: socket.socket, control: socket.socket, doors: Sequence[int]) -> NoReturn:
    keep_only(line.fileno(), control.fileno(), *doors)
    service.live(Kin(line), Connection(control), doors)


class Another:
    """A further program in a traced container: `child` until it runs, then `result` says how it ended."""

    def __init__(self, door: int, process: ProcessSpec, standard: Sequence[int]) -> None:
        ours, theirs = socket.socketpair()
        self._result, written = os.pipe2(os.O_CLOEXEC)
        # The door is the shim's, too: one message at a time goes through it, and all of it at once.
        said = Connection.of(os.dup(door))
        try:
            said.send({"process": process.to_json()}, [theirs.fileno(), written, *standard])
        finally:
            said.socket.close()
            theirs.close()
            os.close(written)
        self.child = Child(0, -1, Kin(ours))

    def become(self) -> Child:
        """Wait until it runs; raises the PydockError if it does not."""
        self.child.hear()
        self.child.pid = self.child.program
        try:
            self.child.pidfd = os.pidfd_open(self.child.pid)
        except ProcessLookupError:  # it has ended, and its tracer has been told
            self.child.pidfd = os.dup(self._result)  # this can be read then, as the other
            self.child.is_gone = True
        return self.child

    def wait(self) -> int:
        """Its exit status, once it has ended; that of a kill where the whole container was killed."""
        with open(self._result, "rb") as file:
            said = file.read()
        return int(said) if said else _KILLED


_KILLED = 137
