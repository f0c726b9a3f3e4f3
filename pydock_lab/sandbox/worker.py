"""A worker: one process for one request. The zygote forks it ahead of time; it waits, does a job, answers and ends.

A job is a function `job(request) -> result`, in a module that the zygote was told to import. It may do anything to
its process: enter namespaces, change its root, run out of memory. The zygote is never touched by it.

A module of jobs may have more functions. `warm()` does what can be done beforehand (fill caches): it is called
in the zygote and again in each waiting worker, because a page of memory shared after a fork costs a microsecond when
it is first written to, and a job should not have to wait for a thousand of them. `settled(tier)` is called once in
the zygote, when it has found its ground: what it opens there, all workers inherit. `ready(tier)` is called in each
waiting worker, `abandoned()` in one that ends without having been asked for anything.
"""

import contextlib
import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, TypeAlias

from pydock_lab.errors import PydockError, telling_no_space
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.sandbox.protocol import Connection, Message

Job: TypeAlias = Callable[["Request"], Any]

PID = struct.Struct("i")
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What a worker stands on: the tier, why it is no better one, and the modules whose jobs may be asked for."""

    tier: Tier
    refusals: tuple[Refusal, ...] = ()
    modules: frozenset[str] = frozenset()


class Request:
    """What a job is given: its arguments, the open files that came along, and the way back to the engine."""

    def __init__(
        self,
        connection: Connection,
        message: Message,
        descriptors: list[int],
        *,
        ground: Ground,
        zygote: socket.socket | None = None,
    ) -> None:
        self.connection = connection
        self.arguments: dict[str, Any] = message.get("arguments") or {}
        self.descriptors = descriptors
        self.tier, self.refusals = ground.tier, ground.refusals
        self._zygote = zygote
        self.afterwards: list[Callable[[], None]] = []  # done when the engine has its answer already

    def send(self, event: Message) -> None:
        """Send an event to the engine, ahead of the result."""
        self.connection.send(event)

    def detach(self) -> None:
        """From now on live on when the engine goes away; to be called before the engine hears of the start."""
        if self._zygote:
            with contextlib.suppress(OSError):  # a zygote that is dead ends nobody
                self._zygote.send(PID.pack(os.getpid()))


def each(modules: Iterable[str], hook: str, *arguments: object) -> None:
    """Call the function `hook` of those modules that have one."""
    for name in modules:
        function = getattr(sys.modules[name], hook, None)
        if function:
            function(*arguments)


def live(listener: socket.socket, zygote: socket.socket, ground: Ground, parent: int) -> NoReturn:
    """Wait for an engine, do what it asks, and end; `parent` is the pid of the zygote."""
    # As long as there is no request, the zygote is all we have; and it may have died before we could say so.
    syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(0)
    each(ground.modules, "warm")
    each(ground.modules, "ready", ground.tier)
    connection = _accept(listener)
    if connection is None:
        each(ground.modules, "abandoned")
        os._exit(0)
    listener.close()
    socket.send_fds(zygote, [PID.pack(os.getpid())], [connection.fileno()])
    syscalls.prctl(Prctl.SET_PDEATHSIG, 0)
    # Hello: by this the engine knows that its request has found somebody, and on what ground.
    connection.send({"tier": ground.tier, "refusals": [asdict(one) for one in ground.refusals]})
    received = connection.receive()
    if received is None:
        os._exit(0)
    message, descriptors = received
    request = Request(connection, message, descriptors, ground=ground, zygote=zygote)
    _answer(request, message.get("job", ""), ground.modules)


def _accept(listener: socket.socket) -> Connection | None:
    """The next engine of our own user; None when the zygote has stopped listening."""
    while True:
        try:
            end, _ = listener.accept()
        except OSError:
            return None
        credentials = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(credentials)[1] == os.getuid():
            return Connection(end)
        end.close()


def find_job(name: str, modules: frozenset[str]) -> Job:
    """The function called `module:function`; raises PydockError unless its module is one of `modules`."""
    module, _, function = name.partition(":")
    if module not in modules:
        raise PydockError("sandbox.unknown-job", job=name)
    job: Job = getattr(sys.modules[module], function)
    return job


def _answer(request: Request, job_name: str, modules: frozenset[str]) -> NoReturn:
    """Do the job, send its result or its error, and end this process."""
    try:
        with telling_no_space():
            reply: dict[str, Any] = {"result": find_job(job_name, modules)(request)}
    except PydockError as error:
        reply = {"error": error.to_json()}
    except BaseException:  # noqa: BLE001 - whatever it was, the engine must hear of it
        reply = {"failure": traceback.format_exc()}
    with contextlib.suppress(OSError):  # nobody may be listening any more
        request.connection.send(reply)
    request.connection.close()
    for action in request.afterwards:
        action()
    os._exit(0)
