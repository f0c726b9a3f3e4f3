"""A keeper and its ward: what a killed worker has started does not outlive it."""

import contextlib
import os
import signal
import time
from typing import NoReturn

import pytest

from pydock_lab.linux import syscalls
from pydock_lab.linux.descriptors import keep_only
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.sandbox import keeper
from pydock_lab.sandbox.keeper import Line

_waitpid = os.waitpid


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
        pid, pidfd = syscalls.clone3(Namespace(0), as_sibling=True)
        if pid == 0:
            keep_only()
            time.sleep(60)
            os._exit(0)
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
