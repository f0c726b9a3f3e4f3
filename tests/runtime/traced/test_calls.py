"""The same small programs in a traced container, as an ordinary user, and in a real one: they must be told the same."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from samples import snippets
from samples.users import ROOT, ordinary_user, python_as

from pydock_lab import bases
from pydock_lab.linux.tiers import Tier

PROGRAM = Path(snippets.__file__).parents[1] / "supervised.py"


@dataclass(frozen=True)
class Told:
    """What the snippets told, by their names."""

    real: dict[str, Any]
    traced: dict[str, Any]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("snippets")
    tar = Path("/var/tmp") / f"{folder.name}-{folder.stat().st_ino}.tar"
    with tar.open("wb") as sink:
        bases.build("lab/python", sink)
    tar.chmod(0o644)
    try:
        real = run(
            [sys.executable, str(PROGRAM)], os.environ | {"PYTHONPATH": str(ROOT)}, Tier.ROOT, tar, str(folder / "home")
        )
        with ordinary_user() as user:
            command, environment = python_as(user, str(PROGRAM), tier=Tier.TRACED)
            home = f"/var/tmp/pydock-snippets-{user}"
            traced = run(command, environment, Tier.TRACED, tar, home)
            shutil.rmtree(home)
        yield Told(real, traced)
    finally:
        tar.unlink()


def run(command: list[str], environment: dict[str, str], tier: Tier, tar: Path, home: str) -> dict[str, Any]:
    done = subprocess.run(
        [*command, tier, str(tar), home],
        input=snippets.as_input(),
        env=environment,
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("name", snippets.names())
def test_programs_are_told_the_same(told: Told, name: str) -> None:
    assert told.real[name] is not None
    assert told.traced[name] == told.real[name]
