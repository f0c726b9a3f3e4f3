"""Published ports: what comes in on a port of the host goes on to a port of the container, and back.

A socket belongs to the network namespace in which it was made, wherever the process that holds it is. So the shim
needs no helper: its listeners are of the host's network, and what it connects to the container comes from a supply of
sockets made in the hub. The container sees the gateway of its network as the client, as it does behind Docker's proxy.

Bytes of TCP are moved by splice(2), from socket to pipe to socket, without passing through Python.

    client --- splice ---> pipe --- splice ---> container       one pipe serves all connections in turn: only where
           <-- splice ---- pipe <-- splice ----                 the receiver is slower does a connection keep its own
"""

import contextlib
import errno
import fcntl
import os
import resource
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydock_lab.network.ports import Listener
from pydock_lab.network.supply import Supply
from pydock_lab.network.watcher import EDGES, Sweeper, Watcher

# For the pipe; a socket is asked to block or not by its own O_NONBLOCK (splice(2)).
_SPLICE_NONBLOCK = 2
_PIPE_SIZE = 1 << 20  # bytes; without privilege the kernel may give less
_SET_PIPE_SIZE = 1031
_AT_ONCE = 4 << 20  # bytes of one connection before others have their turn
_DATAGRAM = 65535
_DATAGRAMS_AT_ONCE = 64
_UDP_SECONDS = 60
_MOST_UDP = 512  # clients at a time
_DESCRIPTORS_EACH = 4  # of a TCP connection: two sockets, and a pipe where one side is slow
_OTHERS = 64  # descriptors that a shim has for other things, and more


class Pipes:
    """Empty pipes, as many as were needed at one time."""

    def __init__(self) -> None:
        self._free: list[tuple[int, int]] = []

    def take(self) -> tuple[int, int]:
        """An empty pipe: reader and writer; raises OSError."""
        if self._free:
            return self._free.pop()
        pipe = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        with contextlib.suppress(OSError):  # beyond what one user may have: a smaller one does
            fcntl.fcntl(pipe[1], _SET_PIPE_SIZE, _PIPE_SIZE)
        return pipe

    def give_back(self, pipe: tuple[int, int], *, is_empty: bool) -> None:
        """Keep it for others, if nothing is left in it."""
        if is_empty and not self._free:
            self._free.append(pipe)
            return
        for end in pipe:
            os.close(end)

    def close(self) -> None:
        """Close those that wait."""
        for pipe in self._free:
            for end in pipe:
                os.close(end)
        self._free.clear()


@dataclass(slots=True)
class _Way:
    """One direction of a TCP connection; `waiting` bytes are in the pipe."""

    source: socket.socket
    target: socket.socket
    pipes: Pipes
    pipe: tuple[int, int] | None = None
    waiting: int = 0
    ended: bool = False

    def move(self) -> bool:
        """Move what can be moved now; True where there may be more. Raises OSError."""
        left = _AT_ONCE
        try:
            while left > 0 and (self.waiting or not self.ended):
                left -= self._step()
        except BlockingIOError:
            return False
        finally:
            if self.pipe and not self.waiting:
                self.close()
        return left <= 0

    def _step(self) -> int:
        """Fill the pipe and empty it again, as far as that goes; how much came out."""
        self.pipe = self.pipe or self.pipes.take()
        if not self.waiting:
            self.waiting = os.splice(self.source.fileno(), self.pipe[1], _PIPE_SIZE, flags=_SPLICE_NONBLOCK)
            if not self.waiting:
                self.ended = True
                # The other direction stays open: who has said all may still be waiting for the answer.
                self.target.shutdown(socket.SHUT_WR)
                return 0
        moved = os.splice(self.pipe[0], self.target.fileno(), self.waiting, flags=_SPLICE_NONBLOCK)
        self.waiting -= moved
        return moved

    def close(self) -> None:
        if self.pipe:
            self.pipes.give_back(self.pipe, is_empty=not self.waiting)
            self.pipe = None


@dataclass(slots=True)
class _Pair:
    """A TCP connection: the client's socket, the container's, and the two ways between them."""

    client: socket.socket
    server: socket.socket
    ways: tuple[_Way, _Way]
    connected: bool = False


@dataclass(slots=True)
class _Talk:
    """Who sends datagrams, through which socket to the container, and when last."""

    server: socket.socket
    used: float = field(default_factory=time.monotonic)


