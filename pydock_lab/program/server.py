"""The server of commands: it has imported everything, and forks for each that comes. See the package, and client.py.

It has one thread, forks only while nothing else is under way, and keeps nothing of what it is told: a command's words,
environment and files are read by the child alone.
"""

import atexit
import contextlib
import fcntl
import gc
import importlib
import marshal
import os
import pkgutil
import select
import signal
import socket
import struct
import sys
import threading
import time
import traceback
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from pydock_lab import locale
from pydock_lab.cli.app import make_app
from pydock_lab.linux import syscalls
from pydock_lab.linux.descriptors import keep_only
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import Tier
from pydock_lab.program import here
from pydock_lab.program.client import GO, MAX_FILES, STATUS_BYTES, YES
from pydock_lab.program.place import Place, ground
from pydock_lab.runtime.init import Task, example
from pydock_lab.version import newest_source, tell_newest_source

IDLE_SECONDS = 120
_AT_ONCE = 4  # servers of one user, each on other ground: what they cost is memory
_PACKAGE = os.path.dirname(os.path.dirname(__file__))
_NOT_IMPORTED = ("notebook", "check", "bases", "program")
_OUTDATED = signal.SIGUSR2  # what a child ends by that was told of newer code: a command may have any exit status
_CREDENTIALS = struct.Struct("3i")


def main(path: str) -> None:
    """Listen at `path` for as long as somebody asks now and then."""
    code = newest_source()
    place = Place(os.path.dirname(path), [])
    if place.socket != path:
        return  # nobody would ever be at home here
    os.setsid()
    os.chdir("/")
    lock = _take_place(path)
    if lock is None:
        return
    listener = _bind(path)
    os.environ.clear()
    syscalls.set_title("pydock-commands")
    _import_all()
    # What lives now lives for ever: without the collector's marks a fork shares these pages.
    gc.collect()
    gc.freeze()
    listener.listen(16)
    server = Server(listener, place, code, lock)
    try:
        server.serve()
    finally:
        server.retire()


def _take_place(path: str) -> int | None:
    """The lock of who is the server at this path; None where another is, or becomes it, or there are too many."""
    own = _hold(path.replace(".sock", ".lock"))
    places = (f"{os.path.dirname(path)}/commands-{number}.lock" for number in range(_AT_ONCE))
    return own if own is not None and any(_hold(place) is not None for place in places) else None


def _hold(path: str) -> int | None:
    """A lock, if nobody else has it, until it is closed or this process ends: the kernel sees to that."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        return None
    return lock


def _bind(path: str) -> socket.socket:
    """A socket there, which nobody listens at yet."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # of one that was killed
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    return listener


def _import_all() -> None:
    """Everything that a command may need, its words in both languages included."""
    for _, name, is_package in pkgutil.walk_packages([_PACKAGE], "pydock_lab."):
        del is_package
        if name.split(".")[1] not in (*_NOT_IMPORTED, "__main__"):
            importlib.import_module(name)
    make_app("pydock").whole()
    Task.from_json(example(Tier.ROOT).to_json())  # the types of its fields are looked up
    for language in locale.LANGUAGES:
        locale.catalog(language, "cli")


@dataclass(frozen=True, slots=True)
class _Command:
    """A child at work, and the line to who waits for it."""

    pid: int
    line: socket.socket


class Server:
    """Forks for each who asks, and tells them how it ended.

    `code` is when what it has imported was changed, and `lock` makes it the only server at its path.
    """

    def __init__(self, listener: socket.socket, place: Place, code: int, lock: int) -> None:
        self._listener, self._place, self._code, self._lock = listener, place, code, lock
        self._poll = select.poll()
        self._poll.register(listener, select.POLLIN)
        self._ends: dict[int, _Command] = {}  # by a pidfd
        self._lines: dict[int, _Command] = {}

    def serve(self) -> None:
        """Until nobody has asked for a while, or the code is another, and nothing is at work."""
        while events := self._poll.poll(self._patience()):
            heard = [descriptor for descriptor, _ in events]
            is_asked = self._listener.fileno() in heard  # -1, of none that listens, is not
            for descriptor in heard:
                if descriptor in self._ends:
                    self._end(descriptor)
                elif descriptor in self._lines:
                    self._abandon(self._lines.pop(descriptor))
            # Last: a new line may get the number of one that has just been closed.
            if is_asked and self._listener.fileno() >= 0:
                self._begin()

    def _patience(self) -> float | None:
        """Milliseconds that it waits for something to happen; None: until it does."""
        if self._ends:
            return None
        return IDLE_SECONDS * 1000 if self._listener.fileno() >= 0 else 0

    def _begin(self) -> None:
        line, _ = self._listener.accept()
        pid = os.fork()
        if pid == 0:
            _be_command(line, self._place, self._code)
        command = _Command(pid, line)
        end = os.pidfd_open(pid)
        self._ends[end] = self._lines[line.fileno()] = command
        self._poll.register(end, select.POLLIN)
        self._poll.register(line, 0)  # only its hang-up is of interest here

    def _end(self, end: int) -> None:
        command = self._ends.pop(end)
        self._poll.unregister(end)
        os.close(end)
        _, status = os.waitpid(command.pid, 0)
        if self._lines.pop(command.line.fileno(), None):
            self._poll.unregister(command.line)
        if os.waitstatus_to_exitcode(status) == -_OUTDATED:
            self.retire()
        with contextlib.suppress(OSError):  # nobody waits any more
            command.line.sendall(status.to_bytes(STATUS_BYTES, "big"))
        command.line.close()

    def retire(self) -> None:
        """Listen no more, and make way for another: from then on the path is that one's."""
        if self._listener.fileno() >= 0:
            self._poll.unregister(self._listener)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._listener.getsockname())
            self._listener.close()
            os.close(self._lock)

    def _abandon(self, command: _Command) -> None:
        """Who asked was killed: so is the command, as if they had been one."""
        self._poll.unregister(command.line)
        with contextlib.suppress(ProcessLookupError):
            os.kill(command.pid, signal.SIGKILL)


