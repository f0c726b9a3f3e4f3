"""A pull and a push as they went: recorded request by request, without a secret, also where they fail."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock_lab.engine.face import Engine
from pydock_lab.errors import NotFound, PydockError
from pydock_lab.registry.server import RegistryServer
from pydock_lab.views import TransferTrace

_USERS = {"alice": "hunter2-secret"}


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RegistryServer]:
    """A registry that anybody may pull from, and alice push to, by tokens."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    with RegistryServer(tmp_path / "registry", users=_USERS, tokens=True, public=True) as running:
        yield running


@pytest.fixture
def engine(home: Path) -> Engine:
    return Engine(home)


@pytest.fixture
def image(engine: Engine, tmp_path: Path) -> str:
    """An image of two layers."""
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "file").write_text("content")
    engine.build("FROM scratch\nCOPY file /a\nCOPY file /b\n", context=tmp_path / "context", tag="app")
    return "app"


def push(engine: Engine, image: str, name: str) -> TransferTrace:
    engine.full.tag(image, name)
    engine.push(name)
    return engine.transfer_trace("push", name)


def kinds(view: TransferTrace) -> list[tuple[str, str, int]]:
    return [(step.method, step.kind, step.status) for step in view.steps]


def test_a_push_with_a_login(engine: Engine, image: str, server: RegistryServer) -> None:
    engine.full.login(server.address, "alice", _USERS["alice"])
    view = push(engine, image, f"{server.address}/lab/app:1")
    assert view.host == server.address
    assert (view.direction, view.reference, view.error) == ("push", f"{server.address}/lab/app:1", "")
    assert [(blob.kind, blob.how) for blob in view.blobs] == [
        ("config", "travelled"),
        ("layer", "travelled"),
        ("layer", "travelled"),
    ]
    assert view.travelled == view.size == sum(blob.size for blob in view.blobs)
    refused = next(step for step in view.steps if step.status == 401)
    token = next(step for step in view.steps if step.kind == "token")
    again = next(step for step in view.steps if step.follows and step.kind == refused.kind)
    assert view.steps[token.follows - 1].status == 401
    assert view.steps[again.follows - 1].status == 401
    assert token.subject == "repository:lab/app:pull,push"
    assert kinds(view)[-1] == ("PUT", "manifest", 201)
    assert [step.number for step in view.steps] == list(range(1, len(view.steps) + 1))


def test_what_need_not_travel(engine: Engine, image: str, server: RegistryServer, tmp_path: Path) -> None:
    engine.full.login(server.address, "alice", _USERS["alice"])
    push(engine, image, f"{server.address}/lab/app:1")
    neighbour = push(engine, image, f"{server.address}/lab/web:1")
    assert {blob.how for blob in neighbour.blobs} == {"mounted"}
    assert [step.status for step in neighbour.steps if step.kind == "mount" and step.status != 401] == [201, 201, 201]
    again = push(engine, image, f"{server.address}/lab/web:2")
    assert {blob.how for blob in again.blobs} == {"exists"}
    other = Engine(tmp_path / "other")
    other.pull(f"{server.address}/lab/app:1")
    assert other.transfer_trace("pull").travelled == again.size
    other.pull(f"{server.address}/lab/web:2")
    assert other.transfer_trace().travelled == 0
    assert kinds(other.transfer_trace()) == [("GET", "manifest", 200)]


def test_one_that_fails_is_told_as_far_as_it_came(engine: Engine, server: RegistryServer) -> None:
    with pytest.raises(PydockError):
        engine.pull(f"{server.address}/lab/none:1")
    view = engine.transfer_trace("pull")
    assert kinds(view) == [("GET", "manifest", 404)]
    assert view.error == f"{server.address}/lab/none:1 not found"
    assert not view.digest


def test_no_secret_is_in_it(engine: Engine, image: str, server: RegistryServer, home: Path) -> None:
    engine.full.login(server.address, "alice", _USERS["alice"])
    push(engine, image, f"{server.address}/lab/app:1")
    (record,) = (home / "transfers").iterdir()
    text = record.read_text()
    config = json.loads((Path(home.parent) / "config" / "config.json").read_text())
    token = config["auths"][server.address]["identitytoken"]
    assert token
    assert token not in text
    assert "hunter2" not in text
    assert "eyJ" not in text  # how every token of ours begins


def test_which_one_is_meant(engine: Engine, image: str, server: RegistryServer) -> None:
    with pytest.raises(NotFound) as caught:
        engine.transfer_trace("push")
    assert caught.value.key == "store.no-transfer"
    engine.full.login(server.address, "alice", _USERS["alice"])
    one, two = (f"{server.address}/lab/app:{number}" for number in (1, 2))
    push(engine, image, one)
    push(engine, image, two)
    engine.pull(one)
    assert engine.transfer_trace().direction == "pull"
    assert engine.transfer_trace("push").reference == two
    assert engine.transfer_trace("push", one).reference == one
    assert engine.transfer_trace("", one).direction == "pull"
    with pytest.raises(NotFound):
        engine.transfer_trace("pull", two)


def test_so_many_are_kept(engine: Engine, image: str, server: RegistryServer, home: Path) -> None:
    engine.full.login(server.address, "alice", _USERS["alice"])
    push(engine, image, f"{server.address}/lab/app:1")
    (record,) = (home / "transfers").iterdir()
    for number in range(120):
        (home / "transfers" / f"{number:020}-1.json").write_bytes(record.read_bytes())
    (home / "transfers" / f"{5:020}-2.json").write_text("{")
    engine.pull(f"{server.address}/lab/app:1")
    assert len(list((home / "transfers").iterdir())) == 100
    assert engine.transfer_trace("push").reference == f"{server.address}/lab/app:1"


def test_several_at_once_keep_each_their_own(engine: Engine, image: str, server: RegistryServer) -> None:
    engine.full.login(server.address, "alice", _USERS["alice"])
    names = [f"{server.address}/lab/app{number}:1" for number in range(4)]
    threads = [threading.Thread(target=push, args=(engine, image, name)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in names:
        view = engine.transfer_trace("push", name)
        assert {
            step.url.partition("/v2/")[2].partition(":")[0].split("/")[1]
            for step in view.steps
            if step.role == "registry"
        } == {name.split("/")[-1].partition(":")[0]}
