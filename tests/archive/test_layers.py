"""From a directory to a layer and back: diff, apply, and the whiteouts between them."""

import hashlib
import io
import os
import socket
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.archive.apply import Ownership, Policy, Whiteouts
from pydock_lab.archive.changeset import ChangeKind, Contents, changes
from pydock_lab.archive.compress import Compression, LayerWriter, decompress
from pydock_lab.archive.diff import DiffOptions, TreeForm, diff
from pydock_lab.archive.index import LayerIndex
from pydock_lab.archive.reader import TarReader
from pydock_lab.archive.whiteout import OpaqueAttribute
from pydock_lab.errors import ArchiveError, Corrupt
from pydock_lab.oci import Digest


def packed(directory: Path, options: DiffOptions | None = None) -> bytes:
    sink = io.BytesIO()
    fd = os.open(directory, os.O_RDONLY)
    try:
        diff(fd, sink, options=options)
    finally:
        os.close(fd)
    return sink.getvalue()


def facts(root: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in root.rglob("*"):
        status = path.lstat()
        body = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(root))] = (
            status.st_mode,
            status.st_uid,
            int(status.st_mtime),
            status.st_nlink,
            body,
        )
    return found


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "tool").write_bytes(os.urandom(3000))
    (root / "bin" / "tool").chmod(0o4755)
    (root / "bin" / "alias").hardlink_to(root / "bin" / "tool")
    (root / "sh").symlink_to("bin/tool")
    (root / "empty").mkdir(0o700)
    (root / ("long" * 50)).write_text("x")
    (root / ("é" * 20)).write_text("y")
    os.mkfifo(root / "pipe")
    for path in sorted(root.rglob("*"), reverse=True):
        os.utime(path, (1_600_000_000, 1_600_000_000), follow_symlinks=False)
    return root


def test_a_tree_comes_back_as_it_was(tree: Any, victim: Any) -> None:
    victim.apply(packed(tree))
    assert facts(victim.root) == facts(tree)
    assert packed(victim.root) == packed(tree)


def test_the_order_of_making_does_not_matter(tmp_path: Path) -> None:
    for name, order in (("a", "xyz"), ("b", "zyx")):
        (tmp_path / name).mkdir()
        for letter in order:
            (tmp_path / name / letter).write_text(letter)
            os.utime(tmp_path / name / letter, (5, 5))
    assert packed(tmp_path / "a") == packed(tmp_path / "b")


