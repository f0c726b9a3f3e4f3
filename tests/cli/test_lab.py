"""`pydock lab` as a process: JupyterLab on the first lesson, and nothing of it when it has ended."""

import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from samples.waiting import wait_until

URL = re.compile(rb"(http://127\.0\.0\.1:\d+/lab/tree/(\S+)\?token=\w+)")


def listens(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return bool(answer.status == 200)
    except urllib.error.URLError:
        return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_who_ends_it_ends_jupyterlab(number: signal.Signals, tmp_path: Path) -> None:
    """One signal to one process: no question is asked, and nobody answers at its address any more."""
    command = [sys.executable, "-m", "pydock_lab", "lab", str(tmp_path / "lessons"), "--lang", "fr", "--no-browser"]
    folders = {name: str(tmp_path / name) for name in ("HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR")}
    log = tmp_path / "log"
    with log.open("wb") as output:
        lab = subprocess.Popen(
            command, env=os.environ | folders, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=tmp_path
        )
    try:
        wait_until(lambda: URL.search(log.read_bytes()), seconds=60)
        found = URL.search(log.read_bytes())
        assert found is not None
        url = found[1].decode()
        assert found[2] == b"fr/01-image.ipynb"
        assert (tmp_path / "lessons" / "en" / "01-image.ipynb").is_file()
        wait_until(lambda: listens(url), seconds=30)
        lab.send_signal(number)
        assert lab.wait(30) == (-number if number == signal.SIGKILL else 0)
        assert not listens(url)
    finally:
        lab.kill()
        lab.wait()
