"""How engine, zygote and shims talk: messages over a unix socket, with open files passed along.

    | length, 4 bytes | JSON, that many bytes |     and, with the first byte, file descriptors (unix(7), SCM_RIGHTS)

Between a process and its forks, which are the same program, it is Python's own marshal instead of JSON (`Kin`): that
takes a tenth of the time, and a start waits for it twice.

A request is {"job": "package.module:function", "arguments": ...}. What comes back are any number of events, then
exactly one {"result": ...}, {"error": ...} (a PydockError as plain data) or {"failure": traceback}.
"""

import array
import json
import marshal
import select
import socket
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeAlias

Message: TypeAlias = Mapping[str, Any]

PROTOCOL = 1
_LENGTH = struct.Struct("!I")
_MAX_DESCRIPTORS = 64
_MAX_MESSAGE = 64 * 1024 * 1024  # bytes; both ends are ours, so this only stops a stray writer


class Connection:
    """One end of a conversation; closing it is how either side says that it goes away."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._unsaid = b""

    @classmethod
    def of(cls, descriptor: int) -> Self:
        """The connection behind a descriptor that came along with a message."""
        # Python asks the kernel for what it does not know; we know.
        return cls(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor))

    def is_over(self) -> bool:
        """Whether the other side has gone; what it sent before can still be received."""
        poll = select.poll()
        poll.register(self.socket, 0)
        return bool(poll.poll(0))

    def fileno(self) -> int:
        """The descriptor, to be polled."""
        return self.socket.fileno()

    def hold(self, message: Message) -> None:
        """Send this ahead of the next message, in one go: the other side is woken once for both."""
        self._unsaid += self._frame(message)

    def send(self, message: Message, descriptors: Sequence[int] = ()) -> None:
        """Send one message; raises OSError (BrokenPipeError) when the other side has gone."""
        frame, self._unsaid = self._unsaid + self._frame(message), b""
        attached = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
        sent = self.socket.sendmsg([frame], attached, socket.MSG_NOSIGNAL)
        if sent < len(frame):
            # Without the descriptors: they have gone along with the first byte.
            self.socket.sendall(memoryview(frame)[sent:])

    def receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """The next message and its descriptors (closed at exec), or None when the other side has gone."""
        try:
            head, descriptors = self._receive_head()
            if len(head) < _LENGTH.size:
                return None
            (length,) = _LENGTH.unpack(head)
            body = self._receive_exactly(length) if length <= _MAX_MESSAGE else b""
        except ConnectionError:
            return None
        return (self._unpacked(body), descriptors) if body else None

    def _frame(self, message: Message) -> bytes:
        body = self._packed(message)
        return _LENGTH.pack(len(body)) + body

    @staticmethod
    def _packed(message: Message) -> bytes:
        return json.dumps(message, separators=(",", ":")).encode()

    @staticmethod
    def _unpacked(body: bytes) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(body)
        return found

    def _receive_head(self) -> tuple[bytes, list[int]]:
        numbers = array.array("i")
        space = socket.CMSG_SPACE(_MAX_DESCRIPTORS * numbers.itemsize)
        # Closed at exec from the first instant: a thread of the engine may be starting a program just then.
        head, attached, _, _ = self.socket.recvmsg(_LENGTH.size, space, socket.MSG_CMSG_CLOEXEC)
        for level, kind, content in attached:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
        if 0 < len(head) < _LENGTH.size:
            head += self._receive_exactly(_LENGTH.size - len(head))
        return head, list(numbers)

    def _receive_exactly(self, count: int) -> bytes:
        content = bytearray()
        while len(content) < count:
            chunk = self.socket.recv(count - len(content))
            if not chunk:
                return b""
            content += chunk
        return bytes(content)

    def close(self) -> None:
        """Go away."""
        self.socket.close()


class Kin(Connection):
    """The same between a process and its forks, for as long as these have become no other program."""

    @staticmethod
    def _packed(message: Message) -> bytes:
        try:
            return marshal.dumps(dict(message))
        except ValueError:  # a kind of text or number of our own, which JSON makes a plain one
            return marshal.dumps(json.loads(json.dumps(message)))

    @staticmethod
    def _unpacked(body: bytes) -> dict[str, Any]:
        found: dict[str, Any] = marshal.loads(body)  # noqa: S302 - from the same program
        return found
