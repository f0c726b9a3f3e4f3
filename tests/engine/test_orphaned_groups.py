"""Control groups whose shims were killed when there was no zygote any more: who ends later removes them."""

import os
import signal
import time
from pathlib import Path

import pytest
from samples.leftovers import groups, zygote
from samples.waiting import wait_until

from pydock_lab.engine.face import Engine
from pydock_lab.runtime import state
from pydock_lab.runtime.base import Runtime

BOX = "lab/busybox"
_LAST_LOOK = 0.5  # seconds after which whoever the zygote had sent to remove groups has ended, too


def _folder(engine: Engine, name: str) -> Path:
    found: Path = engine.full.home.containers.path(engine.container(name).id)  # type: ignore[attr-defined] # it is local
    return found


@pytest.mark.usefixtures("containers", "control_groups")
def test_a_shim_that_outlives_its_zygote(engine: Engine) -> None:
    runtime: Runtime = engine.full.home.runtime  # type: ignore[attr-defined] # it is local
    for name in ("killed", "last"):
        engine.run(BOX, "sleep", "60", name=name, detach=True)
    folder = _folder(engine, "last")  # asked now: a look at a container may bring a zygote back
    killed, last = (state.load(_folder(engine, name)).shim.pid for name in ("killed", "last"))
    assert {killed, last} <= groups().keys()
    os.kill(zygote(engine), signal.SIGKILL)
    time.sleep(_LAST_LOOK)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{killed}").exists())
    runtime.kill(folder, signal.SIGKILL)
    wait_until(lambda: not {killed, last} & groups().keys())
