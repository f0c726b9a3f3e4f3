"""A server of commands for a test, in a folder of its own; and a `pydock` that only a server may do."""

import contextlib
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

NOT_SERVED = 99  # exit status
_ONLY = f"""
import sys
from pydock_lab.program import client, place
found = place.find()
if found is not None:
    client.ask(found)
sys.exit({NOT_SERVED})
"""
_START = "from pydock_lab.program import place; found = place.find(); found.start_server(); print(found.socket)"
SERVED = [sys.executable, "-c", _ONLY]
PLAIN = [sys.executable, "-m", "pydock_lab"]


def server_of(path: str) -> int:
    """The pid of who listens at a socket."""
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(path)
        return int(struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])


@contextlib.contextmanager
def serving(more: Mapping[str, str] | None = None) -> Iterator[tuple[dict[str, str], int]]:
    """An environment in which `SERVED` is served, and the pid of the server."""
    with tempfile.TemporaryDirectory(prefix="pd-", ignore_cleanup_errors=True) as folder:
        environment = os.environ | {"XDG_RUNTIME_DIR": folder, "PYDOCK_SERVER": "on"} | (more or {})
        words = [sys.executable, "-c", _START]
        said = subprocess.run(words, env=environment, cwd="/", capture_output=True, text=True, check=True)
        pid = wait_for_server(said.stdout.strip())
        try:
            yield environment, pid
        finally:
            end(pid)


def passes_signals_on(pid: int) -> bool:
    """Whether a `pydock run` has come so far that it catches signals for its container (proc_pid_status(5), SigCgt)."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt")).split()[1]
    return bool(int(caught, 16) >> (signal.SIGUSR1 - 1) & 1)


def wait_for_server(path: str) -> int:
    """Its pid, as soon as it listens."""
    end = time.monotonic() + 30
    while True:
        try:
            return server_of(path)
        except OSError:
            assert time.monotonic() < end, f"no server at {Path(path).name}"
            time.sleep(0.02)


def end(pid: int) -> None:
    """Kill a process, and wait until it has gone; nothing happens where it has."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        select.select([descriptor], [], [], 10)
        os.close(descriptor)
