"""The user's ssh agent, inside a RUN: a socket whose two ends are a step's and the agent's.

The agent's own socket could be shown to the step as it is, but only its owner may open that. This one lies in a
folder that nobody else can enter, and lets the container's users in, whoever they are. Source: ssh-agent(1).
"""

import contextlib
import os
import socket
import threading
from pathlib import Path
from typing import Self

_CHUNK = 1 << 16


class SshRelay:
    """Passes on what a step says to the agent at `agent`, as long as the context lasts; `path` is the step's end."""

    def __init__(self, agent: Path, folder: Path, name: str) -> None:
        self._agent, self._name = agent, name
        self._folder = folder / name
        self.path = self._folder / "socket"
        self._server = socket.socket(socket.AF_UNIX)

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700)
        directory = os.open(self._folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # A socket's path has 107 bytes at most, and a store may lie deep.
            self._server.bind(f"/proc/self/fd/{directory}/socket")
        finally:
            os.close(directory)
        # connect(2) needs the right to write to the socket (unix(7)). The folder around it keeps the host's users out.
        self.path.chmod(0o666)
        self._server.listen()
        threading.Thread(target=self._serve, name="pydock-ssh", daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        with contextlib.suppress(OSError):
            # A close alone does not wake the thread that waits in accept(2).
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.path.unlink(missing_ok=True)

    def _serve(self) -> None:
        while True:
            try:
                step, _ = self._server.accept()
            except OSError:  # closed: the step is done
                return
            agent = socket.socket(socket.AF_UNIX)
            try:
                agent.connect(str(self._agent))
            except OSError:
                step.close()
                agent.close()
                continue
            threading.Thread(target=_relay, args=(step, agent), name="pydock-ssh", daemon=True).start()


def _relay(step: socket.socket, agent: socket.socket) -> None:
    with step, agent:
        back = threading.Thread(target=_pump, args=(agent, step), name="pydock-ssh", daemon=True)
        back.start()
        _pump(step, agent)
        back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(_CHUNK):
            sink.sendall(chunk)
        # Who has no more to say may still be listening.
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # Both ends: the pump of the other direction must not wait in recv(2) for a talk that is over.
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
