"""A zygote that is killed, stopped, or loses its socket: whoever asks next is answered, and nobody is left over."""

import contextlib
import mmap
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from pydock_lab.errors import IsolationError
from pydock_lab.linux.tiers import Tier
from pydock_lab.runtime.base import Runtime
from pydock_lab.sandbox import client, keeper, worker
from pydock_lab.sandbox.client import Sandbox
from pydock_lab.sandbox.protocol import Connection
from pydock_lab.sandbox.zygote import Zygote

LISTENS = "00010000"  # in the column "Flags" of /proc/net/unix
PROBE = "pydock_lab.runtime.probing:probe"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Path]:
    """A store; whoever has worked for it is ended afterwards."""
    yield tmp_path / "store"
    with contextlib.suppress(IsolationError, OSError):
        os.kill(zygote(Runtime(tmp_path / "store").sandbox), signal.SIGKILL)


def ask(sandbox: Sandbox, store: Path) -> bool:
    return bool(sandbox.call(PROBE, {"directory": str(store.parent)}))


def zygote(sandbox: Sandbox) -> int:
    """The pid of the process that listens."""
    with contextlib.closing(sandbox._connect()) as connection:
        pid, _, _ = struct.unpack("3i", connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid


def parents() -> dict[int, int]:
    """The parent of each process that there is; those that have ended and are not buried do not count."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(path.parent.name)] = int(parent)
    return found


def descendants(pid: int) -> set[int]:
    known = parents()
    found = {pid}
    while more := {child for child, parent in known.items() if parent in found} - found:
        found |= more
    return found - {pid}


def some_descendants(pid: int, seconds: float = 5) -> set[int]:
    """Those of a zygote, which makes the next worker only when the one at work has had a while for itself."""
    until = time.monotonic() + seconds
    while not (found := descendants(pid)) and time.monotonic() < until:
        time.sleep(0.01)
    return found


def gone(pids: set[int], seconds: float = 5) -> bool:
    until = time.monotonic() + seconds
    while (left := pids & parents().keys()) and time.monotonic() < until:
        time.sleep(0.01)
    return not left


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("connected", [0, 1, 3])
def test_the_next_engine_is_answered_at_once(store: Path, connected: int) -> None:
    sandbox = Runtime(store).sandbox
    assert ask(sandbox, store)
    # Each of these has a worker, which waits to hear what is wanted, and beside it the child that waits for its task.
    silent = [sandbox._greeted({}, ())[0] for _ in range(connected)]
    before = zygote(sandbox)
    helpers = some_descendants(before)
    assert helpers
    os.kill(before, signal.SIGKILL)
    began = time.monotonic()
    assert ask(sandbox, store)
    assert ask(Runtime(store).sandbox, store)
    assert time.monotonic() - began < 5
    assert zygote(sandbox) != before
    for connection in silent:
        connection.close()
    assert gone(helpers)


@pytest.mark.usefixtures("containers")
def test_only_who_answers_holds_the_socket(store: Path) -> None:
    sandbox = Runtime(store).sandbox
    connection, _ = sandbox._greeted({}, ())
    pid = zygote(sandbox)
    time.sleep(0.3)  # until those who wait have made themselves ready
    rows = map(str.split, Path("/proc/net/unix").read_text().splitlines())
    (inode,) = {row[6] for row in rows if row[3] == LISTENS and row[-1] == str(sandbox._socket)}
    holders = {one for one in {pid, *descendants(pid)} if f"socket:[{inode}]" in open_files(one)}
    above = parents()
    connection.close()
    # The zygote, and of each keeper's children the worker that waits: not the keeper, nor the container-to-be.
    assert pid in holders
    keepers = [above[one] for one in holders - {pid}]
    assert all(above[one] == pid for one in keepers)
    assert len(keepers) == len(set(keepers)) > 0


def open_files(pid: int) -> set[str]:
    found = set()
    for path in Path(f"/proc/{pid}/fd").glob("*"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(path))
    return found


def test_a_keeper_whose_zygote_died_before_it_could_say_so_ends() -> None:
    def work(_line: keeper.Line) -> NoReturn:
        time.sleep(60)
        os._exit(1)

    zygote = subprocess.Popen(["true"])
    own = os.pidfd_open(zygote.pid)
    zygote.wait()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            keeper.live(work, lambda _handed: os._exit(2), own)
        os._exit(3)
    os.close(own)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_worker_whose_keeper_died_before_it_could_say_so_ends() -> None:
    ours, theirs = map(Connection, socket.socketpair())
    listener, other = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        ours.close()
        with contextlib.suppress(BaseException):
            worker.live(listener, other, worker.Ground(tier=client.Tier.NONE), keeper.Line(theirs, mmap.mmap(-1, 4096)))
        os._exit(1)
    for end in (ours, theirs, listener, other):
        end.close()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@pytest.mark.usefixtures("containers")
def test_a_socket_that_a_dead_zygote_left_open_is_not_waited_for(store: Path) -> None:
    sandbox = Runtime(store).sandbox
    program = (
        "import os, socket, sys, time\n"
        "end = socket.socket(socket.AF_UNIX); end.bind(sys.argv[1]); end.listen()\n"
        "if os.fork() == 0: os.close(1); time.sleep(60)\n"
        "print(end.fileno())"
    )
    subprocess.run([sys.executable, "-c", program, str(sandbox._socket)], check=True, stdout=subprocess.PIPE)
    began = time.monotonic()
    assert ask(sandbox, store)
    assert time.monotonic() - began < 5


@pytest.mark.usefixtures("containers")
def test_a_zygote_that_does_not_answer_is_an_error_and_no_wait_for_ever(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = Runtime(store).sandbox
    assert ask(sandbox, store)
    pid = zygote(sandbox)
    monkeypatch.setattr(client, "_HELLO_SECONDS", 0.1)
    os.kill(pid, signal.SIGSTOP)
    connections: list[Connection] = []
    try:
        with pytest.raises(IsolationError) as caught:  # as soon as the workers that wait are used up
            connections.extend(sandbox._greeted({}, ())[0] for _ in range(5))
    finally:
        os.kill(pid, signal.SIGCONT)
        for connection in connections:
            connection.close()
    assert caught.value.key == "sandbox.not-answering"
    monkeypatch.undo()
    assert ask(sandbox, store)


@pytest.mark.usefixtures("containers")
def test_the_directory_of_sockets_is_made_anew(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    short = Path(f"/tmp/pydock-test-{os.getpid()}")
    short.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(short))
    try:
        sandbox = Runtime(store).sandbox
        assert ask(sandbox, store)
        first = zygote(sandbox)
        shutil.rmtree(short / "pydock")
        assert ask(sandbox, store)
        second = zygote(sandbox)
        assert first != second
        for pid in (first, second):
            os.kill(pid, signal.SIGKILL)
    finally:
        shutil.rmtree(short)


def test_news_of_a_worker_whose_keeper_is_buried_already() -> None:
    one = Zygote(socket.socket(socket.AF_UNIX), worker.Ground(tier=Tier.ROOT))
    engine, copy = socket.socketpair()
    with copy:
        nobody = worker.PIDS.pack(1 << 22, 1 << 22)  # the kernel gives no such number
        socket.send_fds(one._tell, [nobody], [copy.fileno()])
    one._hear_news()
    with engine:
        engine.settimeout(5)
        assert engine.recv(1) == b"", "its engine hears that nobody is there"
    for end in (one._listener, one._news, one._tell, one._deaths, one._wake):
        end.close()
    os.close(one._own)
