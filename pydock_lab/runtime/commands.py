"""What can be asked of a running container, by its engine or through `control.sock`."""

import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from pydock_lab.errors import ContainerError, IsolationError, PydockError
from pydock_lab.linux import orphans
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.tiers import Tier
from pydock_lab.runtime import joining
from pydock_lab.runtime.birth import Child
from pydock_lab.runtime.control import LATER, Command, reply
from pydock_lab.runtime.relay import Loop
from pydock_lab.runtime.state import Action
from pydock_lab.runtime.stdio import Stdio
from pydock_lab.sandbox.protocol import Connection


class Commands:
    """The commands on one container; `on_status` hears of pause and unpause."""

    def __init__(
        self,
        loop: Loop,
        child: Child,
        stdio: Stdio,
        *,
        group: ControlGroup | None,
        tier: Tier,
        on_status: Callable[[Action], None],
    ) -> None:
        self.child = child
        self._on_status = on_status
        self._loop, self._stdio, self._group, self._tier = loop, stdio, group, tier
        self._waiting: dict[int, tuple[Connection, dict[str, int]]] = {}
        self._workers: dict[int, int] = {}

    def table(self) -> dict[str, Command]:
        """The commands by name."""
        return {
            "kill": self._kill,
            "pause": lambda *_: self._freeze(Action.PAUSE),
            "unpause": lambda *_: self._freeze(Action.UNPAUSE),
            "resize": self._resize,
            "stats": lambda *_: asdict(self._group.usage()) if self._group else {},
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
        """The container has ended: tell all who wait, and let the exec workers end."""
        for connection, _ in self._waiting.values():
            reply(connection, {"result": result})
            connection.close()
        for pid in self._workers.values():
            os.waitpid(pid, 0)

    def _kill(self, _connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> None:
        number = signal.Signals(message["signal"])
        # A paused process hears nothing but SIGKILL, and that only once it goes on.
        self.child.kill(number)
        if number == signal.SIGKILL and self._group:
            self._group.freeze(frozen=False)

    def _freeze(self, action: Action) -> None:
        if self._group is None or not self._group.freeze(frozen=action is Action.PAUSE):
            raise IsolationError("runtime.no-freezer", facet="limits")
        self._on_status(action)

    def _resize(self, _connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> None:
        self._stdio.resize(message["rows"], message["columns"])

    def _wait(self, connection: Connection, _message: dict[str, Any], _descriptors: list[int]) -> object:
        self._waiting[connection.fileno()] = (connection, {})
        return LATER

    def _attach(self, connection: Connection, message: dict[str, Any], descriptors: list[int]) -> object:
        streams = dict(zip(message["streams"], descriptors, strict=False))
        self._stdio.attach(streams)
        self._waiting[connection.fileno()] = (connection, streams)
        reply(connection, {"attached": True})
        return LATER

    def _gone(self, connection: Connection, _message: dict[str, Any], _descriptors: list[int]) -> None:
        for number, (waiting, streams) in tuple(self._waiting.items()):
            if waiting is connection:
                del self._waiting[number]
                self._stdio.detach(streams)

    def _exec(self, connection: Connection, message: dict[str, Any], descriptors: list[int]) -> object:
        """Hand the connection to a forked worker: joining namespaces is a way of no return."""
        doors = self._group.open_doors() if self._group else ()
        pid = os.fork()
        if pid == 0:
            joining.work(connection, message, descriptors, self._target(doors))
        for descriptor in (*doors, *descriptors):
            os.close(descriptor)
        self._loop.forget(connection)
        connection.close()
        pidfd = os.pidfd_open(pid)
        self._workers[pidfd] = pid
        self._loop.watch(pidfd, lambda: self._bury(pidfd))
        return LATER

    def _target(self, doors: tuple[int, ...]) -> joining.Target:
        return joining.Target(self.child.namespaces, doors, self._tier)

    def _bury(self, pidfd: int) -> None:
        self._loop.forget(pidfd)
        os.close(pidfd)
        os.waitpid(self._workers.pop(pidfd), 0)
        orphans.bury({self.child.pid, *self._workers.values()})


def check_signal(name: str) -> int:
    """The number of `TERM`, `SIGTERM` or `15`; raises ContainerError for another word."""
    with contextlib.suppress(ValueError):
        return signal.Signals(int(name)).value
    try:
        return signal.Signals[f"SIG{name.upper().removeprefix('SIG')}"].value
    except KeyError:
        raise ContainerError("runtime.unknown-signal", signal=name) from None
