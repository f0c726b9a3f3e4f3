"""A keeper: the parent of one worker. It is small, does nothing while the worker works, and may outlive it.

    zygote --- clone ---> keeper --- clone ---> worker: prepares itself, waits for an engine, does a job
                             |                     | clone3(CLONE_PARENT)
                             |                     v
                             '--- is parent of --- whatever the worker starts for others

Only a parent is told how a process ended, and a process that has done much work has much memory of its own: every page
that a Python program looks at is one that it writes to (reference counts). So the worker, which does the work, need
not be the one who stays. What it starts it makes its keeper's child. Then it either stays as well, and hears from the
keeper how its *ward* ended; or it *hands over*: a further job, done by the keeper, with descriptors. A keeper to which
nothing was handed over ends with its worker, and its ward with them.

As long as no engine has come, a keeper ends with the zygote. It sees that itself, instead of being sent a signal: who
has just taken up a request must not die of it.

Source: clone(2), CLONE_PARENT; pidfd_open(2); prctl(2), PR_SET_CHILD_SUBREAPER.
"""

import contextlib
import mmap
import os
import select
import signal
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn, TypeAlias

from pydock_lab.linux import orphans, syscalls
from pydock_lab.linux.syscalls import Namespace, Prctl
from pydock_lab.sandbox.protocol import Connection, Kin

