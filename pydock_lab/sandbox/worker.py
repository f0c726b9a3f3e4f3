"""A worker: one process for one request. It is made ahead of time; it waits, does a job, answers and ends.

A job is a function `job(request) -> result`, in a module that the zygote was told to import. It may do anything to
its process: enter namespaces, change its root, run out of memory. Nobody else is touched by it. A job that leaves
something behind that has to be watched ends with a `HandOver`: its keeper goes on (see keeper.py).

A module of jobs may have more functions. `warm()` does what can be done beforehand (fill caches): it is called once, in
what becomes the zygote. `inherit(store)` may say there on what ground to stand (`ground.Heritage`): that of a zygote
that was killed, and whose containers live. `settled(tier)` is called there when it has found its ground: what it opens
then, all workers inherit. `bereaved()` removes what those who were killed would have removed. `ready(tier, hurried)` is
called in each worker before it waits (a page of memory shared after a fork costs a microsecond when it is first written
to: who has time touches it beforehand; `hurried`: an engine is waiting already), and `abandoned()` in one that ends
without having been asked for anything. `MINDFUL` names jobs that see by themselves that their engine has gone; the
zygote ends the others then.
"""

import contextlib
import marshal
import os
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NoReturn, TypeAlias

from pydock_lab.errors import PydockError, telling_no_space
from pydock_lab.linux import pages, syscalls
from pydock_lab.linux.descriptors import can_be_read
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.sandbox.keeper import Doze, Handed, Line
from pydock_lab.sandbox.protocol import Connection, Message

Job: TypeAlias = Callable[["Request"], Any]

PIDS = struct.Struct("2i")  # of a keeper and its worker
KIND = "worker"  # see pages.py
lessons: dict[str, pages.Ranges] = {}  # which pages others, which the worker has made, have written to, by kind
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ground:
    """What a worker stands on: the tier, why it is no better one, and the modules whose jobs may be asked for.

    `host_mounts` is the host's mount namespace, a descriptor, where we are in one of our own; else -1. `zygote` is the
    pidfd of who made us.
    """

    tier: Tier
    refusals: tuple[Refusal, ...] = ()
    modules: frozenset[str] = frozenset()
    host_mounts: int = -1
    zygote: int = -1

    def mourn(self) -> None:
        """Who outlives the zygote does as it ends what the zygote would have done: remove what the dead have left."""
        if self.zygote >= 0 and can_be_read(self.zygote):
            each(self.modules, "bereaved")


@dataclass(frozen=True, kw_only=True, slots=True)
class HandOver:
    """How a job ends that its keeper is to go on with, by the job `go_on` (`module:function`), under the name `title`.

    `descriptors` go along with the plain data, in this order; and so does the connection to the engine, unless it is
    `detached`. The keeper begins when the engine says something or goes, when one of the first `wakers` of them can be
    read, or after so many `seconds` (None: none); until then it dozes. `husk` is as in `Line.adopt`.
    """

    go_on: str
    title: str
    arguments: dict[str, Any]
    descriptors: Sequence[int] = ()
    wakers: int = 0
    seconds: float | None = None
    detached: bool = False
    husk: int = 0


class News:
    """What a worker tells the zygote: that it is at work, and which engine it works for."""

    def __init__(self, zygote: socket.socket) -> None:
        self._zygote = zygote
        self._is_told = False

    def announce(self, *connections: int) -> None:
        """Say it, once; with a connection: if that engine goes, the work is to end."""
        if self._is_told and not connections:
            return
        self._is_told = True
        with contextlib.suppress(OSError):  # a zygote that is dead makes no workers, and ends none
            socket.send_fds(self._zygote, [PIDS.pack(os.getppid(), os.getpid())], connections)

    def teach(self) -> None:
        """Say which pages of memory a job has written to, so that later workers have them beforehand."""
        if pages.has_to_learn(KIND):
            with contextlib.suppress(OSError):
                self._zygote.send(marshal.dumps({**lessons, KIND: pages.touched()}))


class Request:
    """What a job is given: its arguments, the open files that came along, and the way back to the engine.

    `line` leads to the keeper; None in the keeper itself.
    """

    def __init__(
        self,
        connection: Connection,
        message: Message,
        descriptors: list[int],
        *,
        ground: Ground,
        line: Line | None = None,
        news: "News | None" = None,
        is_mindful: bool = False,
    ) -> None:
        self.connection = connection
        self.arguments: dict[str, Any] = message.get("arguments") or {}
        self.descriptors = descriptors
        self.tier, self.refusals = ground.tier, ground.refusals
        self.host_mounts, self._ground = ground.host_mounts, ground
        self.line = line
        self._news, self.is_mindful = news, is_mindful
        self.afterwards: list[Callable[[], None]] = []  # done when nobody waits for us any more

    def send(self, event: Message) -> None:
        """Send an event to the engine, ahead of the result."""
        self.connection.send(event)

    def announce(self) -> None:
        """Tell the zygote that this worker is at work, and the next one wanted; a mindful job says when."""
        if self._news:
            self._news.announce()

    def reply(self, message: Message) -> NoReturn:
        """Give the engine its answer, and end."""
        with contextlib.suppress(OSError):  # nobody may be listening any more
            self.connection.send(message)
        self.connection.close()
        self.announce()
        if self._news and self.is_mindful:
            self._news.teach()
        for action in self.afterwards:
            action()
        self._ground.mourn()
        os._exit(0)


