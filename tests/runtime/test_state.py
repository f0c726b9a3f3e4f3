"""The table of transitions, and what is made of a state.json that nobody looks after any more."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.oci.runtime_spec import PublishedPort
from pydock_lab.runtime import state
from pydock_lab.runtime.state import LOST, TRANSITIONS, Action, ContainerState, ProcessMark, Status

IMPOSSIBLE = [(status, action) for status in Status for action in Action if (status, action) not in TRANSITIONS]


def test_every_status_can_be_reached_and_left() -> None:
    assert set(TRANSITIONS.values()) | {Status.CREATED} == set(Status)
    assert {status for status, _ in TRANSITIONS} == set(Status)


@pytest.mark.parametrize(("status", "action"), IMPOSSIBLE)
def test_what_is_not_in_the_table_is_an_error(status: Status, action: Action) -> None:
    with pytest.raises(ContainerError) as caught:
        state.after(status, action)
    assert caught.value.key == "runtime.wrong-state"


def test_a_running_container_is_never_removed_at_once() -> None:
    assert (Status.RUNNING, Action.REMOVE) in IMPOSSIBLE
    assert (Status.PAUSED, Action.START) in IMPOSSIBLE


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written = ContainerState(
        status=Status.RUNNING,
        process=ProcessMark.of(os.getpid()),
        shim=ProcessMark.of(os.getppid()),
        ports=(PublishedPort(container_port=80, host_port=8080),),
        error={"error": "ContainerError", "key": "a.b", "fields": {}},
    )
    state.save(tmp_path, written)
    assert state.load(tmp_path) == written == state.observe(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_without_a_file_it_is_created(tmp_path: Path) -> None:
    assert state.observe(tmp_path) == ContainerState(status=Status.CREATED)


def test_a_mark_tells_a_process_from_a_later_one() -> None:
    own = ProcessMark.of(os.getpid())
    assert own.is_alive()
    assert not replace(own, started=own.started + 1).is_alive()
    assert not replace(own, boot="another").is_alive()
    assert not ProcessMark.of(2**22 + 1).is_alive()


def test_what_runs_in_another_pid_namespace_cannot_be_judged() -> None:
    assert replace(ProcessMark.of(os.getpid()), started=1, namespace="pid:[1]").is_alive()


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PAUSED])
def test_a_container_whose_shim_is_gone_has_ended(tmp_path: Path, status: Status) -> None:
    gone = replace(ProcessMark.of(os.getpid()), boot="the one before")
    state.save(tmp_path, ContainerState(status=status, process=gone, shim=gone))
    found = state.observe(tmp_path)
    assert (found.status, found.exit_code, found.shim) == (Status.EXITED, LOST, None)
    assert found.finished_at > 0


@pytest.mark.parametrize("status", [Status.EXITED, Status.CREATED, Status.DEAD])
def test_others_stay_as_they_are(tmp_path: Path, status: Status) -> None:
    state.save(tmp_path, ContainerState(status=status, exit_code=4))
    assert state.observe(tmp_path) == ContainerState(status=status, exit_code=4)
