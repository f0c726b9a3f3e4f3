"""Layers as one tree without an overlay, and what was changed in it as an overlay would have it."""

import os
from pathlib import Path

import pytest

from pydock_lab.archive import whiteout
from pydock_lab.archive.marks import Mark
from pydock_lab.archive.whiteout import OpaqueAttribute
from pydock_lab.oci.runtime_spec import Rootfs
from pydock_lab.snapshot import copying, unmarkable
from pydock_lab.snapshot.copying import Sharing
from pydock_lab.snapshot.unmarkable import Unmarkable


@pytest.fixture(params=[Sharing.LINKS, Sharing.COPIES])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Two layers: the upper one replaces `etc/motd`, deletes `etc/old`, and hides all of `opt`."""
    lower, upper = tmp_path / "lower", tmp_path / "upper"
    for folder in ("etc", "opt", "bin"):
        (lower / folder).mkdir(parents=True)
    for name in ("etc/motd", "etc/old", "etc/hosts", "opt/gone", "bin/tool"):
        (lower / name).write_text(f"lower {name}")
    (lower / "bin/link").symlink_to("tool")
    (upper / "etc").mkdir(parents=True)
    (upper / "opt").mkdir()
    (upper / "etc/motd").write_text("upper etc/motd")
    (upper / "opt/new").write_text("upper opt/new")
    whiteout.make_whiteout(os.fsencode(upper / "etc/old"))
    os.setxattr(upper / "opt", OpaqueAttribute.USER, b"y")
    rootfs = Rootfs(layers=(str(upper), str(lower)), mountpoint=str(tmp_path / "merged"))
    copying.materialise(rootfs, sharing=request.param)
    return tmp_path / "merged"


def names(tree: Path) -> set[str]:
    return {str(path.relative_to(tree)) for path in tree.rglob("*")}


def changes(tree: Path) -> set[str]:
    """As `docker diff` would say: what is there, and what is deleted (!)."""
    return {("!" if one.is_deleted else "") + os.fsdecode(one.path) for one in copying.changes(str(tree))}


def test_the_tree_is_what_an_overlay_would_show(tree: Path) -> None:
    assert names(tree) == {"etc", "etc/motd", "etc/hosts", "opt", "opt/new", "bin", "bin/tool", "bin/link"}
    assert (tree / "etc/motd").read_text() == "upper etc/motd"
    assert os.readlink(tree / "bin/link") == "tool"
    assert changes(tree) == set()


def test_it_is_made_once(tree: Path) -> None:
    (tree / "new").touch()
    copying.materialise(Rootfs(layers=(), mountpoint=str(tree)), sharing=Sharing.COPIES)
    assert (tree / "new").exists()


def test_what_was_changed_is_found_and_collected(tree: Path, tmp_path: Path) -> None:
    (tree / "etc/hosts").unlink()
    (tree / "etc/hosts").write_text("mine")  # a new file, as a copy before the first write is
    (tree / "etc/motd").unlink()
    (tree / "home").mkdir()
    (tree / "home/file").write_text("x")
    (tree / "bin/link").unlink()
    (tree / "bin/link").symlink_to("other")
    assert changes(tree) == {"bin", "bin/link", "etc", "etc/hosts", "!etc/motd", "home", "home/file"}
    upper = tmp_path / "collected"
    copying.collect(str(tree), str(upper), opaque=OpaqueAttribute.USER)
    assert (upper / "etc/hosts").read_text() == "mine"
    assert (upper / "etc/motd").is_char_device(), "a deletion is a whiteout"
    assert os.readlink(upper / "bin/link") == "other"
    assert not (upper / "bin/tool").exists()


def test_a_folder_made_anew_hides_the_layers(tree: Path, tmp_path: Path) -> None:
    for path in ("bin/tool", "bin/link"):
        (tree / path).unlink()
    (tree / "bin").rmdir()
    (tree / "bin").mkdir()
    copying.collect(str(tree), str(tmp_path / "collected"), opaque=OpaqueAttribute.USER)
    assert os.getxattr(tmp_path / "collected/bin", OpaqueAttribute.USER) == b"y"
    assert os.listdir(tmp_path / "collected/bin") == []


def test_owners_of_links_are_known_by_path_and_to_the_next(tree: Path) -> None:
    status = os.lstat(tree / "bin/link")
    first = Unmarkable(str(tree))
    assert first.is_empty
    for mark in (Mark(1, 1), Mark(33, 50)):
        first.put((status.st_dev, status.st_ino), mark)
    assert Unmarkable(str(tree)).find((status.st_dev, status.st_ino)) == Mark(33, 50)
    find = unmarkable.by_path(str(tree))
    assert [find(path)[:2] for path in (b"bin/link", b"bin/tool")] == [(33, 50), (None, None)]
