"""The server itself: a listening socket, a thread a connection, and an end to all of it.

with RegistryServer(Path("registry")) as registry:
    print(registry.address)          127.0.0.1:43567: push to this name
"""

import os
import socket
import socketserver
import threading
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from pydock_lab.errors import RegistryError
from pydock_lab.registry.server.access import Access, Guard
from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.handler import Handler
from pydock_lab.registry.server.sessions import Uploads
from pydock_lab.registry.server.storage import Storage

_KEPT = 1000  # lines of the access log in memory
_MAX_CONNECTIONS = 256
_PATIENCE = 1.0  # seconds
_TICK = 0.05  # seconds between two looks at whether to stop


class Listener(socketserver.ThreadingTCPServer):
    """The socket and its connections."""

    daemon_threads = True
    # Elsewhere this lets a restart take its port at once; on Windows it would let two servers share one.
    allow_reuse_address = os.name != "nt"
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], registry: Registry, guard: Guard, note: Callable[[Access], None]
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.registry, self.guard, self.note = registry, guard, note
        self._open: set[socket.socket] = set()
        self._slots = threading.BoundedSemaphore(_MAX_CONNECTIONS)
        super().__init__(address, Handler)

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


class RegistryServer:
    """A registry whose files are below `directory`.

    It listens on `host` (loopback unless told otherwise: there is no TLS) and `port` (0: any free one) from the moment
    it is made, and answers from `start` or `serve_forever` on. With `users` (names and passwords) whoever pushes must
    log in, and unless `public` whoever pulls too. `on_access` hears of every request, in the thread that served it.
    Raises RegistryError where the port is taken.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        users: Mapping[str, str] | None = None,
        public: bool = False,
        allow_delete: bool = True,
        on_access: Callable[[Access], None] | None = None,
    ) -> None:
        self._log: deque[Access] = deque(maxlen=_KEPT)
        self._on_access = on_access
        self._thread: threading.Thread | None = None
        self._serving = False
        registry = Registry(storage=Storage(directory), uploads=Uploads(directory), allow_delete=allow_delete)
        try:
            self._listener = Listener((host, port), registry, Guard(users, public=public), self._note)
        except OSError as error:
            reason = error.strerror or str(error)
            raise RegistryError("registry.cannot-listen", address=f"{host}:{port}", reason=reason) from error
        self._host = host

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._listener.server_address[1])

    @property
    def address(self) -> str:
        """Its name in references: `127.0.0.1:43567`."""
        return f"[{self._host}]:{self.port}" if ":" in self._host else f"{self._host}:{self.port}"

    @property
    def log(self) -> tuple[Access, ...]:
        """The last thousand requests, oldest first."""
        return tuple(self._log)

    def start(self) -> Self:
        """Answer in a thread."""
        # Said here already: a stop that comes before the thread has begun must still end it.
        self._serving = True
        self._thread = threading.Thread(target=self.serve_forever, name=f"registry {self.address}", daemon=True)
        self._thread.start()
        return self

    def serve_forever(self) -> None:
        """Answer until `stop`, which another thread has to call, or Ctrl-C."""
        self._serving = True
        try:
            self._listener.serve_forever(poll_interval=_TICK)
        finally:
            self._serving = False

    def stop(self) -> None:
        """Answer no more; what was pushed stays."""
        # Asked to end a loop that does not run, socketserver would wait for ever.
        if self._serving:
            self._listener.shutdown()
        if self._thread is not None:
            self._thread.join()
        self._listener.hang_up()
        self._listener.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self.stop()

    def _note(self, access: Access) -> None:
        self._log.append(access)
        if self._on_access is not None:
            self._on_access(access)
