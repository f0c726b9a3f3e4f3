"""The runtime as the engine sees it: start a container, and talk to it later.

    Runtime(home).run(directory, spec, stdout=1)      until it ends: the exit status
    Runtime(home).start(directory, spec, ...)         a `Process`, to be waited for
    Runtime(home).exec(directory, process, ...)       a further `Process` in a running container
    Runtime(home).kill(directory, 15)                 through the shim, whoever started it

`directory` is the container's own: `state.json`, `log.jsonl`, `events.jsonl` and `control.sock` are kept there. All
methods may be called from threads, and raise PydockError.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Self

from pydock_lab.errors import ContainerError, NotFound
from pydock_lab.events import Noted, OnEvent, StartStep, ignore
from pydock_lab.linux.cgroups.values import Usage
from pydock_lab.linux.facets import Facet
from pydock_lab.linux.tiers import Tier
from pydock_lab.locale import text
from pydock_lab.oci.runtime_spec import ContainerSpec, Endpoint, Limits, ProcessSpec
from pydock_lab.runtime import control, state
from pydock_lab.runtime.restart import RestartPolicy
from pydock_lab.runtime.state import ContainerState, Status
from pydock_lab.runtime.steplog import START_FILE
from pydock_lab.runtime.supervision import Supervision
from pydock_lab.sandbox.client import Sandbox, replies
from pydock_lab.sandbox.protocol import Connection

JOB_MODULES = ("pydock_lab.runtime.start", "pydock_lab.runtime.shim", "pydock_lab.runtime.probing")

_START = "pydock_lab.runtime.start:start"
_PROBE = "pydock_lab.runtime.probing:probe"
_DYING_SECONDS, _POLL_SECONDS = 1.0, 0.01


@dataclass(frozen=True, kw_only=True, slots=True)
class Stdio:
    """Descriptors for a program; None: /dev/null (or, for a recorded container, the log alone).

    `layer` is for `Runtime.start(pack=...)`: the tar of what the program wrote.
    """

    stdin: int | None = None
    stdout: int | None = None
    stderr: int | None = None
    layer: int | None = None

    def given(self) -> dict[str, int]:
        """Those that there are, by name."""
        found = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: descriptor for name, descriptor in found.items() if descriptor is not None}


_NOTHING = Stdio()
_NO_SUPERVISION = Supervision()


class Process:
    """A program that runs, as long as this object is not closed; use it in a `with` statement.

    `pid` is that of the program on the host; `isolation` its tier as people read it, where somebody has said so.
    Closing ends a foreground program; one in the background goes on.
    """

    def __init__(self, connection: Connection, job: str, pid: int) -> None:
        self.pid, self.isolation = pid, ""
        self.oom_killed = False
        self.is_detached = False
        self._connection, self._job = connection, job
        self._status: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wait(self) -> int:
        """Wait for the end: the exit status, 128 + signal where a signal ended it; raises ContainerError.

        0 where somebody has typed the detach keys instead (`is_detached`).
        """
        if self._status is None:
            # Anew each time: Ctrl-C may have ended an earlier wait, and the answer is still to come.
            result = _result(replies(self._connection, self._job))
            self.is_detached = bool(result.get("detached"))
            self._status = int(result.get("exit_code", 0))
            self.oom_killed = bool(result.get("oom_killed"))
            self.close()
        return self._status

    def kill(self, signal: int) -> None:
        """Send a signal; nothing happens if the program has ended."""
        self._say({"do": "kill", "signal": int(signal)})

    def resize(self, rows: int, columns: int) -> None:
        """Tell the program's terminal its size."""
        self._say({"do": "resize", "rows": rows, "columns": columns})

    def close(self) -> None:
        """Let go."""
        self._connection.close()

    def _say(self, message: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):
            self._connection.send(message)


