"""Containers with limits, from the engine's side, on a kernel with version 2; collected in the machine alone."""

from typing import Any

import pytest

from pydock_lab.oci.runtime_spec import Limits

MEGABYTE = 1 << 20
EAT = "x=1; while true; do x=$x$x; done"


def test_the_ground_gives_limits(box: Any) -> None:
    (facet,) = [one for one in box.runtime.probe() if one.name == "limits"]
    assert (facet.in_force, facet.how) == (True, "cgroup v2: cpu, cpuset, io, memory, pids"), facet


def test_a_container_sees_its_own_limits(box: Any) -> None:
    limits = Limits(memory=64 * MEGABYTE, memory_swap=64 * MEGABYTE, pids=20, cpus=0.5)
    done = box.sh("cat /proc/self/cgroup; mount -t cgroup2 x /mnt 2>/dev/null; echo $?", limits=limits)
    assert done.out == "0::/\n1\n", done


def test_who_eats_too_much_is_killed_and_that_is_said(box: Any) -> None:
    directory = box.background("sh", "-c", EAT, limits=Limits(memory=24 * MEGABYTE, memory_swap=24 * MEGABYTE))
    assert box.runtime.wait(directory) == 137
    assert box.runtime.state(directory).oom_killed


def test_a_fork_bomb_stops(box: Any) -> None:
    done = box.sh("for n in 1 2 3 4 5 6 7 8 9; do sleep 1 & done; echo not here", limits=Limits(pids=5))
    assert "not here" not in done.out
    assert "can't fork" in done.err


def test_usage_and_pause(box: Any) -> None:
    directory = box.background("sleep", "60", limits=Limits(memory=64 * MEGABYTE, pids=20, cpus=0.5))
    usage = box.runtime.usage(directory)
    assert (usage.memory_limit, usage.pids_limit, usage.cpu_limit) == (64 * MEGABYTE, 20, 0.5)
    assert usage.pids >= 1
    assert usage.memory > 0
    box.runtime.pause(directory)
    box.runtime.unpause(directory)


@pytest.mark.parametrize("limits", [Limits(cpuset_cpus="0"), Limits(cpu_shares=512), Limits(blkio_weight=100)])
def test_other_limits_are_taken(box: Any, limits: Limits) -> None:
    assert box.sh("true", limits=limits).status == 0
