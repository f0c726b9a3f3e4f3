"""The server itself: made, started, stopped, and what it remembers of the requests.

with RegistryServer(Path("registry")) as registry:
    print(registry.address)          127.0.0.1:43567: push to this name
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pydock_lab.errors import RegistryError
from pydock_lab.registry.server.access import Access, Guard
from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.handler import Handler
from pydock_lab.registry.server.listener import Listener
from pydock_lab.registry.server.sessions import Uploads
from pydock_lab.registry.server.storage import Storage

_KEPT = 1000  # lines of the access log in memory
_TICK = 0.05  # seconds between two looks at whether to stop


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
            guard = Guard(users, public=public)
            self._listener = Listener((host, port), Handler, registry=registry, guard=guard, note=self._note)
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
