"""Kill -9 of the kernel, the zygote and the shims, each alone and together, at random moments.

    kernel    a process that starts containers, and stays with one of them in the foreground
    zygote    the process of the store from which every container is made
    shims     one for each container in the background

What must survive survives, what must die dies, and the next command tells the truth.
"""

import contextlib
import itertools
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from samples.leftovers import groups, marked, mounted, zygote
from samples.waiting import wait_until

from pydock_lab.engine.face import Engine
from pydock_lab.errors import PydockError

ROUNDS = 12 if os.environ.get("PYDOCK_SOAK") else 1
PARTS = ("kernel", "zygote", "shims")
SUBSETS = [chosen for count in (1, 2, 3) for chosen in itertools.combinations(PARTS, count)]
IMAGE = "lab/base"
MARK = "86395"  # seconds that no other program sleeps; the name of the container stands behind the point
SLEEPS = {"back": f"{MARK}.1", "again": f"{MARK}.2", "front": f"{MARK}.3"}
PROGRAM = f"""
import sys
from pathlib import Path
from pydock_lab.engine.face import Engine
from pydock_lab.runtime.restart import RestartKind, RestartPolicy
engine = Engine(Path(sys.argv[1]))
always = RestartPolicy(kind=RestartKind.ALWAYS)
engine.run("{IMAGE}", "sleep", "{SLEEPS["back"]}", name="back", detach=True)
engine.run("{IMAGE}", "sleep", "{SLEEPS["again"]}", name="again", detach=True, restart=always)
print("both", flush=True)
engine.run("{IMAGE}", "sleep", "{SLEEPS["front"]}", name="front")
"""


@pytest.fixture
def kernel(home):
    """A kernel at work; what it says is not read."""
    started = []

    def start():
        started.append(
            subprocess.Popen([sys.executable, "-c", PROGRAM, str(home)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        )
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def shims(engine):
    """The shims of what runs, by the name of the container."""
    found = {}
    for one in engine.full.containers():
        with contextlib.suppress(PydockError, FileNotFoundError):
            record = engine.full.home.containers.path(one.id)
            state = engine.full.home.runtime.state(record)
            if state.shim is not None:
                found[one.name] = state.shim.pid
    return found


def strike(engine, parts, process):
    """Kill those parts, as good as at once; the names of the containers whose shims they were."""
    doomed = shims(engine)
    pids = []
    if "kernel" in parts:
        pids.append(process.pid)
    if "zygote" in parts:
        with contextlib.suppress(OSError):
            pids.append(zygote(engine))
    if "shims" in parts:
        pids.extend(doomed.values())
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return set(doomed) if "shims" in parts else set()


def tells_the_truth(engine):
    """Whether what the next command says of each container is so."""
    for one in engine.full.containers(all_=True):
        if one.name not in SLEEPS:
            return False
        alive = marked(SLEEPS[one.name])
        if (one.state == "running") is not bool(alive):
            return False
        if (
            one.state == "running"
            and engine.full.home.runtime.state(engine.full.home.containers.path(one.id)).process.pid not in alive
        ):
            return False
    return True


@pytest.mark.soak
@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("parts", SUBSETS, ids="-".join)
def test_what_is_killed_at_random_moments(home, kernel, parts):
    chance = random.Random(f"{parts}")
    first = kernel()
    began = time.monotonic()
    assert first.stdout.readline() == b"both\n", first.stderr.read()
    whole = time.monotonic() - began
    engine = Engine(home)
    wait_until(lambda: marked(SLEEPS["front"]))
    for number in range(ROUNDS):
        process = first if number == 0 else kernel()
        if number:
            time.sleep(chance.uniform(0.05, whole + 0.2))
        before = {one.name for one in engine.full.containers()}
        keepers = set(shims(engine).values())
        doomed = strike(engine, parts, process)
        if "kernel" not in parts:
            time.sleep(chance.uniform(0, 0.1))
            process.kill()  # every round ends so; the difference is what it could do before
        process.communicate()

        after = Engine(home)  # the next command's, which knows nothing of what has happened
        wait_until(lambda after=after: not marked(SLEEPS["front"]) and tells_the_truth(after))
        states = {one.name: one for one in after.full.containers(all_=True)}
        for name in before & {"back", "again"} - doomed:
            assert states[name].state == "running", (name, states[name])
            assert after.full.inspect_container(name)["State"]["Pid"] in marked(SLEEPS[name])
        if "back" in doomed and "back" in states:
            assert states["back"].state == "exited"
            assert states["back"].exit_code
        if "again" in doomed and "again" in states:  # what a daemon would do, the next command has done
            wait_until(lambda after=after: after.container("again").state == "running")
        assert after.full.check() == ()
        for one in after.full.containers(all_=True):
            after.full.remove(one.id, force=True)
        assert marked(MARK) == set()
        wait_until(lambda: not mounted(home))
        wait_until(lambda keepers=keepers: not keepers & groups().keys())
        assert not [path for path in (home / "containers").iterdir() if path.is_dir()]
