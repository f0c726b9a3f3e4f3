"""The name server of a container, at 127.0.0.11: answered by its shim, in the loop that does everything else.

    container: "web?" ---> 127.0.0.11:53 (sockets made inside) ---> shim: names.py     "172.18.0.3"
                                                                      '-> upstream.py  for all other names

What comes from a container is not to be trusted: a message that means nothing is answered with FORMERR or not at all,
and who asks without end has its turn like everybody else.
"""

import contextlib
import socket
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import TypeAlias

from pydock_lab.network import dns
from pydock_lab.network.dns import SMALLEST_LIMIT, MalformedMessage, Message, Status
from pydock_lab.network.names import Names
from pydock_lab.network.upstream import LENGTH, Upstream
from pydock_lab.network.watcher import Sweeper, Watcher

_AT_ONCE = 16  # questions before others have their turn
_LARGE = 65535
_MOST_LIMIT = 4096  # bytes of an answer over UDP, whatever the asker says
_MOST_STREAMS = 16
_STREAM_SECONDS = 10.0
_QUESTION = 0  # the only operation there is an answer to

_Reply: TypeAlias = Callable[[bytes], None]


class Resolver:
    """Answers what comes in at two sockets; without `upstream` there is nobody else to ask."""

    def __init__(self, watcher: Watcher, names: Names, upstream: Upstream | None) -> None:
        self._watcher, self._names = watcher, names
        self.upstream = upstream
        self._streams: set[_Stream] = set()
        self._sweeper = Sweeper(watcher, _STREAM_SECONDS / 2, self._close_old_streams)

    def serve(self, datagrams: socket.socket, streams: socket.socket) -> None:
        """From now on."""
        self._watcher.watch(datagrams, lambda: self._receive(datagrams))
        self._watcher.watch(streams, lambda: self._accept(streams))

    def close(self) -> None:
        """Close the connections that are open."""
        for stream in tuple(self._streams):
            stream.close()

    def answer(self, content: bytes, kind: int, reply: _Reply) -> None:
        """Answer a message that came by SOCK_DGRAM or SOCK_STREAM: by calling `reply` now, later, or never."""
        try:
            question = Message.read(content)
        except MalformedMessage:
            refusal = dns.refuse(content, Status.FORMERR)
            if refusal:
                reply(refusal)
            return
        if dns.Flag.ANSWER in question.flags:
            return  # two name servers that answer each other's answers would never come to an end
        if question.operation != _QUESTION:
            reply(question.answer(status=Status.NOTIMP).write())
            return
        try:
            answer = self._names.answer(question)
        except (ValueError, OSError):  # a name that cannot be written as one, a folder that cannot be read
            answer = question.answer(status=Status.SERVFAIL)
        if answer is not None:
            reply(answer.write(_LARGE if kind == socket.SOCK_STREAM else _limit(question)))
        elif self.upstream is not None:
            self.upstream.ask(question, content, kind, reply)
        else:
            reply(question.answer(status=Status.SERVFAIL).write())

    def _receive(self, end: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                content, sender = end.recvfrom(_LARGE)
            except OSError:
                return

            self.answer(content, socket.SOCK_DGRAM, partial(_send, end, sender))

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            end, _ = listener.accept()
            end.setblocking(False)
            if len(self._streams) >= _MOST_STREAMS:
                end.close()
                return
            self._streams.add(_Stream(self._watcher, end, self.answer, self._streams.discard))
            self._sweeper.start()

    def _close_old_streams(self) -> bool:
        oldest = monotonic() - _STREAM_SECONDS
        for stream in [one for one in self._streams if one.since < oldest]:
            stream.close()
        return bool(self._streams)


def _send(end: socket.socket, receiver: tuple[str, int], answer: bytes) -> None:
    with contextlib.suppress(OSError):  # the asker has gone, or does not read
        end.sendto(answer, receiver)


def _limit(question: Message) -> int:
    return min(_MOST_LIMIT, max(SMALLEST_LIMIT, question.limit or 0))


class _Stream:
    """A connection over which questions come one after the other, each with its length in front."""

    def __init__(
        self,
        watcher: Watcher,
        end: socket.socket,
        answer: Callable[[bytes, int, _Reply], None],
        at_end: Callable[["_Stream"], None],
    ) -> None:
        self._watcher, self._end, self._answer, self._at_end = watcher, end, answer, at_end
        self._received = b""
        self.since = monotonic()
        watcher.watch(end, self._receive)

    def _receive(self) -> None:
        try:
            chunk = self._end.recv(_LARGE)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self.close()
            return
        self._received += chunk
        while len(self._received) >= LENGTH.size:
            (length,) = LENGTH.unpack_from(self._received)
            content = self._received[LENGTH.size : LENGTH.size + length]
            if len(content) < length:
                return
            self._received = self._received[LENGTH.size + length :]
            self._answer(content, socket.SOCK_STREAM, self._reply)

    def _reply(self, answer: bytes) -> None:
        try:
            # A whole answer fits into the socket's buffer; who reads none of them is let go.
            sent = self._end.send(LENGTH.pack(len(answer)) + answer)
        except OSError:
            sent = 0
        if sent < LENGTH.size + len(answer):
            self.close()

    def close(self) -> None:
        """Ask nothing more."""
        if self._end.fileno() >= 0:
            self._watcher.forget(self._end)
            self._end.close()
            self._at_end(self)
