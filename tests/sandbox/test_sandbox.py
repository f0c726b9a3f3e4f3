"""The zygote and its workers, with jobs of our own."""

import contextlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import Conflict, IsolationError, PydockError
from pydock_lab.sandbox.client import Sandbox
from pydock_lab.sandbox.protocol import Connection
from pydock_lab.sandbox.sockets import socket_directory

JOBS = "jobs_for_tests"


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Sandbox:
    return Sandbox(tmp_path_factory.mktemp("store"), [JOBS], paths=[Path(__file__).parent])


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def eventually(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + 5
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def asleep(sandbox: Sandbox, job: str) -> tuple[Connection, int]:
    connection = sandbox.open(f"{JOBS}:{job}")
    received = connection.receive()
    assert received is not None
    return connection, received[0]["pid"]


@pytest.mark.parametrize("arguments", [{}, {"a": [1, "é"]}, {"long": "x" * 1_000_000}])
def test_arguments_come_back(sandbox: Sandbox, arguments: dict[str, Any]) -> None:
    assert sandbox.call(f"{JOBS}:echo", arguments) == arguments


def test_events_come_before_the_result(sandbox: Sandbox) -> None:
    seen: list[dict[str, Any]] = []
    assert sandbox.call(f"{JOBS}:count", {"to": 3}, on_message=seen.append) == "done"
    assert seen == [{"number": 0}, {"number": 1}, {"number": 2}]


def test_a_worker_is_new_and_warm_and_out_of_reach_of_ctrl_c(sandbox: Sandbox) -> None:
    first, second = (sandbox.call(f"{JOBS}:pids") for _ in range(2))
    assert first["worker"] != second["worker"]
    assert first["zygote"] == second["zygote"]
    assert len(first["warmed"]) == 1, "once, and for all"
    assert first["warmed"] == second["warmed"]
    assert first["ready"] == [first["worker"]]
    assert first["session"] not in (os.getsid(0), os.getpid())


def test_what_a_worker_leaves_behind_is_its_keepers(sandbox: Sandbox) -> None:
    seen: list[dict[str, Any]] = []
    found = sandbox.call(f"{JOBS}:leave", on_message=seen.append)
    assert found == {"status": 7, "descriptors": 1, "title": "test-keeper"}
    assert eventually(lambda: not is_alive(seen[0]["worker"]))


def test_a_burst_is_answered_by_several_workers(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(lambda _: sandbox.call(f"{JOBS}:pids")["worker"], range(32)))
    assert len(set(found)) == 32


def test_workers_learn_what_memory_a_job_needs(tmp_path: Path) -> None:
    sandbox = Sandbox(tmp_path, [JOBS], paths=[Path(__file__).parent])
    pages = 200  # that the job writes to
    assert sandbox.call(f"{JOBS}:tread") >= pages
    assert eventually(lambda: sandbox.call(f"{JOBS}:tread") < pages // 4)


def test_descriptors_go_along(sandbox: Sandbox) -> None:
    reader, writer = os.pipe()
    assert sandbox.call(f"{JOBS}:write", {"text": "hello"}, [writer]) == 5
    os.close(writer)
    with open(reader, "rb") as pipe:
        assert pipe.read() == b"hello"


def test_an_error_keeps_its_class_and_fields(sandbox: Sandbox) -> None:
    with pytest.raises(Conflict) as caught:
        sandbox.call(f"{JOBS}:refuse")
    assert (caught.value.key, dict(caught.value.fields)) == ("snapshot.upper-in-use", {"path": "/x"})


def test_a_defect_shows_its_traceback(sandbox: Sandbox) -> None:
    with pytest.raises(PydockError) as caught:
        sandbox.call(f"{JOBS}:fail")
    assert "ZeroDivisionError: oops" in caught.value.message()


def test_a_worker_that_dies_is_noticed(sandbox: Sandbox) -> None:
    with pytest.raises(IsolationError) as caught:
        sandbox.call(f"{JOBS}:die")
    assert caught.value.key == "sandbox.worker-gone"


@pytest.mark.parametrize("job", ["os:system", "jobs_for_tests_2:echo", ""])
def test_only_named_modules_have_jobs(sandbox: Sandbox, job: str) -> None:
    with pytest.raises(PydockError) as caught:
        sandbox.call(job)
    assert caught.value.key == "sandbox.unknown-job"


def test_a_worker_ends_with_its_engine(sandbox: Sandbox) -> None:
    connection, pid = asleep(sandbox, "sleep")
    assert is_alive(pid)
    connection.close()
    assert eventually(lambda: not is_alive(pid))


def test_a_mindful_job_does_not(sandbox: Sandbox) -> None:
    connection, pid = asleep(sandbox, "sleep_on")
    connection.close()
    time.sleep(0.2)
    assert is_alive(pid)
    os.kill(pid, 9)
    assert eventually(lambda: not is_alive(pid)), "the zygote did not bury it"


def test_many_threads_at_once(sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda number: sandbox.call(f"{JOBS}:echo", {"n": number})["n"], range(40)))
    assert found == list(range(40))


def test_a_killed_zygote_is_replaced(sandbox: Sandbox) -> None:
    before = sandbox.call(f"{JOBS}:pids")["zygote"]
    os.kill(before, 9)
    assert eventually(lambda: not is_alive(before))
    assert sandbox.call(f"{JOBS}:pids")["zygote"] != before


def test_stores_do_not_share_a_zygote(sandbox: Sandbox, tmp_path: Path) -> None:
    other = Sandbox(tmp_path, [JOBS], paths=[Path(__file__).parent])
    assert other.call(f"{JOBS}:pids")["zygote"] != sandbox.call(f"{JOBS}:pids")["zygote"]
    assert other.tier is sandbox.tier


def test_a_socket_directory_of_somebody_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(os, "getuid", lambda: 424242)
    with contextlib.ExitStack() as undo:
        undo.callback(lambda: Path("/tmp/pydock-424242").rmdir())
        with pytest.raises(IsolationError) as caught:
            socket_directory()
    assert caught.value.key == "sandbox.directory"
