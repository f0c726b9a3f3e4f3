"""The listening socket: a thread a connection, not too many of them, and an end to all of them."""

import os
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from pydock_lab.registry.server.access import Access
from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.guard import Guard

_MAX_CONNECTIONS = 256
_PATIENCE = 1.0  # seconds


class Listener(ThreadingTCPServer):
    """The socket and its connections; each is served by a `handler`, which finds here what it serves."""

    daemon_threads = True
    # Elsewhere this lets a restart take its port at once; on Windows it would let two servers share one.
    allow_reuse_address = os.name != "nt"
    request_queue_size = 128

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseRequestHandler],
        *,
        registry: Registry,
        guard: Guard,
        note: Callable[[Access], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.registry, self.guard, self.note = registry, guard, note
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._waiting: dict[socket.socket, None] = {}  # for their next request, in the order in which they began to
        self._changing = threading.Lock()
        self._slots = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        super().__init__(address, handler)

    def get_request(self) -> tuple[Any, Any]:
        """The next connection; with TLS, who is there is only found out in its own thread, at the first byte."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection; where there are too many, the one that has waited longest for a request has to go.

        Clients keep connections in case they need them again: a class of thirty would fill all places with those.
        """
        if not self._slots.acquire(blocking=False):
            with self._changing:
                longest = next(iter(self._waiting), None)
            if longest is not None:
                _end(longest)
            # The thread of the one that has to go gives its place back in a moment.
            if not self._slots.acquire(timeout=_PATIENCE):
                # Not our own, which would give back a place that this connection never had.
                super().shutdown_request(request)
                return
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """A connection has ended."""
        super().shutdown_request(request)
        self.begin(request)
        self._open.discard(request)
        self._slots.release()

    def wait(self, request: Any) -> None:
        """A connection has nothing to do: it waits for its next request."""
        with self._changing:
            self._waiting[request] = None

    def begin(self, request: Any) -> None:
        """A connection has something to do."""
        with self._changing:
            self._waiting.pop(request, None)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection broke off: the client knows, and nothing is printed."""

    def hang_up(self) -> None:
        """End the connections that wait for their next request."""
        for connection in list(self._open):
            _end(connection)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
