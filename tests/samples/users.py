"""An ordinary user, and Python run as one, on one of the grounds that there are for such a user."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pydock_lab.linux.tiers import Tier

ROOT = Path(__file__).parents[2]
USER = f"pydocktest{os.getpid()}"  # two runs at once must not remove each other's


@contextmanager
def ordinary_user() -> Iterator[str]:
    """A user with a range of subordinate ids, made if there is none and removed then; only for root."""
    known = _succeeds("id", USER)
    if not known:
        subprocess.run(["useradd", "--create-home", USER], check=True)
    subuid = Path("/etc/subuid")
    if not subuid.exists() or f"{USER}:" not in subuid.read_text():
        words = ["--add-subuids", "700000-765535", "--add-subgids", "700000-765535", USER]
        subprocess.run(["usermod", *words], check=True)
    # A user of that name and another number may have been here before.
    shutil.rmtree(f"/tmp/pytest-of-{USER}", ignore_errors=True)
    shutil.rmtree(_sockets(), ignore_errors=True)
    try:
        yield USER
    finally:
        shutil.rmtree(f"/tmp/pytest-of-{USER}", ignore_errors=True)
        shutil.rmtree(_sockets(), ignore_errors=True)
        if not known:
            # Helpers of the user's may rest for a minute yet: that is no reason to keep the user.
            subprocess.run(["userdel", "--force", "--remove", USER], check=False, capture_output=True)


def _sockets() -> str:
    uid = subprocess.run(["id", "-u", USER], capture_output=True, text=True, check=False).stdout.strip()
    return f"/tmp/pydock-{uid or 'nobody'}"


def _succeeds(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def python_for(user: str) -> str:
    """A Python of our version that the user may execute: ours may lie in root's home."""
    for program in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        if _succeeds("runuser", "-u", user, "--", program, "-c", "import json"):
            return program
    pytest.fail("there is no Python of this version that an ordinary user may execute")


def run_as(
    user: str, *words: str, tier: Tier = Tier.ROOTLESS, timeout: float = 300, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run Python as the user, with our packages, where it can have that tier and none above."""
    command, environment = python_as(user, *words, tier=tier, **variables)
    return subprocess.run(
        command,
        env=environment,
        cwd=f"/home/{user}",
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )


def python_as(user: str, *words: str, tier: Tier = Tier.ROOTLESS, **variables: str) -> tuple[list[str], dict[str, str]]:
    """The command and the environment that run Python as the user, with our packages.

    Without new privileges newuidmap, which is setuid, cannot give the range (`rootless-single`): as in many pods.
    """
    limit = ["setpriv", "--no-new-privs"] if tier is Tier.ROOTLESS_SINGLE else []
    if tier in (Tier.TRACED, Tier.NONE):
        words = (str(ROOT / "tests/samples/confined.py"), tier, *words)
    paths = [str(ROOT), *(path for path in sys.path if path.endswith("site-packages"))]
    environment = {"PATH": os.environ["PATH"], "HOME": f"/home/{user}", "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {"PYTHONPATH": os.pathsep.join(paths), "CI": os.environ.get("CI", "")} | variables
    command = ["runuser", "-u", user, "--", *limit, python_for(user), *words]
    if _succeeds("runuser", "-u", user, "--", "test", "-r", str(ROOT / "pyproject.toml")):
        return command, environment
    return _through_a_readable_place(command, environment)


def _through_a_readable_place(command: list[str], environment: dict[str, str]) -> tuple[list[str], dict[str, str]]:
    """The same where the checkout, which lies in a folder of root's own, is seen at /mnt as well."""
    moved = {name: value.replace(str(ROOT), "/mnt") for name, value in environment.items()}
    command = [word.replace(str(ROOT), "/mnt", 1) for word in command]
    script = 'mount --bind "$0" /mnt && exec "$@"'
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, str(ROOT), *command], moved