class Runtime:
    """Containers of one store; `jobs` are further modules whose jobs `call` may ask for, `tier` as for `Sandbox`."""

    def __init__(self, home: Path, *, jobs: Sequence[str] = (), tier: str | None = None) -> None:
        self._stub = home / "stub"
        self.sandbox = Sandbox(home, (*JOB_MODULES, *jobs), tier=tier)

    @property
    def tier(self) -> Tier:
        """The ground that containers stand on here; Tier.NONE means that none can be started."""
        return self.sandbox.tier

    def probe(self, directory: Path | None = None) -> tuple[Facet, ...]:
        """What isolation is in force, facet by facet, each really tried; storage at `directory` (or the store)."""
        place = directory or self._stub.parent
        place.mkdir(parents=True, exist_ok=True)
        found: list[dict[str, Any]] = self.sandbox.call(_PROBE, {"directory": str(place)})
        return tuple(Facet.from_json(one) for one in found)

    def call(
        self,
        job: str,
        arguments: Mapping[str, Any] | None = None,
        descriptors: Sequence[int] = (),
        on_message: Callable[[dict[str, Any]], None] | None = None,
    ) -> Any:
        """Do another job where containers live (apply, diff, copy ...): its result; see `Sandbox.call`."""
        return self.sandbox.call(job, arguments, descriptors, on_message)

    # ---- starting

    def start(
        self,
        directory: Path,
        spec: ContainerSpec,
        stdio: Stdio = _NOTHING,
        *,
        record: bool = True,
        detach: bool = False,
        keep_input: bool = False,
        detach_keys: bytes = b"",
        steps: Path | None = None,
        pack: Mapping[str, Any] | None = None,
        supervision: Supervision = _NO_SUPERVISION,
        on_event: OnEvent = ignore,
    ) -> Process:
        """Start a container and return as soon as its program runs; `supervision` is what its shim looks after.

        With `record` its state, log and events are kept in `directory`, and others can reach it; a build's step
        needs none of that. What the start consisted of is written to `steps`. With `detach` it outlives this process,
        and `keep_input` leaves its standard input open for `attach`; the `detach_keys`, typed, make it go on alone.
        With `pack`, the arguments of `snapshot.jobs:pack`, that tar is written to `stdio.layer` once the program has
        ended well. Raises ContainerError (exit status 125, 126 or 127), IsolationError, Conflict.
        """
        given = stdio.given()
        arguments = {
            "spec": spec.to_brief(),
            "directory": str(directory),
            "stub": str(self._stub),
            "streams": list(given),
            "record": record,
            "detach": detach,
            "keep_input": keep_input,
            "detach_keys": detach_keys.hex(),
            "steps": str(steps or directory / START_FILE),
            "pack": None if pack is None else dict(pack),
            "tell_steps": on_event is not ignore,
            "supervision": supervision.to_json(),
        }
        connection = self.sandbox.open(_START, arguments, list(given.values()))
        return _started(connection, _START, lambda message: _tell(message, spec.id, on_event))

    def run(
        self,
        directory: Path,
        spec: ContainerSpec,
        stdio: Stdio = _NOTHING,
        *,
        record: bool = False,
        on_event: OnEvent = ignore,
    ) -> int:
        """Run a container until it ends: the exit status; interrupted, it is killed. Raises as `start` does."""
        with self.start(directory, spec, stdio, record=record, on_event=on_event) as process:
            return process.wait()

    # ---- a container that runs

    def exec(
        self,
        directory: Path,
        process: ProcessSpec,
        stdio: Stdio = _NOTHING,
        *,
        detach: bool = False,
        detach_keys: bytes = b"",
    ) -> Process:
        """Start a further program in a running container; with `detach` it outlives us. Raises ContainerError."""
        given = stdio.given()
        connection = _dial(directory)
        message = {
            "do": "exec",
            "process": process.to_json(),
            "streams": list(given),
            "detach": detach,
            "detach_keys": detach_keys.hex(),
        }
        connection.send(message, list(given.values()))
        return _started(connection, "exec")

    def attach(self, directory: Path, stdio: Stdio, *, detach_keys: bytes = b"") -> Process:
        """Watch a running container, and type into it; closing the Process lets it go on, as typing the keys does."""
        given = stdio.given()
        connection = _dial(directory)
        message = {"do": "attach", "streams": list(given), "detach_keys": detach_keys.hex()}
        connection.send(message, list(given.values()))
        next(replies(connection, "attach"))  # {"attached": true}
        marked = state.load(directory).process
        return Process(connection, "attach", marked.pid if marked else 0)

    def kill(self, directory: Path, signal: int) -> None:
        """Send a signal to a running container's first process; raises ContainerError."""
        _ask(directory, {"do": "kill", "signal": int(signal)})

    def stop(self, directory: Path, signal: int, timeout: float, *, keep: bool = False) -> int:
        """Have it end, by a signal, and by SIGKILL after so many seconds (-1: never): the exit status.

        Its restart policy ends with it; with `keep` it is not removed, even if it was to be (`Supervision`). Raises
        ContainerError unless it runs.
        """
        message = {"do": "stop", "signal": int(signal), "timeout": timeout, "keep": keep}
        return int(_ask(directory, message)["exit_code"])

    def update(self, directory: Path, limits: Limits, policy: RestartPolicy | None = None) -> Iterator[Noted]:
        """Change the limits of a running container, and its restart policy; gives what is not in force."""
        message: dict[str, Any] = {"do": "update", "limits": limits.to_json()}
        if policy is not None:
            message["restart"] = policy.to_json()
        for note in _ask(directory, message):
            yield Noted(text=text(note["noted"], **note["fields"]))

    def connect(self, directory: Path, endpoint: Endpoint) -> None:
        """Connect a running container to a network; raises Conflict, ContainerError, IsolationError."""
        _ask(directory, {"do": "connect", "endpoint": endpoint.to_json()})

    def disconnect(self, directory: Path, network: str) -> None:
        """Take a running container out of a network, by its id; raises NotFound, ContainerError."""
        _ask(directory, {"do": "disconnect", "network": network})

    def rename(self, directory: Path, name: str) -> None:
        """Let a running container be found in its networks under another name; raises ContainerError."""
        _ask(directory, {"do": "rename", "name": name})

    def pause(self, directory: Path) -> None:
        """Freeze all processes of a container; raises ContainerError, IsolationError."""
        _ask(directory, {"do": "pause"})

    def unpause(self, directory: Path) -> None:
        """Let them go on."""
        _ask(directory, {"do": "unpause"})

    def resize(self, directory: Path, rows: int, columns: int) -> None:
        """Tell a container's terminal its size."""
        _ask(directory, {"do": "resize", "rows": rows, "columns": columns})

    def processes(self, directory: Path) -> list[int]:
        """The processes of a running container, as the host numbers them."""
        found: list[int] = _ask(directory, {"do": "processes"})
        return found

    def usage(self, directory: Path) -> Usage:
        """What a running container uses; without control groups, what can be seen of its processes."""
        return Usage(**_ask(directory, {"do": "stats"}))

    def wait(self, directory: Path) -> int:
        """Wait until a container has ended: its exit status; raises NotFound if its shim has removed it before."""
        with contextlib.suppress(ContainerError):
            return int(_ask(directory, {"do": "wait"})["exit_code"])
        ended = self.state(directory)
        if not directory.exists():
            raise NotFound("runtime.removed", container=directory.name[:12])
        return ended.exit_code

    def state(self, directory: Path) -> ContainerState:
        """How a container is now, also if the machine was switched off in between."""
        return state.observe(directory)

    def is_running(self, directory: Path) -> bool:
        """Whether its processes exist (a paused one's do)."""
        return self.state(directory).status in state.LIVING


