"""Transfers that are killed: what came is gone on with, and what does not verify is never seen."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Descriptor, Digest, MediaType
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.server import RegistryServer
from pydock_lab.store import Store

SIZE = 8 << 20
BLOB = os.urandom(SIZE)
PATH = f"/v2/lab/app/blobs/{Digest.of(BLOB)}"
PULL = """
import sys
from pathlib import Path
from pydock_lab.oci import Descriptor, Digest
from pydock_lab.registry.client import RegistryClient
from pydock_lab.store import Store
address, root, digest, size = sys.argv[1:]
blob = Descriptor(media_type="a/b", digest=Digest(digest), size=int(size))
RegistryClient(address).get_blob("lab/app", blob, Store.open(Path(root)).blobs)
"""


@pytest.fixture
def blob() -> Descriptor:
    return Descriptor.of(BLOB, MediaType.LAYER)


class Slow:
    """A registry that sends a part of the blob, and then nothing, until it is `set`; what it was asked for."""

    def __init__(self, script: Any, content: bytes = BLOB) -> None:
        self.ranges: list[str] = []
        self.goes_on = threading.Event()
        self.sent = threading.Event()
        self._content = content
        script.answers["GET", PATH] = self._answer

    def _answer(self, handler: Any) -> None:
        said = handler.headers.get("Range", "")
        self.ranges.append(said)
        first = int(said.removeprefix("bytes=").rstrip("-") or 0)
        handler.send_response(206 if said else 200)
        handler.send_header("Content-Length", str(SIZE - first))
        if said:
            handler.send_header("Content-Range", f"bytes {first}-{SIZE - 1}/{SIZE}")
        handler.end_headers()
        handler.wfile.write(self._content[first : first + SIZE // 2])
        self.sent.set()
        self.goes_on.wait(30)
        handler.wfile.write(self._content[first + SIZE // 2 :])


@pytest.fixture
def slow(hostile: Any) -> Iterator[Slow]:
    found = Slow(hostile)
    yield found
    found.goes_on.set()


def killed_pull(address: str, root: Path, slow: Slow) -> None:
    """Pull in a process of its own, and kill that in the middle."""
    words = [sys.executable, "-c", PULL, address, root, Digest.of(BLOB), str(SIZE)]
    process = subprocess.Popen(words)
    assert slow.sent.wait(30)
    until = time.monotonic() + 20
    while sum(path.stat().st_size for path in (root / "ingest").glob("*sha256-*")) < SIZE // 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    process.kill()
    process.wait()


def test_what_a_killed_pull_had_is_not_fetched_again(
    hostile: Any, slow: Slow, tmp_path: Path, blob: Descriptor
) -> None:
    killed_pull(hostile.address, tmp_path / "store", slow)
    slow.goes_on.set()
    store = Store.open(tmp_path / "store")  # it sweeps what the dead left, but not this
    assert not store.blobs.has(blob.digest)
    RegistryClient(hostile.address).get_blob("lab/app", blob, store.blobs)
    assert slow.ranges == ["", f"bytes={SIZE // 2}-"]
    assert store.blobs.recompute(blob.digest)
    assert not list((tmp_path / "store/ingest").iterdir())


def test_a_pull_that_failed_goes_on_in_the_same_process(hostile: Any, store: Store, blob: Descriptor) -> None:
    asked: list[str] = []

    def half(handler: Any) -> None:
        said = handler.headers.get("Range", "")
        asked.append(said)
        first = int(said.removeprefix("bytes=").rstrip("-") or 0)
        handler.send_response(206 if said else 200)
        handler.send_header("Content-Length", str(SIZE - first))
        handler.send_header("Content-Range", f"bytes {first}-{SIZE - 1}/{SIZE}")
        handler.end_headers()
        handler.wfile.write(BLOB[first : first + (SIZE - first) // 2 if len(asked) < 5 else SIZE])
        handler.close_connection = True

    hostile.answers["GET", PATH] = half
    client = RegistryClient(hostile.address)
    with pytest.raises(RegistryError) as caught:
        client.get_blob("lab/app", blob, store.blobs)
    assert caught.value.key == "registry.broken-off"
    client.get_blob("lab/app", blob, store.blobs)
    assert len(asked) == 5
    assert asked[4] != ""
    assert store.blobs.recompute(blob.digest)


def test_a_beginning_that_is_wrong_is_fetched_anew(hostile: Any, slow: Slow, tmp_path: Path, blob: Descriptor) -> None:
    killed_pull(hostile.address, tmp_path / "store", slow)
    (path,) = (tmp_path / "store/ingest").glob("*sha256-*")
    with path.open("r+b") as file:
        file.write(b"\0" * 100)
    slow.goes_on.set()
    store = Store.open(tmp_path / "store")
    RegistryClient(hostile.address).get_blob("lab/app", blob, store.blobs)
    assert slow.ranges == ["", f"bytes={SIZE // 2}-", ""]
    assert store.blobs.recompute(blob.digest)


def test_two_who_want_the_same(server: RegistryServer, ask: Any, store: Store, blob: Descriptor) -> None:
    assert ask("POST", f"/v2/lab/app/blobs/uploads/?digest={blob.digest}", BLOB).status == 201
    client = RegistryClient(server.address)
    threads = [threading.Thread(target=client.get_blob, args=("lab/app", blob, store.blobs)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.blobs.recompute(blob.digest)
    assert not list((store.root / "ingest").iterdir())


def test_beginnings_are_kept_for_a_day(tmp_path: Path, hostile: Any, slow: Slow) -> None:
    killed_pull(hostile.address, tmp_path / "store", slow)
    (path,) = (tmp_path / "store/ingest").glob("*sha256-*")
    Store.open(tmp_path / "store")
    assert path.exists()
    os.utime(path, (time.time() - 90_000,) * 2)
    Store.open(tmp_path / "store")
    assert not path.exists()


PUSH = """
import sys
from pathlib import Path
from pydock_lab.oci import Descriptor, Digest
from pydock_lab.registry.client import RegistryClient
from pydock_lab.store import Store
address, root, digest, size = sys.argv[1:]
blob = Descriptor(media_type="a/b", digest=Digest(digest), size=int(size))
client = RegistryClient(address, unfinished=Path(root) / "unfinished")

