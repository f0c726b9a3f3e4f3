"""A watcher who does not read: the program waits for him, as in a shell's pipe, and nobody else does."""

import contextlib
import os
import pty
import select
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.oci.runtime_spec import ProcessSpec
from pydock_lab.runtime import control, logs
from pydock_lab.runtime.base import Stdio
from pydock_lab.runtime.restart import RestartKind, RestartPolicy
from pydock_lab.runtime.state import Status
from pydock_lab.runtime.supervision import Supervision

COUNT = 40_000
MUCH = b"".join(b"%d\n" % number for number in range(COUNT))  # 230 kB: more than pipes and terminals hold
SCRIPT = f"i=0; while [ $i -lt {COUNT} ]; do echo $i; i=$((i+1)); done"
SECONDS = 10


def in_time(call: Callable[[], Any]) -> Any:
    """What a call gives, which might wait for ever."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(call()), daemon=True)
    thread.start()
    thread.join(SECONDS)
    assert found, "nobody has answered"
    return found[0]


def read_all(reader: int, size: int) -> bytes:
    """So many bytes, or what there is until nothing comes any more."""
    found = b""
    with contextlib.suppress(OSError):  # EIO: nobody has the terminal any more
        while len(found) < size and select.select([reader], [], [], SECONDS)[0] and (more := os.read(reader, 65536)):
            found += more
    return found


def logged(directory: Path) -> bytes:
    return "".join(entry.text for entry in logs.read(directory)).encode()


def is_stuck(directory: Path) -> bool:
    """Whether it has written something, and writes no more."""
    before = logged(directory)
    time.sleep(0.3)
    return bool(before) and logged(directory) == before


def type_much(descriptor: int) -> None:
    with open(descriptor, "wb") as file:
        file.write(MUCH)


def raw_terminal() -> tuple[int, int]:
    master, slave = pty.openpty()
    tty.setraw(slave)
    return master, slave


@pytest.mark.parametrize("make", [os.pipe, raw_terminal], ids=["pipe", "terminal"])
def test_others_are_answered_while_a_watcher_does_not_read(box: Any, make: Callable[[], tuple[int, int]]) -> None:
    directory, spec = box.spec("sh", "-c", f"{SCRIPT}; sleep 0.1; exit 3")
    reader, writer = make()
    process = box.runtime.start(directory, spec, Stdio(stdout=writer))
    os.close(writer)
    assert box.until(lambda: is_stuck(directory))
    assert in_time(lambda: box.runtime.processes(directory))
    assert len(logged(directory)) < len(MUCH), "it waits for its reader"
    assert read_all(reader, len(MUCH)) == MUCH
    assert in_time(process.wait) == 3
    assert logged(directory) == MUCH
    os.close(reader)


def test_it_can_be_stopped_and_its_watcher_gets_the_rest(box: Any) -> None:
    directory, spec = box.spec("sh", "-c", SCRIPT)
    reader, writer = os.pipe()
    process = box.runtime.start(directory, spec, Stdio(stdout=writer))
    os.close(writer)
    assert box.until(lambda: is_stuck(directory))
    assert in_time(lambda: box.runtime.stop(directory, 9, 5)) == 137
    assert box.runtime.state(directory).status is Status.EXITED
    written = logged(directory)
    assert MUCH.startswith(written)
    assert read_all(reader, len(written)) == written
    assert in_time(process.wait) == 137
    os.close(reader)


def test_an_attached_watcher_who_does_not_read_and_goes(box: Any) -> None:
    directory = box.background("sh", "-c", f"sleep 0.3; {SCRIPT}; sleep 60")
    reader, writer = os.pipe()
    watching = box.runtime.attach(directory, Stdio(stdout=writer))
    os.close(writer)
    assert box.until(lambda: is_stuck(directory))
    watching.close()
    assert box.until(lambda: logged(directory) == MUCH, seconds=SECONDS), "it goes on without him"
    os.close(reader)


def test_the_end_of_an_attached_watcher_comes_after_the_rest(box: Any) -> None:
    directory = box.background("sh", "-c", f"sleep 0.3; {SCRIPT}")
    reader, writer = os.pipe()
    watching = box.runtime.attach(directory, Stdio(stdout=writer))
    os.close(writer)
    assert box.until(lambda: is_stuck(directory))
    box.runtime.kill(directory, 9)
    assert in_time(lambda: box.runtime.wait(directory)) == 137
    assert box.until(lambda: not (directory / "control.sock").exists())
    written = logged(directory)
    assert read_all(reader, len(written)) == written
    assert in_time(watching.wait) == 137
    os.close(reader)


def test_who_asks_just_as_it_ends_is_not_left_waiting(box: Any) -> None:
    directory, spec = box.spec("sh", "-c", SCRIPT)
    reader, writer = os.pipe()
    process = box.runtime.start(directory, spec, Stdio(stdout=writer))
    os.close(writer)
    assert box.until(lambda: is_stuck(directory))
    with contextlib.closing(control.dial(directory)) as late:
        assert box.runtime.stop(directory, 9, 5) == 137
        assert box.until(lambda: not (directory / "control.sock").exists())
        late.send({"do": "wait"})
        assert in_time(late.receive) is None
    os.close(reader)
    assert in_time(process.wait) == 137


def test_a_policy_does_not_wait_for_a_watcher(box: Any) -> None:
    directory, spec = box.spec("sh", "-c", "head -c 65000 /dev/zero | tr '\\0' x; sleep 0.2; exit 1")
    reader, writer = os.pipe()
    os.write(writer, b"full" * 16384)
    again = Supervision(restart=RestartPolicy(kind=RestartKind.ON_FAILURE, maximum=1))
    process = box.runtime.start(directory, spec, Stdio(stdout=writer), supervision=again)
    os.close(writer)
    assert box.until(lambda: box.runtime.state(directory).status is Status.EXITED, seconds=SECONDS)
    assert logged(directory) == b"x" * 130_000
    assert read_all(reader, 65536 + 65000).strip(b"ful") == b"x" * 65000, "his was the first life"
    assert in_time(process.wait) == 1
    os.close(reader)


def test_a_program_that_does_not_read(box: Any) -> None:
    directory = box.background("sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.05; done; wc -c", keep_input=True)
    reader, writer = os.pipe()
    typing, end = os.pipe()
    watching = box.runtime.attach(directory, Stdio(stdin=typing, stdout=writer))
    os.close(typing)
    thread = threading.Thread(target=type_much, args=(end,), daemon=True)
    thread.start()
    time.sleep(0.3)
    assert thread.is_alive(), "there is more than all the pipes hold"
    assert in_time(lambda: box.exec(directory, "touch", "/tmp/go")).status == 0
    assert in_time(watching.wait) == 0
    assert int(read_all(reader, 7)) == len(MUCH)
    os.close(reader)
    os.close(writer)
    thread.join()


def test_a_further_program_whose_terminal_nobody_reads(box: Any) -> None:
    directory = box.background("sleep", "60")
    master, slave = raw_terminal()
    words = ProcessSpec(args=("sh", "-c", SCRIPT), terminal=True)
    further = box.runtime.exec(directory, words, Stdio(stdin=slave, stdout=slave, stderr=slave))
    os.close(slave)
    assert select.select([master], [], [], SECONDS)[0]
    time.sleep(0.5)
    further.kill(9)
    assert box.until(lambda: not Path(f"/proc/{further.pid}").exists()), "its signal has come"
    assert MUCH.replace(b"\n", b"\r\n").startswith(read_all(master, 2 * len(MUCH)).rstrip(b"\r"))
    assert in_time(further.wait) == 137
    os.close(master)
