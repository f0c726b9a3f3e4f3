"""The server itself: who may ask it, when it ends, how many there are, and what becomes of it when the code changes."""

import contextlib
import fcntl
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.served import NOT_SERVED, PLAIN, SERVED, end, serving, wait_for_server
from samples.users import ordinary_user
from samples.waiting import wait_until

import pydock_lab
from pydock_lab.program import place, server

_SERVE = """
import socket, sys
from pydock_lab.program import place, server
from pydock_lab.version import newest_source
server.IDLE_SECONDS = float(sys.argv[2])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(4)
server.Server(listener, place.Place(sys.argv[3], []), newest_source(), -1).serve()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="pd-") as path:
        yield Path(path)


@pytest.mark.usefixtures("as_root")
def test_another_user_is_not_answered(folder: Path) -> None:
    """Even where the folder would let them in."""
    path = folder / "open.sock"
    folder.chmod(0o755)
    with subprocess.Popen([sys.executable, "-c", _SERVE, path, "60", folder]) as server, ordinary_user() as user:
        try:
            wait_for_server(str(path))
            path.chmod(0o777)
            ask = f"import socket; s = socket.socket(socket.AF_UNIX); s.connect({str(path)!r}); print(s.recv(1))"
            words = ["runuser", "-u", user, "--", "/usr/bin/python3", "-c", ask]
            done = subprocess.run(words, capture_output=True, text=True, check=True, timeout=20)
            assert done.stdout in ("b''\n", "b'\\x00'\n")  # how the child ended, which had nothing to do
        finally:
            server.kill()


_CLAIM = """
import os, sys
from pydock_lab.program import client, place
found = place.Place(sys.argv.pop(1), place.open_files())
found.socket = sys.argv.pop(1)
client.ask(found)
"""


@pytest.mark.parametrize("cell", [["unshare", "--uts"], ["setpriv", "--no-new-privs"], ["nice"], ["unshare", "-pf"]])
@pytest.mark.usefixtures("as_root")
def test_nobody_gets_out_of_a_cell_by_asking(cell: list[str]) -> None:
    """Who is in other namespaces, or has given up powers, and asks all the same, is not served."""
    with serving() as (environment, _pid):
        folder = Path(environment["XDG_RUNTIME_DIR"], "pydock")
        (path,) = folder.glob("commands-*.sock")
        ask = [sys.executable, "-c", _CLAIM, str(folder), str(path), "version"]
        asked = [
            subprocess.run([*before, *ask], env=environment, capture_output=True, text=True, check=True).stdout
            for before in ([], cell)
        ]
    assert "Version" in asked[0]
    assert asked[1] == ""


def test_what_is_no_request_is_not_done(folder: Path) -> None:
    path = folder / "one.sock"
    with subprocess.Popen([sys.executable, "-c", _SERVE, path, "60", folder]) as server:
        try:
            wait_for_server(str(path))
            for said in (b"", b"\0", b"\0\0\0\4abcd", b"\xff\xff\xff\xff"):
                with socket.socket(socket.AF_UNIX) as line:
                    line.connect(str(path))
                    line.sendall(said)
                    line.shutdown(socket.SHUT_WR)
                    assert len(line.recv(4)) in (0, 4)  # how a child ended, and that it had nothing to do
            assert server.poll() is None
        finally:
            server.kill()


def test_it_ends_when_nobody_has_asked_for_a_while(folder: Path) -> None:
    done = subprocess.run([sys.executable, "-c", _SERVE, folder / "one.sock", "0.1", folder], timeout=60, check=False)
    assert done.returncode == 0


def test_the_first_command_leaves_one_behind_and_the_next_is_served(folder: Path) -> None:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder), "PYDOCK_SERVER": "on"}
    assert subprocess.run([*SERVED, "version"], env=environment, check=False).returncode == NOT_SERVED
    subprocess.run([*PLAIN, "version"], env=environment, check=True, capture_output=True)
    until = time.monotonic() + 30
    while not (found := list(folder.glob("pydock/commands-*.sock"))):
        assert time.monotonic() < until
        time.sleep(0.05)
    pid = wait_for_server(str(found[0]))
    try:
        assert subprocess.run([*SERVED, "version"], env=environment, check=False).returncode == 0
        subprocess.run([*PLAIN, "version"], env=environment, check=True, capture_output=True)
        assert list(folder.glob("pydock/commands-*.sock")) == found
    finally:
        end(pid)


def test_without_a_place_there_is_no_further_server(folder: Path) -> None:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder), "PYDOCK_SERVER": "on"}
    (folder / "pydock").mkdir(mode=0o700)
    slots = [os.open(folder / f"pydock/commands-{number}.lock", os.O_CREAT | os.O_RDWR) for number in range(4)]
    for slot in slots:
        fcntl.flock(slot, fcntl.LOCK_EX)
    find = "from pydock_lab.program.place import find; print(find().socket)"
    path = subprocess.run(
        [sys.executable, "-c", find], env=environment, check=True, capture_output=True, text=True
    ).stdout.strip()
    serve = "from pydock_lab.program.server import main; import sys; main(sys.argv[1])"
    done = subprocess.run([sys.executable, "-c", serve, path], env=environment, timeout=60, check=False)
    for slot in slots:
        os.close(slot)
    assert done.returncode == 0
    assert not Path(path).exists()


def test_where_a_server_comes_up_no_second_one_does(folder: Path) -> None:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder), "PYDOCK_SERVER": "on"}
    start = (
        "from pydock_lab.program.place import find; found = find(); "
        "[found.start_server() for _ in range(3)]; print(found.socket)"
    )
    said = subprocess.run(
        [sys.executable, "-c", start], env=environment, cwd="/", check=True, capture_output=True, text=True
    )
    path = said.stdout.strip()
    pid = wait_for_server(path)
    try:
        wait_until(lambda: _who_uses(folder) == [pid])
    finally:
        end(pid)


def _who_uses(folder: Path) -> list[int]:
    """The processes that have a file in this folder open."""
    found = set()
    for one in Path("/proc").glob("[0-9]*/fd/*"):
        with contextlib.suppress(OSError):
            if one.readlink().is_relative_to(folder):
                found.add(int(one.parts[2]))
    return sorted(found)


def test_new_code_is_not_done_by_an_old_server(folder: Path) -> None:
    """A copy of the package, of which a file is changed while its server is up."""
    shutil.copytree(Path(pydock_lab.__file__).parent, folder / "code/pydock_lab")
    with serving({"PYTHONPATH": str(folder / "code")}) as (environment, pid):
        # Not in this folder: it has the package, too, and `python -c` looks here first.
        assert subprocess.run([*SERVED, "version"], env=environment, cwd="/", check=False).returncode == 0
        (folder / "code/pydock_lab/cli/tabs.py").touch()
        assert subprocess.run([*SERVED, "version"], env=environment, cwd="/", check=False).returncode == NOT_SERVED
        wait_until(
            lambda: not list(Path(environment["XDG_RUNTIME_DIR"]).glob("pydock/commands-*.sock"))
        )  # it makes way
        wait_until(lambda: _has_ended(pid))


def test_who_makes_way_leaves_the_place_of_the_next_alone(folder: Path) -> None:
    path = str(folder / "commands.sock")

    def listener() -> socket.socket:
        found = socket.socket(socket.AF_UNIX)
        found.bind(path)
        found.listen(1)
        return found

    lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    old = server.Server(listener(), place.Place(str(folder), []), 0, lock)
    old.retire()
    with listener():
        old.retire()  # as it does again when it ends
        assert os.path.exists(path)


def test_where_few_files_may_be_open() -> None:
    """What does not fit is done by the command itself; it is never begun twice, nor half."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 100), hard))
    try:
        with serving() as (environment, _pid):
            served = subprocess.run([*SERVED, "version"], env=environment, check=False).returncode
            os.dup2(2, 98)
            full = subprocess.run([*SERVED, "version"], env=environment, pass_fds=[98], check=False).returncode
            os.close(98)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert (served, full) == (0, NOT_SERVED)


def test_a_server_that_is_stopped_is_not_waited_for() -> None:
    with serving() as (environment, pid):
        os.kill(pid, signal.SIGSTOP)
        try:
            assert subprocess.run([*SERVED, "version"], env=environment, check=False).returncode == NOT_SERVED
        finally:
            os.kill(pid, signal.SIGCONT)


def test_a_server_that_is_killed_is_told() -> None:
    with serving() as (environment, pid):
        words = [*SERVED, "events"]
        with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as command:
            until = time.monotonic() + 20
            while "pydock events" not in _children(pid):
                assert time.monotonic() < until
                time.sleep(0.02)
            end(pid)
            _, said = command.communicate(timeout=20)
        assert (command.returncode, said) == (125, b"pydock: the server of this command was killed\n")


def _has_ended(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def _children(pid: int) -> str:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return " ".join(Path(f"/proc/{child}/cmdline").read_text() for child in children)