def each(modules: Iterable[str], hook: str, *arguments: object) -> None:
    """Call the function `hook` of those modules that have one."""
    for name in modules:
        function = getattr(sys.modules[name], hook, None)
        if function:
            function(*arguments)


def first(modules: Iterable[str], hook: str, *arguments: object) -> Any:
    """What the first of those modules says that has something to say to a hook; None if none has."""
    functions = (getattr(sys.modules[name], hook, None) for name in modules)
    answers = (function(*arguments) for function in functions if function)
    return next((answer for answer in answers if answer is not None), None)


def live(listener: socket.socket, zygote: socket.socket, ground: Ground, line: Line) -> NoReturn:
    """Wait for an engine, do what it asks, and end; `line` leads to the keeper, our parent."""
    # As long as there is no request the keeper ends with the zygote, and we end with it.
    syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGTERM)
    # Only after that: for a keeper that had ended before, no signal comes (prctl(2)).
    if line.is_over():
        os._exit(0)
    is_hurried = can_be_read(listener)
    each(ground.modules, "ready", ground.tier, is_hurried)
    if not is_hurried:
        pages.touch(KIND)
    connection = _accept(listener)
    if connection is None or not line.say_taken():
        _go_unasked(ground)
    listener.close()
    news = News(zygote)
    received = None
    with contextlib.suppress(OSError):  # it has gone already
        # Hello: by this the engine knows that its request has found somebody, and on what ground.
        connection.send({"tier": ground.tier, "refusals": [asdict(one) for one in ground.refusals]})
        if not can_be_read(connection):
            news.announce()  # who knows when it says what it wants
        received = connection.receive()
    if received is None:
        _go_unasked(ground)
    name = received[0].get("job", "")
    is_mindful = _is_mindful(name)
    if not is_mindful:
        news.announce(connection.fileno())
    request = Request(connection, *received, ground=ground, line=line, news=news, is_mindful=is_mindful)
    _do(request, name, ground)


def _go_unasked(ground: Ground) -> NoReturn:
    each(ground.modules, "abandoned")
    os._exit(0)


def _is_mindful(name: str) -> bool:
    """Whether a job sees by itself that its engine has gone: its module says so (`MINDFUL`)."""
    module, _, function = name.partition(":")
    return function in getattr(sys.modules.get(module), "MINDFUL", ())


def go_on(handed: Handed, ground: Ground) -> NoReturn:
    """In a keeper: do the job that its worker has handed over, and answer the engine."""
    message, descriptors = handed.message(), handed.descriptors
    connection = _to_nobody() if message["detached"] else Connection.of(descriptors.pop(0))
    _do(Request(connection, message, descriptors, ground=ground), message["job"], ground)


def _to_nobody() -> Connection:
    end, other = socket.socketpair()
    other.close()
    return Connection(end)


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


def _do(request: Request, name: str, ground: Ground) -> NoReturn:
    """Do a job, send its result or its error, and end this process."""
    reply: dict[str, Any] = {}
    try:
        with telling_no_space():
            result = find_job(name, ground.modules)(request)
        if isinstance(result, HandOver):
            _hand_over(request, result)
        reply = {"result": result}
    except PydockError as error:
        reply = {"error": error.to_json()}
    except BaseException:  # noqa: BLE001 - whatever it was, the engine must hear of it
        reply = {"failure": traceback.format_exc()}
    request.reply(reply)


def _hand_over(request: Request, left: HandOver) -> NoReturn:
    assert request.line is not None  # noqa: S101 - for mypy; a keeper hands nothing over
    message = {"job": left.go_on, "arguments": left.arguments, "detached": left.detached}
    engine = [] if left.detached else [request.connection.fileno()]
    doze = Doze(title=left.title, wakers=len(engine) + left.wakers, seconds=left.seconds, husk=left.husk)
    with contextlib.suppress(OSError):  # a keeper that was killed: what we left behind died with it
        request.line.hand_over(message, [*engine, *left.descriptors], doze)
    request.announce()
    for action in request.afterwards:
        action()
    os._exit(0)