def test_times_are_whole_seconds_and_no_later_than_asked(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    os.utime(tmp_path / "x", ns=(0, 1_700_000_000_999_999_999))
    for latest, seen in ((None, 1_700_000_000), (1000, 1000)):
        assert [e.mtime for e in TarReader(iter([packed(tmp_path, DiffOptions(latest=latest))]))] == [seen]


def test_owners_can_be_told_otherwise(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).touch()
    options = DiffOptions(owners={b"a": (7, 8)}, everyone=(0, 0))
    assert [(e.uid, e.gid) for e in TarReader(iter([packed(tmp_path, options)]))] == [(7, 8), (0, 0)]


def test_sockets_are_left_out(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        assert list(TarReader(iter([packed(tmp_path)]))) == []


def test_a_reserved_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".wh.x").touch()
    with pytest.raises(ArchiveError) as error:
        packed(tmp_path)
    assert error.value.key == "archive.reserved-name"


@pytest.mark.parametrize("attribute", list(OpaqueAttribute))
@pytest.mark.usefixtures("as_root")
def test_overlay_marks_and_whiteouts_are_one(tmp_path: Path, victim: Any, attribute: Any) -> None:
    upper = tmp_path / "upper"
    (upper / "opaque").mkdir(parents=True)
    (upper / "opaque" / "new").touch()
    os.setxattr(upper / "opaque", attribute, b"y")
    os.mknod(upper / "gone", stat.S_IFCHR, 0)
    layer = packed(upper)
    assert {e.path for e in TarReader(iter([layer]))} == {
        b".wh.gone",
        b"opaque",
        b"opaque/.wh..wh..opq",
        b"opaque/new",
    }
    victim.apply(layer, Policy(whiteouts=Whiteouts.OVERLAY, opaque=attribute))
    assert packed(victim.root) == layer
    assert (victim.root / "gone").lstat().st_rdev == 0


@pytest.mark.usefixtures("as_root")
def test_a_plain_tree_has_no_whiteouts(tmp_path: Path) -> None:
    os.mknod(tmp_path / "gone", stat.S_IFCHR, 0)
    assert [e.path for e in TarReader(iter([packed(tmp_path, DiffOptions(form=TreeForm.PLAIN))]))] == [b"gone"]


@pytest.mark.usefixtures("as_root")
def test_a_file_that_overlay_left_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    os.setxattr(tmp_path / "x", "trusted.overlay.metacopy", b"")
    with pytest.raises(ArchiveError) as error:
        packed(tmp_path)
    assert error.value.key == "archive.overlay-redirect"


@pytest.mark.usefixtures("as_root")
def test_deleted_and_made_anew_is_opaque(victim: Any, pack: Any, make: Any) -> None:
    layer = pack(make.file(".wh.d"), make.folder("d"), make.file("d/new"))
    victim.apply(layer, Policy(whiteouts=Whiteouts.OVERLAY))
    assert os.getxattr(victim.root / "d", "trusted.overlay.opaque") == b"y"


def test_whiteouts_remove_from_the_tree_below(victim: Any, pack: Any, make: Any) -> None:
    victim.apply(pack(make.folder("d"), make.file("d/a"), make.file("d/sub/b"), make.file("f")))
    victim.apply(pack(make.file(".wh.f"), make.file("d/.wh.sub"), make.file("d/c")))
    assert sorted(facts(victim.root)) == ["d", "d/a", "d/c"]


@pytest.mark.parametrize(
    ("first", "second"), [("file", "folder"), ("folder", "file"), ("link", "folder"), ("file", "link")]
)
def test_a_layer_replaces_what_is_of_another_kind(victim: Any, pack: Any, make: Any, first: Any, second: Any) -> None:
    made = {"file": make.file("x", b"f"), "folder": make.folder("x"), "link": make.link("x", "y")}
    victim.apply(pack(made[first]))
    victim.apply(pack(made[second]))
    path = victim.root / "x"
    assert (path.is_file(), path.is_dir() and not path.is_symlink(), path.is_symlink()) == tuple(
        kind == second for kind in ("file", "folder", "link")
    )


def test_a_file_is_no_directory(victim: Any, pack: Any, make: Any) -> None:
    with pytest.raises(ArchiveError) as error:
        victim.apply(pack(make.file("a"), make.file("a/b")))
    assert error.value.key == "archive.not-a-directory"


def test_owners_are_written_down_where_they_cannot_be_given(victim: Any, pack: Any, make: Any) -> None:
    layer = pack(make.file("a", uid=1000, gid=5), make.hardlink("b", "a"), make.file("c"))
    applied = victim.apply(layer, Policy(ownership=Ownership.RECORD))
    assert applied.owners == {b"a": (1000, 5), b"b": (1000, 5)}
    assert (victim.root / "a").stat().st_uid == os.geteuid()


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("others", range(58, 68))
def test_a_hard_link_after_as_many_directories_as_are_kept_open(victim: Any, pack: Any, make: Any, others: int) -> None:
    # The way to the target opens one more: the new name's directory is closed for it, and the target's for that one.
    first = [
        make.folder("fresh"),
        make.file("new/one", b"1"),
        make.file("old/file", b"2"),
        make.link("way", "fresh/../old"),
    ]
    more = [make.file(f"d{number}/file", b"3") for number in range(others)]
    victim.apply(pack(*first, *more, make.hardlink("new/two", "way/file")))
    assert os.path.samefile(victim.root / "old/file", victim.root / "new/two")


def test_chown_comes_before_chmod(victim: Any, pack: Any, make: Any) -> None:
    victim.apply(pack(make.file("su", mode=0o4755, uid=1000)))
    status = (victim.root / "su").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o4755, 1000)


def test_an_attribute_of_the_user_travels(tmp_path: Path, victim: Any) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "x").touch()
    os.setxattr(tree / "x", "user.note", b"\0\xff")
    victim.apply(packed(tree))
    assert os.getxattr(victim.root / "x", "user.note") == b"\0\xff"


