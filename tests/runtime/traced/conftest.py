"""Python in traced containers of root's."""

import itertools
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from samples.supervised import run_python, unpack

from pydock_lab import bases
from pydock_lab.linux.tiers import Tier
from pydock_lab.runtime.base import Runtime


@pytest.fixture(scope="session")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs the text of a program in a container, with the words that it finds in `given`: what it wrote."""
    if os.geteuid():
        pytest.skip("an ordinary user's programs are in test_calls.py")
    home, tar = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("tar") / "layer.tar"
    with tar.open("wb") as sink:
        bases.build("lab/python", sink)
    runtime, layer = Runtime(home, tier=Tier.TRACED), unpack(tar, home / "layer", Tier.TRACED)
    numbers = itertools.count()

    def run(program: str, *given: object) -> str:
        place: Path = home / "containers" / str(next(numbers))
        text = f"given = {list(map(str, given))!r}\n{program}"
        status, out, err = run_python(runtime, layer, place, text, b"")
        assert status == 0, err.decode()
        return out.decode()

    return run
