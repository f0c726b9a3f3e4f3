"""Limits that the kernel enforces, in whichever version this machine has: as root, or in what a user was given.

`make vm` runs them on a kernel with version 2.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock_lab.linux import cgroups
from pydock_lab.linux.cgroups import ControlGroup, Hierarchy, Version
from pydock_lab.oci.runtime_spec import Limits

MEGABYTE = 1 << 20


@pytest.fixture
def hierarchy(request: pytest.FixtureRequest) -> Hierarchy:
    request.getfixturevalue("control_groups")
    found = cgroups.find_hierarchy()
    assert found is not None
    return found.below(f"pydock-tests-{os.getpid()}")


@pytest.fixture
def group(hierarchy: Hierarchy) -> Iterator[ControlGroup]:
    made = ControlGroup.create(hierarchy, "c")
    yield made
    made.kill()
    made.remove()
    for _, parent in hierarchy.parents:
        with contextlib.suppress(FileNotFoundError):
            parent.rmdir()


def eat(megabytes: int) -> str:
    return f"x = bytearray({megabytes} << 20); x[::4096] = b'1' * len(x[::4096]); print('full', flush=True)"


FORK = """
import os
for number in range(9):
    try:
        if os.fork() == 0:
            os.read(0, 1)
    except BlockingIOError:
        print(number, flush=True)
os.read(0, 1)
"""


def run_in(group: ControlGroup, program: str) -> subprocess.Popen[bytes]:
    """A Python program that is in the group from its start."""
    doors = group.open_doors()

    def enter() -> None:
        for door in doors:
            os.write(door, b"0")

    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=pipe,
        stdout=pipe,
        preexec_fn=enter,  # noqa: PLW1509 - no thread of this process holds a lock
    )
    for door in doors:
        os.close(door)
    return process


def line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None
    return bytes(process.stdout.readline())


def end(process: subprocess.Popen[bytes]) -> int:
    process.communicate(b"\n")
    return process.returncode


def test_limits_are_raised_and_lowered_whatever_the_order(group: ControlGroup) -> None:
    for memory, swap in ((64, 64), (128, 256), (256, 256), (32, 32), (64, -1), (16, 48)):
        limits = Limits(memory=memory * MEGABYTE, memory_swap=swap * MEGABYTE if swap > 0 else -1)
        assert group.limit(limits) == ()
        assert group.usage().memory_limit == memory * MEGABYTE


def test_all_limits_at_once(group: ControlGroup, hierarchy: Hierarchy) -> None:
    limits = Limits(memory=64 * MEGABYTE, memory_reservation=32 * MEGABYTE, cpus=0.5, pids=7, cpu_shares=512)
    assert group.limit(limits) == ()
    usage = group.usage()
    assert (usage.memory_limit, usage.cpu_limit, usage.pids_limit, usage.pids) == (64 * MEGABYTE, 0.5, 7, 0)
    assert group.limit(Limits(cpu_period=10_000, cpu_quota=2_000)) == ()
    assert group.usage().cpu_limit == 0.2
    assert group.limit(Limits(cpuset_cpus="0", cpuset_mems="0")) == ()
    version_1_has = group.limit(Limits(memory_swappiness=10, oom_kill_disable=True))
    lost = set() if hierarchy.version is Version.V1 else {"memory_swappiness", "oom_kill_disable"}
    assert {one.limit for one in version_1_has} == lost


def test_processors_of_who_runs_already(group: ControlGroup) -> None:
    process = run_in(group, "input()")
    assert group.limit(Limits(cpuset_cpus="0")) == ()
    assert os.sched_getaffinity(process.pid) == {0}
    elsewhere = ControlGroup.from_json(group.to_json())
    assert elsewhere.to_json() == group.to_json()
    assert elsewhere.processes() == (process.pid,)
    assert group.limit(Limits(cpuset_cpus="")) == ()
    assert end(process) == 0


def test_what_the_kernel_refuses(group: ControlGroup) -> None:
    unmet = group.limit(Limits(cpuset_cpus="not a list", cpu_quota=1, pids=4))
    assert {one.limit for one in unmet} == {"cpuset_cpus", "cpu_quota"}
    assert group.usage().pids_limit == 4


def test_who_eats_too_much_is_killed_and_heard_of(group: ControlGroup) -> None:
    group.limit(Limits(memory=24 * MEGABYTE, memory_swap=24 * MEGABYTE))
    watch = group.watch()
    assert select.select([watch], [], [], 0)[0] == []
    process = run_in(group, eat(60))
    assert end(process) == -signal.SIGKILL
    assert select.select([watch], [], [], 2)[0] == [watch]
    watch.drain()
    watch.close()
    assert group.oom_kills() == 1
    assert group.was_out_of_memory()


def test_who_stays_within_the_limits(group: ControlGroup) -> None:
    group.limit(Limits(memory=64 * MEGABYTE, memory_swap=64 * MEGABYTE, pids=3))
    process = run_in(group, f"{eat(20)}; input()")
    assert line(process) == b"full\n"
    usage = group.usage()
    assert usage.memory is not None
    assert 20 * MEGABYTE < usage.memory < 64 * MEGABYTE
    assert (usage.pids, group.processes(), group.was_out_of_memory()) == (1, (process.pid,), False)
    assert usage.cpu_seconds is not None
    assert usage.cpu_seconds > 0
    assert end(process) == 0


def test_frozen_processes_stand_still(group: ControlGroup) -> None:
    process = run_in(group, "print(input(), flush=True); input()")
    assert process.stdin is not None
    assert group.freeze(frozen=True)
    process.stdin.write(b"go\n")
    process.stdin.flush()
    assert select.select([process.stdout], [], [], 0.1)[0] == []
    assert group.freeze(frozen=False)
    assert line(process) == b"go\n"
    assert group.freeze(frozen=True)
    assert group.kill()  # frozen as it is
    assert end(process) == -signal.SIGKILL


def test_a_fork_bomb_stops(group: ControlGroup) -> None:
    group.limit(Limits(pids=3))
    process = run_in(group, FORK)
    assert line(process) == b"2\n"
    assert group.usage().pids == 3
    assert len(group.processes()) == 3
    assert group.kill()
    assert group.processes() == ()
    assert end(process) == -signal.SIGKILL


def test_a_group_that_a_container_divided_is_removed_whole(group: ControlGroup, hierarchy: Hierarchy) -> None:
    places = [parent / "c" for _, parent in hierarchy.parents if (parent / "c").exists()]
    assert places
    for place in dict.fromkeys(places):
        (place / "inner" / "most").mkdir(parents=True)
    group.remove()
    assert not any(place.exists() for place in places)


def test_a_group_that_is_not_there() -> None:
    with pytest.raises(OSError, match="No such file"):
        ControlGroup(Hierarchy(version=Version.V1, tops=(("memory", Path("/nowhere")),)), "c").watch()
