"""The engine's side of the sandbox: it finds the zygote of a store, or starts one, and asks it for work.

One zygote serves one store, one user and one version of the code: all three are in the name of its socket, so that
a newer pydock_lab never talks to an older zygote. Threads may use one `Sandbox` at the same time: each request has
its own connection.
"""

import contextlib
import hashlib
import json
import os
import select
import socket
import struct
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from pydock_lab import errors
from pydock_lab.errors import IsolationError, PydockError
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.sandbox.protocol import PROTOCOL, Connection, Message
from pydock_lab.sandbox.sockets import make_private, socket_directory
from pydock_lab.version import __version__, newest_source

OnMessage: TypeAlias = Callable[[dict[str, Any]], None]

_PACKAGE = Path(__file__).parents[1]
# -I, -S and -E keep everything out that could differ from one user's Python to another's.
_BOOT = "import sys; sys.path[:0] = {paths!r}; from pydock_lab.sandbox.boot import main; main(sys.argv[1:])"
_ISOLATION = "PYDOCK_ISOLATION"
_REFUSED = 3  # see boot.py, which is not imported here: it is for Linux alone
_START_SECONDS = 30
_HELLO_SECONDS = 30  # a worker is nearly always waiting already, and is made in a tenth of a second where none is
_LAST_SECONDS = 1  # a worker that took up a request just before its zygote died says so at once
_CREDENTIALS = struct.Struct("3i")


class Sandbox:
    """The workers of one store.

    `modules` are those whose jobs may be asked for, `paths` are where they are found besides our own package. `tier`
    is the ground to stand on ($PYDOCK_ISOLATION where it is None); "" leaves that to the machine. Raises IsolationError
    for a ground that is unknown.
    """

    def __init__(
        self, store: Path, modules: Sequence[str] = (), *, paths: Sequence[Path] = (), tier: str | None = None
    ) -> None:
        self._modules = sorted(set(modules))
        self._paths = [str(path) for path in paths]
        self._store = str(store.absolute())
        self._wanted = _known_tier(os.environ.get(_ISOLATION, "") if tier is None else tier)
        name = _fingerprint(store, [*self._modules, *self._paths, self._wanted])
        self._socket = Path(socket_directory(), f"{name}.sock")
        self._ground: tuple[Tier, tuple[Refusal, ...]] | None = None
        self._starting = threading.Lock()

    @property
    def tier(self) -> Tier:
        """The ground that the workers stand on."""
        return self._stand()[0]

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """Why it is no better one, tier by tier."""
        return self._stand()[1]

    def _stand(self) -> tuple[Tier, tuple[Refusal, ...]]:
        if self._ground is None:
            connection, hello = self._greeted({}, ())
            connection.close()
            self._ground = (Tier(hello["tier"]), tuple(Refusal(**one) for one in hello["refusals"]))
        return self._ground

    def open(self, job: str, arguments: Mapping[str, Any] | None = None, descriptors: Sequence[int] = ()) -> Connection:
        """Ask for a job and give its connection: events, then a result (see `read_reply`).

        `job` is `package.module:function`; `descriptors` are passed along and stay open here. Closing the
        connection ends a worker that has not detached.
        """
        request = {"job": job, "arguments": dict(arguments or {})}
        return self._greeted(request, descriptors)[0]

    def _greeted(self, request: Message, descriptors: Sequence[int]) -> tuple[Connection, dict[str, Any]]:
        """A connection on which a worker has said hello; the request, if not empty, is on its way."""
        for _ in range(3):  # the zygote may go to its rest just as we knock
            connection = self._connect()
            try:
                hello = _ask(connection, request, descriptors)
            except BaseException:
                connection.close()
                raise
            if hello:
                return connection, hello[0]
            connection.close()
        raise IsolationError("sandbox.not-answering", path=str(self._socket))

    def call(
        self,
        job: str,
        arguments: Mapping[str, Any] | None = None,
        descriptors: Sequence[int] = (),
        on_message: OnMessage | None = None,
    ) -> Any:
        """Do a job and give its result (plain data).

        Events go to `on_message`. Raises the PydockError that the job raised.
        """
        with contextlib.closing(self.open(job, arguments, descriptors)) as connection:
            for message in replies(connection, job):
                if "result" in message:
                    return message["result"]
                if on_message:
                    on_message(message)
        raise IsolationError("sandbox.worker-gone", job=job)

    def _connect(self) -> Connection:
        with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
            return _dial(self._socket)
        with self._starting:
            return self._start()

    def _start(self) -> Connection:
        """Start the zygote unless another thread or process did meanwhile, and connect to it."""
        make_private(str(self._socket.parent))  # who tidies up /tmp may have removed it
        with _locked(self._socket.with_suffix(".lock")):
            with contextlib.suppress(FileNotFoundError, ConnectionRefusedError):
                return _dial(self._socket)
            _spawn(str(self._socket), self._modules, self._paths, self._store, self._wanted)
        try:
            return _dial(self._socket)
        except OSError as error:
            raise IsolationError("sandbox.not-started", reason=str(error)) from None


