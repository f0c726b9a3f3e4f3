"""Builds of a context of which the last build knew: what has changed is in the image, whatever the file's time says."""

import os

import pytest
from samples.base_images import image_tree

from pydock_lab.build import stat_cache
from pydock_lab.events import ContextRead

ONE = "FROM scratch\nCOPY d /d\n"
OTHER = "FROM scratch\nCOPY f /f\nCOPY a /a\n"


@pytest.fixture
def context(tmp_path):
    root = tmp_path / "context"
    for path in ("a", "d/one", "d/two", "f/three"):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(path)
    return root


def built(engine, dockerfile, context):
    """The image, its file /d/one, and how many files were read to compute keys."""
    events = []
    image = engine.build(dockerfile, "it:1", context=context, on_event=events.append).image
    (read,) = [event.hashed for event in events if isinstance(event, ContextRead)]
    tree = image_tree(engine, "it:1")
    entry = tree.entry(b"d/one")
    return image.digest, (entry.size, tree.file_checksum(entry)) if entry else None, read


@pytest.mark.parametrize("long_ago", [False, True])
def test_the_same_size_and_the_old_time_are_no_disguise(engine, context, monkeypatch, long_ago):
    if long_ago:
        monkeypatch.setattr(stat_cache, "_RACY_NS", -(10**12))
    first = built(engine, ONE, context)
    assert built(engine, ONE, context)[:2] == first[:2]
    before = (context / "d/one").stat()
    (context / "d/one").write_text("D/ONE")
    os.utime(context / "d/one", ns=(before.st_atime_ns, before.st_mtime_ns))
    now = built(engine, ONE, context)
    assert now[0] != first[0]
    assert now[1][0] == first[1][0]
    assert now[1][1] != first[1][1]
    assert now[2] == (1 if long_ago else 2)


def test_two_dockerfiles_take_turns(engine, context, monkeypatch):
    monkeypatch.setattr(stat_cache, "_RACY_NS", -(10**12))
    assert [built(engine, text, context)[2] for text in (ONE, OTHER, ONE, OTHER)] == [2, 2, 0, 0]
    (context / "d/one").write_text("new")
    (context / "a").write_text("new")
    assert [built(engine, text, context)[2] for text in (ONE, OTHER, ONE, OTHER)] == [1, 1, 0, 0]