# ---- in the child


def _be_command(line: socket.socket, place: Place, code: int) -> NoReturn:
    status = 1
    try:
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        _warm_up()
        said = _take_up(line, place, code) if _stands_here(line, place) else None
        if said is not None:
            _become(*said)
            status = _do()
    except BaseException:  # noqa: BLE001 - nothing may escape into the server's code
        traceback.print_exc()
    os._exit(status)


def _stands_here(line: socket.socket, place: Place) -> bool:
    """Whether who asks is of our user and on our ground; before anything is read that they say."""
    pid, uid, _ = _CREDENTIALS.unpack(line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    try:
        # 0: it is in another pid namespace, and has no number in ours.
        return bool(pid) and uid == os.getuid() and ground(pid) == place.ground
    except OSError:  # it has ended, or has more powers than we have
        return False


def _warm_up() -> None:
    """While the client is finding out what to say: touch what every command does (a copied page costs a fault)."""
    app = make_app("pydock")
    command = app.commands["run"]
    command.make_context("run", ["--rm", "image", "true"], parent=click.Context(app))


def _take_up(line: socket.socket, place: Place, code: int) -> tuple[tuple[Any, ...], list[int]] | None:
    """What the client says, with its descriptors, out of everybody's way; None where it stands elsewhere."""
    head, descriptors, _, _ = socket.recv_fds(line, STATUS_BYTES, MAX_FILES, socket.MSG_CMSG_CLOEXEC)
    length = int.from_bytes(head, "big")
    body = b""
    while len(body) < length:
        chunk = line.recv(length - len(body))
        if not chunk:
            return None
        body += chunk
    newest, settings, *said = marshal.loads(body)  # noqa: S302 - from the same user and the same Python
    if newest != code:
        signal.signal(_OUTDATED, signal.SIG_DFL)
        os.kill(os.getpid(), _OUTDATED)
    if settings != place.settings:
        return None
    tell_newest_source(newest)
    moved = _moved(descriptors, above=max(said[-1]))
    socket.send_fds(line, [YES], [os.pidfd_open(os.getpid())])
    if line.recv(len(GO)) != GO:
        return None  # it has lost patience
    keep_only(*moved)
    return tuple(said), moved


def _moved(descriptors: list[int], above: int) -> list[int]:
    """The same files under higher numbers than any that they are to get; raises OSError where there are no such."""
    return [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, above + 1) for one in descriptors]


def _become(said: tuple[Any, ...], descriptors: list[int]) -> None:
    """Be in all what the client was: its words, environment, directory, umask, files and signals."""
    words, environment, umask, ignored, files = said
    directory, *rest = descriptors
    os.fchdir(directory)
    os.close(directory)
    for number, descriptor in zip(files, rest, strict=True):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.environb.update(environment)
    time.tzset()
    os.umask(umask)
    os.setpgid(0, 0)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    sys.argv = [os.fsdecode(word) for word in words]
    syscalls.set_title(" ".join(["pydock", *sys.argv[1:]]))
    # As Python makes them when it starts, in the same settings.
    sys.stdin = os.fdopen(0, encoding=sys.stdin.encoding, errors=sys.stdin.errors, closefd=False)
    sys.stdout = _output(1, sys.stdout)
    sys.stderr = _output(2, sys.stderr)


def _output(number: int, like: Any) -> Any:
    lines = number == 2 or os.isatty(number)  # noqa: PLR2004 - standard error
    return os.fdopen(
        number, "w", encoding=like.encoding, errors=like.errors, buffering=1 if lines else -1, closefd=False
    )


def _do() -> int:
    """The command, up to what Python does at its end: its exit status."""
    try:
        here.run()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 0
    except BaseException:  # noqa: BLE001 - as Python would
        traceback.print_exc()
        status = 1
    # As Python ends, but without taking everything apart.
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()  # noqa: SLF001 - as multiprocessing does in its children
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    return status
