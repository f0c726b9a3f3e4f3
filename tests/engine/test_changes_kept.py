"""What the layers of a large image change is kept once it was told, and told again where that is lost or broken."""

import json
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.engine import layerstack
from pydock_lab.engine.layerstack import Changes
from pydock_lab.views import ChangeKind, FileChange

DOCKERFILE = "FROM lab/busybox\nWORKDIR /one\nWORKDIR /two\n"


@pytest.fixture
def kept(engine: Any, monkeypatch: pytest.MonkeyPatch, home: Path) -> Any:
    """The files of an image that counts as large; and its layers."""
    monkeypatch.setattr(layerstack, "_MANY", 1)
    engine.build(DOCKERFILE, "large:1")
    rows = engine.layers("large:1").rows
    return sorted((home / "indexes").glob("*.changes.json")), rows


def test_it_is_there_and_says_the_same(engine: Any, kept: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    files, rows = kept
    assert len(files) == sum(not row.is_empty for row in rows)
    monkeypatch.setattr(Changes, "of", None)  # nothing is told from the indexes
    assert engine.layers("large:1").rows == rows


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", '{"format": 1}', '{"format": 1, "total": 1, "size": 1, "shown": [[1]]}', '{"format": 2}'],
)
def test_what_is_broken_is_told_again(engine: Any, kept: Any, content: str) -> None:
    files, rows = kept
    files[0].write_text(content)
    files[1].unlink()
    assert engine.layers("large:1").rows == rows
    assert Changes.from_json(json.loads(files[0].read_text())) is not None


def test_there_and_back() -> None:
    change = FileChange(path="/a\udcff", kind=ChangeKind.CHANGED, size=3, mode=0o644, link="b", is_directory=False)
    changes = Changes(shown=(change,), total=9, size=4)
    assert Changes.from_json(changes.to_json()) == changes
