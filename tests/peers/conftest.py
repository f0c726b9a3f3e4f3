"""Programs of other projects, and a registry of theirs on loopback."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Command = Callable[..., str]


@pytest.fixture
def command(need: Callable[[str], str]) -> Command:
    """`command("skopeo", "copy", ...)`: its output; fails the test with what it wrote."""

    def run(program: str, *words: str | Path) -> str:
        done = subprocess.run([need(program), *map(str, words)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{program} {' '.join(map(str, words))}\n{done.stdout}{done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def docker_registry(need: Callable[[str], str], tmp_path: Path, free_port: int) -> Iterator[str]:
    """Debian's docker-registry, open, on loopback: its address."""
    folder = tmp_path / "docker-registry"
    folder.mkdir()
    (folder / "config.yml").write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}, delete: {{enabled: true}}}}\n"
        f"http: {{addr: '127.0.0.1:{free_port}'}}\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [need("docker-registry"), "serve", str(folder / "config.yml")], stdout=log, stderr=log
        )
    try:
        _wait_for(free_port)
        yield f"127.0.0.1:{free_port}"
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the registry did not come up")
