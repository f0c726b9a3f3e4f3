"""`run -it` in a terminal: what is typed appears once, Ctrl-C is the program's, and the terminal is as it was after."""

import os
import pty
import select
import subprocess
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
    descriptor, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    command = [sys.executable, "-m", "pydock_lab", "run", "--rm", "-it", "lab/busybox", "sh"]
    environment = os.environ | {"PYDOCK_HOME": str(home)}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as program:
        try:
            use(descriptor)
        except BaseException:
            program.kill()
            raise
    assert program.returncode == 7
    assert termios.tcgetattr(theirs) == before
    os.close(theirs)
    os.close(descriptor)


@pytest.mark.usefixtures("containers")
def test_lines_of_a_terminal_for_a_program_without_one(home):
    """What it copies from there into a pipe would keep everybody else from that pipe."""
    descriptor, theirs = pty.openpty()
    command = [sys.executable, "-m", "pydock_lab", "run", "--rm", "-i", "lab/busybox", "sh", "-c", "tty; exec cat"]
    environment = os.environ | {"PYDOCK_HOME": str(home)}
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as program:
        try:
            typed(descriptor, b"", b"not a tty")
            assert typed(descriptor, b"line\n", b"line\r\nline\r\n")
            os.write(descriptor, b"\x04")
            assert program.wait(20) == 0
        except BaseException:
            program.kill()
            os.close(descriptor)
            raise
    os.close(theirs)
    os.close(descriptor)


def use(descriptor):
    typed(descriptor, b"", b"# ")
    # Who says 42 is who sleeps: the terminal's foreground is its own by then, and Ctrl-C reaches it.
    said = typed(descriptor, b"sh -c 'echo $((40 + 2)); exec sleep 50'\r", b"42")
    assert said.count(b"sleep 50") == 1
    typed(descriptor, b"\x03", b"# ")
    os.write(descriptor, b"exit 7\r")
