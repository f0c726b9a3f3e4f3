"""A keeper: the parent of one worker. It is small, does nothing while the worker works, and may outlive it.

    zygote --- clone ---> keeper --- clone ---> worker: imports nothing, prepares itself, waits for an engine
                             |                     | clone3(CLONE_PARENT)
                             |                     v
                             '--- is parent of --- whatever the worker leaves behind

Only a parent is told how a process ended, and a process that has done much work has much memory of its own: every page
that a Python program looks at is one that it writes to (reference counts). So the worker, which does the work, is not
the one who stays. What it starts it makes its keeper's child, and when it is done it may *hand over*: a further job,
done by the keeper, with descriptors. A keeper to which nothing is handed over ends with its worker.

As long as no engine has come, a keeper ends with the zygote. It sees that itself, instead of being sent a signal: who
has just taken up a request must not die of it.

Source: clone(2), CLONE_PARENT; pidfd_open(2); prctl(2), PR_SET_CHILD_SUBREAPER.
"""

import contextlib
import os
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from pydock_lab.linux import orphans, syscalls
from pydock_lab.linux.syscalls import Namespace, Prctl
from pydock_lab.sandbox.protocol import Connection

_TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class Handed:
    """What a worker has handed over: its `message` lies unread in the `line`, for as long as nothing happens."""

    line: Connection
    descriptors: list[int]

    def message(self) -> dict[str, Any]:
        """Read it, once."""
        received = self.line.receive()
        self.line.close()
        return received[0] if received else {}


class Line:
    """The worker's end of the line to its keeper."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def is_over(self) -> bool:
        """Whether the keeper has ended."""
        return self._connection.is_over()

    def say_taken(self) -> None:
        """An engine has come: from now on the zygote's end is none of ours; to be said before hello."""
        with contextlib.suppress(OSError):
            self._connection.send({_TAKEN: True})

    def hand_over(self, message: dict[str, Any], descriptors: list[int], doze: "Doze") -> None:
        """Have the keeper go on with this, after a while; raises OSError if it has gone."""
        self._connection.send({"doze": [doze.title, doze.wakers, doze.seconds]}, descriptors)
        self._connection.send(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Doze:
    """Until when a keeper has nothing to do: until one of the first `wakers` descriptors can be read, or `seconds`."""

    title: str
    wakers: int
    seconds: float | None


Work: TypeAlias = Callable[[Line], NoReturn]


def live(
    work: Work, go_on: Callable[[Handed], NoReturn], zygote: int, *, started: Callable[[], None] = lambda: None
) -> NoReturn:
    """Have a worker do `work`, and go on with what it hands over; `zygote` is a pidfd.

    `started` is called once there is the worker: what only that needs can be closed.
    """
    try:
        syscalls.prctl(Prctl.SET_CHILD_SUBREAPER)
        handed = keep(work, started, zygote=zygote)
        if handed is not None:
            go_on(handed)
    finally:
        os._exit(0)


def keep(work: Work, started: Callable[[], None] = lambda: None, *, zygote: int = -1) -> Handed | None:
    """Have a worker do `work`: what it handed over, as soon as something happens; None once it has ended without."""
    ours, theirs = map(Connection, socket.socketpair())
    pid, pidfd = syscalls.clone3(Namespace(0))
    if pid == 0:
        try:
            ours.close()
            work(Line(theirs))
        finally:
            os._exit(1)
    theirs.close()
    started()
    words, descriptors = _listen(ours, zygote)
    if "doze" in words:
        title, wakers, seconds = words["doze"]
        syscalls.set_title(title)
        _doze(descriptors[:wakers], seconds, pid, pidfd)
        return Handed(ours, descriptors)
    os.close(pidfd)
    os.waitpid(pid, 0)
    orphans.bury(frozenset())
    return None


def _listen(line: Connection, zygote: int) -> tuple[dict[str, Any], list[int]]:
    if zygote >= 0 and not _is_taken(line, zygote):
        os._exit(0)  # and the worker with us
    while received := line.receive():
        if _TAKEN not in received[0]:
            return received
    return {}, []


def _is_taken(line: Connection, zygote: int) -> bool:
    """Wait until the worker says something, or ends; False when the zygote ends before."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    poll.register(zygote, select.POLLIN)
    return line.fileno() in dict(poll.poll())


def _doze(wakers: list[int], seconds: float | None, worker: int, pidfd: int) -> None:
    """Wait for one of the descriptors, and bury the worker meanwhile: most of what is kept does nothing for hours."""
    poll = select.poll()
    for descriptor in (*wakers, pidfd):
        poll.register(descriptor, select.POLLIN)
    patience = None if seconds is None else seconds * 1000
    while [descriptor for descriptor, _ in poll.poll(patience)] == [pidfd]:
        os.waitpid(worker, 0)
        poll.unregister(pidfd)
    os.close(pidfd)
