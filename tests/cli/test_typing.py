"""`run -it` in a terminal: what is typed appears once, Ctrl-C is the program's, and the terminal is as it was after."""

import os
import pty
import select
import sys
import termios
import time

import pytest


def typed(descriptor, text, wanted):
    """Type, and read until `wanted` appears."""
    os.write(descriptor, text)
    said, end = b"", time.monotonic() + 20
    while wanted not in said and time.monotonic() < end:
        ready, _, _ = select.select([descriptor], [], [], 0.2)
        said += os.read(descriptor, 4096) if ready else b""
    assert wanted in said
    return said


@pytest.mark.usefixtures("containers")
def test_a_shell_in_a_terminal(home):
    pid, descriptor = pty.fork()
    if pid == 0:
        os.environ["PYDOCK_HOME"] = str(home)
        os.execv(sys.executable, [sys.executable, "-m", "pydock_lab", "run", "--rm", "-it", "lab/busybox", "sh"])
    before = termios.tcgetattr(descriptor)
    typed(descriptor, b"", b"# ")
    said = typed(descriptor, b"echo $((40 + 2)); sleep 50\r", b"42")
    assert said.count(b"sleep 50") == 1
    typed(descriptor, b"\x03", b"# ")
    os.write(descriptor, b"exit 7\r")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
    assert termios.tcgetattr(descriptor)[3] == before[3]
    os.close(descriptor)
