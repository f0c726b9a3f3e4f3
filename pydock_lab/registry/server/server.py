"""The server itself: made, started, stopped, and what it remembers of the requests.

with RegistryServer(Path("registry")) as registry:
    print(registry.address)          127.0.0.1:43567: push to this name
"""

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from pydock_lab.errors import RegistryError
from pydock_lab.registry.server.access import Access
from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.garbage import Collected, collect
from pydock_lab.registry.server.guard import Guard
from pydock_lab.registry.server.handler import Handler
from pydock_lab.registry.server.listener import Listener
from pydock_lab.registry.server.rights import Rights
from pydock_lab.registry.server.sessions import Uploads
from pydock_lab.registry.server.storage import Storage
from pydock_lab.registry.server.tls import Certificate, own_certificate
from pydock_lab.registry.server.tokens import Tokens
from pydock_lab.registry.server.trust import Trust
from pydock_lab.registry.server.users import GivenUsers, Htpasswd

_KEPT = 1000  # lines of the access log in memory
_TICK = 0.05  # seconds between two looks at whether to stop


class RegistryServer:
    """A registry whose files are below `directory`.

    It listens on `host` (loopback unless told otherwise) and `port` (0: any free one) from the moment it is made, and
    answers from `start` or `serve_forever` on. `on_access` hears of every request, in the thread that served it. Raises
    RegistryError where the port is taken.

    With `users` (names and passwords, or a file of htpasswd) whoever pushes must log in, and unless `public` whoever
    pulls too; `grants` say more exactly who may do what where (see rights.py), and with `tokens` they log in at its
    token server. `tls` is a certificate; True: one of its own, for this machine. With `read_only` it takes nothing,
    with a `quota` no more than so many bytes in all. While it runs, the clients of the store `trusted_in` trust a
    certificate that it made.
    """

    def __init__(
        self,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        users: Mapping[str, str] | Path | None = None,
        public: bool = False,
        grants: Sequence[str] = (),
        tokens: bool = False,
        tls: Certificate | bool = False,
        read_only: bool = False,
        quota: int | None = None,
        trusted_in: Path | None = None,
        allow_delete: bool = True,
        on_access: Callable[[Access], None] | None = None,
    ) -> None:
        self._log: deque[Access] = deque(maxlen=_KEPT)
        self._on_access = on_access
        self._thread: threading.Thread | None = None
        self._serving = False
        self._storage = Storage(directory)
        registry = Registry(storage=self._storage, uploads=Uploads(directory), allow_delete=allow_delete, quota=quota)
        known = Htpasswd(users) if isinstance(users, Path) else None if users is None else GivenUsers(users)
        rights = Rights.of(grants, has_users=known is not None, public=public)
        guard = Guard(known, rights, issuer=Tokens(directory) if tokens else None, read_only=read_only)
        self.certificate = own_certificate(directory / "tls", (host,)) if tls is True else tls or None
        context = self.certificate.context() if self.certificate else None
        try:
            self._listener = Listener(
                (host, port), Handler, registry=registry, guard=guard, note=self._note, tls=context
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise RegistryError("registry.cannot-listen", address=f"{host}:{port}", reason=reason) from error
        self._host = host
        guard.scheme, guard.address = "https" if context else "http", self.address
        self._trust = Trust(trusted_in, (self.address, f"localhost:{self.port}"), self.certificate)

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

    def tags(self) -> dict[str, tuple[str, ...]]:
        """The tags of each repository that holds anything."""
        names = self._storage.repositories()
        return {name: tuple(self._storage.repository(name).tags.names()) for name in names}

    def collect(self, *, untagged: bool = False, dry_run: bool = False) -> Collected:
        """Remove what no manifest needs; see garbage.py. It may serve meanwhile."""
        return collect(self._storage, untagged=untagged, dry_run=dry_run)

    def start(self) -> Self:
        """Answer in a thread; what answers already goes on."""
        if self._thread is not None:
            return self
        self._trust.begin()
        # Said here already: a stop that comes before the thread has begun must still end it.
        self._serving = True
        self._thread = threading.Thread(target=self._serve, name=f"registry {self.address}", daemon=True)
        self._thread.start()
        return self

    def _serve(self) -> None:
        self._listener.serve_forever(poll_interval=_TICK)
        self._serving = False

    def serve_forever(self) -> None:
        """Answer until `stop`, which another thread has to call, or Ctrl-C."""
        self._trust.begin()
        self._serving = True
        try:
            self._listener.serve_forever(poll_interval=_TICK)
        finally:
            self._serving = False
            self._trust.end()

    def stop(self) -> None:
        """Answer no more; what was pushed stays."""
        self._trust.end()
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