class Forwarder:
    """Passes on what comes in at listeners, to the container at `address`."""

    def __init__(self, watcher: Watcher, supply: Supply, address: str) -> None:
        self._watcher, self._supply = watcher, supply
        self.address = address
        self._pipes = Pipes()
        self._talks: dict[tuple[int, Any], _Talk] = {}
        self._sweeper = Sweeper(watcher, _UDP_SECONDS, self._forget_old_talks)
        self._connections = 0
        self._most = _room() // _DESCRIPTORS_EACH
        self._paused: list[Listener] = []

    def serve(self, listeners: Iterable[Listener]) -> None:
        """From now on."""
        for one in listeners:
            if one.port.protocol == "tcp":
                self._watch(one)
            else:
                self._watch_datagrams(one)

    def close(self) -> None:
        """Close the pipes that wait."""
        self._pipes.close()

    # ---- TCP

    def _watch(self, listener: Listener) -> None:
        self._watcher.watch(listener.socket, lambda: self._accept(listener))

    def _accept(self, listener: Listener) -> None:
        if self._connections >= self._most:
            # Who knocks waits until somebody has left.
            self._watcher.forget(listener.socket)
            self._paused.append(listener)
            return
        try:
            client, _ = listener.socket.accept()
        except OSError:
            return  # it has gone again
        try:
            self._connect(client, listener.port.container_port)
        except OSError:
            client.close()

    def _connect(self, client: socket.socket, port: int) -> None:
        client.setblocking(False)
        server = self._supply.take(socket.SOCK_STREAM)
        code = server.connect_ex((self.address, port))
        if code not in (0, errno.EINPROGRESS):
            # What fails at once (no way there) is told here only, and never by the socket.
            server.close()
            raise OSError(code, os.strerror(code))
        ways = (_Way(client, server, self._pipes), _Way(server, client, self._pipes))
        pair = _Pair(client, server, ways)
        self._connections += 1
        for end in (client, server):
            self._watcher.watch(end, lambda: self._move(pair), EDGES)

    def _move(self, pair: _Pair) -> None:
        try:
            if not pair.connected:
                _check(pair)
            may_have_more = [way.move() for way in pair.ways]
        except BlockingIOError:
            return  # not connected yet
        except OSError:
            self._end(pair)
            return
        if all(way.ended and not way.waiting for way in pair.ways):
            self._end(pair)
        elif any(may_have_more):
            # An edge is announced only once. To be told again lets other connections have their turn first.
            self._watcher.again(pair.client, EDGES)

    def _end(self, pair: _Pair) -> None:
        for way in pair.ways:
            way.close()
        for end in (pair.client, pair.server):
            self._watcher.forget(end)
            end.close()
        self._connections -= 1
        while self._paused:
            self._watch(self._paused.pop())

    # ---- UDP

    def _watch_datagrams(self, listener: Listener) -> None:
        self._watcher.watch(listener.socket, lambda: self._receive(listener))

    def _receive(self, listener: Listener) -> None:
        with contextlib.suppress(OSError):
            for _ in range(_DATAGRAMS_AT_ONCE):
                content, client = listener.socket.recvfrom(_DATAGRAM)
                self._talk(listener, client).send(content)

    def _talk(self, listener: Listener, client: object) -> socket.socket:
        key = (listener.socket.fileno(), client)
        talk = self._talks.pop(key, None)
        if talk is None:
            if len(self._talks) >= _MOST_UDP:
                self._forget_talk(next(iter(self._talks)))
            talk = _Talk(self._open(listener, client))
            self._sweeper.start()
        talk.used = time.monotonic()
        self._talks[key] = talk  # the one used last is last
        return talk.server

    def _open(self, listener: Listener, client: Any) -> socket.socket:
        server = self._supply.take(socket.SOCK_DGRAM)
        server.connect((self.address, listener.port.container_port))

        def answer() -> None:
            with contextlib.suppress(OSError):
                for _ in range(_DATAGRAMS_AT_ONCE):
                    listener.socket.sendto(server.recv(_DATAGRAM), client)

        self._watcher.watch(server, answer)
        return server

    def _forget_old_talks(self) -> bool:
        oldest = time.monotonic() - _UDP_SECONDS
        for key in [key for key, talk in self._talks.items() if talk.used < oldest]:
            self._forget_talk(key)
        return bool(self._talks)

    def _forget_talk(self, key: tuple[int, Any]) -> None:
        server = self._talks.pop(key).server
        self._watcher.forget(server)
        server.close()


def _room() -> int:
    """How many descriptors there may be for connections; the process takes as many as it is allowed to have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return max(most - _OTHERS, _DESCRIPTORS_EACH)


def _check(pair: _Pair) -> None:
    """Raise BlockingIOError as long as the connection is being made, OSError if it could not be."""
    code = pair.server.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        raise OSError(code, os.strerror(code))
    # No error may also mean that nothing is decided: only who is connected has a peer.
    try:
        pair.server.getpeername()
    except OSError:
        raise BlockingIOError from None
    pair.connected = True
