"""Signals to a traced container's supervisor: others' go on to its first process, its own SIGPIPE does not."""

import contextlib
import os
import select
import signal
from types import SimpleNamespace
from typing import Any

import pytest

from pydock_lab.runtime.traced.supervisor import Supervisor


@pytest.mark.parametrize(("sender", "heard"), [("itself", []), ("another", [signal.SIGPIPE])])
def test_a_broken_pipe(sender: str, heard: list[int]) -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writer)
        os.waitpid(pid, 0)
        assert [int(one) for one in os.read(reader, 100).split()] == heard
        os.close(reader)
        return
    try:
        os.write(writer, b" ".join(b"%d" % one for one in _what_is_forwarded(sender)))
    finally:
        os._exit(0)


def _what_is_forwarded(sender: str) -> list[int]:
    found: list[int] = []
    nothing: Any = SimpleNamespace(asked=())
    supervisor = Supervisor(nothing, nothing, {})
    supervisor.forward({signal.SIGPIPE, signal.SIGUSR1}, found.append)
    if sender == "itself":
        broken, end = os.pipe()
        os.close(broken)
        with contextlib.suppress(BrokenPipeError):
            os.write(end, b"nobody reads this")
    elif not (pid := os.fork()):
        os.kill(os.getppid(), signal.SIGPIPE)
        os._exit(0)
    else:
        os.waitpid(pid, 0)
    descriptors = list(supervisor._handlers)
    while ready := [one for one in select.select(descriptors, [], [], 0)[0] if one != supervisor._signals]:
        supervisor._handlers[ready[0]]()
    return found
