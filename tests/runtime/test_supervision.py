"""What a shim looks after: restarts, health, what `docker events` shows, limits that change, lack of memory."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.oci.runtime_spec import Limits
from pydock_lab.runtime.health import Health, HealthCheck
from pydock_lab.runtime.restart import RestartKind, RestartPolicy
from pydock_lab.runtime.state import ContainerState, Status
from pydock_lab.runtime.supervision import Supervision
from pydock_lab.store import happenings

ALWAYS = RestartPolicy(kind=RestartKind.ALWAYS)


def start(box: Any, script: str, *, init: bool = False, limits: Limits | None = None, **supervision: Any) -> Path:
    directory, spec = box.spec("sh", "-c", script, init=init, limits=limits or Limits())
    events = str(directory / "events")
    about = Supervision(events=events, attributes={"name": "box"}, **supervision)
    box.runtime.start(directory, spec, detach=True, supervision=about).close()
    return directory


def actions(directory: Path) -> list[str]:
    found = happenings.read(directory / "events", until=time.time())
    return [f"{one.action} {one.attributes['exitCode']}" if one.action == "die" else one.action for one in found]


def test_a_container_that_fails_is_started_again_so_many_times(box: Any) -> None:
    policy = RestartPolicy(kind=RestartKind.ON_FAILURE, maximum=2)
    directory = start(box, "echo x >> /count; exit 3", restart=policy)
    assert box.until(lambda: box.runtime.state(directory).status is Status.EXITED)
    state = box.runtime.state(directory)
    assert (state.exit_code, state.restarts) == (3, 2)
    assert box.written(directory, "count").read_text() == "x\nx\nx\n"
    assert actions(directory) == ["start", "die 3"] * 3


def test_it_is_the_same_shim_that_starts_it_again(box: Any) -> None:
    directory = start(box, "sleep 0.3", restart=ALWAYS)
    first = box.runtime.state(directory)
    assert box.until(lambda: box.runtime.state(directory).restarts == 1)
    second = box.runtime.state(directory)
    assert first.shim == second.shim
    assert first.process != second.process
    box.runtime.stop(directory, signal.SIGTERM, 0)


def test_stopping_ends_a_restart_policy(box: Any) -> None:
    directory = start(box, "trap 'exit 4' TERM; touch /ready; while :; do sleep 0.02; done", restart=ALWAYS)
    assert box.until(box.written(directory, "ready").exists)
    assert box.runtime.stop(directory, signal.SIGTERM, 10) == 4
    state = box.runtime.state(directory)
    assert (state.status, state.by_hand) == (Status.EXITED, True)
    assert actions(directory) == ["start", "kill", "die 4", "stop"]


def test_stopping_while_it_waits_for_its_next_start(box: Any) -> None:
    directory = start(box, "exit 1", restart=ALWAYS)
    assert box.until(lambda: box.runtime.state(directory).restarts >= 2)
    assert box.until(lambda: box.runtime.state(directory).status is Status.RESTARTING)
    assert box.runtime.stop(directory, signal.SIGTERM, 10) == 1
    assert box.runtime.state(directory).status is Status.EXITED


def test_who_does_not_hear_the_signal_is_killed(box: Any) -> None:
    directory = start(box, "trap '' TERM; touch /ready; while :; do sleep 0.02; done")
    assert box.until(box.written(directory, "ready").exists)
    assert box.runtime.stop(directory, signal.SIGTERM, 0.1) == 137


def test_a_start_that_fails_the_second_time_ends_it(box: Any) -> None:
    directory = start(box, "rm /bin/sh; exit 1", restart=ALWAYS)
    assert box.until(lambda: box.runtime.state(directory).status is Status.EXITED)
    state = box.runtime.state(directory)
    assert state.error is not None
    assert state.error["key"] == "runtime.not-in-path"


def test_in_the_foreground_the_first_end_is_told_and_it_lives_on(box: Any) -> None:
    directory, spec = box.spec("sh", "-c", "exit 5")
    supervision = Supervision(restart=ALWAYS)
    with box.runtime.start(directory, spec, supervision=supervision) as process:
        assert process.wait() == 5
    assert box.until(lambda: box.runtime.state(directory).restarts >= 1)
    box.runtime.stop(directory, signal.SIGKILL, 0)


def health(box: Any, directory: Path) -> Health | None:
    state: ContainerState = box.runtime.state(directory)
    return state.health.status if state.health else None


def test_health_changes_and_is_told(box: Any) -> None:
    check = HealthCheck(command=("sh", "-c", "echo looked; test -e /well"), interval=0.05, retries=2)
    directory = start(box, "sleep 60", init=True, health=check)
    assert health(box, directory) is Health.STARTING
    assert box.until(lambda: health(box, directory) is Health.UNHEALTHY)
    box.exec(directory, "touch", "/well")
    assert box.until(lambda: health(box, directory) is Health.HEALTHY)
    found = box.runtime.state(directory).health
    assert (found.log[-1].exit_code, found.log[-1].output) == (0, "looked\n")
    told = ["health_status: unhealthy", "health_status: healthy"]
    assert box.until(lambda: [one for one in actions(directory) if one.startswith("health")] == told)
    box.runtime.kill(directory, 9)
    assert box.runtime.wait(directory) == 137


@pytest.mark.parametrize(
    ("command", "output"), [(("sleep", "60"), "exceeded timeout (0.2s)"), (("nope",), "No such file")]
)
def test_a_check_that_hangs_or_is_not_there_has_failed(box: Any, command: tuple[str, ...], output: str) -> None:
    check = HealthCheck(command=command, interval=0.05, timeout=0.2, retries=1)
    directory = start(box, "sleep 60", init=True, health=check)
    assert box.until(lambda: health(box, directory) is Health.UNHEALTHY)
    assert output in box.runtime.state(directory).health.log[0].output
    box.runtime.kill(directory, 9)
    box.runtime.wait(directory)
    assert not [one for one in os.listdir("/proc") if _runs(one, b"sleep\x0060\x00", directory)]


def _runs(pid: str, words: bytes, directory: Path) -> bool:
    try:
        here = Path(f"/proc/{pid}/root").stat().st_ino == (directory / "upper").stat().st_ino
        return Path(f"/proc/{pid}/cmdline").read_bytes() == words and here
    except OSError:
        return False


def test_limits_change_while_it_runs(box: Any) -> None:
    directory = start(box, "sleep 60", init=True, limits=Limits(pids=50))
    if not box.runtime.usage(directory).is_whole:  # no control groups for this account, and that is said
        (note,) = box.runtime.update(directory, Limits(pids=60))
        assert "--pids-limit" in note.text
        return
    assert box.runtime.usage(directory).pids_limit == 50
    assert list(box.runtime.update(directory, Limits(pids=60, memory=32 << 20))) == []
    usage = box.runtime.usage(directory)
    assert (usage.pids_limit, usage.memory_limit) == (60, 32 << 20)


def test_a_policy_changes_while_it_runs(box: Any) -> None:
    directory = start(box, "sleep 0.5; exit 1")
    list(box.runtime.update(directory, Limits(), RestartPolicy(kind=RestartKind.ON_FAILURE, maximum=1)))
    assert box.until(lambda: box.runtime.state(directory).status is Status.EXITED)
    assert box.runtime.state(directory).restarts == 1


def test_lack_of_memory_is_told(box: Any) -> None:
    eat = "head -c 64m /dev/zero | tail > /dev/null"
    directory = start(box, f"sleep 0.2; {eat}; sleep 0.2", limits=Limits(memory=16 << 20))
    is_limited = box.runtime.usage(directory).is_whole
    box.runtime.wait(directory)
    assert ("oom" in actions(directory)) is is_limited
    assert box.runtime.state(directory).oom_killed is is_limited


def test_a_question_that_nobody_knows_does_no_harm(box: Any) -> None:
    from pydock_lab.runtime import base  # noqa: PLC0415 - the door itself is what is tested

    directory = start(box, "sleep 60", init=True)
    with pytest.raises(ContainerError) as caught:
        base._ask(directory, {"do": "dance"})
    assert caught.value.key == "runtime.unknown-command"
    assert box.runtime.is_running(directory)


def test_kill_nine_of_everybody_stays_inside(box: Any) -> None:
    other = box.background("sleep", "60")
    assert box.sh("kill -9 0; sleep 9", init=True).status == 137
    assert box.sh("kill -9 -1; echo alone", init=True).out in ("alone\n", "")
    assert box.runtime.is_running(other)
