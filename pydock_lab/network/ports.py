"""Published ports: what comes in on a port of the host goes on to a port of the container.

    client --- 127.0.0.1:8080 | listener, of the host's network      | forwarder --- 10.88.0.4:80 --- program
                              | sockets to the container, of its own |

A socket belongs to the network namespace in which it was made, wherever the process that holds it goes. So the
forwarder is one process: its listening sockets are made in the host's network, then it enters the container's, and
what it connects from there on comes out inside. Bytes are moved by splice(2), without passing through Python.

The default host address is 127.0.0.1 and not, as Docker has it, all addresses: a student's container should not be
reachable from a whole lecture hall unless that was asked for.
"""

import contextlib
import errno
import os
import select
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import NoReturn

from pydock_lab.errors import ContainerError
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Namespace, Prctl
from pydock_lab.oci.runtime_spec import PublishedPort

_SPLICE_NONBLOCK = 2
# Edge-triggered: told once of every change, then `move` does what can be done.
_EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET | select.EPOLLRDHUP
_CHUNK = 256 * 1024
_DATAGRAM = 65535
_UDP_SECONDS = 60
_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """An open port of the host; `port` says which one was found where any would do."""

    socket: socket.socket
    port: PublishedPort


def listen(port: PublishedPort) -> Listener:
    """Open a port of the host; raises ContainerError when it is taken or not allowed."""
    kind = _KINDS.get(port.protocol)
    if kind is None:
        raise ContainerError("network.bad-protocol", protocol=port.protocol)
    end = socket.socket(socket.AF_INET, kind)
    try:
        if kind == socket.SOCK_STREAM:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end.bind((port.host_ip or "127.0.0.1", port.host_port))
        if kind == socket.SOCK_STREAM:
            end.listen(128)
    except OSError as error:
        end.close()
        key = "network.port-taken" if error.errno == errno.EADDRINUSE else "network.port-refused"
        raise ContainerError(key, host=port.host_ip, port=port.host_port, reason=error.strerror) from None
    return Listener(socket=end, port=replace(port, host_port=end.getsockname()[1]))


def forward(listeners: list[Listener], namespace: int, address: IPv4Address, *, as_sibling: bool = False) -> int:
    """Start a forwarder for the container at `address`, whose network namespace is a descriptor: its pid.

    It dies with its parent. With `as_sibling` that is our own parent: who starts a container ends before it does.
    """
    pid, pidfd = syscalls.clone3(Namespace(0), as_sibling=as_sibling)
    if pid == 0:
        _live(listeners, namespace, address)
    os.close(pidfd)
    return pid


def _live(listeners: list[Listener], namespace: int, address: IPv4Address) -> NoReturn:
    try:
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        syscalls.set_title("pydock-ports")
        _keep_only({one.socket.fileno() for one in listeners} | {namespace})
        syscalls.setns(namespace, Namespace.NET)
        os.close(namespace)
        forwarder = Forwarder()
        for one in listeners:
            target = (str(address), one.port.container_port)
            serve = forwarder.serve_tcp if one.port.protocol == "tcp" else forwarder.serve_udp
            serve(one.socket, target)
        forwarder.run()
    finally:
        os._exit(1)


