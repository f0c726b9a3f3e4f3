"""Kill -9 of the registry, and of who pushes and pulls, at random moments: never something that does not verify.

the registry is killed     pushes fail, are done again, and in between every tag leads to an image that is whole
a client is killed         what it had pushed is whole or not there; what it had pulled is gone on with
"""

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.oci import ContainerConfig, Descriptor, Digest, ImageConfig, Manifest, MediaType, Platform, Reference
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.server.storage import Storage
from pydock_lab.registry.transfer import pull, push
from pydock_lab.store import Store

LONG = bool(os.environ.get("PYDOCK_SOAK"))
ROUNDS = 30 if LONG else 6
AMD64 = Platform(os="linux", architecture="amd64")
SERVE = """
import sys
from pathlib import Path
from pydock_lab.registry.server import RegistryServer
RegistryServer(Path(sys.argv[1]), port=int(sys.argv[2])).serve_forever()
"""
MOVE = """
import sys
from pathlib import Path
from pydock_lab.oci import Descriptor, Digest, MediaType, Platform, Reference
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.transfer import pull, push
from pydock_lab.store import Store
what, root, name, digest, size = sys.argv[1:]
store, reference = Store.open(Path(root)), Reference.parse(name)
client = RegistryClient(reference.domain, unfinished=store.root / "unfinished")
if what == "push":
    found = Descriptor(media_type=MediaType.MANIFEST, digest=Digest(digest), size=int(size))
    push(store.blobs, found, client, reference)
else:
    pull(client, reference, store.blobs, platform=Platform(os="linux", architecture="amd64"))
"""

pytestmark = pytest.mark.soak


class Killable:
    """A registry in a process of its own, on the same port each time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            self.port = found.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        self.process = subprocess.Popen([sys.executable, "-c", SERVE, self.folder, str(self.port)])
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with suppress(RegistryError):
                return RegistryClient(self.address).ping()
            time.sleep(0.02)
        pytest.fail("the registry did not come up")

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Killable]:
    found = Killable(tmp_path / "registry")
    found.start()
    yield found
    found.kill()


def image(store: Store, chance: random.Random) -> Descriptor:
    """An image of some layers, one of which all of them share."""
    layers = [b"shared" * 1000, *(chance.randbytes(chance.choice([10, 300_000, 3_000_000])) for _ in range(3))]
    settings = ContainerConfig(cmd=("true",))
    config = ImageConfig(platform=AMD64, config=settings, diff_ids=tuple(map(Digest.of, layers))).to_bytes()
    for content in (config, *layers):
        store.blobs.put(content)
    parts = tuple(Descriptor.of(layer, MediaType.LAYER) for layer in layers)
    manifest = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=parts).to_bytes()
    store.blobs.put(manifest)
    return Descriptor.of(manifest, MediaType.MANIFEST)


def is_whole(registry: Killable, folder: Path) -> int:
    """Look at all that can be seen, in the files and from outside: the number of tags."""
    storage = Storage(registry.folder)
    for digest in storage.blobs:
        assert storage.blobs.recompute(digest), digest
    client, count = RegistryClient(registry.address), 0
    for name in client.catalog():
        for tag in client.tags(name):
            found = pull(
                client, Reference.parse(f"{registry.address}/{name}:{tag}"), Store.open(folder).blobs, platform=AMD64
            )
            assert found.digest == client.head_manifest(name, tag).digest  # type: ignore[union-attr]
            count += 1
    return count


def moving(what: str, root: Path, name: str, found: Descriptor) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-c", MOVE, what, str(root), name, found.digest, str(found.size)]
    return subprocess.Popen(words, stderr=subprocess.DEVNULL)


def test_the_registry_is_killed(registry: Killable, store: Store, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    client = RegistryClient(registry.address, unfinished=store.root / "unfinished")
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    for number in range(ROUNDS):
        found = image(store, chance)
        name = f"{registry.address}/lab/app{number % 3}:{number}"
        process = moving("push", store.root, name, found)
        time.sleep(chance.uniform(0.1, 0.6))
        registry.kill()
        process.wait()
        registry.start()
        is_whole(registry, tmp_path / "look")
        push(store.blobs, found, client, Reference.parse(name))  # again, and it is there
        assert client.head_manifest(f"lab/app{number % 3}", str(number)).digest == found.digest  # type: ignore[union-attr]
    assert is_whole(registry, tmp_path / "look") == ROUNDS
    RegistryClient(registry.address).ping()


def test_clients_are_killed(registry: Killable, store: Store, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    print(f"seed {seed}")  # noqa: T201 - shown where it fails
    for number in range(ROUNDS):
        found = image(store, chance)
        name = f"{registry.address}/lab/app:{number}"
        for what, root in (("push", store.root), ("pull", tmp_path / "target")):
            process = moving(what, root, name, found)
            time.sleep(chance.uniform(0.05, 0.5))
            process.kill()
            process.wait()
            target = Store.open(tmp_path / "target")
            assert all(target.blobs.recompute(digest) for digest in target.blobs)
            is_whole(registry, tmp_path / "look")
            client = RegistryClient(registry.address, unfinished=store.root / "unfinished")
            push(store.blobs, found, client, Reference.parse(name))
        pulled = pull(
            RegistryClient(registry.address),
            Reference.parse(name),
            Store.open(tmp_path / "target").blobs,
            platform=AMD64,
        )
        assert pulled.digest == found.digest


def test_an_upload_survives_the_registry(registry: Killable, asking: Any) -> None:
    content = os.urandom(1 << 20)
    location = asking(registry.address)("POST", "/v2/lab/app/blobs/uploads/").headers["location"]
    assert asking(registry.address)("PATCH", location, content[: 1 << 19]).status == 202
    registry.kill()
    registry.start()
    ask = asking(registry.address)
    assert ask("GET", location).headers["range"] == f"0-{(1 << 19) - 1}"
    rest = {"Content_Range": f"{1 << 19}-{(1 << 20) - 1}"}
    assert ask("PUT", f"{location}?digest={Digest.of(content)}", content[1 << 19 :], **rest).status == 201
