"""What hostile archives try, by the numbers of the list that the design keeps: nothing leaves the root."""

import io
import os
import tarfile
import time
import zlib
from typing import Any

import pytest
import zstandard

from pydock_lab.archive import header as headers
from pydock_lab.archive import pax
from pydock_lab.archive.apply import Policy, Whiteouts
from pydock_lab.archive.compress import decompress
from pydock_lab.archive.entry import Entry, EntryType, Limits
from pydock_lab.archive.images import ImageArchive
from pydock_lab.archive.reader import TarReader
from pydock_lab.errors import ArchiveError

SMALL = Limits(entries=50, size=1 << 20, ratio=10, ratio_from=1 << 16, extension=4096)


def read(tar: bytes, limits: Limits | None = None) -> list[Entry]:
    return list(TarReader(iter([tar]), limits))


def raw(name: bytes = b"a", flag: bytes = b"0", size: int = 0, **fields: bytes) -> bytes:
    """A header block with any bytes at all in its fields."""
    block = headers.encode(Entry(path=b"x"))
    spans = {"mode": (100, 108), "uid": (108, 116), "size": (124, 136), "mtime": (136, 148), "link": (157, 257)}
    values = {"size": b"%011o\0" % size} | fields
    whole = bytearray(block)
    whole[0:100] = name.ljust(100, b"\0")
    whole[156:157] = flag
    for field, value in values.items():
        start, end = spans[field]
        whole[start:end] = value.ljust(end - start, b"\0")
    whole[148:156] = b"%06o\0 " % headers.checksum(bytes(whole))
    return bytes(whole)


def extended(records: dict[str, bytes], after: bytes) -> bytes:
    body = pax.encode(records)
    return raw(b"pax", b"x", len(body)) + body + bytes(-len(body) % 512) + after


@pytest.mark.parametrize("name", [b"../x", b"a/../../x", b"a/..", b"..", b"/../x", b"./../outside/secret"])
def test_6_dotdot_is_refused(victim: Any, name: Any) -> None:
    with pytest.raises(ArchiveError, match=r"\.\."):
        victim.apply(raw(name) + headers.END)
    assert not victim.escaped()


def test_6_absolute_names_are_relative_to_the_root(victim: Any) -> None:
    victim.apply(raw(b"/etc/x") + raw(b"//etc//./y") + headers.END)
    assert sorted(os.listdir(victim.root / "etc")) == ["x", "y"]


@pytest.mark.parametrize(
    ("records", "key"),
    [
        ({"path": b"a\0b"}, "archive.name-nul"),
        ({"path": b"n/" * 2500 + b"n"}, "archive.name-long"),
        ({"path": b"n" * 256}, "archive.name-long"),
        ({"path": b"n/" * 300 + b"n"}, "archive.name-deep"),
        ({"path": b"../../outside/x"}, "archive.name-dotdot"),
    ],
)
def test_6_names_in_pax_records(victim: Any, records: Any, key: Any) -> None:
    with pytest.raises(ArchiveError) as error:
        victim.apply(extended(records, raw()) + headers.END)
    assert error.value.key == key
    assert not victim.escaped()


@pytest.mark.parametrize("whiteouts", list(Whiteouts))
@pytest.mark.parametrize("target", ["../outside", "{outside}", "/../../../..{outside}", "x/../../outside"])
def test_7_writing_through_a_symlink_stays_inside(
    victim: Any, pack: Any, make: Any, target: Any, whiteouts: Any
) -> None:
    target = target.format(outside=victim.outside)
    layer = pack(make.link("way", target), make.file("way/secret", b"gone"), make.file("way/new", b"x"))
    victim.apply(layer, Policy(whiteouts=whiteouts))
    assert not victim.escaped()
    assert list(victim.root.rglob("new"))  # inside, where a container would have put it


def test_7_chain_of_long_links_and_a_hardlink(victim: Any, pack: Any, make: Any) -> None:
    """CVE-2025-4517: names so long that realpath gives up before it sees the way out."""
    long, entries, at = "d" * 247, [], ""
    for letter in "abcdefghijklmnop":
        entries += [make.folder(f"{at}{long}"), make.link(f"{at}{letter}", long)]
        at += f"{letter}/"
    entries += [make.link("way", f"{at}{'../' * 17}outside"), make.hardlink("flag", "way/secret")]
    layer = pack(*entries, make.file("way/secret", b"gone"))
    with pytest.raises(ArchiveError):
        victim.apply(layer)
    assert not victim.escaped()


