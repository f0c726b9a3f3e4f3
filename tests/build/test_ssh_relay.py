"""The way from a step to the user's ssh agent."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock_lab.build.ssh_relay import SshRelay

_SECONDS = 20.0


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    """One that answers once it has heard all, and that what it was told, backwards."""
    place = tmp_path / "agent"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                heard = b"".join(iter(lambda: connection.recv(100), b""))
                connection.sendall(heard[::-1])

        threading.Thread(target=serve, daemon=True).start()
        yield place


def test_who_has_said_all_still_hears_the_answer(agent: Path, tmp_path: Path) -> None:
    with SshRelay(agent, tmp_path, "relay") as relay, socket.socket(socket.AF_UNIX) as step:
        step.settimeout(_SECONDS)
        step.connect(str(relay.path))
        step.sendall(b"abc")
        step.shutdown(socket.SHUT_WR)
        assert step.recv(100) == b"cba"
        assert step.recv(100) == b""


def test_without_an_agent_the_step_is_told_so(tmp_path: Path) -> None:
    with SshRelay(tmp_path / "nobody", tmp_path, "relay") as relay, socket.socket(socket.AF_UNIX) as step:
        step.settimeout(_SECONDS)
        step.connect(str(relay.path))
        assert step.recv(100) == b""