def _keep_only(wanted: set[int]) -> None:
    """Close what the fork copied: a copy of a pipe, held here, would hide its end from its reader."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in wanted:  # noqa: PLR2004 - standard error
            with contextlib.suppress(OSError):
                os.close(int(name))


@dataclass(slots=True)
class _Way:
    """One direction of a TCP connection: bytes wait in a pipe between the two sockets."""

    source: socket.socket
    target: socket.socket
    reader: int = -1
    writer: int = -1
    waiting: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        self.reader, self.writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def move(self) -> bool:
        """Move what can be moved now; False once this direction has ended."""
        with contextlib.suppress(BlockingIOError):
            if not self.ended:
                count = os.splice(self.source.fileno(), self.writer, _CHUNK, flags=_SPLICE_NONBLOCK)
                self.waiting += count
                self.ended = count == 0
        with contextlib.suppress(BlockingIOError):
            while self.waiting:
                self.waiting -= os.splice(self.reader, self.target.fileno(), self.waiting, flags=_SPLICE_NONBLOCK)
        if self.ended and not self.waiting:
            with contextlib.suppress(OSError):
                self.target.shutdown(socket.SHUT_WR)
            return False
        return True

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)


@dataclass(slots=True)
class _Pair:
    """A TCP connection: the client's socket, the container's, and the two ways between them."""

    client: socket.socket
    server: socket.socket
    ways: list[_Way] = field(default_factory=list)
    connected: bool = False


class Forwarder:
    """Waits for all sockets at once, in one thread."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._handlers: dict[int, Callable[[], None]] = {}
        self._udp: dict[tuple[int, tuple[str, int]], tuple[socket.socket, float]] = {}

    def run(self) -> NoReturn:
        """For ever: the forwarder ends by a signal."""
        while True:
            for descriptor, _ in self._poll.poll(_UDP_SECONDS):
                handler = self._handlers.get(descriptor)
                if handler:
                    handler()
            self._forget_old_udp()

    def _watch(self, end: socket.socket, handler: Callable[[], None], events: int = select.EPOLLIN) -> None:
        end.setblocking(False)
        self._handlers[end.fileno()] = handler
        self._poll.register(end, events)

    def _forget(self, end: socket.socket) -> None:
        if self._handlers.pop(end.fileno(), None):
            self._poll.unregister(end)
        end.close()

    # ---- TCP

    def serve_tcp(self, listener: socket.socket, target: tuple[str, int]) -> None:
        """Pass connections of `listener` on to `target`."""
        self._watch(listener, lambda: self._accept(listener, target))

    def _accept(self, listener: socket.socket, target: tuple[str, int]) -> None:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        server.setblocking(False)
        server.connect_ex(target)
        pair = _Pair(client, server)
        pair.ways = [_Way(client, server), _Way(server, client)]
        self._watch(client, lambda: self._move(pair), _EDGES)
        self._watch(server, lambda: self._move(pair), _EDGES)

    def _move(self, pair: _Pair) -> None:
        try:
            if not pair.connected:
                self._check(pair)
            going = [way for way in pair.ways if way.move()]
            if any(way.waiting == 0 and not way.ended and _has_more(way.source) for way in going):
                # An edge is announced only once. To be told again lets other connections have their turn first.
                self._poll.modify(pair.client, _EDGES)
        except BlockingIOError:
            return  # not connected yet
        except OSError:
            going = []
        if not going:
            for way in pair.ways:
                way.close()
            self._forget(pair.client)
            self._forget(pair.server)

    def _check(self, pair: _Pair) -> None:
        """Raise BlockingIOError as long as the connection is being made, OSError if it could not be."""
        code = pair.server.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        try:
            pair.server.getpeername()
        except OSError:
            raise BlockingIOError from None
        pair.connected = True

    # ---- UDP

    def serve_udp(self, listener: socket.socket, target: tuple[str, int]) -> None:
        """Pass datagrams of `listener` on to `target`, and answers back to whom they belong."""
        self._watch(listener, lambda: self._receive(listener, target))

    def _receive(self, listener: socket.socket, target: tuple[str, int]) -> None:
        with contextlib.suppress(OSError):
            content, client = listener.recvfrom(_DATAGRAM)
            key = (listener.fileno(), client)
            server = self._udp[key][0] if key in self._udp else self._open_udp(listener, target, client)
            self._udp[key] = (server, time.monotonic())
            server.send(content)

    def _open_udp(self, listener: socket.socket, target: tuple[str, int], client: tuple[str, int]) -> socket.socket:
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.connect(target)

        def answer() -> None:
            with contextlib.suppress(OSError):
                listener.sendto(server.recv(_DATAGRAM), client)

        self._watch(server, answer)
        return server

    def _forget_old_udp(self) -> None:
        oldest = time.monotonic() - _UDP_SECONDS
        for key, (server, used) in tuple(self._udp.items()):
            if used < oldest:
                del self._udp[key]
                self._forget(server)


def _has_more(source: socket.socket) -> bool:
    """Whether there is something to read, be it the end."""
    try:
        source.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return False
    return True
