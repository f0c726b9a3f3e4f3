"""The picture of images with their containers: never older than the moment in which it is asked for."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from samples.users import ordinary_user, run_as

from pydock_lab.engine.instances import InstancesPicture
from pydock_lab.linux.tiers import Tier
from pydock_lab.views import ChangeKind

INSIDE = "in_the_next_look or nothing_new or belongs_to_others"
pytestmark = pytest.mark.usefixtures("containers")


def only(engine):
    ((container,),) = [image.containers for image in engine.full.instances().images]
    return container


def changes(engine):
    return {one.path: (one.kind, one.size) for one in only(engine).changes}


def test_a_file_is_in_the_next_look(engine):
    engine.run("lab/base", "sleep", "1000", detach=True, name="one")
    assert changes(engine) == {}
    for number in range(3):
        engine.exec("one", "sh", "-c", f"echo {'x' * number} > /new; echo . > /file{number}")
        assert changes(engine)["/new"] == (ChangeKind.ADDED, number + 1)
        assert changes(engine)[f"/file{number}"] == (ChangeKind.ADDED, 2)
    engine.exec("one", "sh", "-c", "rm /file1; echo more >> /etc/passwd; rm /etc/group")
    found = changes(engine)
    assert "/file1" not in found
    assert found["/etc/passwd"][0] is ChangeKind.CHANGED
    assert found["/etc/group"][0] is ChangeKind.DELETED


def test_it_is_known_where_a_changed_file_comes_from_in_the_next_look(engine):
    engine.build("FROM lab/base\nRUN printf 123456 > /one\nRUN mkdir /two && echo > /two/a && echo > /two/b\n", "app")
    engine.run("app", "sleep", "1000", detach=True, name="one")
    engine.exec("one", "sh", "-c", "echo more >> /one; rm -r /two; echo > /three")
    (image,) = engine.full.instances().images
    layers = [row.instruction.partition(" ")[2][:8] for row in image.layers]
    found = {change.path: change for change in only(engine).changes}
    assert layers[found["/one"].layer] == "printf 1"
    assert layers[found["/two"].layer] == "mkdir /t"
    assert [(found[path].copied, found[path].size) for path in ("/one", "/two", "/three")] == [(6, 11), (0, 2), (0, 1)]
    assert found["/three"].layer == -1
    assert all(abs(change.touched / 1e9 - time.time()) < 60 for change in found.values())


def test_where_there_is_nothing_new_the_view_is_the_same(engine):
    engine.run("lab/base", "sh", "-c", "echo > /new; exec sleep 1000", name="one", detach=True)
    engine.exec("one", "true")
    before = only(engine)
    assert only(engine).changes is before.changes


def test_time_that_passes_is_nothing_new(engine):
    engine.run("lab/base", "sh", "-c", "echo > /new", name="one")
    before = engine.full.instances()
    time.sleep(1.1)
    assert engine.full.instances() == before


def test_files_are_seen_where_one_belongs_to_others(engine):
    engine.run("lab/base", "sleep", "1000", detach=True, name="one")
    engine.exec("one", "sh", "-c", "mkdir -m 700 /own; echo > /own/file; chown -R 1000:1000 /own")
    assert changes(engine)["/own/file"] == (ChangeKind.ADDED, 1)


def test_an_image_is_seen_as_it_is_called_now_and_when_it_is_gone(engine):
    engine.build("FROM lab/base\nRUN echo > /of-image\n", "one:1")
    engine.run("one:1", "sh", "-c", "echo more > /of-image", name="one")
    assert engine.full.instances().images[0].name == "one:1"
    assert changes(engine)["/of-image"][0] is ChangeKind.CHANGED
    engine.full.tag("one:1", "two:1")
    engine.full.remove_image("one:1")
    assert engine.full.instances().images[0].name == "two:1"
    engine.full.remove_image("two:1", force=True)
    (image,) = engine.full.instances().images
    assert (image.layers, image.name) == ((), "one:1")
    assert changes(engine)["/of-image"][0] is ChangeKind.ADDED


def test_a_container_with_another_name(engine):
    engine.run("lab/base", "true", name="one")
    assert only(engine).name == "one"
    engine.full.rename("one", "two")
    assert only(engine).name == "two"
    engine.full.remove("two")
    assert engine.full.instances().images == ()


def test_two_who_look_at_once_take_turns(engine, monkeypatch):
    inside, most = [], []

    def look(picture):
        inside.append(picture)
        most.append(len(inside))
        time.sleep(0.05)
        return inside.pop()

    monkeypatch.setattr(InstancesPicture, "_look", look)
    threads = [threading.Thread(target=engine.full.instances) for _ in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert most == [1] * 4


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE, Tier.TRACED])
def test_the_same_as_an_ordinary_user(tier: Tier, need: Callable[[str], str]) -> None:
    need("newuidmap")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "--no-header", "-k", INSIDE]
    with ordinary_user() as user:
        done = run_as(user, *words, str(Path(__file__)), tier=tier)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "5 passed" in done.stdout
