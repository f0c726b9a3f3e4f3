"""What can be asked of a running container, by its engine or through `control.sock`."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pydock_lab.errors import ContainerError, IsolationError, PydockError
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.runtime import joining
from pydock_lab.runtime.control import LATER, Command, reply
from pydock_lab.runtime.state import Action

if TYPE_CHECKING:
    from pydock_lab.runtime.shim import Shim
    from pydock_lab.sandbox.protocol import Connection


class Commands:
    """The commands on one container."""

    def __init__(self, shim: Shim) -> None:
        self._shim = shim
        self._waiting: dict[int, tuple[Connection, dict[str, int]]] = {}
        self._workers: set[int] = set()

    def table(self) -> dict[str, Command]:
        """The commands by name."""
        return {
            "kill": self._kill,
            "pause": lambda *_: self._freeze(Action.PAUSE),
            "unpause": lambda *_: self._freeze(Action.UNPAUSE),
            "resize": self._resize,
            "stats": self._stats,
            "wait": self._wait,
            "attach": self._attach,
            "exec": self._exec,
            "gone": self._gone,
        }

    def do(self, connection: Connection, message: dict[str, Any], descriptors: list[int]) -> None:
        """Do a command without an answer: for the connection whose answer is the container's end."""
        with contextlib.suppress(PydockError):
            self.table()[message["do"]](connection, message, descriptors)

    def finish(self, result: dict[str, Any]) -> None:
        """The container has ended: tell all who wait."""
        for connection, _ in self._waiting.values():
            reply(connection, {"result": result})
            connection.close()

    def bury_workers(self) -> None:
        """Wait for the workers of exec, whose programs ended with the container."""
        for pid in self._workers:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
        self._workers.clear()

    def _kill(self, _connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> None:
        number = signal.Signals(message["signal"])
        # A paused process hears nothing but SIGKILL, and that only once it goes on.
        self._shim.life.kill(number)
        if number == signal.SIGKILL and self._shim.life.group:
            self._shim.life.group.freeze(frozen=False)

    def _freeze(self, action: Action) -> None:
        group = self._shim.life.group
        if group is None or not group.freeze(frozen=action is Action.PAUSE):
            raise IsolationError("runtime.no-freezer", facet="limits")
        self._shim.note(action)

    def _resize(self, _connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> None:
        self._shim.stdio.resize(message["rows"], message["columns"])

    def _stats(self, _connection: Connection, _message: dict[str, Any], _descriptors: list[int]) -> dict[str, Any]:
        group = self._shim.life.group
        return asdict(group.usage()) if group else {}

    def _wait(self, connection: Connection, _message: dict[str, Any], _descriptors: list[int]) -> object:
        self._waiting[connection.fileno()] = (connection, {})
        return LATER

    def _attach(self, connection: Connection, message: dict[str, Any], descriptors: list[int]) -> object:
        streams = dict(zip(message["streams"], descriptors, strict=False))
        self._shim.stdio.attach(streams)
        self._waiting[connection.fileno()] = (connection, streams)
        reply(connection, {"attached": True})
        return LATER

    def _gone(self, connection: Connection, _message: dict[str, Any], _descriptors: list[int]) -> None:
        for number, (waiting, streams) in tuple(self._waiting.items()):
            if waiting is connection:
                del self._waiting[number]
                self._shim.stdio.detach(streams)

    def _exec(self, connection: Connection, message: dict[str, Any], descriptors: list[int]) -> object:
        """Hand the connection to a worker: joining namespaces is a way of no return."""
        shim = self._shim
        doors = shim.life.group.open_doors() if shim.life.group else ()
        pid, pidfd = syscalls.clone3(Namespace(0))
        if pid == 0:
            shim.family.leave()
            target = joining.Target(tuple(shim.life.of_kind("ns:").values()), doors, shim.tier)
            joining.work(connection, message, descriptors, target)
        for descriptor in (pidfd, *doors, *descriptors):
            os.close(descriptor)
        shim.loop.forget(connection)
        connection.close()
        self._workers.add(pid)
        shim.family.expect(pid, lambda _code: self._workers.discard(pid))
        return LATER


def check_signal(name: str) -> int:
    """The number of `TERM`, `SIGTERM` or `15`; raises ContainerError for another word."""
    with contextlib.suppress(ValueError):
        return signal.Signals(int(name)).value
    try:
        return signal.Signals[f"SIG{name.upper().removeprefix('SIG')}"].value
    except KeyError:
        raise ContainerError("runtime.unknown-signal", signal=name) from None
