"""The zygote: a small process that forks. It is the one door from the engine to privileged work.

    Jupyter kernel (threads)              zygote (one thread, 10 MB)
                                            keeper (keeper.py), its parent, waits
      engine --- connect, job, fds --->     worker, made beforehand: does the job, answers, ends
      engine <-- events, result ----------------'

Why not fork in the engine? A notebook's kernel has threads: a fork copies their locks but not the threads, and the
kernel refuses unshare(NEWUSER) to a process with several. Why not start a program each time? Python takes 20 ms to
start, a fork of this process less than one; and a worker is always there already, waiting for the next request.

Without root it enters one user namespace when it starts and stays in it; from then on it is root there, and root
and rootless run the same code. It has its own session, so that Ctrl-C in a terminal or a notebook never reaches it,
and ends when nothing has been asked of it for a while. It imports the jobs' modules when it starts: no worker has
to import anything, which after pivot_root would load code from the container.
"""

import contextlib
import gc
import importlib
import marshal
import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from pydock_lab.linux import orphans, pages, sealed, syscalls
from pydock_lab.linux.syscalls import Namespace, Prctl
from pydock_lab.linux.tiers import Refusal, Tier
from pydock_lab.sandbox import boot, keeper, worker
from pydock_lab.sandbox.ground import settle
from pydock_lab.sandbox.keeper import Line

IDLE_SECONDS = 60
_LONGEST_NEWS = 1 << 18  # bytes
# Making the next worker ready takes both processors of a small machine, and its joining a control group makes every
# process that starts or ends wait: the one at work goes first, for so long at most.
_BREATHER_SECONDS = 0.03
_MOURNING_SECONDS = 0.2  # what the kernel needs to end all processes of a container whose shim was killed
_SPARES = 2  # workers that wait: the next container need not wait for the last one's successor


@dataclass(slots=True)
class _Child:
    """A keeper whose worker is at work, and a copy of its connection; -1 where it looks out for the engine itself."""

    pid: int
    worker: int
    connection: int


