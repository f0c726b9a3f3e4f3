"""Where mounts are put into a tree that is put together without the kernel's help."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock_lab.archive.rooted import RootedTree
from pydock_lab.errors import ArchiveError
from pydock_lab.runtime.traced.assembling import _placed
from pydock_lab.runtime.traced.view import mounted


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[RootedTree]:
    root = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    with RootedTree(root) as found:
        yield found
    os.close(root)


@pytest.mark.parametrize(
    ("links", "place"),
    [
        ({}, b"/data"),
        ({"data": "srv/data"}, b"/srv/data"),
        ({"data": "/one", "one": "two", "two": "../../three"}, b"/three"),
    ],
)
def test_links_are_followed_inside(tree: RootedTree, tmp_path: Path, links: dict[str, str], place: bytes) -> None:
    for name, target in links.items():
        (tmp_path / name).symlink_to(target)
    assert _placed(tree, mounted("/data", "/usr", outside=True)).guest == place
    assert (tmp_path / os.fsdecode(place).lstrip("/")).is_dir()


def test_a_ring_of_links_ends(tree: RootedTree, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to("again")
    (tmp_path / "again").symlink_to("data")
    with pytest.raises(ArchiveError) as caught:
        _placed(tree, mounted("/data", "/usr", outside=True))
    assert caught.value.key == "archive.link-loop"
