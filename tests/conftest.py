"""What all tests share: programs and privileges that a test needs, and a fresh home for each."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import is_hypothesis_test, settings

from pydock_lab import locale
from pydock_lab.engine.face import Engine

ON_CI = os.environ.get("CI") == "true"

# A command does its work itself, unless a test asks for a server: what another test has left would be a difference.
os.environ.setdefault("PYDOCK_SERVER", "off")

# Short and the same each time in `make test`; long and each time other in `make fuzz`.
settings.register_profile("short", max_examples=150, deadline=None, derandomize=True, database=None)
settings.register_profile("long", max_examples=10_000, deadline=None)
settings.load_profile("long" if os.environ.get("PYDOCK_FUZZ") else "short")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of properties belongs to `make fuzz`."""
    for item in items:
        if is_hypothesis_test(getattr(item, "function", None)):
            item.add_marker("fuzz")


def missing(reason: str) -> None:
    """Skip this test and say why; on CI, where everything must be there, fail instead."""
    if ON_CI:
        pytest.fail(f"on CI nothing may be skipped: {reason}")
    pytest.skip(reason)


def find_program(program: str) -> str:
    """The path of a program, or the test is skipped (on CI: fails)."""
    path = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        missing(f"{program} is not installed (`make test` as root on Debian installs it)")
    assert path is not None
    return path


@pytest.fixture(scope="session")
def need() -> Callable[[str], str]:
    """`need("skopeo")`: the path of a program, or the test is skipped (on CI: fails)."""
    return find_program


@pytest.fixture
def as_root() -> None:
    """This test needs root."""
    if os.geteuid() == 0:
        return
    if os.environ.get("PYDOCK_EXPECTED_TIER"):
        pytest.skip("the suite is run once more, as an ordinary user: as root this test has run already")
    missing("needs root")


@pytest.fixture(autouse=True)
def own_language() -> Iterator[None]:
    """A language that a test has chosen does not outlast it."""
    yield
    locale._chosen.clear()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty $PYDOCK_HOME; no container is left behind in it."""
    path = tmp_path / "home"
    monkeypatch.setenv("PYDOCK_HOME", str(path))
    yield path
    if any((path / "containers").glob("*")):
        for container in Engine(path).containers():
            container.remove(force=True)


@pytest.fixture
def containers() -> None:
    """This test runs containers: Linux, and a tier that gives them."""
    from pydock_lab.linux.tiers import attempt, try_container  # noqa: PLC0415 - Linux only

    if os.geteuid() == 0 and attempt(try_container) is not None:
        missing("this machine gives no namespaces")


@pytest.fixture
def control_groups() -> None:
    """This test makes control groups: as root, or in a part of the tree that this account was given."""
    from pydock_lab.linux.cgroups import find_hierarchy  # noqa: PLC0415 - Linux only

    if find_hierarchy() is None:
        missing("this account may make no control groups")


@pytest.fixture
def engine(home: Path) -> Engine:
    """The Python face of the local engine on an empty store."""
    return Engine(home)
