"""Thousands of containers one after another, and many at once, with kills: nothing of them is left on the machine.

Counted before and after: processes, zombies, mounts, control groups, namespaces, veths, descriptors, records. The long
form (`make soak`) has the machine for itself and counts all of its namespaces and zombies; the short one runs beside
other tests, and counts what can be told to be this store's.
"""

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from samples import leftovers
from samples.waiting import wait_until

from pydock_lab.errors import NotFound

IS_SOAK = bool(os.environ.get("PYDOCK_SOAK"))
RUNS = 3000 if IS_SOAK else 40
AT_ONCE = 200 if IS_SOAK else 12
IMAGE = "lab/base"
MARK = "86393"  # seconds that no other program sleeps
FOLDERS = ("containers", "active", "ingest", "leases", "trash")


def counted(engine, zygote):
    """How many there are of each kind of thing."""
    home = engine.full.home.root
    ours = leftovers.below(zygote)
    groups = leftovers.groups()
    found = {
        "programs": len(leftovers.marked(MARK)),
        "mounts": len(leftovers.mounted(home)),
        "groups": sum(map(len, groups.values())) if IS_SOAK else len(groups.keys() & ours),
        "interfaces": leftovers.links(zygote),
        "our descriptors": leftovers.descriptors(),
        "descriptors of the zygote": leftovers.descriptors(zygote),
        "processes below the zygote": len(leftovers.memories(ours)),  # a waiting child has a husk, if there was time
        "threads": threading.active_count(),
    }
    for folder in FOLDERS:
        with suppress(FileNotFoundError):
            found[folder] = sum(not name.startswith(".") for name in os.listdir(home / folder))
    if IS_SOAK:
        found |= {"namespaces": len(leftovers.namespaces()), "zombies": len(leftovers.zombies())}
    return found


class Count:
    """What there was before; made after some containers: zygote, waiting workers and the networks' hub are there."""

    def __init__(self, engine):
        self.engine = engine
        for _ in range(3):
            engine.run(IMAGE, "true").remove()
        self.zygote = leftovers.zygote(engine)
        time.sleep(2)
        self.before = counted(engine, self.zygote)

    def grown(self):
        """What there is more of than before."""
        now = counted(self.engine, self.zygote)
        return {kind: (self.before.get(kind, 0), more) for kind, more in now.items() if more > self.before.get(kind, 0)}

    def check(self):
        time.sleep(1)  # the zygote hears of a shim that was killed, and has somebody tidy up
        with suppress(AssertionError):
            wait_until(lambda: not self.grown(), seconds=20)
        assert self.grown() == {}, leftovers.told(leftovers.below(self.zygote))
        assert self.engine.full.check() == ()


def endings(engine):
    """Ways in which a container that runs comes to its end."""
    state = lambda one: engine.full.home.runtime.state(engine.full.home.containers.path(one.id))  # noqa: E731
    return [
        lambda one: engine.full.kill(one.id),
        lambda one: engine.full.stop(one.id, timeout=0),
        lambda one: engine.full.remove(one.id, force=True),
        lambda one: os.kill(state(one).process.pid, signal.SIGKILL),
        lambda one: os.kill(state(one).shim.pid, signal.SIGKILL),
    ]


@pytest.mark.soak
@pytest.mark.usefixtures("containers")
def test_one_after_another(engine):
    count = Count(engine)
    ways = endings(engine)
    for number in range(RUNS):
        if number % 8:
            assert engine.run(IMAGE, "true", auto_remove=True).ended_with == 0
            continue
        one = engine.run(IMAGE, "sleep", f"{MARK}.{number}", detach=True)
        ways[number // 8 % len(ways)](one)
        with suppress(NotFound):  # one way is its removal
            engine.full.remove(one.id, force=True)
    count.check()


@pytest.mark.soak
@pytest.mark.usefixtures("containers")
def test_many_at_once(engine):
    count = Count(engine)
    with ThreadPoolExecutor(8) as pool:
        running = list(pool.map(lambda n: engine.run(IMAGE, "sleep", f"{MARK}.{n}", detach=True), range(AT_ONCE)))
    assert len(leftovers.marked(MARK)) >= AT_ONCE
    assert len(engine.full.containers()) == AT_ONCE
    ways = endings(engine)
    random.Random(20261127).shuffle(running)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda pair: ways[pair[0] % len(ways)](pair[1]), enumerate(running)))
    wait_until(lambda: not leftovers.marked(MARK), seconds=30)
    assert engine.full.containers() == ()
    for one in engine.full.containers(all_=True):
        assert one.state == "exited", one
        engine.full.remove(one.id)
    count.check()
