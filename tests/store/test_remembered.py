"""Records that are read once, until their file is another one."""

from typing import Any

import pytest

from pydock_lab.store import remembered
from pydock_lab.store.remembered import Remembered


@pytest.fixture
def read(store: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys of the records that were read from the disk."""
    keys: list[str] = []
    before = type(store.collection("builds")).read

    def noted(collection: Any, key: str, file: str | None = None) -> Any:
        keys.append(key)
        return before(collection, key, file)

    monkeypatch.setattr(type(store.collection("builds")), "read", noted)
    return keys


def test_a_record_is_read_again_when_it_has_been_replaced(store: Any, read: list[str]) -> None:
    builds = store.collection("builds")
    known = Remembered(builds, lambda document: document["name"])
    builds.write("b1", {"name": "one"})
    assert [known.get("b1"), known.get("b1"), read] == ["one", "one", ["b1"]]
    builds.write("b1", {"name": "two"})
    assert [known.get("b1"), list(known.all())] == ["two", [("b1", "two")]]
    builds.remove("b1")
    assert [known.get("b1"), list(known.all())] == [None, []]


def test_what_is_no_record_is_left_out(store: Any) -> None:
    builds = store.collection("builds")
    known = Remembered(builds, lambda document: document["name"])
    builds.write("half", {})
    builds.write("good", {"name": "one"})
    (builds.path("half") / "record.json").write_text("{")
    assert [known.get("half"), known.get("none"), list(known.all())] == [None, None, [("good", "one")]]


def test_memory_has_an_end(store: Any, read: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_KEPT", 2)
    builds = store.collection("builds")
    known = Remembered(builds, lambda document: document["name"])
    for key in ("b1", "b2", "b3"):
        builds.write(key, {"name": key})
        assert known.get(key) == key
    known.get("b1")
    assert read == ["b1", "b2", "b3", "b1"]
