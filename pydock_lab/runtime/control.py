"""`control.sock`: how others reach a container whose engine has gone, or is another one.

Each message is {"do": ..., ...}, answered with {"result": ...} or {"error": ...}; the protocol is that of the
sandbox. `wait` and `attach` are answered when the container has ended, `exec` by the worker that does it.

Only the container's own user is heard, and root. In a user namespace the host's root is one of those who have no number
there, and look alike (user_namespaces(7)): of these the socket's mode lets in nobody else.
"""

import contextlib
import os
import socket
import struct
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

from pydock_lab.errors import ContainerError, PydockError
from pydock_lab.linux.tiers import Tier
from pydock_lab.runtime.loop import Loop
from pydock_lab.sandbox.protocol import Connection, Message

SOCKET_FILE = "control.sock"
_CREDENTIALS = struct.Struct("3i")
_OVERFLOW = 65534  # the number of who has none: /proc/sys/kernel/overflowuid, which nobody changes

Command: TypeAlias = Callable[[Connection, dict[str, Any], list[int]], Any]

# What a command returns when its answer comes later, from elsewhere.
LATER = object()


def listen(directory: Path) -> int:
    """A descriptor on which others can knock from now on, through the socket in `directory`."""
    # A shim that was killed has left its own, and bind(2) takes no name that is there (EADDRINUSE).
    with contextlib.suppress(FileNotFoundError):
        os.unlink(directory / SOCKET_FILE)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    with _short_path(directory) as path:
        listener.bind(path)
        # Until it listens, nobody gets in: whatever the umask is, or a default ACL.
        os.chmod(path, 0o600)
    listener.listen(16)
    return listener.detach()


def heard_users(tier: Tier) -> frozenset[int]:
    """The users who may knock, by their numbers as they are seen from where the container's shim is."""
    return frozenset({os.getuid(), 0, *([_OVERFLOW] if tier.in_user_namespace else ())})


class Control:
    """Hears who knocks at the `listener` of a container's directory, and calls `commands` by name.

    `tier` is the ground that we stand on.
    """

    def __init__(self, loop: Loop, listener: int, directory: str, commands: dict[str, Command], tier: Tier) -> None:
        self._loop, self._directory, self._commands = loop, directory, commands
        self._heard = heard_users(tier)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, listener)
        self._is_closed = False
        loop.watch(self._listener, self._accept)

    def _accept(self) -> None:
        end, _ = self._listener.accept()
        credentials = end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        if _CREDENTIALS.unpack(credentials)[1] not in self._heard:
            end.close()
            return
        connection = Connection(end)
        self._loop.watch(connection, lambda: self._receive(connection))

    def _receive(self, connection: Connection) -> None:
        received = connection.receive()
        if received is None or self._is_closed:
            # Who has asked just as it ended finds the answer written down.
            self._loop.forget(connection)
            self._commands["gone"](connection, {}, [])
            connection.close()
            return
        message, descriptors = received
        command: Command = self._commands.get(message.get("do", ""), _unknown)
        try:
            result = command(connection, message, descriptors)
        except PydockError as error:
            reply(connection, {"error": error.to_json()})
        except (LookupError, TypeError, ValueError, OSError):
            # Whatever was asked: who asks wrongly is told so, and the container lives on.
            reply(connection, {"failure": traceback.format_exc()})
        else:
            if result is not LATER:
                reply(connection, {"result": result})

    def close(self) -> None:
        """Nobody can reach the container any more, nor be answered; those who wait for its end are no longer ours."""
        self._is_closed = True
        self._loop.forget(self._listener)
        self._listener.close()
        with contextlib.suppress(OSError):
            os.unlink(os.path.join(self._directory, SOCKET_FILE))


def _unknown(_connection: Connection, message: dict[str, Any], _descriptors: list[int]) -> Any:
    raise ContainerError("runtime.unknown-command", command=str(message.get("do", "")))


def reply(connection: Connection, message: Message) -> None:
    """Answer, unless the other side has gone."""
    with contextlib.suppress(OSError):
        connection.send(message)


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
