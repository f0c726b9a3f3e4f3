"""The record of a container's start: against strace of the same start, and against what the program really sees."""

import contextlib
import json
import os
import re
import signal
import socket
import stat
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from samples.users import ordinary_user, python_as, run_as
from samples.waiting import wait_until

from pydock_lab import drawing
from pydock_lab.engine.face import Engine
from pydock_lab.engine.network_options import Attachment
from pydock_lab.engine.run_options import DeviceWish, LimitWishes, LogOptions, Publish, RunOptions, VolumeMount
from pydock_lab.engine.streams import Streams
from pydock_lab.errors import ContainerError, PydockError
from pydock_lab.linux import capabilities
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.tiers import Tier
from pydock_lab.views import RunTrace

BOX = "lab/busybox"
# What makes a container one; each of these, made by its first process, must be in the record, and in that order.
DECISIVE = (
    *("pivot_root", "mount", "umount2", "open_tree", "move_mount", "setns", "unshare", "sethostname", "seccomp"),
    *("mount_setattr", "capset", "setresuid", "setresgid", "setgroups", "execve"),
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


Seen: TypeAlias = list[tuple[str, str, str, str]]


@pytest.fixture
def traced(engine: Engine, need: Callable[[str], str], tmp_path: Path) -> tuple[RunTrace, Seen]:
    """A start, and what strace saw of it: (pid, name, arguments, result) of each call that did not fail."""
    (tmp_path / "srv").mkdir()
    volumes = (VolumeMount(target="/data", source=str(tmp_path / "srv"), read_only=True),)
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
            limits = LimitWishes(memory=64 << 20)
            more: dict[str, Any] = {"limits": limits, "volumes": volumes, "tmpfs": ("/quick:size=1m",), "user": "1000"}
            found = start(engine, "second", read_only=True, **more)
            wait_until(lambda: "pivot_root" in log.read_text())
        finally:
            strace.send_signal(signal.SIGINT)
    calls = [line for line in map(CALL.match, whole_lines(log.read_text())) if line]
    return found, [(line[1], line[2], line[3], line[4]) for line in calls]


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
    """(name, the rest) of the calls in the record that were not made ahead, each where it was made."""
    calls = [call.text for step in trace.steps if not step.is_ahead for call in step.calls if not call.step]
    return [(name, rest) for name, _, rest in (text.partition("(") for text in calls)]


@pytest.mark.usefixtures("containers", "as_root")
def test_the_steps_are_those_that_strace_sees(traced: tuple[RunTrace, Seen]) -> None:
    trace, seen = traced
    (first,) = {pid for pid, name, _, _ in seen if name == "pivot_root"}
    theirs = [call for call in seen if call[0] == first and call[1] in DECISIVE]
    ours = [call for call in made(trace) if call[0] in DECISIVE]
    assert [name for name, _ in ours] == [name for _, name, _, _ in theirs]
    # And what they were done to: every path and name of ours is in the very call that strace has.
    for (name, rest), (_, _, arguments, result) in zip(ours, theirs, strict=True):
        for word in re.findall(r'"([^"]+)"', rest):
            assert f'"{word}"' in arguments, (name, rest, arguments)
        if name == "open_tree":
            assert rest.endswith(f" = {result}")
    # A step that is one alone: what was taken hold of, made read-only, and attached.
    step = next(one for one in trace.steps if one.name == "mount" and " on /data " in one.detail)
    assert [call.text.partition("(")[0] for call in step.calls] == ["open_tree", "mount_setattr", "move_mount"]
    descriptor = step.calls[0].text.rpartition(" = ")[2]
    assert step.calls[1].text.startswith(f'mount_setattr({descriptor}, "", AT_EMPTY_PATH|AT_RECURSIVE, {{attr_set=')
    assert "MOUNT_ATTR_RDONLY" in step.calls[1].text
    assert step.calls[2].text == f'move_mount({descriptor}, "", AT_FDCWD, "/data")'


@pytest.mark.usefixtures("containers")
def test_the_last_sight_is_what_the_program_sees(engine: Engine, tmp_path: Path) -> None:
    script = "hostname; ls -x -w 999 /; id -u; grep CapEff /proc/self/status; readlink /proc/self/ns/pid; pwd"
    (tmp_path / "srv").mkdir()
    volumes = (VolumeMount(target="/data", source=str(tmp_path / "srv"), read_only=True),)
    words = ("sh", "-c", f"{script}; cat /proc/mounts")
    trace = start(engine, "one", *words, volumes=volumes, tmpfs=("/quick:size=1m",), read_only=True)
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
    options = {line.split()[1]: line.split()[3] for line in lines[6:]}
    mounted = set(options)
    places = [one.partition(" on ")[2].rstrip(")").partition(" (") for one in inside.mounts]
    told = {place for place, _, _ in places}
    assert {"/", "/data", "/quick"} <= told
    for place, _, words in places:
        shown = options[place].replace("size=1024k", "size=1048576").split(",")
        # The usual mode of a tmpfs is not in the list.
        assert {*words.split(",")} - {"", "mode=1777"} <= {*shown}, place
    assert [words.split(",")[0] for place, _, words in places if place in ("/", "/data")] == ["ro", "ro"]
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
    ("options", "words", "last", "call"),
    [
        ({"command": ("no-such-program",)}, "no-such-program", "exec", 'execve("/bin/no-such-program", '),
        ({"command": ("/etc/passwd",)}, "/etc/passwd", "exec", 'execve("/etc/passwd", '),
        ({"user": "nobody-of-this-name"}, "nobody-of-this-name", "user", ""),
        ({"working_dir": "/etc/passwd"}, "/etc/passwd", "directory", 'mkdir("/etc/passwd") = -1 EEXIST'),
        ({"tmpfs": ("/proc/x",)}, "/proc/x", "mount", ""),
        ({"sysctls": {"net.ipv4.no_such": "1"}}, "no_such", "sysctl", 'write("/proc/sys/net/ipv4/no_such", "1") = -1'),
    ],
)
def test_a_start_that_fails_is_told_up_to_what_failed(
    engine: Engine, options: dict[str, Any], words: str, last: str, call: str
) -> None:
    with pytest.raises(ContainerError) as caught:
        engine.full.run(RunOptions(image="lab/base", name="bad", **{"command": ("true",), **options}))
    found = engine.full.run_trace("bad")
    assert found.error == caught.value.message()
    assert words in found.error
    assert found.hint == (caught.value.hint() or "")
    assert "Errno" not in found.error
    names = [step.name for step in found.steps]
    assert {"clone", "namespace"} <= set(names)
    assert names.count("exec") == (last == "exec")
    assert len([name for name in names if name == "pivot_root"]) == ("sysctls" not in options)
    step = found.steps[-1]
    assert (step.name, step.has_failed) == (last, True)
    assert not any(one.has_failed for one in found.steps[:-1])
    # It changed nothing, and its last call is the one that failed.
    assert step.changed == ()
    told = [one for one in step.calls if one.error]
    assert [call in one.text for one in told[-1:]] == [True] * bool(call)
    assert bool(told) == bool(call)
    for text in (drawing.to_text(found), drawing.to_text(found.standing_at(step.number))):
        assert words in text
        assert found.hint in text


