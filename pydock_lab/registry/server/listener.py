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
        self._slots = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        super().__init__(address, handler)

    def get_request(self) -> tuple[Any, Any]:
        """The next connection; with TLS, who is there is only found out in its own thread, at the first byte."""
        connection, address = super().get_request()
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection; where there are too many, wait a moment for one to end, else refuse it."""
        if not self._slots.acquire(timeout=_PATIENCE):
            super().shutdown_request(request)
            return
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """A connection has ended."""
        super().shutdown_request(request)
        self._open.discard(request)
        self._slots.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection broke off: the client knows, and nothing is printed."""

    def hang_up(self) -> None:
        """End the connections that wait for their next request."""
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
