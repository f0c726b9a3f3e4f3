"""A JupyterLab server of our own on a free loopback port, with nothing of the user's configuration; root's or not."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from pydock_lab.cli.lab import quiet_path
from pydock_lab.linux.tiers import Tier
from samples.users import python_as

TESTS = Path(__file__).parents[1]
_START_SECONDS = 60
_FOLDERS = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
    "PYDOCK_HOME": "pydock",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Lab:
    """A running server; the folder that it shows; whose it is (None: ours)."""

    url: str
    token: str
    root: Path
    user: str | None


@contextmanager
def serving(home: Path, *, user: str | None = None, tier: Tier = Tier.ROOTLESS) -> Iterator[Lab]:
    """JupyterLab with `home` for all that it writes; with `user` it runs as that one, who has no more than `tier`."""
    lab = Lab(url=f"http://127.0.0.1:{_free_port()}", token=os.urandom(8).hex(), root=home / "notebooks", user=user)
    _prepare(home, lab)
    variables = {name: str(home / folder) for name, folder in _FOLDERS.items()} | {"PYDOCK_LANG": "en"}
    variables["JUPYTER_CONFIG_PATH"] = quiet_path(
        "" if user is None else f"{sys.prefix}/etc/jupyter"
    )  # as `pydock lab`
    command, environment = _started_by(user, tier, _words(lab), variables)
    log = home / "lab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
    try:
        _wait(lab, server, log)
        yield lab
    finally:
        server.terminate()
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _prepare(home: Path, lab: Lab) -> None:
    lab.root.mkdir(parents=True)
    for path in (home, *home.rglob("*")):
        shutil.chown(path, lab.user or os.geteuid())


def _words(lab: Lab) -> list[str]:
    words = ["-m", "jupyterlab", "--no-browser", f"--ServerApp.port={lab.url.rpartition(':')[2]}"]
    words += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={lab.token}", "--ServerApp.allow_root=True"]
    words += [f"--ServerApp.root_dir={lab.root}", "--LabApp.expose_app_in_browser=True"]
    return [*words, "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]


def _started_by(
    user: str | None, tier: Tier, words: list[str], variables: dict[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Another user's Python may be another one: it is told where ours keeps JupyterLab and its extensions."""
    if user is None:
        paths = os.pathsep.join((str(TESTS.parent), str(TESTS)))  # the package that these tests lie beside
        return [sys.executable, *words], os.environ | variables | {"PYTHONPATH": paths}
    share = f"{sys.prefix}/share/jupyter"
    places = {
        "JUPYTER_PATH": share,
        "JUPYTERLAB_DIR": f"{share}/lab",
    }
    return python_as(user, *words, tier=tier, **variables, **places)


def _wait(lab: Lab, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{lab.url}/api/status?token={lab.token}", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"JupyterLab does not start:\n{log.read_text(errors='replace')}")