def test_7_a_ring_of_links(victim: Any, pack: Any, make: Any) -> None:
    layer = pack(make.link("a", "b"), make.link("b", "a"), make.file("a/x"))
    with pytest.raises(ArchiveError) as error:
        victim.apply(layer)
    assert error.value.key == "archive.link-loop"


def test_7_a_file_replaces_a_link_and_never_follows_it(victim: Any, pack: Any, make: Any) -> None:
    victim.apply(pack(make.link("x", str(victim.outside / "secret")), make.file("x", b"mine")))
    assert (victim.root / "x").read_bytes() == b"mine"
    assert not victim.escaped()


@pytest.mark.parametrize("target", ["../outside/secret", "way/secret", "{outside}/secret", "nothing", "folder"])
def test_8_hardlinks_stay_inside(victim: Any, pack: Any, make: Any, target: Any) -> None:
    target = target.format(outside=victim.outside)
    tar = pack(make.link("way", str(victim.outside)), make.folder("folder"))[:-1024]
    with pytest.raises(ArchiveError):
        victim.apply(tar + raw(b"x", b"1", link=target.encode()) + headers.END)
    assert not victim.escaped()


def test_8_hardlink_to_a_symlink_links_the_link(victim: Any, pack: Any, make: Any) -> None:
    layer = pack(make.link("x", str(victim.outside / "secret")), make.hardlink("y", "x"), make.file("y", b"mine"))
    victim.apply(layer)
    assert os.readlink(victim.root / "x") == str(victim.outside / "secret")
    assert (victim.root / "y").read_bytes() == b"mine"
    assert not victim.escaped()


def test_8_a_second_name_is_not_written_through(victim: Any, pack: Any, make: Any) -> None:
    victim.apply(pack(make.file("a", b"one"), make.hardlink("b", "a"), make.file("b", b"two")))
    assert (victim.root / "a").read_bytes() == b"one"


@pytest.mark.parametrize("name", [b".", b"/", b"./", b"./."])
@pytest.mark.parametrize("flag", [b"1", b"2", b"0", b"6"])
def test_8_the_root_must_be_a_directory(victim: Any, name: Any, flag: Any) -> None:
    block = raw(name, flag, link=b"/etc")
    if name.endswith(b"/") and flag == b"0":
        victim.apply(block + headers.END)  # a name that ends in a slash says "directory"
    else:
        with pytest.raises(ArchiveError):
            victim.apply(block + headers.END)
    assert victim.root.is_dir()


def test_9_attributes_never_go_through_links(victim: Any, pack: Any, make: Any) -> None:
    swap = [make.folder("way", 0o777), make.link("way", str(victim.outside))]
    target = Entry(path=b"s", type=EntryType.SYMLINK, target=str(victim.outside / "secret").encode(), uid=0, mtime=5)
    victim.apply(pack(*swap, target))
    assert not victim.escaped()
    assert (victim.root / "s").lstat().st_mtime == 5


@pytest.mark.parametrize("name", [".wh.", ".wh..", ".wh...", "a/.wh..", "way/.wh.."])
@pytest.mark.parametrize("whiteouts", [Whiteouts.REMOVE, Whiteouts.OVERLAY])
def test_10_whiteouts_of_no_name_are_refused(victim: Any, pack: Any, make: Any, name: Any, whiteouts: Any) -> None:
    with pytest.raises(ArchiveError) as error:
        victim.apply(pack(make.link("way", str(victim.outside)), make.file(name)), Policy(whiteouts=whiteouts))
    assert error.value.key == "archive.whiteout"
    assert not victim.escaped()


@pytest.mark.parametrize("name", ["way/.wh.secret", "way/.wh..wh..opq", ".wh.way"])
def test_10_whiteouts_delete_nothing_outside(victim: Any, pack: Any, make: Any, name: Any) -> None:
    victim.apply(pack(make.link("way", str(victim.outside))))
    victim.apply(pack(make.file(name)))
    assert not victim.escaped()


@pytest.mark.parametrize("name", [".wh.d", ".wh.f", "d/.wh..wh..opq", ".wh."])
def test_10_in_a_tar_that_is_no_layer_such_names_are_names(victim: Any, pack: Any, make: Any, name: Any) -> None:
    victim.apply(pack(make.folder("d"), make.file("d/old"), make.file("f", b"old")))
    victim.apply(pack(make.file(name)), Policy(whiteouts=Whiteouts.PLAIN))
    assert sorted(path.name for path in victim.root.rglob("*")) == sorted(["d", "old", "f", name.rpartition("/")[2]])


