"""What can be asked of a running container, by its engine or through `control.sock`."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from pydock_lab.errors import ContainerError, IsolationError, PydockError
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.network import hub
from pydock_lab.oci.runtime_spec import Endpoint, Limits, ProcessSpec
from pydock_lab.runtime import groups, joining, membership
from pydock_lab.runtime.control import LATER, Command, reply
from pydock_lab.runtime.joining import Manner
from pydock_lab.runtime.restart import RestartPolicy
from pydock_lab.runtime.state import Action, Status

if TYPE_CHECKING:
    from pydock_lab.runtime.shim import Shim
    from pydock_lab.sandbox.protocol import Connection


_WATCHED = Manner()


def _tell_end(connection: Connection, result: dict[str, Any]) -> None:
    reply(connection, {"result": result})
    connection.close()


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
            "stop": self._stop,
            "update": self._update,
            "pause": lambda *_: self._freeze(Action.PAUSE),
            "unpause": lambda *_: self._freeze(Action.UNPAUSE),
            "resize": self._resize,
            "processes": lambda *_: self._pids(),
            "stats": self._stats,
            "wait": self._wait,
            "attach": self._attach,
            "exec": self._exec,
            "share": self._share,
            "gone": self._gone,
            "connect": self._connect,
            "disconnect": self._disconnect,
            "rename": self._rename,
            "hub": self._bequeath,
        }

    def do(self, connection: Connection, message: dict[str, Any], descriptors: list[int]) -> None:
        """Do a command without an answer: for the connection whose answer is the container's end."""
        with contextlib.suppress(PydockError):
            self.table()[message["do"]](connection, message, descriptors)

    def finish(self, result: dict[str, Any]) -> None:
        """The container has ended: tell all who wait."""
        for connection, streams in self._waiting.values():
            self._shim.part(connection, streams, partial(_tell_end, connection, result))
        self._waiting.clear()

    @property
    def has_workers(self) -> bool:
        """Whether there are workers of exec, which may outlive their programs: their watchers do not read."""
        return bool(self._workers)

    def _kill(self, connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> object:
        number = int(message["signal"])
        # Any other signal (`docker kill -s HUP`) is not meant to end it: its restart policy stays.
        if number in (signal.SIGKILL, self._shim.stop_signal):
            self._shim.stop_by_hand()
            self._end_with(number)
        else:
            self._send(number)
        return self._answer(connection)

    def _answer(self, connection: Connection) -> object:
        """None; nothing at all to who is attached, and waits for one answer only: the end."""
        return LATER if connection.fileno() in self._waiting else None

    def _send(self, number: int) -> None:
        self._shim.tell("kill", signal=str(number))
        self._shim.life.kill(number)

    def _end_with(self, number: int) -> None:
        """A signal that is to end it: who is paused hears it only once he goes on, as with Docker."""
        self._send(number)
        if self._shim.state.status is Status.PAUSED:
            with contextlib.suppress(IsolationError):  # SIGKILL has been quicker
                self._freeze(Action.UNPAUSE)

    def _stop(self, connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> object:
        """`docker stop`: the stop signal, SIGKILL after so many seconds (-1: never); the answer is its end."""
        shim = self._shim
        if message.get("keep", False):
            shim.keep()
        shim.stop_by_hand()
        self._waiting[connection.fileno()] = (connection, {})
        if shim.is_running:
            self._end_with(message["signal"])
            if message["timeout"] >= 0:
                shim.loop.later(message["timeout"], self._insist)
        return LATER

    def _insist(self) -> None:
        if self._shim.is_running:
            self._end_with(signal.SIGKILL)

    def _update(
        self, _connection: Connection, message: dict[str, Any], _descriptors: list[int]
    ) -> list[dict[str, Any]]:
        """`docker update`: other limits, and another restart policy; gives notes of what is not in force."""
        if "restart" in message:
            self._shim.change_policy(RestartPolicy.from_json(message["restart"]))
        limits = Limits.from_json(message["limits"])
        self._shim.change_limits(limits)
        return list(groups.limit(self._shim.life.group, limits))

    def _freeze(self, action: Action) -> None:
        group = self._shim.life.group
        if group is None or not group.freeze(frozen=action is Action.PAUSE):
            raise IsolationError("runtime.no-freezer", facet="limits")
        self._shim.note(action)
        self._shim.tell(action)

    def _resize(self, connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> object:
        self._shim.stdio.resize(message["rows"], message["columns"])
        return self._answer(connection)

    def _stats(self, _connection: Connection, _message: dict[str, Any], _descriptors: list[int]) -> dict[str, Any]:
        group = self._shim.life.group
        return asdict(group.usage() if group else membership.usage(self._pids()))

    def _pids(self) -> list[int]:
        return membership.pids(self._shim.life)

    def _wait(self, connection: Connection, _message: dict[str, Any], _descriptors: list[int]) -> object:
        self._waiting[connection.fileno()] = (connection, {})
        return LATER

    def _attach(self, connection: Connection, message: dict[str, Any], descriptors: list[int]) -> object:
        streams = dict(zip(message["streams"], descriptors, strict=False))

        def let_go() -> None:
            reply(connection, {"detached": True})
            self._gone(connection, {}, [])

        self._shim.stdio.attach(streams, keys=bytes.fromhex(message.get("detach_keys", "")), let_go=let_go)
        self._waiting[connection.fileno()] = (connection, streams)
        reply(connection, {"attached": True})
        self._shim.tell("attach")
        return LATER

    def _share(self, connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> object:
        """Give a namespace to who starts a container that is to live in it, too."""
        namespaces = self._shim.life.of_kind("ns:")
        if message["kind"] == "net" and "net" not in namespaces:
            raise ContainerError("network.not-shareable", container=os.path.basename(self._shim.directory)[:12])
        with contextlib.suppress(OSError):  # who asks has gone
            connection.send({"result": True}, [namespaces[message["kind"]]])
        return LATER

    def _connect(self, _connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> None:
        self._shim.network.connect(Endpoint.from_json(message["endpoint"]))
        self._shim.note_network()

    def _disconnect(self, _connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> None:
        self._shim.network.disconnect(message["network"])
        self._shim.note_network()

    def _rename(self, _connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> None:
        self._shim.network.rename(message["name"])
        self._shim.change_name(message["name"])
        self._shim.note_network()

    def _gone(self, connection: Connection, _message: dict[str, Any], _descriptors: list[int]) -> None:
        for number, (waiting, streams) in tuple(self._waiting.items()):
            if waiting is connection:
                del self._waiting[number]
                self._shim.stdio.detach(streams)
                if streams:
                    self._shim.tell("detach")

    def _bequeath(self, connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> object:
        """Give the ground that we stand on, and the hub, to a zygote that follows one that was killed.

        Nothing where there is neither, and where another ground is wanted.
        """
        tier = self._shim.tier
        if not tier.has_namespaces or message.get("tier") not in (None, "", tier):
            return None
        users = os.open("/proc/self/ns/user", os.O_RDONLY | os.O_CLOEXEC)
        with contextlib.suppress(OSError):  # the asker has gone
            connection.send({"result": tier}, [users, *hub.get().descriptors])
        os.close(users)
        return LATER

    def _exec(self, connection: Connection, message: dict[str, Any], descriptors: list[int]) -> object:
        self._shim.loop.forget(connection)
        process = ProcessSpec.from_json(message["process"])
        manner = Manner(detached=message.get("detach", False), keys=bytes.fromhex(message.get("detach_keys", "")))
        number = {"execID": os.urandom(32).hex()}  # by which `docker events` keeps several apart
        streams = dict(zip(message["streams"], descriptors, strict=False))
        self.join(
            connection,
            process,
            streams,
            manner,
            on_end=lambda code: self._shim.tell("exec_die", **number, exitCode=str(code)),
        )
        words = " ".join(process.args)
        self._shim.tell(f"exec_create: {words}", **number)
        self._shim.tell(f"exec_start: {words}", **number)
        return LATER

    def join(
        self,
        connection: Connection,
        process: ProcessSpec,
        streams: dict[str, int],
        manner: Manner = _WATCHED,
        on_end: Callable[[int], None] = lambda _code: None,
    ) -> None:
        """Hand a connection to a worker, for another program in the container: the way into namespaces is one-way.

        `on_end` hears the program's exit status. The connection and the streams' descriptors are closed here then.
        """
        shim = self._shim
        pid, pidfd = syscalls.clone3(Namespace(0))
        if pid == 0:
            shim.family.leave()
            shim.network.let_go()
            target = joining.Target(shim.life.of_kind("ns:"), shim.life.group, shim.life.pid, shim.tier)
            joining.work(connection, process, streams, target, manner)
        for descriptor in (pidfd, *streams.values()):
            os.close(descriptor)
        connection.close()
        self._workers.add(pid)

        def bury(code: int) -> None:
            self._workers.discard(pid)
            on_end(code)

        shim.family.expect(pid, bury)
