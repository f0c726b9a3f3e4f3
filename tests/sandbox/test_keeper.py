"""A keeper and its ward: what a killed worker has started does not outlive it."""

import contextlib
import os
import signal
import time
from typing import NoReturn

import pytest
from samples.waiting import wait_until

from pydock_lab.linux import syscalls
from pydock_lab.linux.descriptors import keep_only
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.sandbox import keeper
from pydock_lab.sandbox.keeper import Doze, Line

_waitpid = os.waitpid


def sibling(seconds: float) -> tuple[int, int]:
    """Another child of our parent's, which lives for so long."""
    pid, pidfd = syscalls.clone3(Namespace(0), as_sibling=True)
    if pid == 0:
        keep_only()
        time.sleep(seconds)
        os._exit(0)
    return pid, pidfd


def late(pid: int, options: int) -> tuple[int, int]:
    """A keeper that is slow to look: its worker has died meanwhile."""
    if options:
        time.sleep(0.3)
    return _waitpid(pid, options)


@pytest.mark.parametrize("is_late", [False, True])
def test_the_ward_of_a_killed_worker_is_killed(*, is_late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if is_late:
        monkeypatch.setattr("os.waitpid", late)
    reader, writer = os.pipe()

    def work(line: Line) -> NoReturn:
        pid, pidfd = sibling(60)
        line.adopt(pid, pidfd)
        os.write(writer, str(pid).encode())
        if not is_late:
            time.sleep(0.3)  # it is waiting for the end by now
        os.kill(os.getpid(), signal.SIGKILL)
        os._exit(1)

    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os._exit(0 if keeper.keep(work) is None else 1)
        os._exit(2)
    assert os.waitstatus_to_exitcode(_waitpid(child, 0)[1]) == 0
    ward = int(os.read(reader, 16))
    with pytest.raises(ProcessLookupError):
        os.kill(ward, 0)
    os.close(reader)
    os.close(writer)


def is_buried(pid: int) -> bool:
    return not os.path.exists(f"/proc/{pid}")


@pytest.mark.parametrize("is_handed_over", [False, True])
def test_a_husk_is_buried_while_the_ward_lives(*, is_handed_over: bool) -> None:
    reader, writer = os.pipe()

    def work(line: Line) -> NoReturn:
        (ward, pidfd), (husk, _) = sibling(60), sibling(0.1)
        if is_handed_over:
            line.hand_over({}, [pidfd], Doze(title="dozing", wakers=1, seconds=None, husk=husk))
        else:
            line.adopt(ward, pidfd, husk)
        os.write(writer, f"{ward} {husk}".encode())
        if not is_handed_over:
            line.ended()
        os._exit(0)

    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            keeper.keep(work)
        os._exit(0)
    ward, husk = map(int, os.read(reader, 32).split())
    wait_until(lambda: is_buried(husk))
    os.kill(ward, 0)
    assert not is_buried(child)
    os.kill(ward, signal.SIGKILL)
    assert os.waitstatus_to_exitcode(_waitpid(child, 0)[1]) == 0
    os.close(reader)
    os.close(writer)