_PAGE = 4096
_HUSK_MILLISECONDS = 20  # a program that is over before has had no husk to wait for
_STATUS = struct.Struct("i")  # a wait status, the last that a keeper says
# In the memory that a keeper and its worker share. Each writes its own, and then reads the other's: at least one of
# the two sees that both have happened at the same time.
_IS_TAKEN, _IS_OVER = 0, 1


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
    """The worker's end of the line to its keeper; `taken` is memory that both see."""

    def __init__(self, connection: Connection, taken: mmap.mmap) -> None:
        self._connection, self._taken = connection, taken

    def fileno(self) -> int:
        """To be polled: the ward has ended, or the keeper."""
        return self._connection.fileno()

    def is_over(self) -> bool:
        """Whether the keeper has ended."""
        return self._connection.is_over()

    def say_taken(self) -> bool:
        """An engine has come: from now on the zygote's end is none of ours.

        To be said before hello: False when it is too late, and the engine has to knock at the next zygote's door.
        """
        self._taken[_IS_TAKEN] = 1
        return not self._taken[_IS_OVER]

    def adopt(self, pid: int, pidfd: int, husk: int = 0) -> None:
        """Say which sibling is the ward: a process that is to be killed when we end, and whose end is told.

        `husk` is another one that is about to end, and only to be buried; 0: there is none.
        """
        self._connection.send({"ward": pid, "husk": husk}, [pidfd])

    def ended(self) -> int | None:
        """The wait status of the ward, once the line can be read; None: the keeper was killed."""
        try:
            said = self._connection.socket.recv(_STATUS.size)
        except ConnectionError:
            return None
        return int(_STATUS.unpack(said)[0]) if said else None

    def hand_over(self, message: dict[str, Any], descriptors: list[int], doze: "Doze") -> None:
        """Have the keeper go on with this, after a while; raises OSError if it has gone."""
        self._connection.send({"doze": [doze.title, doze.wakers, doze.seconds, doze.husk]}, descriptors)
        self._connection.send(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Doze:
    """Until when a keeper has nothing to do: until one of the first `wakers` descriptors can be read, or `seconds`.

    `husk` is as in `Line.adopt`.
    """

    title: str
    wakers: int
    seconds: float | None
    husk: int = 0


Work: TypeAlias = Callable[[Line], NoReturn]


def live(
    work: Work, go_on: Callable[[Handed], NoReturn], zygote: int, *, started: Callable[[], None] = lambda: None
) -> NoReturn:
    """Have a worker do `work`, and go on with what it hands over; `zygote` is a pidfd.

    `started` is called once there is the worker: what only that needs can be closed.
    """
    try:
        # The zygote is one, too, but a fork does not inherit it (prctl(2)).
        syscalls.prctl(Prctl.SET_CHILD_SUBREAPER)
        handed = keep(work, started, zygote=zygote)
        if handed is not None:
            go_on(handed)
    finally:
        os._exit(0)


def keep(work: Work, started: Callable[[], None] = lambda: None, *, zygote: int = -1) -> Handed | None:
    """Have a worker do `work`: what it handed over, as soon as something happens; None once it has ended without."""
    ours, theirs = map(Kin, socket.socketpair())
    # Shared with who is forked, unlike all other memory: Python's default is MAP_SHARED.
    taken = mmap.mmap(-1, _PAGE)
    pid, pidfd = syscalls.clone3(Namespace(0))
    if pid == 0:
        try:
            ours.close()
            work(Line(theirs, taken))
        finally:
            os._exit(1)
    theirs.close()
    started()
    words, descriptors = _listen(ours, zygote, taken)
    if "doze" in words:
        title, wakers, seconds, husk = words["doze"]
        syscalls.set_title(title)
        _doze(descriptors[:wakers], seconds, pid, pidfd, husk=husk)
        return Handed(ours, descriptors)
    os.close(pidfd)
    os.waitpid(pid, 0)
    orphans.bury(frozenset())
    return None


def _listen(line: Connection, zygote: int, taken: mmap.mmap) -> tuple[dict[str, Any], list[int]]:
    """Hear what the worker hands over; nothing when it ends without, and then its ward has ended, too."""
    poll = select.poll()
    poll.register(line, select.POLLIN)
    if zygote >= 0:
        poll.register(zygote, select.POLLIN)
    while line.fileno() not in dict(poll.poll()):
        taken[_IS_OVER] = 1
        if not taken[_IS_TAKEN]:
            os._exit(0)  # the zygote has ended, and the worker will with us
        poll.unregister(zygote)
    received = line.receive() or ({}, [])
    if "ward" in received[0]:
        _look_after(line, received[0]["ward"], *received[1], husk=received[0]["husk"])
        return {}, []
    return received


def _look_after(line: Connection, ward: int, pidfd: int, *, husk: int) -> None:
    """Wait for the end of the ward, and tell the worker; kill it when the worker ends before."""
    pid, status = os.waitpid(ward, os.WNOHANG)  # while there is time: what it takes is at hand then
    if not pid:
        _say(line, b"")  # so that to say it later takes less time
        poll = select.poll()
        poll.register(line, 0)  # nothing more will be said, but its end is
        poll.register(pidfd, select.POLLIN)
        while not (ended := dict(poll.poll(_patience(None, husk)))):
            if os.waitpid(husk, os.WNOHANG)[0]:
                husk = 0
        if pidfd not in ended:
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        _, status = os.waitpid(ward, 0)
    _say(line, _STATUS.pack(status))
    os.close(pidfd)


def _say(line: Connection, content: bytes) -> None:
    with contextlib.suppress(OSError):  # the worker has been killed
        line.socket.sendall(content)


def _patience(seconds: float | None, husk: int) -> float | None:
    """Milliseconds until there is something to be done in any case."""
    if seconds is not None:
        return seconds * 1000
    return _HUSK_MILLISECONDS if husk else None


def _doze(wakers: list[int], seconds: float | None, worker: int, pidfd: int, *, husk: int) -> None:
    """Wait for one of the descriptors; most of what is kept does nothing for hours.

    Meanwhile bury the worker, whose `pidfd` it is, and the husk: on a machine that is busy that may take its time, and
    nobody waits for it.
    """
    poll = select.poll()
    for descriptor in (*wakers, pidfd):
        poll.register(descriptor, select.POLLIN)
    patience = _patience(seconds, husk)
    while True:
        ready = [descriptor for descriptor, _ in poll.poll(patience)]
        if ready == [pidfd]:
            os.waitpid(worker, 0)
            poll.unregister(pidfd)
        elif ready or seconds is not None:
            break
        elif os.waitpid(husk, os.WNOHANG)[0]:
            patience = None
    os.close(pidfd)
