"""The base images: honest, deterministic, and able to run."""

import io
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydock_lab import bases
from pydock_lab.archive.apply import apply
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.reader import TarReader
from pydock_lab.bases import host
from pydock_lab.bases.tree import FileTree
from pydock_lab.errors import NotFound
from pydock_lab.oci import ImageConfig, Manifest, Reference
from pydock_lab.store import Store

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bases are made of Linux programs")
NAMES = ["lab/base", "lab/python", "lab/busybox"]


@pytest.fixture(scope="module")
def layers() -> dict[str, bytes]:
    return {}


@pytest.fixture
def layer(layers: Any, need: Callable[[str], str]) -> Callable[[str], bytes]:
    """`layer(name)`: the tar of a base, made once for all tests."""

    def make(name: str) -> bytes:
        if name == "lab/busybox":
            need("busybox")
        if name not in layers:
            sink = io.BytesIO()
            bases.build(name, sink)
            layers[name] = sink.getvalue()
        return layers[name]

    return make


def entries(tar: bytes) -> dict[bytes, Entry]:
    return {entry.path: entry for entry in TarReader(iter([tar]))}


@pytest.mark.parametrize("name", NAMES)
def test_the_same_host_gives_the_same_bytes(layer: Any, name: Any) -> None:
    sink = io.BytesIO()
    first = layer(name)
    bases.build(name, sink)
    assert sink.getvalue() == first


@pytest.mark.parametrize("name", NAMES)
def test_all_belongs_to_root_and_nothing_is_setuid(layer: Any, name: Any) -> None:
    found = entries(layer(name)).values()
    assert {(entry.uid, entry.gid) for entry in found} == {(0, 0)}
    assert [entry.path for entry in found if entry.type is EntryType.FILE and entry.mode & 0o7000] == []


@pytest.mark.parametrize("name", NAMES)
def test_directories_come_before_what_they_hold(layer: Any, name: Any) -> None:
    seen = {b""}
    for entry in TarReader(iter([layer(name)])):
        assert entry.path.rpartition(b"/")[0] in seen
        if entry.type is EntryType.DIRECTORY or entry.target:
            seen.add(entry.path)


@pytest.mark.parametrize("name", NAMES)
def test_what_every_system_has(layer: Any, name: Any) -> None:
    found = entries(layer(name))
    assert found[b"tmp"].mode == 0o1777
    assert {b"etc/passwd", b"etc/group", b"etc/nsswitch.conf", b"etc/os-release"} <= found.keys()


def test_links_of_the_host_stay_links(layer: Any) -> None:
    found = entries(layer("lab/base"))
    for name in ("bin", "lib", "sbin"):
        assert (found[name.encode()].type is EntryType.SYMLINK) == os.path.islink(f"/{name}")


def test_python_brings_no_packages_and_no_caches(layer: Any) -> None:
    names = [entry for entry in entries(layer("lab/python")) if b"local/lib" in entry]
    assert not [name for name in names if b"-packages" in name or b"__pycache__" in name]
    assert [name for name in names if name.endswith(b"/os.py")]


def unpacked(tar: bytes, root: Any) -> str:
    root.mkdir()
    fd = os.open(root, os.O_RDONLY)
    apply(io.BytesIO(tar), fd)
    os.close(fd)
    return str(root)


PYTHON = (
    "import asyncio, bz2, ctypes, decimal, hashlib, http.server, json, sqlite3, ssl, subprocess, sys, zlib;"
    "sqlite3.connect(':memory:').execute('select 1'); ssl.create_default_context();"
    "print(sys.prefix, sys.version_info[:2])"
)


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize(
    ("name", "command", "expected"),
    [
        ("lab/base", ["sh", "-c", "echo b a | tr ' ' '\\n' | sort | head -n1"], "a\n"),
        ("lab/base", ["sh", "-c", "tar -cf - /etc/passwd 2>/dev/null | tar -tf -"], "etc/passwd\n"),
        ("lab/base", ["find", "/", "-xtype", "l"], ""),
        ("lab/base", ["id", "-un"], "root\n"),
        ("lab/busybox", ["sh", "-c", "echo hello | sed s/h/j/"], "jello\n"),
        ("lab/python", ["python3", "-c", PYTHON], f"/usr/local {sys.version_info[:2]}\n"),
        ("lab/python", ["sh", "-c", "python -c 'print(1)'"], "1\n"),
    ],
)
def test_it_runs(  # noqa: PLR0917 - fixtures
    layer: Any, need: Callable[[str], str], tmp_path: Path, name: Any, command: Any, expected: Any
) -> None:
    root = unpacked(layer(name), tmp_path / "root")
    done = subprocess.run(
        [need("chroot"), root, *command], env={"PATH": host.PATH}, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == (expected, "")


@pytest.mark.parametrize("name", NAMES)
def test_it_becomes_an_image(home: Path, name: Any, need: Callable[[str], str]) -> None:
    if name == "lab/busybox":
        need("busybox")
    store = Store.open(home)
    descriptor = bases.install(name, store)
    assert store.layout.resolve(Reference.parse(f"{name}:latest")) == descriptor
    manifest = Manifest.from_bytes(store.blobs.read(descriptor))
    config = ImageConfig.from_bytes(store.blobs.read(manifest.config))
    assert config.config.labels == {bases.HOST_DERIVED: "true"}
    assert config.config.cmd == (("python3",) if name == "lab/python" else ("/bin/sh",))
    assert len(config.diff_ids) == len(manifest.layers) == 1
    assert store.collector.check() == ()


def test_what_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", "darwin")
    assert bases.available() == ()
    with pytest.raises(NotFound, match="lab/base"):
        bases.build("lab/base", io.BytesIO())


def test_links_on_the_way_are_kept(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "tool").write_text("#!/bin/sh\n")
    (tmp_path / "real" / "tool").chmod(0o6755)
    (tmp_path / "way").symlink_to("real")
    (tmp_path / "real" / "alias").symlink_to("../way/tool")
    tree, sink = FileTree(), io.BytesIO()
    assert tree.same(str(tmp_path / "way" / "alias")) == str(tmp_path / "real" / "tool")
    tree.write(sink)
    found = {os.path.basename(path): entry for path, entry in entries(sink.getvalue()).items()}
    assert (found[b"way"].target, found[b"alias"].target) == (b"real", b"../way/tool")
    assert found[b"tool"].mode == stat.S_IMODE(0o755)


def test_a_ring_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="links"):
        FileTree().same(str(tmp_path / "a"))
