"""The zygote: a small process that forks. It is the one door from the engine to privileged work.

    Jupyter kernel (threads)              zygote (one thread, 10 MB)
      engine --- connect, job, fds --->     fork ---> worker: does the job, answers, ends
      engine <-- events, result ----------------------'

Why not fork in the engine? A notebook's kernel has threads: a fork copies their locks but not the threads, and the
kernel refuses unshare(NEWUSER) to a process with several. Why not start a program each time? Python takes 20 ms to
start, a fork of this process less than one.

Without root it enters one user namespace when it starts and stays in it; from then on it is root there, and root
and rootless run the same code. It has its own session, so that Ctrl-C in a terminal or a notebook never reaches it,
and ends when nothing has been asked of it for a while. It imports the jobs' modules when it starts: no worker has
to import anything, which after pivot_root would load code from the container.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.sandbox import worker
from pydock_lab.sandbox.ground import settle
from pydock_lab.sandbox.protocol import Connection

IDLE_SECONDS = 60
_CREDENTIALS = struct.Struct("3i")


@dataclass(slots=True)
class _Child:
    """A running worker, and the zygote's copy of its connection (None once it has detached)."""

    pid: int
    connection: Connection | None


class Zygote:
    """Accepts requests, forks workers, and ends those whose engine goes away."""

    def __init__(
        self, listener: socket.socket, modules: frozenset[str], tier: Tier, refusals: tuple[Refusal, ...]
    ) -> None:
        self._listener = listener
        self._modules = modules
        self._tier, self._refusals = tier, refusals
        self._children: dict[int, _Child] = {}
        self._engines: dict[int, int] = {}
        self._detached, self._detach = os.pipe2(os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        self._poll.register(self._detached, select.POLLIN)

    def serve(self) -> None:
        """Serve until there has been no worker and no request for a while."""
        while True:
            events = dict(self._poll.poll(IDLE_SECONDS * 1000))
            if not events and not self._children:
                return
            self._handle(events)

    def _handle(self, events: dict[int, int]) -> None:
        # Detaching first: its engine may have gone in the same instant, and that must not end the worker.
        if events.pop(self._detached, 0):
            self._note_detached()
        listening = events.pop(self._listener.fileno(), 0)
        for descriptor in events:
            if descriptor in self._children:
                self._reap(descriptor)
            elif descriptor in self._engines:
                self._end(descriptor)
        if listening:
            self._accept()

    def _accept(self) -> None:
        end, _ = self._listener.accept()
        _, uid, _ = _CREDENTIALS.unpack(
            end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        )
        connection = Connection(end)
        if uid != os.getuid():
            connection.close()
            return
        pid = os.fork()
        if pid == 0:
            self._become_worker(connection)
        pidfd = os.pidfd_open(pid)
        self._children[pidfd] = _Child(pid, connection)
        self._engines[connection.fileno()] = pidfd
        self._poll.register(pidfd, select.POLLIN)
        self._poll.register(connection, 0)  # only its hang-up is of interest here

    def _become_worker(self, connection: Connection) -> NoReturn:
        # A copy of another worker's connection would hide from its engine that it has ended.
        for pidfd, child in self._children.items():
            os.close(pidfd)
            if child.connection:
                child.connection.close()
        self._listener.close()
        received = connection.receive()
        if received is None:
            os._exit(0)
        message, descriptors = received
        request = worker.Request(connection, message, descriptors)
        request.stand_on(self._tier, self._refusals, self._detach)
        worker.answer(request, message.get("job", ""), self._modules)

    def _note_detached(self) -> None:
        (pid,) = worker.PID.unpack(os.read(self._detached, worker.PID.size))
        for child in self._children.values():
            if child.pid == pid:
                self._forget_engine(child)

    def _forget_engine(self, child: _Child) -> None:
        if child.connection:
            self._engines.pop(child.connection.fileno())
            self._poll.unregister(child.connection)
            child.connection.close()
            child.connection = None

    def _end(self, descriptor: int) -> None:
        child = self._children[self._engines[descriptor]]
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGTERM)
        self._forget_engine(child)

    def _reap(self, pidfd: int) -> None:
        child = self._children.pop(pidfd)
        self._forget_engine(child)
        self._poll.unregister(pidfd)
        os.close(pidfd)
        os.waitpid(child.pid, 0)


def main(arguments: Sequence[str]) -> None:
    """`{"socket": path, "modules": [...]}`: become a zygote and report `{"tier": ...}` on standard output."""
    options: dict[str, Any] = json.loads(arguments[0])
    path = options["socket"]
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    for module in options["modules"]:
        importlib.import_module(module)
    if settle(lambda tier, refusals: _live(listener, options["modules"], tier, refusals)):
        return
    os.unlink(path)


def _live(listener: socket.socket, modules: list[str], tier: Tier, refusals: tuple[Refusal, ...]) -> NoReturn:
    syscalls.prctl(Prctl.SET_NAME, b"pydock-zygote")
    sys.path.clear()
    # What lives now lives for ever: without the collector's marks a fork shares these pages.
    gc.collect()
    gc.freeze()
    gc.disable()
    path = listener.getsockname()
    listener.listen(128)
    _let_the_engine_go()
    own = os.stat(path).st_ino
    try:
        Zygote(listener, frozenset(modules), tier, refusals).serve()
    finally:
        with contextlib.suppress(OSError):
            if os.stat(path).st_ino == own:  # not that of a successor
                os.unlink(path)
        os._exit(0)


def _let_the_engine_go() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