@pytest.mark.usefixtures("containers", "as_root")
def test_a_device_that_the_host_has_lost_is_the_step_that_failed(engine: Engine, tmp_path: Path) -> None:
    device = tmp_path / "device"
    os.mknod(device, stat.S_IFCHR, os.makedev(1, 3))
    wish = DeviceWish(source=str(device), path="/dev/mine")
    engine.full.create(RunOptions(image=BOX, command=("true",), name="bad", devices=(wish,)))
    device.unlink()
    with pytest.raises(ContainerError) as caught:
        engine.full.start("bad")
    assert (caught.value.key, caught.value.fields["device"]) == ("runtime.no-device", str(device))
    assert engine.run_trace("bad").steps[-1].has_failed


@pytest.mark.usefixtures("containers")
def test_a_port_that_somebody_has_is_the_step_that_failed(engine: Engine) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = Publish(container_port=80, host_port=taken.getsockname()[1], host_ip="127.0.0.1")
        with pytest.raises(PydockError):
            engine.full.run(RunOptions(image=BOX, command=("true",), name="bad", publish=(port,)))
    last = engine.run_trace("bad").steps[-1]
    assert (last.name, last.has_failed) == ("ports", True)
    assert str(port.host_port) in drawing.to_text(engine.run_trace("bad"))


