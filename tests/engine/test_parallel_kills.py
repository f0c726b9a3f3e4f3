"""Kill -9 while stages are built side by side, of the builder or of the zygote: the store holds, the next build ends.

base --+-- left    COPY, RUN on a cache ------.
       +-- middle  COPY, RUN on the same cache +-- COPY --from each, RUN
       '-- right   RUN, COPY -----------------'
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from samples.leftovers import processes, zygote

KILLS = 50 if os.environ.get("PYDOCK_SOAK") else 10
MARK = "86397.25"  # seconds that no other program sleeps
DOCKERFILE = f"""
FROM lab/base AS base
RUN sleep {MARK} & head -c 300000 /dev/urandom > /seed
FROM base AS left
COPY left /left
RUN --mount=type=cache,target=/c,id=both sleep {MARK} & sleep 0.1; cat /left/* /seed > /c/l && cp /c/l /l
FROM base AS middle
COPY middle /middle
RUN --mount=type=cache,target=/c,id=both,sharing=locked sleep {MARK} & cat /middle/* /seed > /c/m && cp /c/m /m
RUN head -c 2000000 /dev/urandom > /big && sleep 0.1
FROM base AS right
RUN sleep {MARK} & for i in $(seq 50); do mkdir -p /tree/$i && echo $i > /tree/$i/file; done
COPY left middle /both/
FROM lab/base
COPY --from=left /l /parts/
COPY --from=middle /m /big /parts/
COPY --from=right /tree /tree
RUN --mount=from=right,source=/both,target=/mnt ls /mnt > /parts/names && rm /parts/big
CMD ["sh", "-c", "ls /tree /parts | wc -l; wc -c < /parts/m"]
"""
SAYS = ["56", "320000"]  # 50 folders, 3 files, two headings and the blank line between them
PROGRAM = """
import json, sys
from pathlib import Path
from pydock_lab.engine.face import Engine
from pydock_lab.errors import PydockError
try:
    image = Engine(Path(sys.argv[1])).build(sys.stdin.read(), "killed:1", context=Path(sys.argv[2])).image
except PydockError as error:
    print(json.dumps([error.key, error.message("en")]))
else:
    print(json.dumps(["", str(image.digest)]))
"""


class Build:
    """A build in a process of its own."""

    def __init__(self, home: Path, context: Path) -> None:
        command = [sys.executable, "-c", PROGRAM, str(home), str(context)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert self.process.stdin is not None
        self.process.stdin.write(DOCKERFILE.encode())
        self.process.stdin.close()
        self.process.stdin = None

    def end(self) -> list[str]:
        """The key of the error and its text, or "" and the image's digest; no other end is a good one."""
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err.decode()
        return json.loads(out)

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def context(tmp_path):
    folder = tmp_path / "context"
    for name in ("left", "middle"):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            (folder / name / f"{name}{number}").write_bytes(bytes([number]) * 1000)
    return folder


def left_over(home: Path) -> set[int]:
    """Processes of the Dockerfile, and those that have something of the store mounted, that still exist."""
    place = f"{home}/active".encode()
    return processes(lambda path: MARK.encode() in (path / "cmdline").read_bytes().split(b"\0")) | processes(
        lambda path: place in (path / "mountinfo").read_bytes()
    )


def settled(home: Path, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while (left := left_over(home)) and time.monotonic() < until:
        time.sleep(0.05)
    return not left


def seconds_of_a_build(engine, home, context) -> float:
    """What a build takes on a store that has been in use: a kill after that comes too late."""
    assert Build(home, context).end()[0] == ""
    engine.full.prune(["builder"], all_=True)
    began = time.monotonic()
    assert Build(home, context).end()[0] == ""
    return time.monotonic() - began


def holds(engine, digests) -> None:
    """What must be true of the store at any time."""
    assert engine.full.check() == ()
    assert {image.digest for image in engine.full.images(all_=True)} >= digests
    assert settled(engine.full.home.root)


def ends_well(engine, home, context) -> None:
    error, text = Build(home, context).end()
    assert error == "", text
    assert engine.full.check() == ()
    assert engine.run("killed:1").logs().split() == SAYS
    assert settled(home)
    engine.full.home.sweep()
    for folder in ("active", "ingest", "leases"):
        assert not [path for path in (home / folder).iterdir() if not path.name.startswith(".")], folder


@pytest.mark.soak
@pytest.mark.usefixtures("containers")
def test_the_builder_is_killed(engine, home, context):
    chance = random.Random(20260301)
    engine.build("FROM lab/base\nRUN echo kept > /kept\n", "kept:1")
    whole = seconds_of_a_build(engine, home, context)
    digests = {image.digest for image in engine.full.images(all_=True)}
    for number in range(KILLS):
        if number % 3:  # each third one goes on where the last one was killed
            engine.full.prune(["builder"], all_=True)
        build = Build(home, context)
        time.sleep(chance.uniform(0.05, whole))
        build.kill()
        holds(engine, digests)
    assert engine.run("kept:1", "cat", "/kept").logs() == "kept\n"
    ends_well(engine, home, context)


@pytest.mark.soak
@pytest.mark.usefixtures("containers")
def test_the_zygote_is_killed(engine, home, context):
    chance = random.Random(20260302)
    whole = seconds_of_a_build(engine, home, context)
    digests = {image.digest for image in engine.full.images(all_=True)}
    ends = []
    for _ in range(KILLS):
        engine.full.prune(["builder"], all_=True)
        build = Build(home, context)
        time.sleep(chance.uniform(0.2, whole))
        os.kill(zygote(engine), signal.SIGKILL)
        ends.append(build.end())
        holds(engine, digests)
    # Each ended well, or with an error that says what has happened.
    assert not [text for error, text in ends if error and "Traceback" in text]
    assert [error for error, _ in ends].count("") >= KILLS / 2
    ends_well(engine, home, context)
