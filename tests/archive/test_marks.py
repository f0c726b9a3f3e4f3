"""Owners written on files: they come back, fill what is missing, and never get into a layer themselves."""

import io
import os
import tarfile

import pytest

from pydock_lab.archive import marks
from pydock_lab.archive.apply import Ownership, Policy, allowed_xattr, apply
from pydock_lab.archive.diff import DiffOptions, MarkedOwners, TreeForm, diff
from pydock_lab.archive.marks import NO_MARK, Mark


@pytest.fixture
def folder(tmp_path):
    marks.mark(str(tmp_path), Mark(1, 2))
    if marks.marked(str(tmp_path)) != Mark(1, 2):
        pytest.skip("files have no attributes here")
    return tmp_path


def packed(folder, links=None, newcomer=(7, 8)) -> dict[str, tuple[int, int]]:
    """The owners that the layer of a folder says."""
    marked = MarkedOwners(newcomer=newcomer, unmarkable=lambda path: (links or {}).get(path, NO_MARK))
    sink = io.BytesIO()
    root = os.open(folder, os.O_RDONLY)
    try:
        diff(root, sink, options=DiffOptions(form=TreeForm.PLAIN, marked=marked))
    finally:
        os.close(root)
    with tarfile.open(fileobj=io.BytesIO(sink.getvalue())) as tar:
        assert not any(marks.NAME in key for one in tar for key in one.pax_headers)
        return {one.name: (one.uid, one.gid) for one in tar}


@pytest.mark.parametrize(
    "owner",
    [
        Mark(0, 0),
        Mark(33, None),
        Mark(None, 50),
        Mark(4294967294, 1),
        Mark(33, 50, 0o100000),
        Mark(None, None, 0o40000),
        Mark(0, 0, 0o20666, (1, 3)),
        NO_MARK,
    ],
)
def test_what_is_written_is_read(folder, owner):
    (folder / "file").touch()
    marks.mark(str(folder / "file"), owner)
    assert marks.marked(str(folder / "file")) == owner


@pytest.mark.parametrize("text", [b"", b"a:b", b"5", b":", b"1:2:9", b"1:2:3:x:y"])
def test_what_others_wrote_is_no_error(folder, text):
    os.setxattr(folder, marks.NAME, text)
    assert marks.marked(str(folder)) in {NO_MARK, Mark(5, None)}


def test_what_has_no_mark_is_a_newcomers_and_is_marked_then(folder):
    for name in ("new", "owned", "half"):
        (folder / name).touch()
    os.link(folder / "owned", folder / "second")
    (folder / "link").symlink_to("new")
    (folder / "other").symlink_to("new")
    marks.mark(str(folder / "owned"), Mark(3, 4))
    marks.mark(str(folder / "half"), Mark(3, None))
    expected = {"new": (7, 8), "owned": (3, 4), "second": (3, 4), "half": (3, 8), "link": (9, 8), "other": (7, 8)}
    assert packed(folder, {b"link": Mark(9, None)}) == expected
    assert packed(folder, {b"link": Mark(9, 8), b"other": Mark(7, 8)}, newcomer=(0, 0)) == expected


def test_a_directory_may_give_its_group(folder):
    (folder / "d").mkdir()
    (folder / "d").chmod(0o2755)
    marks.mark(str(folder / "d"), Mark(1, 50))
    (folder / "d" / "in").touch()
    assert packed(folder) == {"d": (1, 50), "d/in": (7, 50)}


def test_a_layer_that_is_unpacked_is_marked_and_packed_again_the_same(folder):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, kind, uid in (("d", tarfile.DIRTYPE, 5), ("d/f", tarfile.REGTYPE, 6), ("root", tarfile.REGTYPE, 0)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.uid, entry.gid, entry.mode = kind, uid, uid, 0o755
            entry.pax_headers = {"SCHILY.xattr." + marks.NAME: "99:99"}
            tar.addfile(entry)
    content.seek(0)
    (folder / "x").mkdir()
    root = os.open(folder / "x", os.O_RDONLY)
    try:
        apply(content, root, policy=Policy(ownership=Ownership.MARK))
    finally:
        os.close(root)
    assert packed(folder / "x") == {"d": (5, 5), "d/f": (6, 6), "root": (0, 0)}


def test_what_an_ordinary_user_must_not_give_is_marked_and_packed_again_the_same(folder):
    """Modes without access for the owner, devices, capabilities."""
    tree = [
        ("closed", tarfile.DIRTYPE, 0o500, {}),
        ("closed/secret", tarfile.REGTYPE, 0, {}),
        ("closed/ping", tarfile.REGTYPE, 0o4755, {"security.capability": "x" * 20}),
        ("null", tarfile.CHRTYPE, 0o666, {}),
        ("disk", tarfile.BLKTYPE, 0o660, {}),
    ]
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for name, kind, mode, attributes in tree:
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.uid, entry.gid, entry.devmajor, entry.devminor = kind, mode, 3, 4, 1, 3
            entry.pax_headers = {f"SCHILY.xattr.{key}": value for key, value in attributes.items()}
            tar.addfile(entry)
    content.seek(0)
    (folder / "x").mkdir()
    root = os.open(folder / "x", os.O_RDONLY)
    applied = apply(content, root, policy=Policy(ownership=Ownership.MARK_ALL))
    assert applied.skipped == ()
    assert (folder / "x/closed/secret").stat().st_mode & 0o777 == 0o600
    assert (folder / "x/null").is_file()
    sink = io.BytesIO()
    marked = MarkedOwners(newcomer=(0, 0), unmarkable=lambda _path: NO_MARK)
    diff(root, sink, options=DiffOptions(form=TreeForm.PLAIN, marked=marked))
    os.close(root)
    with tarfile.open(fileobj=io.BytesIO(sink.getvalue())) as tar:
        found = {one.name: (one.name, one.type, one.mode, _attributes(one)) for one in tar}
        assert [found[one[0]] for one in tree] == tree
        assert (tar.getmember("null").devmajor, tar.getmember("null").devminor) == (1, 3)
        assert all((one.uid, one.gid) == (3, 4) for one in tar)


def _attributes(entry: tarfile.TarInfo) -> dict[str, str]:
    return {key.removeprefix("SCHILY.xattr."): value for key, value in entry.pax_headers.items() if "xattr" in key}


def test_no_layer_may_say_it():
    assert not allowed_xattr(marks.NAME)
    assert not allowed_xattr(marks.CAPABILITY)
    assert allowed_xattr("user.other")