class Zygote:
    """Keeps workers ready, and ends those at work whose engine goes away."""

    def __init__(self, listener: socket.socket, ground: worker.Ground) -> None:
        self._own = os.pidfd_open(os.getpid())
        self._listener, self._ground = listener, replace(ground, zygote=self._own)
        self._children: dict[int, _Child] = {}
        self._engines: dict[int, int] = {}
        self._news, self._tell = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._poll = select.poll()
        self._poll.register(self._news, select.POLLIN)
        self._deaths, self._wake = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._poll.register(self._deaths, select.POLLIN)
        self._spares: dict[int, int] = {}  # pids by pidfd
        self._quiet_until = self._mourning_since = 0.0
        self._is_listening = False

    def serve(self) -> None:
        """Serve until there has been no worker at work and no request for a while."""
        # Python's way to hear of a signal in a poll: its number is written to a descriptor.
        self._wake.setblocking(False)
        signal.set_wakeup_fd(self._wake.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        self._make_spare()
        self._mourn()  # of those whose zygote was killed with them
        while True:
            is_short = len(self._spares) < _SPARES
            self._listen(wanted=is_short)
            pause = max(0.0, self._quiet_until - time.monotonic()) if is_short else IDLE_SECONDS
            events = dict(self._poll.poll(pause * 1000))
            if is_short and (not events or events.pop(self._listener.fileno(), 0)):
                self._make_spare()
            elif not events and not self._children:
                self._listener.shutdown(socket.SHUT_RDWR)  # the waiting workers' accept fails, and they end
                worker.each(self._ground.modules, "bereaved")
                return
            self._handle(events)

    def _listen(self, *, wanted: bool) -> None:
        """While workers are short, who knocks is heard here as well: there is no time for a breather."""
        if wanted != self._is_listening:
            self._is_listening = wanted
            if wanted:
                self._poll.register(self._listener, select.POLLIN)
            else:
                self._poll.unregister(self._listener)

    def _handle(self, events: dict[int, int]) -> None:
        # News first: who has ended meanwhile must be known by its right name.
        if events.pop(self._news.fileno(), 0):
            self._hear_news()
        if events.pop(self._deaths.fileno(), 0):
            self._deaths.recv(4096)
            orphans.bury(self._known())
        for descriptor in events:
            if descriptor in self._spares:
                self._reap(descriptor, self._spares.pop(descriptor))
            elif descriptor in self._children:
                child = self._children.pop(descriptor)
                self._quiet_until = 0.0
                self._forget_engine(child)
                self._reap(descriptor, child.pid)
            elif descriptor in self._engines:
                self._end(self._children[self._engines[descriptor]])

    def _make_spare(self) -> None:
        # As fork(2), but without what Python does after it: there are no threads whose locks would have to be mended.
        pid, pidfd = syscalls.clone3(Namespace(0))
        if pid == 0:
            try:
                self._be_keeper()
            finally:
                os._exit(1)  # nothing may escape into the zygote's code
        self._spares[pidfd] = pid
        self._poll.register(pidfd, select.POLLIN)

    def _be_keeper(self) -> NoReturn:
        self._begin_anew()

        def work(line: Line) -> NoReturn:
            worker.live(self._listener, self._tell, self._ground, line)

        def start() -> None:
            self._listener.close()
            self._tell.close()

        keeper.live(work, lambda handed: worker.go_on(handed, self._ground), self._own, started=start)

    def _begin_anew(self) -> None:
        """In a child: let go of what is the zygote's alone."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        # A copy of another worker's connection would hide from its engine that it has ended.
        for descriptor in (*self._spares, *self._children, *self._engines):
            os.close(descriptor)
        for end in (self._news, self._deaths, self._wake):
            end.close()

    def _hear_news(self) -> None:
        """A worker is at work; its connection comes along, unless it looks out for its engine itself.

        Or one has learnt which pages of memory are needed.
        """
        content, connections, _, _ = socket.recv_fds(self._news, _LONGEST_NEWS, 1)
        if len(content) != worker.PIDS.size:
            for kind, found in marshal.loads(content).items():  # noqa: S302 - from our own child
                pages.learn(kind, found)
            return
        pid, worker_pid = worker.PIDS.unpack(content)
        for pidfd in [one for one, spare in self._spares.items() if spare == pid]:
            del self._spares[pidfd]
            self._children[pidfd] = _Child(pid, worker_pid, -1)
            self._quiet_until = time.monotonic() + _BREATHER_SECONDS
        pidfds = {child.pid: one for one, child in self._children.items()}
        for connection in connections:
            if pid not in pidfds:  # its end was heard of before its beginning, and it was buried as one that waits
                os.close(connection)
                continue
            pidfd = pidfds[pid]
            os.set_inheritable(connection, False)
            self._children[pidfd].connection = connection
            self._engines[connection] = pidfd
            self._poll.register(connection, 0)  # only its hang-up is of interest here

    def _forget_engine(self, child: _Child) -> None:
        if child.connection >= 0:
            del self._engines[child.connection]
            self._poll.unregister(child.connection)
            os.close(child.connection)
            child.connection = -1

    def _end(self, child: _Child) -> None:
        # Its keeper waits for it, and has not buried it: else it would have ended itself.
        with contextlib.suppress(ProcessLookupError):
            os.kill(child.worker, signal.SIGTERM)
        self._forget_engine(child)

    def _reap(self, pidfd: int, pid: int) -> None:
        self._poll.unregister(pidfd)
        os.close(pidfd)
        _, status = os.waitpid(pid, 0)
        orphans.bury(self._known())
        if status:
            self._mourn()

    def _mourn(self) -> None:
        """A keeper was killed, or its worker was: what they would have removed is removed by somebody else."""
        now = time.monotonic()
        if now - self._mourning_since < _MOURNING_SECONDS / 2:
            return  # somebody waits already, and will find this, too
        self._mourning_since = now
        pid, pidfd = syscalls.clone3(Namespace(0))
        if pid == 0:
            try:
                self._begin_anew()
                self._listener.close()
                time.sleep(_MOURNING_SECONDS)
                worker.each(self._ground.modules, "bereaved")
            finally:
                os._exit(0)
        os.close(pidfd)

    def _known(self) -> set[int]:
        return {*self._spares.values(), *(child.pid for child in self._children.values())}


def become(options: Mapping[str, Any]) -> None:
    """Become a zygote, and end as soon as it listens; `options` are those of `boot.main`."""
    path = options["socket"]
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    for module in options["modules"]:
        importlib.import_module(module)
    modules, host = options["modules"], options.get("host_mounts", -1)
    worker.each(modules, "warm")
    # While nothing has been entered yet.
    worker.each(modules, "outside", host)
    if host >= 0:
        os.set_inheritable(host, False)
        sealed.places[:] = options["sealed"]
    known = frozenset(modules)

    def live(tier: Tier, refusals: tuple[Refusal, ...]) -> NoReturn:
        _live(listener, modules, worker.Ground(tier=tier, refusals=refusals, modules=known, host_mounts=host))

    wanted = Tier(options["tier"]) if options["tier"] else None
    refusals = settle(live, wanted, worker.first(modules, "inherit", options["store"], options["tier"]))
    if refusals is None:
        return
    os.unlink(path)
    print(refusals[-1].call if refusals else "")  # noqa: T201 - to the client that started us
    sys.exit(boot.REFUSED)


def _live(listener: socket.socket, modules: list[str], ground: worker.Ground) -> NoReturn:
    worker.each(modules, "entered", ground.tier)
    syscalls.set_title("pydock-zygote")
    # What a shim leaves behind when it ends (slirp4netns) becomes ours, and ends in our `_reap`.
    syscalls.prctl(Prctl.SET_CHILD_SUBREAPER)
    worker.each(modules, "settled", ground.tier)
    # An import that was forgotten fails, rather than find its module among a container's files.
    sys.path.clear()
    # What lives now lives for ever: without the collector's marks a fork shares these pages.
    gc.collect()
    gc.freeze()
    gc.disable()
    path = listener.getsockname()
    # Not by the starter: the kernel tells clients the pid of who calls it (unix(7), SO_PEERCRED).
    listener.listen(128)
    # Not before it listens: the client connects as soon as our standard output has ended.
    _let_the_engine_go()
    own = os.stat(path).st_ino
    zygote = Zygote(listener, ground)  # as long as children end: signals are written to a file of its own
    try:
        zygote.serve()
    except BaseException:  # noqa: BLE001 - its log says what it was; the next who asks starts another one
        traceback.print_exc()
    finally:
        with contextlib.suppress(OSError):
            if os.stat(path).st_ino == own:  # not that of a successor
                os.unlink(path)
        os._exit(0)


def _let_the_engine_go() -> None:
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