def _tell(message: Mapping[str, Any], container: str, on_event: OnEvent) -> None:
    """Turn the shim's messages into events."""
    if "noted" in message:
        on_event(Noted(text=text(message["noted"], **message.get("fields", {}))))
    for step in message.get("steps", ()):
        name, detail, seconds = step["name"], step["detail"], step["seconds"]
        on_event(StartStep(container=container, name=name, detail=detail, seconds=seconds))


def _started(
    connection: Connection, job: str, on_message: Callable[[dict[str, Any]], None] = lambda _message: None
) -> Process:
    """Wait until the program runs; raises the error with which it could not be started."""
    try:
        for message in replies(connection, job):
            on_message(message)
            if "started" in message:
                return Process(connection, job, message["started"])
    except BaseException:
        connection.close()
        raise
    connection.close()
    raise ContainerError("runtime.shim-gone")


def _result(messages: Iterator[dict[str, Any]]) -> dict[str, Any]:
    for message in messages:
        if "detached" in message:
            return message
        if "result" in message:
            result: dict[str, Any] = message["result"]
            return result
    raise ContainerError("runtime.shim-gone")


def _dial(directory: Path) -> Connection:
    try:
        return control.dial(directory)
    except OSError:
        status = state.observe(directory).status
        raise ContainerError("runtime.not-running", container=directory.name, status=status.value) from None


def _status_of_one_that_hung_up(directory: Path) -> Status:
    """A process that is killed closes its files before it is seen to have ended: it is given a moment."""
    until = time.monotonic() + _DYING_SECONDS
    while (status := state.observe(directory).status) in state.LIVING and time.monotonic() < until:
        time.sleep(_POLL_SECONDS)
    return status


def _ask(directory: Path, message: Mapping[str, Any]) -> Any:
    """One command and its answer."""
    with contextlib.closing(_dial(directory)) as connection, contextlib.suppress(ConnectionError):
        connection.send(message)
        for reply in replies(connection, message["do"]):
            if "result" in reply:
                return reply["result"]
    # It ended just as we asked.
    status = _status_of_one_that_hung_up(directory)
    if status in state.LIVING:
        raise ContainerError("runtime.shim-gone")
    raise ContainerError("runtime.not-running", container=directory.name, status=status.value)
