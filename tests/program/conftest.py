"""A server for each module, and a `pydock` that it alone may do."""

import subprocess
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from samples.served import SERVED, serving

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[dict[str, str], int]]:
    """The environment of commands that are served, and the server's pid."""
    with serving() as found:
        yield found


@pytest.fixture
def environment(served: tuple[dict[str, str], int], home: Any) -> dict[str, str]:
    """The environment of commands that are served, on a store of the test's own."""
    return served[0] | {"PYDOCK_HOME": str(home), "PYDOCK_TEST_SERVER": str(served[1])}


@pytest.fixture
def pydock(environment: dict[str, str]) -> Run:
    """Run a command that is served; by default its outputs are caught."""

    def run(*words: str, **how: Any) -> "subprocess.CompletedProcess[bytes]":
        how = {"capture_output": True, "env": environment, "timeout": 60} | how
        return subprocess.run([*how.pop("before", ()), *SERVED, *words], check=False, **how)

    return run
