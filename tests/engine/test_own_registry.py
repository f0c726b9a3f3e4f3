"""A registry from Python, and what images in it share: for lessons and exercises."""

from pathlib import Path
from typing import Any

import pytest

from pydock_lab.engine.face import Engine


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYDOCK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def engine(home: Path) -> Engine:
    return Engine(home)


def made(engine: Engine, name: str, text: str) -> Any:
    return engine.build(f"FROM scratch\nCOPY <<A /base\nbase\nA\nCOPY <<B /own\n{text}\nB\n", name).image


def test_a_registry_of_ones_own(engine: Engine, home: Path) -> None:
    with engine.registry() as one, engine.registry(home / "other", tls=True) as other:
        image = made(engine, f"{one.address}/lab/app:1", "one")
        assert engine.push(image.name) == image.digest
        assert one.tags() == {"lab/app": ("1",)}
        assert engine.tags(f"{one.address}/lab/app") == ("1",)
        # The other serves over TLS, and is trusted here.
        assert engine.copy(image.name, f"{other.address}/team/app:2") == image.digest
        assert other.tags() == {"team/app": ("2",)}
    assert not list((home / "certs.d").iterdir())
    with engine.registry(home / "other") as again:
        assert again.tags() == {"team/app": ("2",)}


def test_what_two_images_share(engine: Engine) -> None:
    one, two = made(engine, "one", "one"), made(engine, "two", "two")
    assert one.shared_with(two) == tuple(map(str, one.details.config.diff_ids[:1]))
    assert one.shared_with(one) == tuple(map(str, one.details.config.diff_ids))
    assert two.shared_with(one) == one.shared_with(two)
