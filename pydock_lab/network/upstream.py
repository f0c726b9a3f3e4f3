"""Questions that somebody else has to answer: passed on to name servers, and their answers back, without waiting.

    question --- UDP ---> first server ---- no answer in time, or refused ----> second server ...
             --- TCP ---> for who asked by TCP, because an answer did not fit into a datagram

A question by UDP has a socket of its own: the kernel chooses a port that nobody can guess, and takes no answer from
anybody but the server. Source: RFC 5452 (answers that are not forged), RFC 7766 (TCP).
"""

import select
import socket
import struct
from collections.abc import Callable, Iterator, Sequence
from ipaddress import ip_address
from time import monotonic
from typing import TypeAlias

from pydock_lab.network import dns
from pydock_lab.network.dns import Message, Status
from pydock_lab.network.watcher import Sweeper, Watcher

OnAnswer: TypeAlias = Callable[[bytes], None]
# A new socket for an address family and a kind, of the network in which the servers are to be asked.
Open: TypeAlias = Callable[[int, int], socket.socket]
_Address: TypeAlias = tuple[str, int]

_DOMAIN = 53
_SECONDS = 2.0  # for each server: three of them are asked before a program loses patience
_MOST_AT_ONCE = 64
_LARGE = 65535
LENGTH = struct.Struct("!H")


def open_here(family: int, kind: int) -> socket.socket:
    """A socket of the network that this process is in."""
    end = socket.socket(family, kind)
    end.setblocking(False)
    return end


class Upstream:
    """The name servers of the outside, asked one after the other; `open_socket` says from where."""

    def __init__(
        self, watcher: Watcher, servers: Sequence[str], open_socket: Open = open_here, *, port: int = _DOMAIN
    ) -> None:
        self._watcher, self._open = watcher, open_socket
        self._servers = [(server, port) for server in servers]
        self._asked: set[_Asking] = set()
        self._sweeper = Sweeper(watcher, _SECONDS / 4, self._lose_patience)

    def ask(self, question: Message, content: bytes, kind: int, on_answer: OnAnswer) -> None:
        """Pass a question on as it came, by SOCK_DGRAM or SOCK_STREAM; without any answer SERVFAIL is the answer."""

        def end(answer: bytes | None) -> None:
            self._asked.discard(asking)
            on_answer(answer or question.answer(status=Status.SERVFAIL).write())

        servers = self._servers if len(self._asked) < _MOST_AT_ONCE else []
        asking = _Asking(self._watcher, question, content, kind, end)
        self._asked.add(asking)
        asking.ask(iter(servers), self._open)
        self._sweeper.start()

    def _lose_patience(self) -> bool:
        for asking in tuple(self._asked):
            asking.lose_patience()
        return bool(self._asked)

    def close(self) -> None:
        """Wait for nobody any more."""
        for asking in self._asked:
            asking.close()
        self._asked.clear()


class _Asking:
    """One question on its way to one server after the other."""

    def __init__(
        self, watcher: Watcher, question: Message, content: bytes, kind: int, end: Callable[[bytes | None], None]
    ) -> None:
        self._watcher, self._question, self._end = watcher, question, end
        self._kind, self._is_stream = kind, kind == socket.SOCK_STREAM
        self._whole = LENGTH.pack(len(content)) + content if self._is_stream else content
        self._socket: socket.socket | None = None
        self._to_send = self._received = b""
        self._last: bytes | None = None
        self._give_up: Callable[[], None] = self.close
        self._since = 0.0

    def ask(self, servers: Iterator[_Address], open_socket: Open) -> None:
        """Ask the next server that can be asked; the end when there is none left."""
        self.close()
        self._give_up = lambda: self.ask(servers, open_socket)
        for server in servers:
            try:
                self._send(server, open_socket)
            except OSError:
                self.close()
                continue
            return
        self._end(self._last)

    def _send(self, server: _Address, open_socket: Open) -> None:
        is_ipv6 = ip_address(server[0].partition("%")[0]).version == 6  # noqa: PLR2004 - IPv6
        self._socket = end = open_socket(socket.AF_INET6 if is_ipv6 else socket.AF_INET, self._kind)
        self._to_send, self._received = self._whole, b""
        # A datagram socket that is connected is also told of a port where nobody listens (ECONNREFUSED).
        end.connect_ex(server)
        # A stream can be written to when it is connected; a datagram at once.
        self._watcher.watch(end, self._handle, select.EPOLLOUT)
        self._since = monotonic()

    def lose_patience(self) -> None:
        """Ask the next server if this one has taken its time."""
        if monotonic() - self._since > _SECONDS:
            self._give_up()

    def _handle(self) -> None:
        assert self._socket is not None  # noqa: S101 - for mypy; a closed one is not watched
        try:
            answer = self._converse(self._socket)
        except BlockingIOError:
            return
        except OSError:  # refused, or ended in the middle
            self._give_up()
            return
        if answer is not None and dns.is_answer(answer, self._question):
            self._take(answer)

    def _converse(self, end: socket.socket) -> bytes | None:
        """Send what is still to be sent, then receive: what came, once it is whole."""
        if self._to_send:
            self._to_send = self._to_send[end.send(self._to_send) :]
            if not self._to_send:
                self._watcher.again(end, select.EPOLLIN)
            return None
        chunk = end.recv(_LARGE)
        if not self._is_stream:
            return chunk
        if not chunk:
            raise ConnectionResetError
        self._received += chunk
        if len(self._received) < LENGTH.size:
            return None
        (length,) = LENGTH.unpack_from(self._received)
        whole = self._received[LENGTH.size : LENGTH.size + length]
        return whole if len(whole) == length else None

    def _take(self, answer: bytes) -> None:
        """A server that does not know is no reason not to ask the next one."""
        self._last = answer
        if dns.status_of(answer) in (Status.SERVFAIL, Status.REFUSED):
            self._give_up()
            return
        self.close()
        self._end(answer)

    def close(self) -> None:
        """Close its socket."""
        if self._socket is not None:
            self._watcher.forget(self._socket)
            self._socket.close()
            self._socket = None
