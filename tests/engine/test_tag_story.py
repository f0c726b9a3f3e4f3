"""Where a tag has pointed: as our registry tells, and as far as it was seen where a registry does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock_lab.engine.face import Engine
from pydock_lab.registry.server import RegistryServer, routes


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "registry") as running:
        yield running


@pytest.fixture
def engine(home: Path) -> Engine:
    return Engine(home)


def push(engine: Engine, server: RegistryServer, context: Path, text: str, *tags: str) -> str:
    """An image with this file, pushed under these tags; its digest."""
    context.mkdir(exist_ok=True)
    (context / "file").write_text(text)
    engine.build("FROM scratch\nCOPY file /\n", context=context, tag="app")
    for tag in tags:
        engine.full.tag("app", f"{server.address}/lab/app:{tag}")
        digest = engine.push(f"{server.address}/lab/app:{tag}")
    return digest


def test_as_the_registry_tells(engine: Engine, server: RegistryServer, tmp_path: Path) -> None:
    one = push(engine, server, tmp_path / "c", "1", "latest")
    two = push(engine, server, tmp_path / "c", "2", "1.1", "latest")
    three = push(engine, server, tmp_path / "c", "3", "latest", "1.2")
    story = Engine(tmp_path / "other").tag_story(f"{server.address}/lab/app")
    assert (story.host, story.repository, story.tag, story.told) == (server.address, "lab/app", "latest", True)
    assert [(state.digest, state.tags) for state in story.states] == [
        (one, ()),
        (two, ("1.1",)),
        (three, ("1.2", "latest")),
    ]
    assert story.images == 3
    assert story.now == story.states[-1]
    assert [state.since for state in story.states] == sorted(state.since for state in story.states)


def test_a_tag_that_was_removed(engine: Engine, server: RegistryServer, tmp_path: Path) -> None:
    one = push(engine, server, tmp_path / "c", "1", "latest")
    engine.full.remote_delete(f"{server.address}/lab/app:latest")
    story = engine.tag_story(f"{server.address}/lab/app")
    assert [state.digest for state in story.states] == [one, ""]


def test_as_it_was_seen(
    engine: Engine, server: RegistryServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of others than ours: what the tag meant in one's own pulls and pushes, and what it means now."""

    others = tuple(route for route in routes.ROUTES if "_pydock" not in route.pattern.pattern)
    assert len(others) == len(routes.ROUTES) - 1
    monkeypatch.setattr(routes, "ROUTES", others)
    one = push(engine, server, tmp_path / "c", "1", "latest")
    push(engine, server, tmp_path / "c", "1", "latest")
    two = push(engine, server, tmp_path / "c", "2", "latest")
    somebody = Engine(tmp_path / "other")
    three = push(somebody, server, tmp_path / "c", "3", "latest")
    story = engine.tag_story(f"{server.address}/lab/app:latest")
    assert not story.told
    assert [state.digest for state in story.states] == [one, two, three]
    assert [state.tags for state in story.states] == [(), (), ("latest",)]


def test_of_nothing(engine: Engine, server: RegistryServer, tmp_path: Path) -> None:
    push(engine, server, tmp_path / "c", "1", "1")
    story = engine.tag_story(f"{server.address}/lab/app:other")
    assert story.states == ()
    assert story.now is None