@pytest.mark.parametrize(("name", "kind"), [("d", "file"), ("d", "link"), ("f", "folder")])
def test_there_nothing_takes_the_place_of_another_kind(victim: Any, pack: Any, make: Any, name: Any, kind: Any) -> None:
    victim.apply(pack(make.folder("d"), make.file("d/old"), make.file("f", b"old")))
    new = {"file": make.file(name), "link": make.link(name, "x"), "folder": make.folder(name)}[kind]
    with pytest.raises(ArchiveError) as error:
        victim.apply(pack(new), Policy(whiteouts=Whiteouts.PLAIN))
    assert error.value.key == "archive.other-kind"
    assert (victim.root / "d" / "old").exists()
    assert (victim.root / "f").read_bytes() == b"old"


def test_10_a_whiteout_hides_only_what_lies_below(victim: Any, pack: Any, make: Any) -> None:
    victim.apply(pack(make.folder("d"), make.file("d/old"), make.file("f", b"old")))
    victim.apply(pack(make.file("d/new"), make.file("d/.wh..wh..opq"), make.file("f", b"new"), make.file(".wh.f")))
    assert os.listdir(victim.root / "d") == ["new"]
    assert (victim.root / "f").read_bytes() == b"new"


@pytest.mark.parametrize(
    "block",
    [
        raw(size=0, mode=b"-000001\0"),
        raw(uid=b"\xff" * 8),
        raw(uid=b"\x80\0\0\xff\xff\xff\xff\xff"),
        raw(uid=b"1_00000\0"),
        raw(flag=b"S"),
        raw(flag=b"V"),
        b"\xff" * 512,
        raw()[:148] + b"0000000\0" + raw()[156:],
    ],
    ids=["negative-mode", "huge-uid", "large-uid", "underscore", "sparse", "volume", "garbage", "checksum"],
)
def test_11_headers_that_lie(block: Any) -> None:
    with pytest.raises(ArchiveError):
        read(block + headers.END)


@pytest.mark.parametrize("tar", [raw()[:400], raw(size=600) + b"x" * 100, raw(flag=b"x", size=20) + b"20 path=x"])
def test_11_archives_that_end_too_early(tar: Any) -> None:
    with pytest.raises(ArchiveError) as error:
        read(tar)
    assert error.value.key == "archive.truncated"


@pytest.mark.parametrize(
    "size", [b"\xff" * 12, b"\xff" * 11 + b"\xfe", b"\x80" + b"\xff" * 11, b"77777777777\0", b"zzz\0"]
)
@pytest.mark.parametrize("flag", [b"0", b"x", b"L"])
def test_11_sizes_that_lie(size: Any, flag: Any) -> None:
    start = time.monotonic()
    with pytest.raises(ArchiveError):
        read(_sized(size, flag) + headers.END, SMALL)
    assert time.monotonic() - start < 1


def _sized(size: bytes, flag: bytes) -> bytes:
    block = bytearray(raw(flag=flag))
    block[124:136] = size
    block[148:156] = b"%06o\0 " % headers.checksum(bytes(block))
    return bytes(block)


@pytest.mark.parametrize(
    "body",
    [b"-5 path=x\n", b"999999999 path=x\n", b"0 path=x\n", b"9 path\n\n\n", b"3 a\n", b"10 path=xyz", b"x" * 40],
)
def test_11_damaged_pax(body: Any) -> None:
    with pytest.raises(ArchiveError):
        read(raw(b"pax", b"x", len(body)) + body.ljust(512, b"\0") + raw() + headers.END)


@pytest.mark.parametrize(
    "body", [b"path=x\n", b"=\n", b"0123456789012345678901=x\n", b" 9 a=b\n", b"path=" + b"x" * 600 + b"\n"]
)
def test_11_pax_without_a_length_ends(body: bytes) -> None:
    """A record without a length once was one of length nothing, for ever."""
    with pytest.raises(ArchiveError) as caught:
        pax.decode(body)
    assert caught.value.key == "archive.pax"


@pytest.mark.parametrize("size", [b"-1", b"99999999999999999999999", b"1e3", b"4611686018427387905"])
def test_11_pax_size_override(size: Any) -> None:
    with pytest.raises(ArchiveError):
        read(extended({"size": size}, raw()) + headers.END)


def test_11_long_name_bombs() -> None:
    body = b"n" * 8192
    with pytest.raises(ArchiveError):
        read(raw(b"L", b"L", len(body)) + body + raw() + headers.END, SMALL)
    with pytest.raises(ArchiveError):  # each is small, but they never end
        read(extended({"comment": b"x"}, b"") * 100 + raw() + headers.END, SMALL)


