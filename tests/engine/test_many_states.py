"""The states of many containers are kept beside them; a list says how they are now, whatever was kept."""

import time
from pathlib import Path

import pytest

from pydock_lab.engine.face import Engine
from pydock_lab.engine.run_options import RunOptions
from pydock_lab.runtime import state
from pydock_lab.runtime.state import ContainerState, Status

MANY = 25  # fewer are not kept


@pytest.fixture
def folders(engine: Engine) -> dict[str, Path]:
    """Those of containers that have ended, each with an exit status of its own."""
    found = {}
    for number in range(MANY):
        container = engine.full.create(RunOptions(image="lab/busybox", name=f"box{number}"))
        folder = found[container.name] = engine.full.home.containers.path(container.id)
        state.save(folder, ContainerState(status=Status.EXITED, exit_code=number, finished_at=time.time()))
    return found


def codes(engine: Engine) -> dict[str, int | None]:
    return {one.name: one.exit_code for one in engine.full.containers(all_=True)}


def test_another_process_has_them_from_one_file(
    engine: Engine, folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = codes(engine)
    assert everything == {f"box{number}": number for number in range(MANY)}
    opened = []
    monkeypatch.setattr(state, "load", lambda folder: opened.append(folder) or ContainerState())
    assert codes(Engine(engine.full.home.root)) == everything
    assert not opened
    del folders


def test_what_has_happened_meanwhile_is_seen(engine: Engine, folders: dict[str, Path]) -> None:
    codes(engine)
    state.save(folders["box3"], ContainerState(status=Status.EXITED, exit_code=99, finished_at=time.time()))
    (folders["box4"] / state.STATE_FILE).unlink()  # as if it had never been started
    (folders["box5"] / state.STATE_FILE).write_text("{")
    for one in (engine, Engine(engine.full.home.root)):
        found = codes(one)
        assert (found["box2"], found["box3"], found["box4"], found["box5"]) == (2, 99, None, state.LOST)


def test_one_that_is_said_to_run_and_whose_shim_is_gone_has_ended(engine: Engine, folders: dict[str, Path]) -> None:
    gone = state.ProcessMark(pid=2**22 + 1, started=1, boot=state._boot_id(), namespace=state._pid_namespace())
    state.save(folders["box3"], ContainerState(status=Status.RUNNING, shim=gone, process=gone))
    for one in (engine, Engine(engine.full.home.root)):
        assert codes(one)["box3"] == state.LOST
