"""`control.sock`: how others reach a container whose engine has gone, or is another one.

Each message is {"do": ..., ...}, answered with {"result": ...} or {"error": ...}; the protocol is that of the
sandbox. `wait` and `attach` are answered when the container has ended, `exec` by the worker that does it.
"""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from pydock_lab.errors import PydockError
from pydock_lab.runtime.relay import Loop
from pydock_lab.sandbox.protocol import Connection

SOCKET_FILE = "control.sock"

Command: TypeAlias = Callable[[Connection, dict[str, Any], list[int]], Any]

# What a command returns when its answer comes later, from elsewhere.
LATER = object()


class Control:
    """Listens in the container's directory and calls `commands` by name."""

    def __init__(self, loop: Loop, directory: Path, commands: dict[str, Command]) -> None:
        self._loop, self._directory, self._commands = loop, directory, commands
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
        (directory / SOCKET_FILE).unlink(missing_ok=True)
        with _short_path(directory) as path:
            self._listener.bind(path)
        self._listener.listen(16)
        loop.watch(self._listener, self._accept)

    def _accept(self) -> None:
        end, _ = self._listener.accept()
        connection = Connection(end)
        self._loop.watch(connection, lambda: self._receive(connection))

    def _receive(self, connection: Connection) -> None:
        received = connection.receive()
        if received is None:
            self._loop.forget(connection)
            connection.close()
            self._commands["gone"](connection, {}, [])
            return
        message, descriptors = received
        try:
            command = self._commands[message["do"]]
            result = command(connection, message, descriptors)
        except PydockError as error:
            reply(connection, {"error": error.to_json()})
        else:
            if result is not LATER:
                reply(connection, {"result": result})

    def close(self) -> None:
        """Nobody can reach the container any more."""
        self._loop.forget(self._listener)
        self._listener.close()
        (self._directory / SOCKET_FILE).unlink(missing_ok=True)


def reply(connection: Connection, message: dict[str, Any]) -> None:
    """Answer, unless the other side has gone."""
    try:
        connection.send(message)
    except OSError:
        return


def dial(directory: Path) -> Connection:
    """Reach the shim of a container; raises OSError when there is none."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        with _short_path(directory) as path:
            end.connect(path)
    except OSError:
        end.close()
        raise
    return Connection(end)


class _short_path:  # noqa: N801 - used like a function
    """The socket's path in at most 107 bytes, however deep the directory lies: through a descriptor of it."""

    def __init__(self, directory: Path) -> None:
        self._descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._descriptor}/{SOCKET_FILE}"

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)
