"""Searching: Docker Hub, Quay, and registries that have nothing but a catalog, or nothing at all."""

import json
from typing import Any

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.events import Event, Exchange
from pydock_lab.registry import search as searching
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.search import Hit, search
from pydock_lab.registry.server import RegistryServer


def test_docker_hub(hostile: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        {"name": "nginx", "description": "Official\n\x1b[1mbuild", "star_count": 20000, "is_official": True},
        {"name": "lab/nginx", "description": None},
        {"description": "nameless"},
        "junk",
    ]
    hostile.serve("/v1/search", json.dumps({"results": rows}).encode())
    monkeypatch.setattr(searching, "_HUB", hostile.address)
    events: list[Event] = []
    assert search("ngi nx", 5, open_client=RegistryClient, on_event=events.append) == (
        Hit(name="nginx", description="Official  [1mbuild", stars=20000, official=True),
        Hit(name="lab/nginx", description="", stars=0, official=False),
    )
    assert hostile.asked[0][1] == "/v1/search?q=ngi+nx&n=5"
    assert isinstance(events[0], Exchange)


@pytest.mark.parametrize("answer", [b"[]", b'{"results": 5}', b'{"results": [5, {}, {"name": ""}]}'])
def test_docker_hub_talks_nonsense(hostile: Any, monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    hostile.serve("/v1/search", answer)
    monkeypatch.setattr(searching, "_HUB", hostile.address)
    if answer == b"[]":
        with pytest.raises(RegistryError) as caught:
            search("lab/nginx", open_client=RegistryClient)
        assert caught.value.key == "registry.not-json"
    else:
        assert search("lab/nginx", open_client=RegistryClient) == ()


@pytest.mark.parametrize("term", ["nginx", "registry.invalid/nginx"])
def test_without_a_network(term: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(searching, "_HUB", "registry.invalid")
    with pytest.raises(RegistryError) as caught:
        search(term, open_client=RegistryClient)
    assert caught.value.key == ("registry.search-offline" if term == "nginx" else "registry.no-such-host")
    assert term != "nginx" or "FROM lab/base" in (caught.value.hint("fr") or "")


def test_a_registry_of_one_s_own(server: RegistryServer, put_image: Any) -> None:
    for name in ("lab/app", "lab/base", "other/app"):
        put_image("1", repository=name)
    found = search(f"{server.address}/app", open_client=RegistryClient)
    assert [hit.name for hit in found] == [f"{server.address}/lab/app", f"{server.address}/other/app"]
    assert len(search(f"{server.address}/app", 1, open_client=RegistryClient)) == 1


def test_a_registry_without_a_catalog(hostile: Any) -> None:
    with pytest.raises(RegistryError) as caught:
        search(f"{hostile.address}/app", open_client=RegistryClient)
    assert caught.value.key == "registry.no-catalog"
