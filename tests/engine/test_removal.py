"""`--rm` in the foreground: the container's shim removes it, before anybody hears that it has ended."""

import os
import signal
import socket
import struct
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from samples.waiting import wait_until

from pydock_lab.engine.face import Engine
from pydock_lab.engine.run_options import RunOptions, VolumeMount
from pydock_lab.engine.streams import Streams
from pydock_lab.errors import Conflict, NotFound
from pydock_lab.store import happenings

pytestmark = pytest.mark.usefixtures("containers")

BOX = "lab/busybox"


def told(engine: Engine) -> list[str]:
    found = happenings.read(engine.full.home.events, until=time.time())
    return [one.action for one in found if one.type == "container"]


def left(engine: Engine) -> list[str]:
    """What is in the folders of containers, and of what is being deleted."""
    root = engine.full.home.root
    return [path.name for name in ("containers", "active") for path in (root / name).glob("[!.]*") if path.is_dir()]


def test_it_is_gone_when_its_end_is_heard_of(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("the engine has nothing to remove")

    engine.run(BOX, "true", auto_remove=True)  # whatever is made once has been made
    monkeypatch.setattr(type(engine.full._parts.life), "remove", never)
    container = engine.run(BOX, "sh", "-c", "echo > /new; exit 3", name="one", auto_remove=True)
    assert container.ended_with == 3
    with pytest.raises(NotFound):
        engine.container("one")
    assert told(engine)[-4:] == ["create", "start", "die", "destroy"]
    wait_until(lambda: not left(engine))
    assert engine.run_trace(container.id).steps, "how it was started is still known"


def test_how_it_ended_is_not_invented(engine: Engine) -> None:
    """Who begins to wait for it just when it is removed."""
    life = engine.full._parts.life
    container = engine.run(BOX, "sleep", "60", detach=True, auto_remove=True)
    record = life.shelf.find(container.id)
    container.remove(force=True)
    with pytest.raises(NotFound) as raised:
        life.wait(record)
    assert raised.value.key == "runtime.removed"


def test_one_zygote_serves_them_all(engine: Engine) -> None:
    """It ends where something goes wrong in it, and the next request starts another one: nobody would notice."""
    found = set()
    for _ in range(6):  # more than it has to learn from
        engine.run(BOX, "true", auto_remove=True)
        with closing(engine.full.home.runtime.sandbox._connect()) as connection:
            found.add(struct.unpack("3i", connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
    assert len(found) == 1


def test_a_volume_of_its_own_goes_along(engine: Engine) -> None:
    options = RunOptions(
        image=BOX, command=("touch", "/data/new"), auto_remove=True, volumes=(VolumeMount(target="/data"),)
    )
    assert engine.full.run(options, streams=Streams.of_nobody()).ended_with == 0
    assert engine.full.volumes() == ()
    assert told(engine)[-2:] == ["die", "destroy"]
    wait_until(lambda: not left(engine))


def test_who_ran_it_is_killed(engine: Engine, home: Path) -> None:
    command = [sys.executable, "-m", "pydock_lab", "run", "--rm", "--name", "one", BOX, "sleep", "60"]
    with subprocess.Popen(command, env={**os.environ, "PYDOCK_HOME": str(home)}) as running:
        wait_until(lambda: any(one.state == "running" for one in engine.full.containers()))
        running.send_signal(signal.SIGKILL)
    wait_until(lambda: not left(engine))
    assert told(engine)[-2:] == ["die", "destroy"]


def test_it_can_be_started_again_at_once(engine: Engine) -> None:
    container = engine.run(BOX, "sh", "-c", "echo x >> /all; wc -l < /all")
    for _ in range(10):  # each time while the kernel may be taking the last one apart
        engine.full.start(container.id)
        assert engine.full.wait(container.id) == 0
    assert engine.container(container.id).logs().split() == [str(number) for number in range(1, 12)]


def test_what_is_removed_while_somebody_starts_it_leaves_nothing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one who starts it has seen its record already."""
    container = engine.full.create(RunOptions(image=BOX, command=("true",)))
    life = engine.full._parts.life
    record = life.shelf.find(container.id)
    engine.full.remove(container.id)
    monkeypatch.setattr(life, "is_running", lambda _: False)
    with pytest.raises(NotFound):
        life.start(record, None, lambda _: None)
    assert left(engine) == []


def test_a_volume_that_a_container_is_about_to_have_stays(engine: Engine) -> None:
    life, errors = engine.full._parts.life, []
    life.volumes.create("wanted")

    def prune() -> None:
        try:
            life.volumes.remove("wanted", life.shelf.volume_users)
        except Conflict as error:
            errors.append(error.key)

    with life.volumes.wanting():
        pruning = Thread(target=prune)
        pruning.start()
        options = RunOptions(image=BOX, command=("true",), volumes=(VolumeMount(target="/w", source="wanted"),))
        record = life.shelf.find(engine.full.create(options).id)
    pruning.join(20)
    assert errors == ["engine.volume-in-use"]
    assert Path(record.spec.mounts[0].source).is_dir()
