"""A process that goes on as another one: with its memory, in other namespaces, and as who it was after an error."""

import errno
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pydock_lab.linux import husk
from pydock_lab.linux.descriptors import keep_only
from pydock_lab.linux.syscalls import Namespace

pytestmark = [
    pytest.mark.usefixtures("as_root"),
    pytest.mark.skipif(os.uname().machine != "x86_64", reason="there is no machine code for this machine"),
]


def said(action: Callable[[int], object]) -> tuple[int, str]:
    """Do something in a child of ours, which can write to a pipe: its pid, and all that was written."""
    assert husk.is_possible()  # and inherited
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            keep_only(writer)
            action(writer)
        except OSError as error:
            os.write(writer, f"{errno.errorcode[error.errno or 0]} {os.getpid()}".encode())
        finally:
            os._exit(7)
    os.close(writer)
    with open(reader, encoding="ascii") as file:
        return pid, file.read()


def status(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_it_goes_on_with_its_memory_in_namespaces_of_its_own() -> None:
    kept = ["before"]

    def action(writer: int) -> None:
        pid = husk.leave(int(Namespace.PID), True, -1)
        kept.append("after")
        os.write(writer, f"{pid} {os.getpid()} {' '.join(kept)} ".encode())
        os.dup2(writer, 1)
        os.execv("/bin/sh", ["sh", "-c", "echo $$; exit 3"])

    before, told = said(action)
    pid, inside, *words = told.split()
    assert words == ["before", "after", "1"]
    assert inside == "1"
    assert int(pid) != before
    # It is a sibling: ours to wait for. And who it was has ended as if nothing had happened.
    assert status(int(pid)) == 3
    assert status(before) == 0


def test_the_older_call_does_it_where_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(husk, "CLONE3", 100_000)

    def action(writer: int) -> None:
        pid = husk.leave(int(Namespace.UTS), True, -1)
        os.write(writer, f"{pid} {os.getpid()}".encode())
        os._exit(3)

    before, told = said(action)
    pid, inside = map(int, told.split())
    assert pid == inside != before
    assert status(pid) == 3
    assert status(before) == 0


def test_after_an_error_it_is_who_it_was() -> None:
    before, told = said(lambda _: husk.leave(0, True, 1000))
    assert told == f"EBADF {before}"
    assert status(before) == 7


def test_who_is_killed_leaves_the_memory_to_the_other() -> None:
    def action(writer: int) -> None:
        before = os.getpid()
        husk.leave(int(Namespace.UTS), True, -1)
        os.kill(before, 9)
        while b"Z" not in Path(f"/proc/{before}/stat").read_bytes().rpartition(b")")[2]:
            pass
        os.write(writer, f"{os.getpid()} {sum(bytearray(1 << 20))}".encode())
        os._exit(0)

    before, told = said(action)
    pid, words = told.split()
    assert words == "0"
    assert status(before) == -9
    assert status(int(pid)) == 0


def test_no_signal_moves_it() -> None:
    """Its handler would write to a stack that is another's; and it waits as anybody waits who may be looked at."""
    heard: list[int] = []

    def action(writer: int) -> None:
        before = os.getpid()
        signal.signal(signal.SIGUSR1, lambda number, _: heard.append(number))
        husk.leave(int(Namespace.UTS), True, -1)
        os.kill(before, signal.SIGUSR1)
        time.sleep(0.05)
        state = Path(f"/proc/{before}/stat").read_text().rpartition(")")[2].split()[0]
        os.kill(os.getpid(), signal.SIGUSR1)
        os.write(writer, f"{os.getpid()} {state} {len(heard)}".encode())
        os._exit(0)

    before, told = said(action)
    pid, *words = told.split()
    assert words == ["S", "1"]
    assert status(before) == 0
    assert status(int(pid)) == 0


def test_a_machine_without_code_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(husk, "_CODE", {})
    find = husk._instructions.__wrapped__
    assert find() is None


def test_where_memory_that_is_executed_is_refused_one_does_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_name: str) -> int:
        raise PermissionError(errno.EACCES, "vm.memfd_noexec")

    monkeypatch.setattr("os.memfd_create", refused)
    assert husk._instructions.__wrapped__() is None
