"""Whole images there and back."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from pydock_lab.errors import Corrupt, InvalidDocument, NotFound, RegistryError
from pydock_lab.events import (
    BlobDone,
    BlobProgress,
    BlobSkipped,
    Direction,
    Event,
    TransferFinished,
    TransferStarted,
)
from pydock_lab.oci import Descriptor, Digest, Index, Manifest, MediaType, Platform, Reference
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.server import RegistryServer
from pydock_lab.registry.transfer import pull, push
from pydock_lab.store import Store

AMD64, ARM64 = (Platform(os="linux", architecture=name) for name in ("amd64", "arm64"))
LAYERS = tuple(bytes([number]) * 3000 for number in range(7))
MakeImage = Callable[..., Descriptor]


@pytest.fixture
def client(server: RegistryServer) -> RegistryClient:
    return RegistryClient(server.address)


@pytest.fixture
def named(server: RegistryServer) -> Reference:
    return Reference.parse(f"{server.address}/lab/app:1")


def index_of(store: Store, *children: Descriptor) -> Descriptor:
    content = Index(manifests=children).to_bytes()
    store.blobs.put(content)
    return Descriptor.of(content, MediaType.INDEX)


@pytest.mark.parametrize("layers", [(), LAYERS[:1], LAYERS, LAYERS[:1] * 3])
def test_there_and_back(named: Reference, store: Store, other_store: Store, image: MakeImage, layers: Any) -> None:
    client = RegistryClient(named.domain)
    descriptor = image(*layers)
    assert push(store.blobs, descriptor, client, named) == descriptor.digest
    assert pull(client, named, other_store.blobs, platform=AMD64) == descriptor
    assert set(other_store.blobs) == set(store.blobs)
    assert all(other_store.blobs.recompute(digest) for digest in other_store.blobs)


def test_what_is_there_does_not_travel(
    client: RegistryClient, named: Reference, store: Store, image: MakeImage, server: RegistryServer
) -> None:
    descriptor = image(*LAYERS)
    push(store.blobs, descriptor, client, named)
    before, events = len(server.log), list[Event]()
    push(store.blobs, descriptor, client, named.with_tag("2"), on_event=events.append)
    pull(client, named, store.blobs, platform=AMD64, on_event=events.append)
    skipped = Counter((event.direction, event.why) for event in events if isinstance(event, BlobSkipped))
    assert skipped == {(Direction.PUSH, "exists"): 8, (Direction.PULL, "exists"): 8}
    assert Counter(one.method for one in server.log[before:]) == {"HEAD": 8, "PUT": 1, "GET": 1}


def test_mounts(client: RegistryClient, named: Reference, store: Store, image: MakeImage) -> None:
    push(store.blobs, image(LAYERS[0]), client, named)
    events: list[Event] = []
    other = replace(named, path="lab/web")
    push(store.blobs, image(*LAYERS[:2]), client, other, mount_from=("lab/app",), on_event=events.append)
    assert [event.digest for event in events if isinstance(event, BlobSkipped)] == [Digest.of(LAYERS[0])]


def test_events_tell_the_story(client: RegistryClient, named: Reference, store: Store, image: MakeImage) -> None:
    events: list[Event] = []
    descriptor = image(*LAYERS)
    push(store.blobs, descriptor, client, named, on_event=events.append)
    total = Manifest.from_bytes(store.blobs.read(descriptor)).size + descriptor.size
    assert events[0] == TransferStarted(direction=Direction.PUSH, reference=named.familiar)
    end = {"direction": Direction.PUSH, "reference": named.familiar, "digest": descriptor.digest, "size": total}
    assert events[-1] == TransferFinished(**end)  # type: ignore[arg-type]
    assert len([event for event in events if isinstance(event, BlobDone)]) == 8
    full = [event for event in events if isinstance(event, BlobProgress) and event.done == event.total]
    assert len(full) == 8


def test_one_event_at_a_time(server: RegistryServer, named: Reference, store: Store, image: MakeImage) -> None:
    busy, overlaps = threading.Lock(), list[Event]()

    def watch(event: Event) -> None:
        if not busy.acquire(blocking=False):
            overlaps.append(event)
            return
        time.sleep(0.001)  # long enough to be met by another
        busy.release()

    client = RegistryClient(server.address, on_event=watch)
    push(store.blobs, image(*LAYERS), client, named, on_event=watch)
    assert overlaps == []


# ---- platforms and indexes


def test_an_index(client: RegistryClient, named: Reference, store: Store, other_store: Store, image: MakeImage) -> None:
    ours, others = image(LAYERS[0]), image(LAYERS[1], platform=ARM64)
    index = index_of(store, replace(others, platform=ARM64), replace(ours, platform=AMD64))
    assert push(store.blobs, index, client, named) == index.digest
    assert pull(client, named, other_store.blobs, platform=AMD64) == ours
    assert not other_store.blobs.has(Digest.of(LAYERS[1]))
    with pytest.raises(RegistryError) as caught:
        pull(client, named, other_store.blobs, platform=Platform(os="linux", architecture="s390x"))
    assert caught.value.fields["offered"] == "linux/arm64, linux/amd64"


def test_by_digest_alone(client: RegistryClient, named: Reference, store: Store, image: MakeImage) -> None:
    descriptor = image(LAYERS[0])
    pinned = named.with_digest(descriptor.digest)
    push(store.blobs, descriptor, client, pinned)
    assert pull(client, pinned, store.blobs, platform=AMD64) == descriptor
    assert client.tags("lab/app") == ()


def test_indexes_in_indexes_end_somewhere(
    client: RegistryClient, named: Reference, store: Store, image: MakeImage
) -> None:
    nested = image()
    for _ in range(6):
        nested = index_of(store, nested)
    with pytest.raises(InvalidDocument):
        push(store.blobs, nested, client, named)


def test_an_index_that_leads_in_a_circle(hostile: Any, store: Store) -> None:
    def answer(handler: Any) -> None:
        wanted = handler.path.rpartition("/")[2]
        child = {"mediaType": MediaType.INDEX, "digest": Digest.of(wanted.encode()), "size": 5}
        body = json.dumps({"schemaVersion": 2, "mediaType": MediaType.INDEX, "manifests": [child]}).encode()
        hostile.answers["GET", f"/v2/lab/app/manifests/{Digest.of(wanted.encode())}"] = answer
        handler.send_response(200)
        handler.send_header("Content-Type", MediaType.INDEX)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    hostile.answers["GET", "/v2/lab/app/manifests/1"] = answer
    with pytest.raises(RegistryError):
        pull(
            RegistryClient(hostile.address),
            Reference.parse(f"{hostile.address}/lab/app:1"),
            store.blobs,
            platform=AMD64,
        )
    assert len(hostile.asked) <= 5


# ---- what goes wrong


def test_what_is_not_whole_here_gets_no_name_there(
    client: RegistryClient, named: Reference, store: Store, image: MakeImage
) -> None:
    descriptor = image(*LAYERS)
    store.blobs.delete(Digest.of(LAYERS[3]))
    with pytest.raises(NotFound):
        push(store.blobs, descriptor, client, named)
    assert client.head_manifest("lab/app", "1") is None


def test_damage_here_does_not_get_there(
    client: RegistryClient, named: Reference, store: Store, image: MakeImage
) -> None:
    descriptor = image(*LAYERS)
    store.blobs.path(Digest.of(LAYERS[3])).write_bytes(b"\xff" * 3000)
    with pytest.raises(RegistryError) as caught:
        push(store.blobs, descriptor, client, named)
    assert caught.value.fields["code"] == "DIGEST_INVALID"
    store.blobs.path(Digest.of(LAYERS[3])).write_bytes(b"short")
    with pytest.raises(Corrupt):
        push(store.blobs, descriptor, client, named)


def test_a_pull_that_fails_names_the_reason_and_keeps_no_manifest(
    client: RegistryClient, named: Reference, store: Store, other_store: Store, image: MakeImage
) -> None:
    descriptor = image(*LAYERS)
    push(store.blobs, descriptor, client, named)
    client.delete_blob("lab/app", Digest.of(LAYERS[3]))
    with pytest.raises(RegistryError) as caught:
        pull(client, named, other_store.blobs, platform=AMD64)
    assert caught.value.key == "registry.no-blob"
    assert not other_store.blobs.has(descriptor.digest)


def test_stopping_stops(client: RegistryClient, named: Reference, store: Store, image: MakeImage) -> None:
    def stop(event: Event) -> None:
        if isinstance(event, BlobProgress):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        push(store.blobs, image(*LAYERS), client, named, on_event=stop)
    assert client.head_manifest("lab/app", "1") is None


def test_a_lease_protects_what_arrives(
    client: RegistryClient, named: Reference, store: Store, other_store: Store, image: MakeImage
) -> None:
    descriptor = image(*LAYERS)
    push(store.blobs, descriptor, client, named)
    with other_store.leases.hold("pull") as lease:
        pull(client, named, other_store.blobs, platform=AMD64, lease=lease)
        assert other_store.leases.protected() == set(store.blobs)
