"""What containers use, against their limits, in the picture of instances; and what is seen when memory runs out."""

import pytest
from samples.waiting import wait_until

from pydock_lab import drawing
from pydock_lab.engine.run_options import LimitWishes

pytestmark = pytest.mark.usefixtures("containers", "control_groups")
LIMITS = LimitWishes(memory=48 << 20, pids=20, cpus=0.5)


def only(engine):
    ((container,),) = [image.containers for image in engine.full.instances().images]
    return container


def gauges(engine):
    return {one.kind: one for one in only(engine).gauges}


def test_each_has_its_limit_and_what_is_used_of_it(engine):
    script = "sleep 1000 & sleep 1000 & while :; do :; done"
    engine.run("lab/base", "sh", "-c", script, detach=True, limits=LIMITS)
    wait_until(lambda: gauges(engine)["pids"].used == 3)
    found = gauges(engine)
    assert {kind: one.limit for kind, one in found.items()} == {"memory": 48 << 20, "cpu": 0.5, "pids": 20}
    assert 0 < found["memory"].used < 48 << 20
    wait_until(lambda: 0.2 < gauges(engine)["cpu"].used < 0.8)
    assert "3 of 20" in drawing.to_text(engine.full.instances(), language="en")


def test_without_limits_there_is_no_cap(engine):
    engine.run("lab/base", "sleep", "1000", detach=True)
    assert {one.limit for one in gauges(engine).values()} == {None}


def test_memory_that_runs_out_is_seen(engine):
    bomb = "head -c 200000000 /dev/zero | tail -c 200000000"
    ended = engine.run("lab/base", "sh", "-c", f"exec 2>&1; {bomb}; exit 3", limits=LIMITS)
    assert ended.ended_with in (3, 137)  # the kernel chooses which of its processes
    seen = only(engine)
    assert (seen.oom_killed, seen.gauges) == (True, ())
    assert "out of memory" in drawing.to_text(engine.full.instances(), language="en")
