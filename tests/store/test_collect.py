"""Pruning keeps all that is needed and nothing else; checking finds all that is broken."""

import os
import subprocess
import sys
import time
from typing import Any

import pytest

from pydock_lab.oci import Digest, ImageConfig, Manifest, Reference
from pydock_lab.store import Damage

APP = Reference.parse("app:1")


def parts(store: Any, descriptor: Any) -> set[Digest]:
    manifest = Manifest.from_bytes(store.blobs.read(descriptor))
    return {descriptor.digest, manifest.config.digest, *(layer.digest for layer in manifest.layers)}


def config(store: Any, descriptor: Any) -> ImageConfig:
    manifest = Manifest.from_bytes(store.blobs.read(descriptor))
    return ImageConfig.from_bytes(store.blobs.read(manifest.config))


def chain(store: Any, descriptor: Any) -> Digest:
    return config(store, descriptor).chain_ids[-1]


def test_what_has_a_name_stays(store: Any, image: Any) -> None:
    one, two = image("one"), image("two")
    store.layout.tag(APP, one)
    lost = sum(map(store.blobs.size, parts(store, two)))
    usage = store.collector.usage()
    assert (usage.blobs, usage.reclaimable) == (6, lost)
    collected = store.collector.collect()
    assert (collected.blobs, collected.size) == (3, lost)
    assert set(store.blobs) == parts(store, one)


def test_snapshots_go_with_their_images(store: Any, image: Any) -> None:
    one, two = image("one"), image("two")
    store.layout.tag(APP, one)
    for name in (chain(store, one).hex, chain(store, two).hex, ".unpacking-now", ".unpacking-old"):
        (store.root / "snapshots" / name).mkdir(parents=True)
    os.utime(store.root / "snapshots" / ".unpacking-old", (0, time.time() - 90_000))
    assert store.collector.collect().snapshots == 2
    assert sorted(os.listdir(store.root / "snapshots")) == [".unpacking-now", chain(store, one).hex]
    assert store.trash.empty() == 2


def test_indexes_go_with_their_layers(store: Any, image: Any) -> None:
    one, two, cached = image("one"), image("two"), Digest.of(b"a layer of the build cache")
    store.layout.tag(APP, one)
    of = lambda one: {f"{config(store, one).diff_ids[-1].hex}.json", f"{chain(store, one).hex}.changes.json"}  # noqa: E731
    kept, gone = of(one) | {f"{cached.hex}.json"}, of(two)
    (store.root / "indexes").mkdir()
    for name in kept | gone:
        (store.root / "indexes" / name).touch()
    store.collector.collect(keep=[cached])
    assert set(os.listdir(store.root / "indexes")) == kept


def test_a_lease_and_the_engine_protect(store: Any, image: Any) -> None:
    one, two = parts(store, image("one")), parts(store, image("two"))
    with store.leases.hold("build", *one):
        assert store.collector.collect(keep=two).blobs == 0
    assert store.collector.collect(keep=two).blobs == 3
    assert set(store.blobs) == two


def test_an_undamaged_store(store: Any, image: Any) -> None:
    store.layout.tag(APP, image("one"))
    seen = []
    assert store.collector.check(lambda done, total: seen.append((done, total))) == ()
    assert seen[-1][0] == seen[-1][1] > 0


@pytest.mark.parametrize(
    ("damage", "content"),
    [(Damage.MISSING, None), (Damage.SIZE, b"short"), (Damage.CONTENT, "same size")],
)
def test_damage_is_found(store: Any, image: Any, damage: Any, content: Any) -> None:
    one = image("one")
    store.layout.tag(APP, one)
    layer = Manifest.from_bytes(store.blobs.read(one)).layers[0]
    path = store.blobs.path(layer.digest)
    path.write_bytes(bytes(layer.size) if content == "same size" else content or b"")
    if content is None:
        path.unlink()
    found = [finding for finding in store.collector.check() if finding.damage is damage]
    assert [finding.digest for finding in found] == [layer.digest]
    assert found[0].needed_by == (None if damage is Damage.CONTENT else one.digest)


def test_a_manifest_that_is_none(store: Any, image: Any) -> None:
    one = image("one")
    store.layout.tag(APP, one)
    store.blobs.path(one.digest).write_bytes(b"x" * one.size)
    assert {finding.damage for finding in store.collector.check()} == {Damage.UNREADABLE, Damage.CONTENT}


def test_other_files_among_the_blobs_are_left_alone(store: Any) -> None:
    (store.root / "blobs" / "sha256").mkdir(parents=True)
    (store.root / "blobs" / "sha256" / "README").touch()
    assert store.collector.collect().blobs == 0
    assert (store.root / "blobs" / "sha256" / "README").exists()


def test_a_lease_of_a_dead_process_counts_no_more(store: Any) -> None:
    program = (
        "import os; from pydock_lab.store import Store; from pydock_lab.oci import Digest\n"
        "with Store.open().leases.hold('x', Digest.of(b'x')): os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert len(list((store.root / "leases").glob("*.json"))) == 1
    assert store.leases.protected() == frozenset()
    with store.leases.hold("mine", Digest.of(b"y")):
        assert store.leases.protected() == {Digest.of(b"y")}
