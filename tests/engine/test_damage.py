"""What is damaged in a store, or gone: it is seen, and hides nothing else."""

from dataclasses import replace

import pytest

from pydock_lab.engine.face import Engine
from pydock_lab.errors import Corrupt, NotFound
from pydock_lab.oci import Digest

BOX = "lab/busybox"


@pytest.mark.parametrize("kind", ["manifest", "config"])
def test_damage_is_seen_in_what_was_read_before(engine: Engine, kind: str) -> None:
    shelf = engine.full._parts.life._images
    found = shelf.find(BOX)
    assert shelf.find(BOX) == found
    digest = found.descriptor.digest if kind == "manifest" else found.manifest.config.digest
    path = engine.full.home.blobs.path(digest)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"a", b"b"))
    with pytest.raises(Corrupt):
        shelf.open(found.descriptor)
    path.unlink()
    with pytest.raises(NotFound):
        shelf.open(found.descriptor)
    path.write_bytes(whole)
    assert shelf.open(found.descriptor) == found


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize(
    "damage",
    [
        {"config": 5},
        {"chain_ids": ["sha256:no"]},
        {"restart": {"kind": "sometimes"}},
        {"labels": 3, "spec": []},
    ],
)
def test_a_damaged_container_hides_no_others(engine: Engine, damage: dict[str, object]) -> None:
    for name in ("whole", "broken"):
        engine.run("lab/busybox", "true", name=name)
    record = engine.full.home.containers
    broken = engine.full.inspect_container("broken")["Id"]
    record.write(str(broken), record.read(str(broken)) | damage)
    assert [one.name for one in Engine(engine.full.home.root).containers()] == ["whole"]


@pytest.mark.usefixtures("containers")
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"status": "unheard of"}'])
def test_a_state_that_was_cut_off_is_that_of_one_that_has_ended(engine: Engine, content: bytes) -> None:
    engine.run("lab/busybox", "true", name="one")
    record = engine.full.home.containers.path(str(engine.full.inspect_container("one")["Id"]))
    (record / "state.json").write_bytes(content)
    (container,) = engine.containers()
    assert container.summary.status in ("Exited (255) Less than a second ago", "Exited (255) 1 second ago")
    assert container.exit_code == 255


def test_a_damaged_volume_hides_no_others(engine: Engine) -> None:
    for name in ("whole", "broken"):
        engine.full.create_volume(name)
    volumes = engine.full.home.volumes
    volumes.write("broken", {"anonymous": False})
    assert [one.name for one in engine.full.volumes()] == ["whole"]


@pytest.mark.usefixtures("containers")
def test_a_container_that_is_gone_does_not_come_back(engine: Engine) -> None:
    engine.run("lab/busybox", "true", name="one")
    shelf = engine.full._parts.life.shelf
    record = shelf.find("one")
    engine.full.remove("one")
    with pytest.raises(NotFound):
        shelf.change(record.id, lambda now: now.called("two"))
    assert list(engine.containers()) == []


@pytest.mark.usefixtures("containers")
def test_two_changes_at_once_are_both_kept(engine: Engine) -> None:
    engine.run("lab/busybox", "true", name="one")
    shelf = engine.full._parts.life.shelf
    stale = shelf.find("one")
    shelf.change(stale.id, lambda now: replace(now, stop_timeout=77))
    shelf.change(stale.id, lambda now: now.called("two"))
    assert (shelf.find("two").stop_timeout, shelf.find("two").name) == (77, "two")


def test_a_broken_image_is_in_nobodys_way(engine: Engine) -> None:
    whole, broken = (engine.build(f"FROM scratch\nLABEL a={number}\n", f"it:{number}").image for number in (1, 2))
    engine.full.home.blobs.delete(Digest(broken.digest))
    assert engine.image(whole.id[:20]).id == whole.id


def test_an_image_by_its_name_goes_before_a_build_by_the_start_of_its_id(engine: Engine) -> None:
    engine.build("FROM scratch\nLABEL a=1\n", "other:1")
    (other,) = engine.full.home.builds
    engine.build("FROM scratch\nLABEL a=2\n", f"{other[:2]}:latest")
    (meant,) = set(engine.full.home.builds) - {other}
    assert engine.full.explain(other[:2]).build == meant
    assert engine.full.explain(other).build == other
