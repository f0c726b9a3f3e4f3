"""Pages that a process has of its own: against a count of page faults."""

import contextlib
import ctypes
import gc
import marshal
import mmap
import os
import resource
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pydock_lab.linux import pages

PAGES = 512
MANY = 256  # far more than Python itself writes to meanwhile
SIZE = mmap.PAGESIZE
KIND = "test"


@pytest.fixture
def memory() -> Iterator[mmap.mmap]:
    """Private memory of so many pages, all of them written to."""
    with mmap.mmap(-1, PAGES * SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as found:
        found[:] = b"a" * len(found)
        yield found
        pages._known.clear()


def write(memory: mmap.mmap, *numbers: int) -> None:
    for number in numbers:
        memory[number * SIZE] = ord("b")


def place(memory: mmap.mmap) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(memory))


def in_child(work: Callable[[], Any]) -> Any:
    """What `work` gives in a fork of this process."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        gc.disable()  # it writes to all that there is
        with contextlib.suppress(BaseException):
            os.write(writer, marshal.dumps(work()))
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        content = pipe.read()
    os.waitpid(pid, 0)
    return marshal.loads(content)


def in_it(memory: mmap.mmap) -> list[int]:
    """The numbers of the pages of this memory that are nobody else's."""
    start = place(memory)
    found = [address + n * SIZE for address, length in pages.touched() for n in range(length // SIZE)]
    return sorted((one - start) // SIZE for one in found if start <= one < start + PAGES * SIZE)


def faults() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt


def test_what_has_been_written_to_since_the_fork(memory: mmap.mmap) -> None:
    def work() -> list[int]:
        assert memory[7 * SIZE] == ord("a"), "to look is not to write"
        write(memory, 3, 4, 10, PAGES - 1)
        return in_it(memory)

    assert in_child(work) == [3, 4, 10, PAGES - 1]


def test_what_is_touched_ahead_costs_nothing_later(memory: mmap.mmap) -> None:
    start = place(memory)
    half = MANY // 2
    first, second = [(start, half * SIZE)], [[start + half * SIZE, half * SIZE], [start + 300 * SIZE, SIZE]]
    for lesson in (first, second):  # as they were found, and as JSON has them
        pages.learn(KIND, lesson)
    assert pages._known[KIND][1] == [(start, MANY * SIZE), (start + 300 * SIZE, SIZE)]

    def work(numbers: range, *, ahead: bool) -> tuple[int, list[int], bytes]:
        write(memory, PAGES - 1)  # the code itself has been there once
        if ahead:
            pages.touch(KIND)
        own, before = in_it(memory), faults()
        write(memory, *numbers)
        return faults() - before, own, memory[SIZE : 2 * SIZE]

    cost, own, _ = in_child(lambda: work(range(MANY), ahead=False))
    assert (cost >= MANY, own) == (True, [PAGES - 1])
    cost, own, content = in_child(lambda: work(range(MANY), ahead=True))
    assert own == [*range(MANY), 300, PAGES - 1]
    assert cost < MANY // 4
    assert content == b"b" + b"a" * (SIZE - 1), "touching changes nothing"


def test_what_is_not_there_is_left(memory: mmap.mmap) -> None:
    with mmap.mmap(-1, SIZE) as gone:
        nowhere = place(gone)
    pages.learn(KIND, [(nowhere, SIZE), (place(memory), SIZE)])

    def work() -> list[int]:
        pages.touch(KIND)
        return in_it(memory)

    assert in_child(work) == [0]


def test_some_lessons_are_enough(memory: mmap.mmap) -> None:
    assert pages.has_to_learn(KIND)
    for number in range(pages._LESSONS):
        pages.learn(KIND, [(place(memory) + number * SIZE, SIZE)])
    assert not pages.has_to_learn(KIND)
    assert pages.has_to_learn("another")


def test_a_kernel_that_does_not_say(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise PermissionError

    monkeypatch.setattr("builtins.open", refused)
    assert pages.touched() == []