@pytest.mark.usefixtures("containers")
def test_the_program_gets_the_words_that_it_was_given(engine: Engine) -> None:
    words = ("sh", "-c", 'echo  "a  b"', "")
    engine.full.run(RunOptions(image=BOX, command=words, name="words"), streams=Streams.of_nobody())
    call = engine.run_trace("words").steps[-1].calls[-1]
    # The file that was executed, wherever PATH found it.
    assert call.text.startswith('execve("/bin/sh", ')
    assert r'["sh", "-c", "echo  \"a  b\"", ""]' in call.text


@pytest.mark.usefixtures("containers")
def test_a_start_without_namespaces_can_be_told(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    volumes = (VolumeMount(target="/data", source=str(tmp_path / "srv"), read_only=True),)
    options = RunOptions(image=BOX, command=("true",), name="traced", hostname="web", isolation="traced")
    engine.full.run(replace(options, volumes=volumes, read_only=True), streams=Streams.of_nobody())
    trace = engine.run_trace("traced")
    assert trace.steps[-1].name == "exec"
    text = "".join(call.text for step in trace.steps for call in step.calls)
    assert "clone3({flags=CLONE_PARENT|CLONE_PIDFD}" in text
    texts = [drawing.to_text(trace.standing_at(step.number), language="en") for step in trace.steps]
    assert any("clone3" in text for text in texts)
    # What is asked of the kernel is told where it was asked, and nothing was done ahead.
    by_name = {step.name: [one.text.partition("(")[0] for one in step.calls] for step in trace.steps}
    assert by_name["traced"][-1] == "seccomp"
    assert by_name["directory"] == ["chdir"]
    assert not any(step.is_ahead for step in trace.steps)
    assert trace.inside.hostname == "web"
    assert next(step.detail for step in trace.steps if " on /data" in step.detail).endswith(" on /data (ro)")
    assert "read-only" in by_name
    assert trace.inside.mounts == trace.outside.mounts
    (clone,) = (text for text, step in zip(texts, trace.steps, strict=True) if step.name == "clone")
    assert "number 1" not in clone
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


@pytest.mark.usefixtures("containers")
def test_no_time_is_counted_twice(engine: Engine) -> None:
    start(engine, "warm")
    began = time.monotonic()
    trace = start(engine, "one", "true", pid="host")  # no process that waits fits: all is done while one waits
    wall = time.monotonic() - began
    steps = [step for step in trace.steps if not step.is_ahead]
    assert trace.seconds <= wall
    # What is done beside, outside, is said to be: all else is one after the other.
    own = sorted((step for step in steps if not step.is_beside), key=lambda step: step.start)
    assert all(one.start + one.seconds <= other.start + 1e-6 for one, other in pairwise(own))
    assert sum(step.seconds for step in own) <= trace.seconds


@pytest.mark.usefixtures("containers")
def test_what_was_outside_is_the_hosts(engine: Engine) -> None:
    trace = start(engine, "one", "sh", "-c", "for one in /proc/self/ns/*; do readlink $one; done")
    engine.full.wait("one")
    for kind in ("cgroup", "ipc", "mnt", "net", "pid", "user", "uts"):
        assert os.readlink(f"/proc/self/ns/{kind}") == f"{kind}:[{trace.outside.namespaces[kind]}]"
    said = "".join(one.text for one in engine.full.logs(LogOptions(container="one")))
    inside = {one.partition(":")[0]: one.partition("[")[2].rstrip("]") for one in said.split()}
    found = trace.inside.namespaces
    assert found == {kind: inside[kind] for kind in found}
    # From its birth on they are its own; but for that of control groups, which is made later.
    clone = next(step for step in trace.steps if step.name == "clone")
    assert {kind for kind, one in clone.after.namespaces.items() if one == found[kind]} == {*found} - {"cgroup"}


@pytest.mark.usefixtures("containers", "control_groups")
def test_control_groups_are_told_as_the_kernel_does(engine: Engine) -> None:
    trace = start(engine, "one", "sh", "-c", "cat /proc/self/cgroup; exec sleep 600")
    own = Path("/proc/self/cgroup").read_text().splitlines()
    assert list(trace.outside.control_groups) == own
    wait_until(lambda: list(engine.full.logs(LogOptions(container="one"))))
    said = "".join(one.text for one in engine.full.logs(LogOptions(container="one"))).splitlines()
    assert list(trace.inside.control_groups) == said
    step = next(one for one in trace.steps if one.name == "control-group")
    pid = engine.namespaces("one").processes[0].pid
    assert list(step.after.control_groups) == Path(f"/proc/{pid}/cgroup").read_text().splitlines()
    # The same name in the title of the step, and in that in which the group was made.
    assert any(line.endswith(f":{step.detail}") for line in step.after.control_groups)
    assert next(one for one in trace.steps if one.name == "make-group").detail == step.detail


@pytest.mark.usefixtures("containers")
def test_who_has_an_init_is_number_2(engine: Engine) -> None:
    trace = start(engine, "one", "sleep", "600", init=True)
    assert trace.inside.processes[0] == "1 init"
    assert re.fullmatch(r"\d+ sleep 600", trace.inside.processes[1])


@pytest.mark.usefixtures("containers", "as_root")
def test_a_network_of_another_container_is_told_with_its_number(engine: Engine) -> None:
    start(engine, "first", "sleep", "600")
    options = RunOptions(image=BOX, command=("true",), name="second", networks=(Attachment(network="container:first"),))
    engine.full.run(options)
    trace = engine.full.run_trace("second")
    assert trace.inside.namespaces["net"] == engine.full.run_trace("first").inside.namespaces["net"]
    clone = next(step for step in trace.steps if step.name == "clone")
    assert clone.after.namespaces["net"] not in (trace.inside.namespaces["net"], trace.outside.namespaces["net"])


OF_A_USER = """
import json, sys
from pydock_lab import drawing
from pydock_lab.engine.face import Engine
from pydock_lab.engine.run_options import LogOptions, RunOptions
engine = Engine(sys.argv[1])
words = ("sh", "-c", "readlink /proc/self/ns/user; cat /proc/self/uid_map")
traces = []
for name in ("first", "second"):
    engine.full.run(RunOptions(image="lab/busybox", command=words, name=name))
    engine.full.wait(name)
    traces.append(engine.full.run_trace(name))
first, second = traces
said = "".join(one.text for one in engine.full.logs(LogOptions(container="second")))
step = second.steps[0]
json.dump({
    "said": said.splitlines(),
    "name": step.name,
    "once": step.is_once,
    "calls": [call.text for call in step.calls],
    "same": first.steps[0] == step,
    "outside": dict(second.outside.namespaces),
    "users": [second.outside.user, step.after.user],
    "powers": [second.outside.capabilities, step.after.capabilities],
    "before": second.before(step).namespaces["user"],
    "after": step.after.namespaces["user"],
    "inside": second.inside.namespaces["user"],
    "text": drawing.to_text(second.standing_at(1), language="en"),
}, sys.stdout)
print(flush=True)
"""


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE])
def test_without_root_the_user_namespace_is_a_step(tier: Tier, need: Callable[[str], str]) -> None:
    need("newuidmap")
    with ordinary_user() as user:
        uid = Path(f"/home/{user}").stat().st_uid
        done = run_as(user, "-c", OF_A_USER, f"/home/{user}/{tier}", tier=tier)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["name"], found["once"], found["same"]) == ("user-namespace", True, True)
    # The host's, as any process of it sees them, and not those of the engine's helper.
    for kind, inode in found["outside"].items():
        assert os.readlink(f"/proc/self/ns/{kind}") == f"{kind}:[{inode}]"
    assert found["before"] == found["outside"]["user"]
    assert found["said"][0] == f"user:[{found['after']}]" == f"user:[{found['inside']}]"
    assert found["users"] == [f"uid={uid} gid={uid}", "uid=0 gid=0"]
    assert found["powers"] == [[], ["ALL"]]
    # The map that was written is the one that is there.
    inside, outside, count = found["said"][1].split()
    assert (inside, outside, count) == ("0", str(uid), "1")
    assert found["calls"][0] == "unshare(CLONE_NEWNS|CLONE_NEWUSER)"
    written = next(call for call in found["calls"] if "uid_map" in call or "newuidmap" in call)
    whole = " ".join(found["said"][1:]).split()
    if tier is Tier.ROOTLESS:
        assert written.endswith(", ".join(f'"{word}"' for word in whole) + "], ...)")
    else:
        assert written == f'write("/proc/self/uid_map", "{" ".join(whole)}\\n")'
    assert "made once" in found["text"]


