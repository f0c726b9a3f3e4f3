"""A container's life beyond its engine: state, log, kill, exec, attach, pause, and what is left afterwards."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import ContainerError, IsolationError
from pydock_lab.locale import text
from pydock_lab.runtime import logs
from pydock_lab.runtime.base import Runtime, Stdio
from pydock_lab.runtime.state import LOST, ContainerState, Status


def entries(directory: Path) -> list[tuple[str, str]]:
    return [(entry.stream, entry.text) for entry in logs.read(directory)]


def groups_left(directory: Path) -> list[Path]:
    return [path for path in Path("/sys/fs/cgroup").glob(f"*/pydock/{directory.name}") if path.exists()]


def test_a_background_container_outlives_its_engine(box: Any) -> None:
    directory = box.background("sh", "-c", "echo one; sleep 60")
    state = box.runtime.state(directory)
    assert state.status is Status.RUNNING
    assert state.process is not None
    assert state.process.is_alive()
    assert state.started_at == pytest.approx(time.time(), abs=5)


def test_its_end_is_written_down_and_nothing_is_left(box: Any) -> None:
    directory = box.background("sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done")
    assert box.until(lambda: entries(directory) == [("stdout", "ready\n")])
    box.runtime.kill(directory, signal.SIGTERM)
    assert box.runtime.wait(directory) == 3
    state = box.runtime.state(directory)
    assert (state.status, state.exit_code, state.process) == (Status.EXITED, 3, None)
    assert state.finished_at >= state.started_at
    assert box.until(lambda: not (directory / "control.sock").exists())
    assert groups_left(directory) == []
    assert str(directory) not in Path("/proc/mounts").read_text()


def test_a_signal_that_a_process_gets_from_itself_mostly(box: Any) -> None:
    directory = box.background("sh", "-c", "trap 'exit 3' PIPE; echo ready; while :; do sleep 0.05; done")
    assert box.until(lambda: entries(directory) == [("stdout", "ready\n")])
    box.runtime.kill(directory, signal.SIGPIPE)
    assert box.runtime.wait(directory) == 3


def test_a_foreground_container_dies_with_its_engine(box: Any) -> None:
    directory, spec = box.spec("sleep", "60")
    process = box.runtime.start(directory, spec)
    pid = process.pid
    process.close()
    assert box.until(lambda: not Path(f"/proc/{pid}").exists())
    assert box.until(lambda: box.runtime.state(directory).status is Status.EXITED)
    assert box.runtime.state(directory).exit_code == 137


def test_a_container_dies_with_its_shim(box: Any) -> None:
    directory = box.background("sleep", "60", init=True)
    state = box.runtime.state(directory)
    os.kill(state.shim.pid, 9)
    assert box.until(lambda: not Path(f"/proc/{state.process.pid}").exists())
    after = box.runtime.state(directory)
    assert (after.status, after.exit_code) == (Status.EXITED, LOST)
    with pytest.raises(ContainerError) as caught:
        box.runtime.kill(directory, 9)
    assert caught.value.key == "runtime.not-running"


def test_it_can_be_started_again_with_its_files(box: Any) -> None:
    directory, spec = box.spec("sh", "-c", "cat /tmp/count; echo x >> /tmp/count")
    for expected in (0, 1, 2):
        with box.runtime.start(directory, spec) as process:
            process.wait()
        assert sum(line == "x\n" for _, line in entries(directory)) == sum(range(expected + 1))
    assert box.runtime.state(directory).status is Status.EXITED


def test_the_log_has_both_streams_and_half_lines(box: Any) -> None:
    directory, spec = box.spec("sh", "-c", "echo out; sleep 0.05; echo err >&2; sleep 0.05; printf 'no end é'")
    with box.runtime.start(directory, spec) as process:
        assert process.wait() == 0
    assert entries(directory) == [("stdout", "out\n"), ("stderr", "err\n"), ("stdout", "no end é")]
    raw = [json.loads(line) for line in (directory / "log.jsonl").read_text().splitlines()]
    assert all(set(one) == {"log", "stream", "time"} for one in raw)


def test_following_a_log_ends_with_the_container(box: Any) -> None:
    directory = box.background("sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.1; done")
    lines = [entry.text for entry in logs.read(directory, follow=partial(box.runtime.is_running, directory))]
    assert lines == ["1\n", "2\n", "3\n"]


def test_much_output_is_complete(box: Any) -> None:
    directory, spec = box.spec("sh", "-c", "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done")
    reader, writer = os.pipe()
    count: list[int] = []

    def drain() -> None:
        with open(reader, "rb") as pipe:
            count.append(pipe.read().count(b"\n"))

    thread = threading.Thread(target=drain)
    thread.start()
    with box.runtime.start(directory, spec, Stdio(stdout=writer)) as process:
        os.close(writer)
        process.wait()
    thread.join()
    assert (count, len(entries(directory))) == ([20000], 20000)


def test_exec_shares_everything(box: Any) -> None:
    directory = box.background("sh", "-c", "echo hello > /tmp/file; sleep 60", init=True)
    assert box.until(box.written(directory, "tmp/file").exists)
    ran = box.exec(directory, "sh", "-c", "cat /tmp/file; hostname; ps | grep -c 'sleep 60'; exit 4")
    assert (ran.status, ran.out.split()[:2]) == (4, ["hello", "box"])
    status = box.exec(directory, "grep", "-E", "CapEff|Seccomp:", "/proc/self/status").out
    assert status.split() == ["CapEff:", "00000000a80425fb", "Seccomp:", "2"]


def test_exec_has_its_own_input_environment_and_directory(box: Any) -> None:
    directory = box.background("sleep", "60")
    ran = box.exec(directory, "sh", "-c", "cat; pwd; echo $A", stdin=b"in\n", env=("A=b",), cwd="/tmp")
    assert ran.out == "in\n/tmp\nb\n"


def test_exec_of_an_unknown_program(box: Any) -> None:
    directory = box.background("sleep", "60")
    with pytest.raises(ContainerError) as caught:
        box.exec(directory, "nope")
    assert (caught.value.key, caught.value.exit_status) == ("runtime.not-in-path", 127)


def test_exec_ends_with_its_engine_and_with_its_container(box: Any) -> None:
    directory = box.background("sleep", "60", init=True)
    process = box.runtime.exec(directory, box.spec("sleep", "61")[1].process)
    pid = process.pid
    process.close()
    assert box.until(lambda: not Path(f"/proc/{pid}").exists())
    other = box.runtime.exec(directory, box.spec("sleep", "62")[1].process)
    box.runtime.kill(directory, 9)
    assert other.wait() == 137


def test_attach_reads_and_types(box: Any) -> None:
    directory = box.background("sh", "-c", "read word; echo got $word", keep_input=True)
    reader, typing = os.pipe()
    out, writer = os.pipe()
    process = box.runtime.attach(directory, Stdio(stdin=reader, stdout=writer))
    os.close(writer)
    os.write(typing, b"hello\n")
    assert process.wait() == 0
    with open(out) as pipe:
        assert pipe.read() == "got hello\n"
    os.close(reader)
    os.close(typing)


def test_letting_go_of_attach_does_not_end_the_container(box: Any) -> None:
    directory = box.background("sh", "-c", "while :; do echo tick; sleep 0.02; done")
    out, writer = os.pipe()
    process = box.runtime.attach(directory, Stdio(stdout=writer))
    os.close(writer)
    assert os.read(out, 4) == b"tick"
    process.close()
    os.close(out)
    time.sleep(0.1)
    assert box.runtime.is_running(directory)


def test_pause(box: Any) -> None:
    directory = box.background("sh", "-c", "while :; do echo tick; sleep 0.01; done")
    if not can_pause(box):
        with pytest.raises(IsolationError, match=text("runtime.no-freezer")):
            box.runtime.pause(directory)
        assert box.runtime.state(directory).status is Status.RUNNING
        return
    box.runtime.pause(directory)
    assert box.runtime.state(directory).status is Status.PAUSED
    time.sleep(0.05)
    before = len(entries(directory))
    time.sleep(0.1)
    assert len(entries(directory)) == before
    box.runtime.unpause(directory)
    assert box.until(lambda: len(entries(directory)) > before)
    with pytest.raises(ContainerError) as caught:
        box.runtime.unpause(directory)
    assert caught.value.key == "runtime.wrong-state"


def can_pause(box: Any) -> bool:
    """Pausing needs a control group, as limits do."""
    return bool({facet.name: facet.in_force for facet in box.runtime.probe()}["limits"])


def test_a_paused_container_can_be_killed(box: Any) -> None:
    directory = box.background("sleep", "60")
    if can_pause(box):
        box.runtime.pause(directory)
    box.runtime.kill(directory, 9)
    assert box.runtime.wait(directory) == 137


def test_many_wait_for_one_end(box: Any) -> None:
    directory = box.background("sh", "-c", "sleep 0.3; exit 5")
    found: list[int] = []

    def wait() -> None:
        found.append(box.runtime.wait(directory))

    threads = [threading.Thread(target=wait) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [5] * 5


def test_a_start_that_fails_is_written_down(box: Any) -> None:
    directory, spec = box.spec("nope")
    with pytest.raises(ContainerError):
        box.runtime.start(directory, spec)
    state = box.runtime.state(directory)
    assert (state.status, state.exit_code) == (Status.EXITED, 127)
    assert state.error is not None
    assert state.error["key"] == "runtime.not-in-path"


def test_no_process_is_left_behind(box: Any) -> None:
    directory = box.background("sleep", "60")
    shim = box.runtime.state(directory).shim.pid

    def table() -> list[list[str]]:
        shown = subprocess.run(["ps", "-eo", "pid,ppid,stat,args"], capture_output=True, text=True, check=True).stdout
        return [line.split(None, 3) for line in shown.splitlines()[1:]]

    def below(pid: str, rows: list[list[str]]) -> list[list[str]]:
        found = [row for row in rows if row[1] == pid]
        return found + [one for row in found for one in below(row[0], rows)]

    def zombies() -> list[str]:
        rows = table()
        zygote = next(row[1] for row in rows if row[0] == str(shim))
        return [row[3] for row in below(zygote, rows) if row[2].startswith("Z")]

    for _ in range(5):
        box.sh("(sleep 61.25 &); (sleep 0.01 &); true")
    assert box.until(lambda: not zombies())
    assert not [row for row in table() if row[3] == "sleep 61.25"]


def test_another_engine_finds_the_container(box: Any) -> None:
    directory = box.background("sleep", "60")
    script = f"""