class Slow:
    def open(self, blob):
        file = Store.open(Path(root)).blobs.open(blob)
        class Half:
            def read(self, size):
                if file.tell() >= int(sys.argv[4]) // 2:
                    import time; time.sleep(60)
                return file.read(size)
            def close(self): file.close()
        return Half()

client.put_blob("lab/app", blob, Slow())
"""


def killed_push(server: RegistryServer, store: Store, folder: Path) -> int:
    """Push in a process of its own, and kill that in the middle: how much has arrived."""
    store.blobs.put(BLOB)
    process = subprocess.Popen([sys.executable, "-c", PUSH, server.address, store.root, Digest.of(BLOB), str(SIZE)])
    until, done = time.monotonic() + 30, 0
    while done < SIZE // 4:
        assert time.monotonic() < until
        done = sum(path.stat().st_size for path in (folder / "uploads").glob("*/*"))
        time.sleep(0.02)
    process.kill()
    process.wait()
    time.sleep(0.3)  # the server hears of it
    return sum(path.stat().st_size for path in (folder / "uploads").glob("*/*"))


def test_what_a_killed_push_had_sent_is_not_sent_again(
    server: RegistryServer, store: Store, tmp_path: Path, blob: Descriptor
) -> None:
    arrived = killed_push(server, store, tmp_path / "registry")
    assert arrived
    RegistryClient(server.address, unfinished=store.root / "unfinished").put_blob("lab/app", blob, store.blobs)
    assert (
        sum(one.received for one in server.log if one.method in ("PATCH", "PUT") and one.status < 300) == SIZE - arrived
    )
    assert RegistryClient(server.address).has_blob("lab/app", blob.digest)
    assert not list((store.root / "unfinished").glob("*.json"))


def test_an_upload_that_is_lost_begins_anew(
    server: RegistryServer, store: Store, tmp_path: Path, blob: Descriptor
) -> None:
    killed_push(server, store, tmp_path / "registry")
    for path in (tmp_path / "registry/uploads").glob("*/*"):
        path.unlink()
    client = RegistryClient(server.address, unfinished=store.root / "unfinished")
    client.put_blob("lab/app", blob, store.blobs)
    assert client.has_blob("lab/app", blob.digest)


def test_an_upload_of_something_else_begins_anew(
    server: RegistryServer, store: Store, tmp_path: Path, blob: Descriptor
) -> None:
    killed_push(server, store, tmp_path / "registry")
    for path in (tmp_path / "registry/uploads").glob("*/*"):
        content = path.read_bytes()
        path.write_bytes(b"\0" * 100 + content[100:])
    # Its hash in the server's memory is of what came; after a restart it would be of the file.
    server._listener.registry.uploads._open.clear()
    client = RegistryClient(server.address, unfinished=store.root / "unfinished")
    client.put_blob("lab/app", blob, store.blobs)
    assert client.has_blob("lab/app", blob.digest)
    assert Store.open(tmp_path / "registry").blobs.recompute(blob.digest)


def test_two_who_push_the_same(server: RegistryServer, store: Store, blob: Descriptor) -> None:
    store.blobs.put(BLOB)
    client = RegistryClient(server.address, unfinished=store.root / "unfinished")
    threads = [threading.Thread(target=client.put_blob, args=("lab/app", blob, store.blobs)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert client.has_blob("lab/app", blob.digest)