def _dial(path: Path) -> Connection:
    """Connect to the zygote that listens there; raises ConnectionRefusedError where it is dead."""
    connection = Connection(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    try:
        connection.socket.connect(str(path))
        _check_alive(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _check_alive(connection: Connection) -> None:
    """Raise ConnectionRefusedError where a dead zygote's socket is still open somewhere: nobody would answer."""
    with _zygote_of(connection) as zygote:
        if _ready(0, zygote):
            raise ConnectionRefusedError


@contextlib.contextmanager
def _zygote_of(connection: Connection) -> Iterator[int]:
    """A pidfd of the process that listens behind a connection (unix(7), SO_PEERCRED); -1 where it cannot be seen."""
    # Those of who called listen(2), which is the zygote itself, not its starter (see zygote.py).
    credentials = connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    descriptor = -1
    try:
        descriptor = os.pidfd_open(_CREDENTIALS.unpack(credentials)[0])
    except ProcessLookupError:
        raise ConnectionRefusedError from None
    except OSError:  # it is in another pid namespace, and has no number in ours
        pass
    try:
        yield descriptor
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _ready(seconds: float, *descriptors: int) -> list[int]:
    """Which of these can be read, as soon as one can."""
    poll = select.poll()
    for descriptor in descriptors:
        if descriptor >= 0:
            poll.register(descriptor, select.POLLIN)
    return [descriptor for descriptor, _ in poll.poll(seconds * 1000)]


def _ask(
    connection: Connection, request: Message, descriptors: Sequence[int]
) -> tuple[dict[str, Any], list[int]] | None:
    """Send a request, if it is not empty, and wait for a worker's hello; None where none comes."""
    line = connection.fileno()
    try:
        if request:
            connection.send(request, descriptors)
        with _zygote_of(connection) as zygote:
            ready = _ready(_HELLO_SECONDS, line, zygote)
        if ready == [zygote]:
            ready = _ready(_LAST_SECONDS, line)
        return connection.receive() if line in ready else None
    except ConnectionError:
        return None


def replies(connection: Connection, job: str) -> Iterator[dict[str, Any]]:
    """The messages of a job, up to its result; raises the PydockError that the job ended with."""
    while received := connection.receive():
        message, _ = received
        if "error" in message:
            raise errors.from_json(message["error"])
        if "failure" in message:
            raise PydockError("sandbox.worker-failed", job=job, detail=message["failure"])
        yield message
        if "result" in message:
            return


def _fingerprint(store: Path, modules: Sequence[str]) -> str:
    parts = (PROTOCOL, __version__, newest_source(), sys.executable, str(store.absolute()), *modules)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    import fcntl  # noqa: PLC0415 - absent on Windows

    with path.open("w") as file:
        # The kernel gives it back when we end, however that is. The file stays: were it removed, somebody who waits
        # would get the lock of a file that nobody else can find.
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _known_tier(name: str) -> str:
    if name and name not in list(Tier):
        raise IsolationError("sandbox.unknown-tier", facet="isolation", tier=name, known=", ".join(Tier))
    return name


def _spawn(path: str, modules: Sequence[str], more_paths: Sequence[str], store: str, wanted: str) -> None:
    """Start a zygote and wait until it listens; raises IsolationError."""
    paths = [str(_PACKAGE.parent), sysconfig.get_path("purelib"), *more_paths]
    options = json.dumps({"socket": path, "modules": list(modules), "store": store, "tier": wanted})
    command = [sys.executable, "-I", "-S", "-E", "-c", _BOOT.format(paths=paths), options]
    # It outlives us, so it must not keep our directory or our environment's secrets.
    environment = {"PATH": f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"}
    with open(path.removesuffix(".sock") + ".log", "wb") as log:
        starter = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
        try:
            said, _ = starter.communicate(timeout=_START_SECONDS)
        except subprocess.TimeoutExpired:
            starter.kill()
            said, _ = starter.communicate()
    if starter.returncode == _REFUSED:
        call = said.decode(errors="replace").strip() or "this user"
        raise IsolationError("sandbox.tier-refused", facet="isolation", tier=wanted, call=call)
    if starter.returncode:
        reason = Path(log.name).read_text(errors="replace").strip().rpartition("\n")[2]
        raise IsolationError("sandbox.not-started", reason=reason or starter.returncode)
