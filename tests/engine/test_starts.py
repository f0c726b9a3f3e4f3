"""The record of a container's start: against strace of the same start, and against what the program really sees."""

import contextlib
import re
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from samples.waiting import wait_until

from pydock_lab import drawing
from pydock_lab.engine.face import Engine
from pydock_lab.engine.run_options import LimitWishes, LogOptions, RunOptions
from pydock_lab.engine.streams import Streams
from pydock_lab.errors import ContainerError
from pydock_lab.linux import capabilities
from pydock_lab.linux.capabilities import Capability
from pydock_lab.views import RunTrace

BOX = "lab/busybox"
# What makes a container one; each of these, made by its first process, must be in the record, and in that order.
DECISIVE = (
    *("pivot_root", "mount", "umount2", "move_mount", "setns", "unshare", "sethostname", "seccomp", "capset"),
    *("mount_setattr", "setresuid", "setresgid", "setgroups"),
)
CALL = re.compile(r"^(\d+)\s+(\w+)\((.*)\)\s+= (\d+)")


def with_children(pid: int) -> Iterator[int]:
    """A process and all below it."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from with_children(int(child))


def keeper(engine: Engine) -> int:
    """The process that all others of this store are below: who listens, or its parent."""
    with contextlib.closing(engine.full.home.runtime.sandbox._connect()) as connection:
        pid, _, _ = struct.unpack("3i", connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    # strace is about to be attached to it, and to all below.
    assert Path(f"/proc/{pid}/comm").read_text() == "pydock-zygote\n"
    return int(pid)


def at_rest(pid: int) -> list[int]:
    """The same, when all of what is made ahead has been made."""
    found: list[int] = []
    while (now := list(with_children(pid))) != found:
        found = now
        time.sleep(0.3)
    return found


def start(engine: Engine, name: str, *words: str, **more: object) -> RunTrace:
    options = RunOptions(image=BOX, command=words or ("true",), name=name, hostname="web", **more)
    engine.full.run(options)
    return engine.full.run_trace(name)  # at once: it is written after the program has begun, and waited for


@pytest.fixture
def traced(engine: Engine, need: Callable[[str], str], tmp_path: Path) -> tuple[RunTrace, list[tuple[str, str, str]]]:
    """A start, and what strace saw of it: (pid, name, arguments) of each call that did not fail."""
    start(engine, "first")
    log = tmp_path / "strace"
    pids = [word for pid in at_rest(keeper(engine)) for word in ("-p", str(pid))]
    command = [need("strace"), "-f", "-s", "4000", "-o", str(log), *pids]
    with (tmp_path / "said").open("wb") as said, subprocess.Popen(command, stderr=said) as strace:
        try:
            # One that has ended meanwhile, buried or not, is none that the next start needs: what is made after it is
            # followed.
            answers = re.compile(r"attached|No such process|not permitted")
            wait_until(lambda: len(answers.findall((tmp_path / "said").read_text())) >= len(pids) // 2)
            found = start(engine, "second", limits=LimitWishes(memory=64 << 20), read_only=True)
            wait_until(lambda: "pivot_root" in log.read_text())
        finally:
            strace.send_signal(signal.SIGINT)
    calls = [line for line in map(CALL.match, whole_lines(log.read_text())) if line]
    return found, [(line[1], line[2], line[3]) for line in calls]


def whole_lines(log: str) -> Iterator[str]:
    """A call that others came between stands on two lines."""
    begun: dict[str, str] = {}
    for line in log.splitlines():
        pid, _, rest = line.partition(" ")
        if rest.endswith(" <unfinished ...>"):
            begun[pid] = line.removesuffix(" <unfinished ...>")
        elif " resumed>" in rest:
            yield begun.pop(pid, "") + rest.partition(" resumed>")[2]
        else:
            yield line


def made(trace: RunTrace) -> list[tuple[str, str]]:
    """(name, arguments) of the calls in the record that were not made ahead."""
    calls = [call.text for step in trace.steps if not step.is_ahead for call in step.calls]
    return [(name, rest.rstrip(")")) for name, _, rest in (text.partition("(") for text in calls)]


@pytest.mark.usefixtures("containers", "as_root")
def test_the_steps_are_those_that_strace_sees(traced: tuple[RunTrace, list[tuple[str, str, str]]]) -> None:
    trace, seen = traced
    (first,) = {pid for pid, name, _ in seen if name == "pivot_root"}
    theirs = [name for pid, name, _ in seen if pid == first and name in DECISIVE]
    ours = [name for name, _ in made(trace) if name in DECISIVE]
    assert ours == theirs
    # And what they were done to: every path and name of ours is in a call that strace has.
    for name, arguments in made(trace):
        for word in re.findall(r'"([^"]+)"', arguments) if name in DECISIVE else ():
            assert any(name == other and word in said for _, other, said in seen), (name, word)


@pytest.mark.usefixtures("containers")
def test_the_last_sight_is_what_the_program_sees(engine: Engine) -> None:
    script = "hostname; ls -x -w 999 /; id -u; grep CapEff /proc/self/status; readlink /proc/self/ns/pid; pwd"
    trace = start(engine, "one", "sh", "-c", f"{script}; cat /proc/mounts")
    engine.full.wait("one")
    lines = "".join(one.text for one in engine.full.logs(LogOptions(container="one"))).splitlines()
    inside = trace.inside
    assert lines[0] == inside.hostname == "web"
    assert lines[1].split() == list(inside.root)
    assert inside.user.startswith(f"uid={lines[2]} ")
    assert capabilities.names(Capability(int(lines[3].split()[1], 16))) == tuple(
        f"CAP_{name}" for name in inside.capabilities
    )
    assert lines[4] == f"pid:[{inside.namespaces['pid']}]"
    assert lines[5] == inside.directory == "/"
    mounted = {line.split()[1] for line in lines[6:]}
    told = {one.rpartition(" on ")[2] for one in inside.mounts}
    # What hides parts of /proc, /sys and /dev is one step, and not in the list.
    assert told <= mounted
    assert {place for place in mounted - told if not place.startswith(("/proc/", "/sys/", "/dev/"))} == set()


@pytest.mark.usefixtures("containers")
def test_a_container_from_both_sides(engine: Engine) -> None:
    words = ("sh", "-c", "readlink /proc/self/ns/pid; sleep 600 & exec sleep 601")
    engine.full.run(RunOptions(image=BOX, command=words, name="web", hostname="web"))
    # Until the shell has become a program, after it has written.
    programs = {"sleep 600", "sleep 601"}
    wait_until(lambda: {one.command for one in engine.namespaces("web").processes} == programs)
    found = engine.namespaces("web")
    inodes = {one.kind: one for one in found.namespaces}
    said = "".join(one.text for one in engine.full.logs(LogOptions(container="web")))
    assert said == f"pid:[{inodes['pid'].inside}]\n"
    assert all(inodes[kind].is_own for kind in ("mnt", "uts", "ipc", "pid", "net"))
    assert found.inside_name == "web"
    first, second = found.processes
    assert (first.inside_pid, first.command) == (1, "sleep 601")
    assert second.command == "sleep 600"
    for one in found.processes:
        assert one.inside_uid == 0
        assert Path(f"/proc/{one.pid}/cmdline").read_bytes().split(b"\0")[0] == b"sleep"
    engine.full.stop("web", timeout=0)
    with pytest.raises(ContainerError):
        engine.namespaces("web")


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    ("options", "words", "last"),
    [
        ({"command": ("no-such-program",)}, "no-such-program", "exec"),
        ({"command": ("true",), "user": "nobody-of-this-name"}, "nobody-of-this-name", "address"),
    ],
)
def test_a_start_that_fails_is_told_as_far_as_it_came(
    engine: Engine, options: dict[str, Any], words: str, last: str
) -> None:
    with pytest.raises(ContainerError) as caught:
        engine.full.run(RunOptions(image="lab/base", name="bad", **options))
    found = engine.full.run_trace("bad")
    assert found.error == caught.value.message()
    assert words in found.error
    names = [step.name for step in found.steps]
    assert {"clone", "overlay", "pivot_root"} <= set(names)
    assert names[-1] == last
    assert len([name for name in names if name == "pivot_root"]) == 1
    assert words in drawing.to_text(found)


@pytest.mark.usefixtures("containers")
def test_the_program_gets_the_words_that_it_was_given(engine: Engine) -> None:
    words = ("sh", "-c", 'echo  "a  b"', "")
    engine.full.run(RunOptions(image=BOX, command=words, name="words"), streams=Streams.of_nobody())
    call = engine.run_trace("words").steps[-1].calls[-1]
    assert call.text.startswith("execve(")
    assert r'["sh", "-c", "echo  \"a  b\"", ""]' in call.text


@pytest.mark.usefixtures("containers")
def test_a_start_without_namespaces_can_be_told(engine: Engine) -> None:
    options = RunOptions(image=BOX, command=("true",), name="traced", isolation="traced")
    engine.full.run(options, streams=Streams.of_nobody())
    trace = engine.run_trace("traced")
    assert trace.steps[-1].name == "exec"
    text = "".join(call.text for step in trace.steps for call in step.calls)
    assert "clone3({flags=CLONE_PARENT|CLONE_PIDFD}" in text
    texts = [drawing.to_text(trace.standing_at(step.number), language="en") for step in trace.steps]
    assert any("clone3" in text for text in texts)
    seen = engine.run(BOX, "ls", "/").logs().split()
    assert set(seen) <= set(trace.steps[-1].after.root)


@pytest.mark.usefixtures("containers", "as_root")
def test_what_no_prepared_process_fits_is_told_as_it_was(engine: Engine) -> None:
    """First the clone, then what its child does: nothing of it was done ahead."""
    options = RunOptions(image=BOX, command=("true",), name="host", pid="host")
    engine.full.run(options, streams=Streams.of_nobody())
    steps = [step for step in engine.run_trace("host").steps if not step.is_ahead]
    names = [step.name for step in steps]
    assert names.index("clone") < names.index("loopback") < names.index("exec")
    # It is one of many there, and not number 1.
    assert steps[-1].after.processes == steps[0].after.processes


@pytest.mark.usefixtures("containers", "as_root")
def test_who_keeps_all_powers_gives_up_none(engine: Engine) -> None:
    options = RunOptions(image=BOX, command=("true",), name="mighty", privileged=True)
    engine.full.run(options, streams=Streams.of_nobody())
    trace = engine.run_trace("mighty")
    (step,) = (step for step in trace.steps if step.name == "capabilities")
    assert "It keeps all that root may" in drawing.to_text(trace.standing_at(step.number), language="en")
