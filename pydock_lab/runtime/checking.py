"""Running a container's health check: a program in the container, again and again, by its shim (see health.py)."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydock_lab.runtime.health import HealthCheck, HealthResult, HealthState
from pydock_lab.sandbox.protocol import Connection

if TYPE_CHECKING:
    from pydock_lab.runtime.loop import Timer
    from pydock_lab.runtime.shim import Shim

_CHUNK = 65536
_TOO_LONG = -1
_MOST_OUTPUT = 4096


class Checking:
    """The check of one life of a container; `health` is what it has found so far."""

    def __init__(self, shim: Shim, check: HealthCheck) -> None:
        self._shim, self._check = shim, check
        self.health = HealthState()
        self._began = time.monotonic()
        self._next: Timer | None = shim.loop.later(self._pause(), self._run)
        self._running: _Run | None = None

    def stop(self) -> None:
        """The container has ended."""
        if self._next:
            self._next.cancel()
        if self._running:
            self._running.close()

    def _pause(self) -> float:
        return self.health.next_in(self._check, in_start_period=self._is_starting())

    def _is_starting(self) -> bool:
        return time.monotonic() - self._began < self._check.start_period

    def _run(self) -> None:
        self._next = None
        self._running = _Run(self._shim, self._check, self._take)

    def _take(self, result: HealthResult) -> None:
        self._running = None
        before = self.health
        self.health = before.after(result, self._check, in_start_period=self._is_starting())
        self._shim.note_health(self.health, is_news=before.status is not self.health.status)
        self._next = self._shim.loop.later(self._pause(), self._run)


class _Run:
    """One run of the check; `on_end` hears how it went."""

    def __init__(self, shim: Shim, check: HealthCheck, on_end: Callable[[HealthResult], None]) -> None:
        self._shim, self._check, self._on_end = shim, check, on_end
        self._started = time.time()
        self._output = b""
        self._reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        # Each end is an open file of its own: ours does not wait, and a program that writes expects to.
        os.set_blocking(writer, True)
        ours, theirs = map(Connection, socket.socketpair())
        self._line = ours
        process = replace(shim.process(), args=check.command, terminal=False)
        shim.commands.join(theirs, process, {"stdout": writer, "stderr": os.dup(writer)})
        shim.loop.watch(self._reader, self._collect)
        shim.loop.watch(ours, self._hear)
        self._timer = shim.loop.later(check.timeout, self._give_up)

    def _collect(self) -> None:
        content = os.read(self._reader, _CHUNK)
        if not content:
            self._shim.loop.forget(self._reader)
        if len(self._output) < _MOST_OUTPUT:
            self._output += content

    def _hear(self) -> None:
        received = self._line.receive()
        message: dict[str, Any] = received[0] if received else {"result": {"exit_code": _TOO_LONG}}
        if "started" in message:
            return
        if "error" in message:
            self._output += str(message["error"]["fields"].get("reason", message["error"]["key"])).encode()
            self._finish(int(message["error"]["fields"].get("exit_status", 1)))
        else:
            self._finish(int(message["result"]["exit_code"]))

    def _give_up(self) -> None:
        self._output = f"Health check exceeded timeout ({self._check.timeout:g}s)".encode()
        self._finish(_TOO_LONG)

    def _finish(self, code: int) -> None:
        self.close()
        text = self._output.decode("utf-8", "replace")
        self._on_end(HealthResult(start=self._started, end=time.time(), exit_code=code, output=text))

    def close(self) -> None:
        """Let go: a program that still runs is killed by the worker, which sees that."""
        self._timer.cancel()
        for end in (self._reader, self._line):
            self._shim.loop.forget(end)
        os.close(self._reader)
        self._line.close()
