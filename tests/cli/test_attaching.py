"""A person at a program: in a terminal of its own size, with keys that let go, signals passed on, chosen streams."""

import fcntl
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from samples.served import passes_signals_on
from samples.waiting import wait_until

from pydock_lab.cli.attaching import chosen, detach_keys
from pydock_lab.engine.face import Engine
from pydock_lab.errors import CommandError

BOX = "lab/busybox"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", b"\x10\x11"),
        ("ctrl-a", b"\x01"),
        ("ctrl-Z,q", b"\x1aq"),
        ("a,b,c", b"abc"),
        ("ctrl-@", b"\x00"),
        ("ctrl-[,ctrl-_", b"\x1b\x1f"),
    ],
)
def test_keys_that_let_go(text: str, keys: bytes) -> None:
    assert detach_keys(text) == keys


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-1", "ab", "a,,b", "é", "ctrl-ab"])
def test_keys_that_nobody_has(text: str) -> None:
    with pytest.raises(CommandError) as caught:
        detach_keys(text)
    assert caught.value.key == "cli.bad-keys"


def test_streams_by_name() -> None:
    assert chosen([]) == {"stdin", "stdout", "stderr"}
    assert chosen(["STDERR"]) == {"stderr"}
    with pytest.raises(CommandError):
        chosen(["stdlog"])


class Terminal:
    """A terminal of 90 columns and 30 lines in which `pydock` runs."""

    def __init__(self, *words: str) -> None:
        self.master, slave = pty.openpty()
        self.resize(30, 90)
        command = [sys.executable, "-m", "pydock_lab", *words]
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.seen = ""

    def resize(self, lines: int, columns: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("4H", lines, columns, 0, 0))

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def wait_for(self, text: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while text not in self.seen:
            assert time.monotonic() < end, f"{text!r} is not in {self.seen!r}"
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536).decode("utf-8", "replace")
                except OSError:  # nobody is at the other end any more
                    assert text in self.seen, self.seen
        self.seen = self.seen.partition(text)[2]

    def end(self) -> int:
        return self.process.wait(20)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    found: list[Terminal] = []
    yield found
    for one in found:
        one.process.kill()
        one.process.wait()
        os.close(one.master)


@pytest.mark.usefixtures("containers", "home")
def test_a_terminal_has_a_size_is_let_go_of_and_taken_up_again(terminals: list[Terminal], engine: Engine) -> None:
    shell = Terminal("run", "-it", "--name", "one", BOX, "sh")
    terminals.append(shell)
    shell.type("stty size\n")
    shell.wait_for("30 90")
    shell.resize(41, 101)
    os.kill(shell.process.pid, signal.SIGWINCH)  # what the kernel does where it is the terminal's own session
    wait_until(lambda: _asked(shell, "stty size\n", "41 101"))  # asked again: it is told a moment later
    shell.type("\x10\x11")
    assert shell.end() == 0
    assert engine.container("one").state == "running"
    again = Terminal("attach", "one")
    terminals.append(again)
    again.type("echo s$((1+1))n\n")
    again.wait_for("s2n")
    again.type("exit 3\n")
    assert again.end() == 3


def _asked(shell: Terminal, words: str, answer: str) -> bool:
    shell.type(words)
    try:
        shell.wait_for(answer, seconds=1)
    except AssertionError:
        return False
    return True


def program(tmp_path: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pydock_lab", *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)


@pytest.mark.usefixtures("containers", "home")
def test_signals_are_passed_on(tmp_path: Path) -> None:
    script = "trap 'echo told; exit 7' TERM; echo ready; while :; do sleep 0.05; done"
    with program(tmp_path, "run", "--name", "one", BOX, "sh", "-c", script) as run:
        assert run.stdout is not None
        while run.stdout.readline() != "ready\n":
            pass
        wait_until(lambda: passes_signals_on(run.pid))
        run.send_signal(signal.SIGTERM)
        assert run.stdout.read() == "told\n"
        assert run.wait(20) == 7


@pytest.mark.usefixtures("containers", "home")
def test_only_one_stream(tmp_path: Path) -> None:
    with program(tmp_path, "run", "--rm", "-a", "stderr", BOX, "sh", "-c", "echo out; echo err >&2") as run:
        out, err = run.communicate(timeout=60)
    assert out == ""
    assert err.endswith("err\n")


@pytest.mark.usefixtures("containers", "home")
def test_ctrl_c_asks_the_program_to_end_and_waits_for_its_answer(tmp_path: Path) -> None:
    script = "trap 'echo told; exit 7' INT; echo ready; while :; do sleep 0.05; done"
    with program(tmp_path, "run", "--name", "one", BOX, "sh", "-c", script) as run:
        assert run.stdout is not None
        while run.stdout.readline() != "ready\n":
            pass
        wait_until(lambda: passes_signals_on(run.pid))
        run.send_signal(signal.SIGINT)
        said, complaints = run.communicate(timeout=20)
    assert (said, complaints, run.returncode) == ("told\n", "", 7)


@pytest.mark.usefixtures("containers", "home")
def test_a_terminal_that_was_stopped_holds_up_nobody_else(terminals: list[Terminal], engine: Engine) -> None:
    script = "i=0; while :; do echo line $i; i=$((i+1)); done"
    watching = Terminal("run", "--name", "one", BOX, "sh", "-c", script)
    terminals.append(watching)
    watching.wait_for("line 100")
    watching.type("\x13")  # Ctrl-S
    time.sleep(0.5)
    pydock = [sys.executable, "-m", "pydock_lab"]
    for words in (["top", "one"], ["stop", "-t", "1", "one"]):
        subprocess.run([*pydock, *words], check=True, capture_output=True, timeout=20)
    assert engine.container("one").state == "exited"
    last = engine.container("one").logs().splitlines()[-1]
    assert watching.process.poll() is None, "there is something to read for it"
    watching.type("\x11")
    watching.wait_for(last)
    assert watching.end() == 137


def test_until_the_program_runs_ctrl_c_is_ours(terminals: list[Terminal]) -> None:
    """While an image is pulled, from a registry that is slow, the terminal still makes a signal of it."""
    with socket.create_server(("127.0.0.1", 0)) as slow:
        run = Terminal("run", "-it", f"127.0.0.1:{slow.getsockname()[1]}/lab/app", "sh")
        terminals.append(run)
        line, _ = slow.accept()
        with line:
            assert termios.tcgetattr(run.master)[3] & termios.ISIG
            run.process.send_signal(signal.SIGINT)
            assert run.end() == 130
