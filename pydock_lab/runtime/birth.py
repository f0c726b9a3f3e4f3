"""From the shim's side: make a child in new namespaces, hear how its start went, and hold on to it."""

import os
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn

from pydock_lab import errors
from pydock_lab.errors import ContainerError
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import NAMESPACE_FILES, Namespace
from pydock_lab.runtime.init import Birth, split_report


@dataclass(slots=True)
class Pipes:
    """What runs between the shim and its child: `ours` stay here, `theirs` go along with the child."""

    ours: dict[str, int] = field(default_factory=dict)
    theirs: dict[str, int] = field(default_factory=dict)

    def inward(self, name: str) -> None:
        """A pipe that the child reads."""
        self.theirs[name], self.ours[name] = os.pipe2(os.O_CLOEXEC)

    def outward(self, name: str) -> None:
        """A pipe that the child writes."""
        self.ours[name], self.theirs[name] = os.pipe2(os.O_CLOEXEC)

    def pair(self, name: str) -> None:
        """A socket each."""
        ours, theirs = socket.socketpair()
        self.ours[name], self.theirs[name] = ours.detach(), theirs.detach()

    def take(self, name: str) -> int:
        """One of ours, to be closed by the caller; -1 where there is none."""
        return self.ours.pop(name, -1)

    def close_theirs(self) -> None:
        """Once the child has its copies."""
        for descriptor in self.theirs.values():
            os.close(descriptor)
        self.theirs.clear()

    def close(self) -> None:
        """Everything."""
        self.close_theirs()
        for descriptor in self.ours.values():
            os.close(descriptor)
        self.ours.clear()


@dataclass(slots=True)
class Child:
    """A program that the shim has started: `pid` on the host, `pidfd` readable once it has ended.

    `namespaces` are descriptors of those it was born into, for those who join it later.
    """

    pid: int
    pidfd: int
    namespaces: tuple[int, ...] = ()

    def hold_namespaces(self, flags: Namespace) -> None:
        """Open the child's namespaces: possible only until it makes itself unreadable, that is before `go`."""
        names = [name for flag, name in NAMESPACE_FILES.items() if flag in flags]
        # The mount namespace last: joining it changes what the paths of others would mean.
        names.sort(key=lambda name: name == "mnt")
        paths = (f"/proc/{self.pid}/ns/{name}" for name in names)
        self.namespaces = tuple(os.open(path, os.O_RDONLY | os.O_CLOEXEC) for path in paths)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Send a signal; nothing happens if it has ended."""
        try:
            signal.pidfd_send_signal(self.pidfd, number)
        except ProcessLookupError:
            return

    def reap(self) -> int:
        """Wait for its end: the exit status, 128 + signal where a signal ended it (as a shell says it)."""
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        code = os.waitstatus_to_exitcode(status)
        return code if code >= 0 else 128 - code


def bear(flags: Namespace, birth: Birth, pipes: Pipes, live: Callable[[Birth], NoReturn]) -> Child:
    """Clone a child that lives `live(birth)`; it waits for `go` before it does anything of note."""
    pid, pidfd = syscalls.clone3(flags)
    if pid == 0:
        # The shim's end of `go`, held open here, would hide from us that the shim has died.
        os.close(pipes.ours["go"])
        live(birth)
    pipes.close_theirs()
    return Child(pid, pidfd)


def say_go(pipes: Pipes) -> None:
    """The network is there: the child may start."""
    try:
        os.write(pipes.ours["go"], b"g")
    except BrokenPipeError:
        return  # it has died; its report says why


def hear(pipes: Pipes) -> list[dict[str, Any]]:
    """Wait until the child has become its program: the steps of its start; raises the error if it has not."""
    with open(pipes.take("report"), "rb") as report:
        content = report.read()
    os.close(pipes.take("go"))
    if not content:
        raise ContainerError("runtime.start-failed", reason="the first process was killed")
    steps, error = split_report(content)
    if error:
        raise errors.from_json(error)
    return steps
