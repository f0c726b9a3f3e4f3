"""Garbage collection: nothing that is needed or on its way is removed, everything else is."""

import os
import time
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.oci import Descriptor, Digest, Index, MediaType
from pydock_lab.registry.server import RegistryServer

LONG_AGO = 2 * 3600.0


@pytest.fixture
def folder(tmp_path: Path, server: RegistryServer) -> Path:
    assert server.address
    return tmp_path / "registry"


@pytest.fixture
def age(folder: Path) -> Any:
    """`age()`: everything that is there came two hours ago."""

    def do(pattern: str = "**/*") -> None:
        then = time.time() - LONG_AGO
        for path in folder.glob(pattern):
            if path.is_file():
                os.utime(path, (then, then))

    return do


def contents(folder: Path) -> set[str]:
    return {path.name for path in folder.glob("blobs/*/*")}


def test_what_manifests_name_stays(
    server: RegistryServer, put_image: Any, put_blob: Any, age: Any, folder: Path
) -> None:
    put_image("1")
    before = contents(folder)
    lost = put_blob(b"nobody's")
    age()
    would = server.collect(dry_run=True)
    assert contents(folder) == {*before, lost.hex}
    done = server.collect()
    assert done == would
    assert (done.blobs, done.contents, done.size) == ((f"lab/app@{lost}",), (lost,), 8)
    assert contents(folder) == before
    assert server.collect().contents == ()


def test_what_is_on_its_way_stays(server: RegistryServer, put_blob: Any, age: Any, ask: Any, folder: Path) -> None:
    lost, wanted = put_blob(b"nobody's"), put_blob(b"looked at")
    age()
    new = put_blob(b"new")
    assert ask("HEAD", f"/v2/lab/app/blobs/{wanted}").status == 200  # and so it is not sent
    server.collect()
    assert contents(folder) == {new.hex, wanted.hex}
    assert lost.hex not in contents(folder)
    upload = ask("POST", "/v2/lab/app/blobs/uploads/").headers["location"]
    ask("PATCH", upload, b"half")
    age()
    server.collect()
    assert ask("PUT", f"{upload}?digest={Digest.of(b'half')}").status == 201


def test_content_of_two_repositories(server: RegistryServer, put_image: Any, age: Any, ask: Any) -> None:
    digest, _ = put_image("1", b"shared", "lab/one")
    put_image("1", b"shared", "lab/two")
    assert ask("DELETE", f"/v2/lab/one/manifests/{digest}").status == 202
    age()
    done = server.collect()
    assert len(done.blobs) == 2
    assert done.contents == ()  # the other still needs it
    layer = Digest.of(b"shared")
    assert ask("GET", f"/v2/lab/one/blobs/{layer}").status == 404
    assert ask("GET", f"/v2/lab/two/blobs/{layer}").body == b"shared"


def test_untagged_manifests(server: RegistryServer, put_image: Any, age: Any, ask: Any) -> None:
    old, _ = put_image("1", b"old")
    now, content = put_image("1", b"new")
    child, text = put_image("", b"child")
    subject = Descriptor.of(content, MediaType.MANIFEST)
    note, _ = put_image("", b"note", subject=subject)
    index = Index(manifests=(Descriptor.of(text, MediaType.MANIFEST),)).to_bytes()
    assert ask("PUT", "/v2/lab/app/manifests/all", index, Content_Type=str(MediaType.INDEX)).status == 201
    assert server.collect(untagged=True).manifests == ()  # all is new
    age()
    assert server.collect().manifests == ()
    assert server.collect(untagged=True, dry_run=True).manifests == (f"lab/app@{old}",)
    assert ask("GET", f"/v2/lab/app/manifests/{old}").status == 200
    done = server.collect(untagged=True)
    assert set(done.contents) == {old, Digest.of(b"old")}
    found = {one: ask("GET", f"/v2/lab/app/manifests/{one}").status for one in (old, now, child, note)}
    assert found == {old: 404, now: 200, child: 200, note: 200}
