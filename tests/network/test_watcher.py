"""A loop within a loop: files, and the time that passes."""

import select
import socket
import time
from collections.abc import Callable

import pytest

from pydock_lab.network.watcher import EDGES, Sweeper, Watcher


def test_a_handler_is_called_for_each_file_that_has_something(watcher: Watcher) -> None:
    pairs = [socket.socketpair() for _ in range(3)]
    heard: list[bytes] = []
    for ours, _ in pairs:
        watcher.watch(ours, lambda ours=ours: heard.append(ours.recv(10)))
    pairs[2][1].send(b"c")
    pairs[0][1].send(b"a")
    assert watcher.turn()
    assert sorted(heard) == [b"a", b"c"]
    assert not watcher.turn()
    for pair in pairs:
        for end in pair:
            end.close()


def test_another_loop_sees_that_there_is_something_to_do(watcher: Watcher) -> None:
    ours, theirs = socket.socketpair()
    watcher.watch(ours, lambda: ours.recv(10))
    outer = select.poll()
    outer.register(watcher, select.POLLIN)
    assert outer.poll(0) == []
    theirs.send(b"x")
    assert outer.poll(1000)
    watcher.turn()
    assert outer.poll(0) == []
    watcher.later(0.01, lambda: None)
    assert outer.poll(1000)
    ours.close()
    theirs.close()


def test_what_one_handler_lets_be_forgotten_is_not_called_any_more(watcher: Watcher) -> None:
    first, second = socket.socketpair()
    called: list[int] = []

    def handle(end: socket.socket, other: socket.socket) -> None:
        called.append(end.fileno())
        watcher.forget(other)

    watcher.watch(first, lambda: handle(first, second), select.EPOLLOUT)
    watcher.watch(second, lambda: handle(second, first), select.EPOLLOUT)
    watcher.turn()
    assert len(called) == 1
    watcher.forget(first)
    watcher.forget(second)
    first.close()
    second.close()


def test_an_edge_is_told_once_and_again_when_asked(watcher: Watcher) -> None:
    ours, theirs = socket.socketpair()
    told: list[int] = []
    watcher.watch(ours, lambda: told.append(1), EDGES)
    theirs.send(b"x")
    while watcher.turn():
        pass
    count = len(told)
    assert count >= 1
    watcher.again(ours, EDGES)
    assert watcher.turn()
    assert len(told) == count + 1
    ours.close()
    theirs.close()


def test_timers_go_off_in_order(watcher: Watcher, until: Callable[[Callable[[], object]], None]) -> None:
    order: list[str] = []
    watcher.later(0.03, lambda: order.append("late"))
    watcher.later(0.01, lambda: order.append("early"))
    watcher.later(0, lambda: order.append("now"))
    until(lambda: len(order) == 3)
    assert order == ["now", "early", "late"]


@pytest.mark.parametrize("rounds", [1, 3])
def test_sweeping_goes_on_as_long_as_something_is_left(
    watcher: Watcher, until: Callable[[Callable[[], object]], None], rounds: int
) -> None:
    swept: list[float] = []
    sweeper = Sweeper(watcher, 0.01, lambda: swept.append(time.monotonic()) or len(swept) < rounds)
    sweeper.start()
    sweeper.start()
    until(lambda: len(swept) == rounds)
    watcher.turn(0.05)
    assert len(swept) == rounds
