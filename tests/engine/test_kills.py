"""A builder that is killed at any instant leaves a store that the next one can use, and nothing that runs."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

KILLS = 50 if os.environ.get("PYDOCK_SOAK") else 10
MARK = "86399.75"  # seconds that no other program sleeps
DOCKERFILE = f"""
FROM lab/base AS one
RUN head -c 3000000 /dev/urandom > /big
RUN sleep 0.1 & sleep {MARK} & for i in 1 2 3 4 5; do head -c 200000 /dev/urandom > /file$i; done
FROM lab/base
COPY --from=one /big /file1 /
RUN ls -l /big && rm /big
RUN for i in $(seq 50); do mkdir -p /tree/$i && echo $i > /tree/$i/file; done
CMD ls /tree
"""
PROGRAM = """
import sys
from pathlib import Path
from pydock_lab.engine.face import Engine
Engine(Path(sys.argv[1])).build(sys.stdin.read(), "killed:1")
"""


def start(home: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(home)], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.write(DOCKERFILE.encode())
    process.stdin.close()
    return process


def left_running() -> list[str]:
    """Processes of the Dockerfile that still exist."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if MARK.encode() in words:
            found.append(path.parent.name)
    return found


def settled(seconds: float = 5) -> bool:
    """Whether nothing is left after a moment: a shim ends as soon as it sees that its engine has gone."""
    until = time.monotonic() + seconds
    while left_running() and time.monotonic() < until:
        time.sleep(0.05)
    return not left_running()


@pytest.mark.soak
@pytest.mark.usefixtures("containers")
def test_kill_nine_at_random_moments(engine, home):
    chance = random.Random(20260131)
    # How long a whole build takes here sets when it is worth killing.
    began = time.monotonic()
    assert start(home).wait() == 0
    whole = time.monotonic() - began
    for _ in range(KILLS):
        engine.full.prune(["builder"], all_=True)
        process = start(home)
        time.sleep(chance.uniform(0.05, whole))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert settled()
        assert engine.full.check() == ()
        assert str(home) not in Path("/proc/self/mounts").read_text()
    assert start(home).wait() == 0
    assert engine.full.check() == ()
    assert len(engine.run("killed:1").logs().split()) == 50
    engine.full.home.sweep()
    assert not list((home / "active").iterdir())
    assert not list((home / "ingest").iterdir())
