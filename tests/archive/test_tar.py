"""What we write, GNU tar and Python read alike; what they write, we read alike; and round trips lose nothing."""

import io
import stat
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock_lab.archive import header, pax
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.reader import TarReader
from pydock_lab.archive.writer import TarWriter

NAMES = st.binary(min_size=1, max_size=40).filter(lambda name: not {b"/", b"\0"} & {bytes([b]) for b in name})
PATHS = st.lists(NAMES.filter(lambda name: name not in (b".", b"..")), min_size=1, max_size=8).map(b"/".join)
ENTRIES = st.builds(
    Entry,
    path=PATHS,
    type=st.sampled_from([EntryType.FILE, EntryType.FIFO, EntryType.DIRECTORY]),
    mode=st.integers(0, 0o7777),
    uid=st.integers(0, header.MAX_ID),
    gid=st.integers(0, header.MAX_ID),
    mtime=st.integers(0, 0o77777777777),
    xattrs=st.dictionaries(st.from_regex(r"user\.[a-z]{1,9}", fullmatch=True), st.binary(max_size=300), max_size=3),
)


@given(st.lists(ENTRIES, max_size=4), st.binary(max_size=1500), st.integers(1, 700))
def test_what_is_written_is_read(entries: Any, content: Any, step: Any) -> None:
    sink = io.BytesIO()
    tar = TarWriter(sink)
    for entry in entries:
        tar.add(entry)
    tar.add(Entry(path=b"content", size=len(content)), content)
    tar.finish()
    whole = sink.getvalue()
    reader = TarReader(iter([whole[i : i + step] for i in range(0, len(whole), step)]))
    assert [entry for entry in reader if entry.path != b"content" or entry.size != len(content)] == entries


@given(st.dictionaries(st.text("abcXYZ.é", min_size=1, max_size=30), st.binary(max_size=200), max_size=6))
def test_pax_records_round_trip(records: Any) -> None:
    assert pax.decode(pax.encode(records)) == records


@given(st.binary(min_size=512, max_size=512))
def test_the_checksum_is_the_sum_of_all_bytes(block: Any) -> None:
    assert header.checksum(block) == sum(block[:148]) + sum(block[156:]) + 8 * 32


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 1 << 20, (1 << 20) + 1])
def test_content_comes_back_whole(size: Any) -> None:
    content, sink = bytes(range(256)) * (size // 256 + 1), io.BytesIO()
    tar = TarWriter(sink)
    tar.add(Entry(path=b"x", size=size), content[:size])
    tar.finish()
    reader = TarReader(iter([sink.getvalue()]))
    assert [reader.read(1 << 22) for _ in reader] == [content[:size]]


def samples() -> list[Entry]:
    long = b"directory-" * 9
    return [
        Entry(path=b"d", type=EntryType.DIRECTORY, mode=0o1777, mtime=7),
        Entry(path=long + b"/" + long, mode=0o4755),
        Entry(path=(long + b"/") * 5 + b"x", uid=1000, gid=100_000_000),
        Entry(path="été/ü".encode(), mtime=1_700_000_000),
        Entry(path=b"ln", type=EntryType.SYMLINK, target=b"../" * 60 + b"x", mode=0o777),
        Entry(path=b"hard", type=EntryType.HARDLINK, target=b"d/x"),
        Entry(path=b"null", type=EntryType.CHARACTER, device=(1, 3), mode=0o666),
        Entry(path=b"pipe", type=EntryType.FIFO),
    ]


def from_tarfile(info: tarfile.TarInfo) -> Entry:
    kinds = {tarfile.AREGTYPE: EntryType.FILE} | {kind.value: kind for kind in EntryType}
    is_device = info.ischr() or info.isblk()
    return Entry(
        path=info.name.encode("utf-8", "surrogateescape"),
        type=kinds[info.type],
        size=info.size if info.isreg() else 0,
        mode=info.mode,
        uid=info.uid,
        gid=info.gid,
        mtime=int(info.mtime),
        target=info.linkname.encode("utf-8", "surrogateescape"),
        device=(info.devmajor, info.devminor) if is_device else (0, 0),
    )


def written(entries: list[Entry]) -> bytes:
    sink = io.BytesIO()
    tar = TarWriter(sink)
    for entry in entries:
        tar.add(entry)
    tar.finish()
    return sink.getvalue()


def test_python_reads_what_we_write() -> None:
    with tarfile.open(fileobj=io.BytesIO(written(samples()))) as tar:
        assert [from_tarfile(info) for info in tar] == samples()


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_we_read_what_python_writes(form: Any) -> None:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", format=form) as tar:
        for entry in samples()[: 1 if form == tarfile.USTAR_FORMAT else None]:
            info = tarfile.TarInfo(entry.path.decode())
            info.type, info.mode, info.uid, info.gid = entry.type.value, entry.mode, entry.uid, entry.gid
            info.mtime, info.linkname = entry.mtime, entry.target.decode()
            info.devmajor, info.devminor = entry.device
            tar.addfile(info)
    whole = sink.getvalue()
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        assert list(TarReader(iter([whole]))) == [from_tarfile(info) for info in tar]


@pytest.mark.parametrize("form", ["gnu", "oldgnu", "posix", "ustar", "v7"])
def test_we_read_what_gnu_tar_writes(need: Callable[[str], str], tmp_path: Path, form: Any) -> None:
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "file").write_bytes(b"x" * 1000)
    (tree / "sub" / "other").hardlink_to(tree / "sub" / "file")
    (tree / "link").symlink_to("sub/file")
    if form in ("gnu", "oldgnu", "posix"):
        (tree / ("n" * 150)).write_text("long")
    command = [need("tar"), f"--format={form}", "-C", str(tree), "--mtime=@1500000000", "-cf", "-", "."]
    whole = subprocess.run(command, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        theirs = {info.name.removeprefix("./").strip("."): from_tarfile(info) for info in tar}
    for entry in TarReader(iter([whole])):
        other = theirs.pop(entry.path.decode())
        assert (entry.type, entry.size, entry.mode, entry.mtime) == (
            other.type,
            other.size,
            other.mode,
            other.mtime,
        )
        assert entry.target == other.target.removeprefix(b"./" if entry.type is EntryType.HARDLINK else b"\0")
    assert not theirs


def test_gnu_tar_reads_what_we_write(need: Callable[[str], str]) -> None:
    listed = subprocess.run(
        [need("tar"), "--numeric-owner", "--quoting-style=literal", "-tvf", "-"],
        input=written(samples()), check=True, capture_output=True,
    ).stdout.splitlines()  # fmt: skip
    assert len(listed) == len(samples())
    for line, entry in zip(listed, samples(), strict=True):
        kind = {EntryType.HARDLINK: "h", EntryType.FIFO: "p"}.get(entry.type)
        mode = stat.filemode(entry.mode | {"d": stat.S_IFDIR}.get(line[:1].decode(), 0))[1:]
        assert line[1:10].decode() == mode
        assert kind is None or line[:1].decode() == kind
        assert entry.path in line


def test_a_global_header_counts_for_all_that_follow() -> None:
    body = pax.encode({"uid": b"42"})
    block = bytearray(header.encode(Entry(path=b"pax", size=len(body))))
    block[156:157] = b"g"
    block[148:156] = b"%06o\0 " % header.checksum(bytes(block))
    whole = bytes(block) + body + bytes(-len(body) % 512) + written(samples()[:2])
    assert [entry.uid for entry in TarReader(iter([whole]))] == [42, 42]
