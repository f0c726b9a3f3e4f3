"""`docker save` and `docker load`, with ourselves, with skopeo, and with archives that lie."""

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.archive.images import ImageArchive
from pydock_lab.errors import ArchiveError, PydockError
from pydock_lab.oci import Digest, Manifest, Reference
from pydock_lab.store import Store

APP = Reference.parse("app:1")


@pytest.fixture
def other(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "other")


def saved(store: Store, *references: Reference) -> io.BytesIO:
    file = io.BytesIO()
    store.save(references, file)
    file.seek(0)
    return file


def config(store: Store) -> Digest:
    return Manifest.from_bytes(store.blobs.read(store.layout.resolve(APP))).config.digest


def test_what_is_saved_is_loaded_unchanged(store: Any, other: Any, image: Any) -> None:
    store.layout.tag(APP, image("one"))
    store.layout.tag(APP.with_tag("2"), image("two"))
    assert other.load(saved(store, APP, APP.with_tag("2"))) == (APP, APP.with_tag("2"))
    assert set(other.blobs) == set(store.blobs)
    assert other.layout.resolve(APP) == store.layout.resolve(APP)


def test_a_pipe_and_a_compressed_archive(store: Any, other: Any, image: Any) -> None:
    store.layout.tag(APP, image("one"))
    packed = io.BytesIO(gzip.compress(saved(store, APP).getvalue()))
    packed.seekable = lambda: False  # type: ignore[method-assign]
    assert other.load(packed) == (APP,)


def test_an_archive_is_the_same_each_time(store: Any, image: Any) -> None:
    store.layout.tag(APP, image("one"))
    assert saved(store, APP).getvalue() == saved(store, APP).getvalue()


@pytest.mark.peers
@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_skopeo_reads_what_we_save(
    need: Callable[[str], str], store: Any, image: Any, tmp_path: Path, form: Any
) -> None:
    store.layout.tag(APP, image("one"))
    (tmp_path / "saved.tar").write_bytes(saved(store, APP).getvalue())
    command = [need("skopeo"), "inspect", "--config", "--raw", f"{form}:{tmp_path / 'saved.tar'}"]
    shown = subprocess.run(command, check=True, capture_output=True).stdout
    assert Digest.of(shown) == config(store)


@pytest.mark.peers
@pytest.mark.parametrize("form", ["docker-archive", "oci-archive"])
def test_we_load_what_skopeo_saves(  # noqa: PLR0917 - fixtures
    need: Callable[[str], str], store: Any, other: Any, image: Any, tmp_path: Path, form: Any
) -> None:
    store.layout.tag(APP, image("one"))
    source, target = f"oci:{store.root}:app:1", f"{form}:{tmp_path / 'theirs.tar'}:app:1"
    subprocess.run([need("skopeo"), "--insecure-policy", "copy", source, target], check=True, capture_output=True)
    with (tmp_path / "theirs.tar").open("rb") as file:
        assert other.load(file) == (APP,)
    assert config(other) == config(store)
    assert other.collector.check() == ()


def rewritten(archive: io.BytesIO, name: str, content: bytes) -> io.BytesIO:
    """The archive with another content of one part."""
    changed = io.BytesIO()
    with tarfile.open(fileobj=archive) as old, tarfile.open(fileobj=changed, mode="w") as new:
        for info in old:
            body = old.extractfile(info)
            data = content if info.name == name else body.read() if body else b""
            info.size = len(data)
            new.addfile(info, io.BytesIO(data))
    changed.seek(0)
    return changed


def docker_only(archive: io.BytesIO) -> io.BytesIO:
    changed = io.BytesIO()
    with tarfile.open(fileobj=archive) as old, tarfile.open(fileobj=changed, mode="w") as new:
        for info in old:
            if info.name != "index.json":
                new.addfile(info, old.extractfile(info))
    changed.seek(0)
    return changed


def lies(store: Store) -> dict[str, io.BytesIO]:
    archive = saved(store, APP)
    digest = store.layout.resolve(APP).digest
    manifest = Manifest.from_bytes(store.blobs.read(digest))
    layer = f"blobs/sha256/{manifest.layers[0].digest.hex}"
    entry = {"Config": f"blobs/sha256/{manifest.config.digest.hex}", "RepoTags": ["app:1"], "Layers": [layer]}
    evil = json.dumps([entry | {"Layers": ["../../../etc/passwd"]}]).encode()
    many = json.dumps([entry | {"Layers": [layer, layer]}]).encode()
    whole = archive.getvalue()

    def again() -> io.BytesIO:
        return io.BytesIO(whole)

    return {
        "another layer": rewritten(again(), layer, b"x" * manifest.layers[0].size),
        "another manifest": rewritten(again(), f"blobs/sha256/{digest.hex}", b"{}"),
        "an index that is none": rewritten(again(), "index.json", b"[" * 100_000),
        "a way out": docker_only(rewritten(again(), "manifest.json", evil)),
        "too many layers": docker_only(rewritten(again(), "manifest.json", many)),
        "another layer, docker's": docker_only(rewritten(again(), layer, bytes(1024))),
        "no image": io.BytesIO(tarfile_of("x")),
        "no tar": io.BytesIO(b"x" * 2000),
    }


def tarfile_of(name: str) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        tar.addfile(tarfile.TarInfo(name))
    return sink.getvalue()


CASES = (
    "another layer", "another manifest", "an index that is none", "a way out", "too many layers",
    "another layer, docker's", "no image", "no tar",
)  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_an_archive_that_lies_gives_no_image(store: Any, other: Any, image: Any, case: Any) -> None:
    store.layout.tag(APP, image("one"))
    with pytest.raises(PydockError):
        other.load(lies(store)[case])
    assert other.layout.images() == ()


def test_a_tree_in_a_tar_becomes_a_layer(store: Any) -> None:
    with store.leases.hold("import") as lease:
        written = store.take_layer(io.BytesIO(gzip.compress(tarfile_of("etc/motd"))), lease)
        assert store.collector.collect().blobs == 0
    assert written.diff_id == Digest.of(tarfile_of("etc/motd"))
    assert list(store.blobs) == [written.digest]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "x" * 300])
def test_a_tar_that_could_not_be_unpacked_is_not_imported(store: Any, name: str) -> None:
    with store.leases.hold("import") as lease, pytest.raises(ArchiveError):
        store.take_layer(io.BytesIO(tarfile_of(name)), lease)
    assert list(store.blobs) == []


def test_docker_archives_without_an_index_are_read(store: Any, other: Any, image: Any) -> None:
    store.layout.tag(APP, image("one"))
    assert ImageArchive(docker_only(saved(store, APP))).format == "docker-archive"
    assert other.load(docker_only(saved(store, APP))) == (APP,)
    assert config(other) == config(store)
