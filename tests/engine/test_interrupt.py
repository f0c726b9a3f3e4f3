"""Ctrl-C in the middle of a build of several stages: it ends at once, nothing runs on, and what was done stays."""

import os
import signal
import subprocess
import sys
import time

import pytest

from pydock_lab.build.record import BuildStatus
from pydock_lab.engine.explaining import Explaining

DOCKERFILE = """FROM lab/busybox AS one
RUN echo done > /one
RUN sleep 307
FROM lab/busybox AS two
RUN echo done > /two
RUN sleep 308
FROM lab/busybox
COPY --from=one /one /
COPY --from=two /two /
"""


def sleeping() -> list[str]:
    """The programs of the steps that run."""
    done = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.strip() in ("sleep 307", "sleep 308")]


def wait_for(count: int) -> None:
    for _ in range(400):
        if len(sleeping()) == count:
            return
        time.sleep(0.05)
    pytest.fail(f"not {count} but {sleeping()}")


@pytest.mark.usefixtures("containers")
def test_an_interrupted_build(engine, tmp_path):
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    root = engine.full.home.root
    engine.image("lab/busybox")
    command = [sys.executable, "-m", "pydock_lab", "build", "--progress=plain", "-t", "app:1", str(tmp_path)]
    environment = os.environ | {"PYDOCK_HOME": str(root), "PYDOCK_LANG": "en"}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as build:
        wait_for(2)
        build.send_signal(signal.SIGINT)
        _, said = build.communicate(timeout=20)
    wait_for(0)
    assert build.returncode in (1, 130)
    assert "interrupted" in said
    (record,) = Explaining(engine.full.home, engine.full._shelf).records()
    assert record.status is BuildStatus.INTERRUPTED
    # What was done before is in the cache.
    predicted = {step.text: step.cached for step in record.steps}
    assert predicted["RUN echo done > /one"] is False
    events = []
    short = DOCKERFILE.replace("sleep 307", "true").replace("sleep 308", "true")
    engine.build(short, on_event=events.append)
    hits = {event.step for event in events if type(event).__name__ == "CacheHit"}
    assert {2, 5} <= hits
    assert engine.full.check(None) == ()