@pytest.mark.usefixtures("containers", "as_root")
def test_who_shares_anothers_numbers_sees_neither_the_host_nor_itself_alone(engine: Engine) -> None:
    start(engine, "first", "sleep", "600")
    trace = start(engine, "second", "true", pid="container:first", init=True)
    first = engine.full.run_trace("first")
    assert trace.inside.namespaces["pid"] == first.inside.namespaces["pid"] != trace.outside.namespaces["pid"]
    assert trace.inside.processes == ("...",)
    (clone,) = (step for step in trace.steps if step.name == "clone")
    assert "number 1" not in drawing.to_text(trace.standing_at(clone.number), language="en")
    # What is only kept as a number of bytes is not told as an argument.
    assert "prctl(PR_SET_NAME, ...)" in [call.text for call in trace.steps[-1].calls]


@pytest.mark.usefixtures("as_root")
def test_the_user_namespace_is_made_as_strace_sees_it(need: Callable[[str], str], tmp_path: Path) -> None:
    need("newuidmap")
    log = tmp_path / "strace"
    names = ("unshare", "execve", "setresgid", "setresuid", "setgroups")
    with ordinary_user() as user:
        command, environment = python_as(user, "-c", OF_A_USER, f"/home/{user}/straced")
        # As root, else newuidmap would not become root under it.
        tracing = [
            need("strace"),
            "-I",
            "2",
            "-f",
            "-s",
            "4000",
            "-e",
            f"trace={','.join(names)}",
            "-o",
            str(log),
            *command,
        ]
        place = {"env": environment, "cwd": f"/home/{user}"}
        with subprocess.Popen(tracing, stdout=subprocess.PIPE, text=True, **place) as strace:
            assert strace.stdout is not None
            said = strace.stdout.readline()
            # It would wait for the helper, too, which rests for a minute before it ends.
            strace.send_signal(signal.SIGINT)
    ours = [call.partition("(")[::2] for call in json.loads(said)["calls"]]
    seen = [line.groups() for line in map(CALL.match, whole_lines(log.read_text())) if line]
    first = next(at for at, (_, name, told, _) in enumerate(seen) if name == "unshare" and "CLONE_NEWUSER" in told)
    helper = seen[first][0]
    theirs = [(name, told) for pid, name, told, _ in seen[first:] if pid == helper or "idmap" in told]
    theirs = theirs[: len(ours)]
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    assert [name for name, _ in ours] == ["unshare", "execve", "execve", "setresgid", "setresuid", "setgroups"]
    for (_, rest), (_, told) in zip(ours, theirs, strict=True):
        assert all(f'"{word}"' in told for word in re.findall(r'"([^"]+)"', rest.partition("[")[2]))
