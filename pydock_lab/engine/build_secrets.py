"""What `--secret` and `--ssh` give to the steps that ask for it: read then, and kept nowhere."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from pydock_lab.engine.options import AgentSource, SecretSource
from pydock_lab.errors import BuildError

_MOST_BYTES = 500 * 1024  # BuildKit's limit as well


class Secrets:
    """Secrets by their id."""

    def __init__(self, sources: Iterable[SecretSource]) -> None:
        self._sources = {source.id: source for source in sources}

    def __call__(self, name: str) -> bytes | None:
        """The bytes of a secret, None where nobody gave one; raises BuildError where its file cannot be read."""
        source = self._sources.get(name)
        if source is None:
            return None
        if source.path is None:
            value = os.environ.get(source.env or name)
            return None if value is None else os.fsencode(value)
        try:
            content = source.path.read_bytes()
        except OSError as error:
            raise BuildError("build.secret-unreadable", id=name, path=str(source.path), reason=error.strerror) from None
        if len(content) > _MOST_BYTES:
            raise BuildError("build.secret-large", id=name, size=len(content), limit=_MOST_BYTES)
        return content


class Agents(AbstractContextManager["Agents"]):
    """SSH agents by their id: the user's, or one of our own with the keys that were named, for one build."""

    def __init__(self, sources: Iterable[AgentSource]) -> None:
        self._sources = {source.id: source for source in sources}
        self._started: list[subprocess.Popen[bytes]] = []
        self._folders: list[Path] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        for agent in self._started:
            agent.terminate()
            agent.wait()
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def __call__(self, name: str) -> Path | None:
        """The socket of an agent, None where nobody gave one; raises BuildError."""
        source = self._sources.get(name)
        if source is None:
            return None
        if not source.paths:
            socket = os.environ.get("SSH_AUTH_SOCK", "")
            if not socket:
                raise BuildError("build.ssh-no-agent", id=name)
            return Path(socket)
        if len(source.paths) == 1 and source.paths[0].is_socket():
            return source.paths[0]
        return self._agent_with(source)

    def _agent_with(self, source: AgentSource) -> Path:
        if shutil.which("ssh-agent") is None or shutil.which("ssh-add") is None:
            raise BuildError("build.ssh-no-program", id=source.id)
        # A socket's path has 107 bytes at most, and a store may lie deep; nobody else can enter this folder.
        folder = Path(tempfile.mkdtemp(prefix="pydock-ssh-"))
        self._folders.append(folder)
        socket = folder / "agent"
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
        self._started.append(agent)
        while not socket.exists() and agent.poll() is None:
            os.sched_yield()
        for path in source.paths:
            environment = os.environ | {"SSH_AUTH_SOCK": str(socket), "SSH_ASKPASS_REQUIRE": "never"}
            done = subprocess.run(
                ["ssh-add", "-q", str(path)],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                reason = done.stderr.strip().splitlines()[-1:] or [""]
                raise BuildError("build.ssh-key", id=source.id, path=str(path), reason=reason[0])
        return socket