def test_11_devices_are_skipped_without_privilege(victim: Any, pack: Any) -> None:
    device = Entry(path=b"sda", type=EntryType.BLOCK, device=(8, 0), mode=0o666)
    applied = victim.apply(pack(device), Policy(devices=False))
    assert applied.skipped == (b"sda",)
    assert not os.listdir(victim.root)


def test_11_the_device_that_means_deleted_is_refused(victim: Any, pack: Any) -> None:
    with pytest.raises(ArchiveError):
        victim.apply(pack(Entry(path=b"x", type=EntryType.CHARACTER)), Policy(whiteouts=Whiteouts.OVERLAY))


def test_11_overlay_attributes_are_not_taken(victim: Any, pack: Any, make: Any) -> None:
    evil = {"trusted.overlay.redirect": b"/etc", "user.overlay.opaque": b"y", "trusted.overlay.metacopy": b""}
    applied = victim.apply(pack(make.file("x", xattrs=evil)))
    assert os.listxattr(victim.root / "x") == []
    assert len(applied.skipped) == 3


def gzip(content: bytes) -> bytes:
    engine = zlib.compressobj(9, zlib.DEFLATED, 31)
    return engine.compress(content) + engine.flush()


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


@pytest.mark.parametrize("bomb", [gzip, zstd])
def test_12_bombs_stop_early(bomb: Any) -> None:
    with pytest.raises(ArchiveError) as error:
        sum(map(len, decompress(iter([bomb(bytes(64 << 20))]), SMALL)))
    assert error.value.key in ("archive.bomb", "archive.too-large")


def test_12_many_members_are_one_stream() -> None:
    assert b"".join(decompress(iter([gzip(b"a") * 2000 + bytes(64)]))) == b"a" * 2000


@pytest.mark.parametrize(("said", "key"), [(99, "archive.over-size"), (10_000, "archive.under-size")])
def test_12_a_layer_must_have_the_size_of_its_descriptor(
    victim: Any, pack: Any, make: Any, said: Any, key: Any
) -> None:
    with pytest.raises(ArchiveError) as error:
        victim.apply(gzip(pack(make.file("x", os.urandom(500)))), size=said)
    assert error.value.key == key


def test_12_zstd_window_is_capped() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=True)
    engine = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    with pytest.raises(ArchiveError):
        list(decompress(iter([engine.compress(b"x" * 100) + engine.flush()])))


@pytest.mark.parametrize("uid", [2**32 - 1, 2**32, 2**63])
def test_24_owners_that_overflow(uid: Any) -> None:
    with pytest.raises(ArchiveError) as error:
        read(extended({"uid": b"%d" % uid}, raw()) + headers.END)
    assert error.value.key == "archive.range"


def image_archive(*members: tuple[str, bytes, bytes]) -> io.BytesIO:
    """A tar of (name, type flag, content or link target)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, flag, content in members:
            info = tarfile.TarInfo(name)
            info.type = flag
            if flag == tarfile.REGTYPE:
                info.size = len(content)
            else:
                info.linkname = content.decode()
            tar.addfile(info, io.BytesIO(content))
    return file


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../etc/passwd", "etc/passwd"])
@pytest.mark.parametrize("flag", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_27_links_in_an_image_archive_lead_nowhere(target: Any, flag: Any) -> None:
    file = image_archive(("layer.tar", flag, target.encode()), ("manifest.json", b"0", b"[]"))
    with pytest.raises(ArchiveError):
        ImageArchive(file).open("layer.tar")


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "/dev/stdin", "missing"])
def test_27_names_in_manifest_json_are_only_names_in_the_archive(name: Any) -> None:
    archive = ImageArchive(image_archive(("manifest.json", b"0", b"[]")))
    with pytest.raises(ArchiveError):
        archive.open(name)


def test_27_links_between_parts_are_followed_within() -> None:
    file = image_archive(
        ("a/layer.tar", b"0", b"bytes"), ("b/layer.tar", b"2", b"../a/layer.tar"), ("manifest.json", b"0", b"[]")
    )
    assert ImageArchive(file).open("b/layer.tar").read() == b"bytes"


def test_27_a_ring_of_links_ends() -> None:
    file = image_archive(("a", b"2", b"b"), ("b", b"2", b"a"), ("manifest.json", b"0", b"[]"))
    with pytest.raises(ArchiveError):
        ImageArchive(file).open("a")