from pathlib import Path
from pydock_lab.runtime.base import Runtime
runtime = Runtime(Path({str(box.home)!r}))
print(runtime.state(Path({str(directory)!r})).status)
runtime.kill(Path({str(directory)!r}), 9)
print(runtime.wait(Path({str(directory)!r})))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["running", "137"]


def test_two_runtimes_share_a_zygote(box: Any) -> None:
    other = Runtime(box.home)
    directory, spec = box.spec("true")
    assert other.run(directory, spec) == 0
    assert other.sandbox._socket == box.runtime.sandbox._socket


def children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):  # it has ended
        return []


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="no husks here: see linux/husk.py")
@pytest.mark.parametrize("is_watched", [False, True])
def test_the_husk_of_a_container_is_buried_while_it_runs(box: Any, *, is_watched: bool) -> None:
    zygote = 0
    watched = contextlib.ExitStack()

    def has_husk() -> bool:
        """Whether a worker waits with a child, and the husk of who bore that: one that had time to."""
        return any(len(children(pid)) == 3 for pid in children(zygote))

    def start() -> ContainerState:
        nonlocal zygote
        directory, spec = box.spec("sleep", "60")
        process = box.runtime.start(directory, spec, detach=not is_watched)
        watched.callback(process.close)
        assert box.until(lambda: box.runtime.state(directory).status is Status.RUNNING)
        now = box.runtime.state(directory)
        zygote = int(Path(f"/proc/{now.shim.pid}/stat").read_text().rpartition(")")[2].split()[1])
        return now

    started = [start()]
    while not has_husk():
        time.sleep(0.3)
        assert len(started) < 10
        started.append(start())
    started += [start(), start()]  # both that waited
    for one in started:
        # Its worker watches it, or has ended.
        assert box.until(lambda one=one: len(children(one.shim.pid)) == 1 + is_watched)
        assert one.process.pid in children(one.shim.pid)
    watched.close()
