"""Writing for a reader who does not read: nothing waits, nothing is lost, nobody's descriptor is changed."""

import fcntl
import os
import pty
import select
import socket
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pydock_lab.runtime import outlet
from pydock_lab.runtime.loop import Loop
from pydock_lab.runtime.outlet import Outlet

MUCH = b"".join(b"%07d\n" % number for number in range(40_000))  # 320 kB: more than any buffer here

CTRL_S, CTRL_Q = b"\x13", b"\x11"

Pair = tuple[int, int]


def _pipe() -> Pair:
    return os.pipe()


def _sockets() -> Pair:
    reader, writer = socket.socketpair()
    return reader.detach(), writer.detach()


def _slave() -> Pair:
    """A terminal that passes on everything as it is, read through its master."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    return master, slave


def _master() -> Pair:
    """The same, the other way round."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    return slave, master


KINDS = {"pipe": _pipe, "socket": _sockets, "terminal": _slave, "master": _master}


@pytest.fixture(params=[*KINDS, "pipe of another", "terminal of another"])
def ends(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    """A reader's end and a writer's; that `of another` user cannot be opened anew."""
    kind, _, whose = str(request.param).partition(" of ")
    if whose:
        monkeypatch.setattr(outlet, "_open_anew", lambda _descriptor: False)
    pair = KINDS[kind]()
    yield pair
    for descriptor in pair:
        os.close(descriptor)


def _has_something(descriptor: int) -> bool:
    return bool(select.select([descriptor], [], [], 0)[0])


def _read(reader: int, loop: Loop, until: Callable[[], bool]) -> bytes:
    """What comes while the loop turns."""
    found = b""
    while not until():
        loop.later(0, lambda: None)  # there may be nothing else to wait for
        loop.turn()
        while _has_something(reader):
            found += os.read(reader, 65536)
    return found


def _written(reader: int, loop: Loop, writer: Outlet) -> bytes:
    """What its reader gets until everything has been written, and read."""
    return _read(reader, loop, lambda: writer.is_clear and not _has_something(reader))


def test_nothing_waits_and_nothing_is_lost(ends: Pair) -> None:
    reader, given = ends
    loop, told = Loop(), []
    writer = Outlet(loop, os.dup(given))
    writer.give(MUCH)
    writer.give(b"and more")
    writer.when_clear(lambda: told.append("clear"))
    assert (writer.is_clear, told) == (False, [])
    assert _written(reader, loop, writer) == MUCH + b"and more"
    assert (told, writer.is_gone) == (["clear"], False)
    writer.close()


def test_the_description_that_was_given_goes_on_waiting(ends: Pair) -> None:
    writer = Outlet(Loop(), os.dup(ends[1]))
    writer.give(b"x")
    assert not fcntl.fcntl(ends[1], fcntl.F_GETFL) & os.O_NONBLOCK
    writer.close()


@pytest.mark.parametrize("is_anothers", [False, True])
def test_a_terminal_that_was_stopped(is_anothers: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    if is_anothers:
        monkeypatch.setattr(outlet, "_open_anew", lambda _descriptor: False)
    loop, (master, slave) = Loop(), pty.openpty()
    writer = Outlet(loop, slave)
    os.write(master, CTRL_S)
    while select.select([], [slave], [], 0)[1]:
        pass  # the kernel takes a moment
    writer.give(b"hello")
    assert (writer.is_clear, _has_something(master)) == (False, False)
    os.write(master, CTRL_Q)
    assert _written(master, loop, writer) == b"hello"
    writer.close()
    os.close(master)


@pytest.mark.parametrize("kind", ["pipe", "socket", "terminal"])
def test_a_reader_who_goes(kind: str) -> None:
    loop, told = Loop(), []
    reader, given = KINDS[kind]()
    writer = Outlet(loop, given)
    writer.give(MUCH)
    writer.when_clear(lambda: told.append("clear"))
    assert not told
    os.close(reader)
    while not writer.is_clear:
        loop.turn()
    assert (writer.is_gone, told) == (True, ["clear"])
    writer.give(b"nobody reads this")
    writer.close()


def test_a_file_is_written_where_its_owner_is(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb", buffering=0) as file:
        file.write(b"before ")
        writer = Outlet(Loop(), os.dup(file.fileno()))
        writer.give(b"between ")
        assert writer.is_clear
        writer.close()
        file.write(b"after")
    assert (tmp_path / "out").read_bytes() == b"before between after"