def test_a_directory_without_rights_still_takes_its_files(victim: Any, pack: Any, make: Any) -> None:
    victim.apply(pack(make.folder("d", 0o500), make.file("d/x", b"1")))
    assert stat.S_IMODE((victim.root / "d").stat().st_mode) == 0o500
    assert (victim.root / "d" / "x").read_bytes() == b"1"


@pytest.mark.parametrize("compression", list(Compression))
def test_a_layer_knows_both_its_digests(tree: Any, victim: Any, compression: Any) -> None:
    sink, tar = io.BytesIO(), packed(tree)
    with LayerWriter(sink, compression) as writer:
        writer.write(tar)
    written = writer.close()
    assert written.diff_id == Digest.of(tar)
    assert (written.digest, written.size) == (Digest.of(sink.getvalue()), len(sink.getvalue()))
    victim.apply(sink.getvalue(), size=written.size, diff_id=written.diff_id)
    assert facts(victim.root) == facts(tree)


def test_gzip_has_no_time_and_no_name() -> None:
    sink = io.BytesIO()
    with LayerWriter(sink) as writer:
        writer.write(b"x" * 10_000)
    assert sink.getvalue()[:8] == b"\x1f\x8b\x08\0\0\0\0\0"


def test_zlib_stands_in_for_isal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "isal", None)
    sink = io.BytesIO()
    with LayerWriter(sink) as writer:
        writer.write(b"x" * 10_000)
    assert b"".join(decompress(iter([sink.getvalue()]))) == b"x" * 10_000


def test_another_content_is_corrupt(victim: Any, pack: Any, make: Any) -> None:
    with pytest.raises(Corrupt):
        victim.apply(pack(make.file("x")), diff_id=Digest.of(b"something else"))


def test_bytes_after_the_end_belong_to_the_diff_id(victim: Any, pack: Any, make: Any) -> None:
    tar = pack(make.file("x")) + bytes(8192)
    victim.apply(tar, diff_id=Digest(f"sha256:{hashlib.sha256(tar).hexdigest()}"))
    with pytest.raises(Corrupt):
        victim.apply(tar, diff_id=Digest.of(tar[:-8192]))


class Full:
    def write(self, _: bytes) -> None:
        raise OSError(28, "No space left on device")


def threads() -> int:
    return sum(thread.name == "pydock-stage" for thread in threading.enumerate())


def write_many(sink: Any, failure: type[BaseException] | None = None) -> None:
    with LayerWriter(sink, Compression.NONE) as writer:
        for _ in range(100):
            writer.write(bytes(1000))
        if failure:
            raise failure


def test_a_full_disk_is_told_and_ends_the_threads() -> None:
    with pytest.raises(OSError, match="No space"):
        write_many(Full())
    assert threads() == 0


def test_an_error_in_between_ends_the_threads() -> None:
    with pytest.raises(KeyboardInterrupt):
        write_many(io.BytesIO(), KeyboardInterrupt)
    assert threads() == 0


def test_bookkeeping_of_aufs_deletes_nothing(pack: Any, make: Any) -> None:
    index = LayerIndex.read(iter([pack(make.file(".wh..wh.aufs"), make.file("etc/.wh.b"), make.file("etc/.wh..wh.c"))]))
    assert index.whiteouts == {b"etc/b"}
    assert index.entries == ()


def test_changes_tell_new_from_changed(pack: Any, make: Any) -> None:
    below = Contents()
    base = pack(make.folder("etc"), make.file("etc/a"), make.file("etc/b"), make.folder("srv"), make.file("srv/x"))
    assert {change.kind for change in changes(iter([base]), below)} == {ChangeKind.ADDED}
    layer = pack(make.file("etc/a", b"1"), make.file("etc/.wh.b"), make.file("srv/.wh..wh..opq"), make.file("new"))
    told = {(change.path, change.kind) for change in changes(iter([layer]), below)}
    assert told == {("etc/a", "C"), ("etc/b", "D"), ("srv", "O"), ("new", "A")}
    assert [b"etc/b" in below, b"srv/x" in below, b"new" in below] == [False, False, True]
