"""What is around containers in their picture: networks, volumes, and what has happened to them."""

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from samples.users import ordinary_user, run_as
from samples.waiting import wait_until

from pydock_lab.drawing import to_text
from pydock_lab.engine import timeline
from pydock_lab.engine.network_options import Attachment, NetworkCreation
from pydock_lab.linux.tiers import Tier
from pydock_lab.store import happenings
from pydock_lab.views import ChangeKind, EventKind, FileChange, VolumeUser

INSIDE = "networks_are or volume_stays or what_happened"
pytestmark = pytest.mark.usefixtures("containers")


def look(engine):
    return engine.full.instances()


def events(engine):
    return [(one.kind.value, one.container, one.exit_code) for one in look(engine).events]


def test_one_container_in_the_default_network_is_no_reason_to_speak_of_networks(engine):
    engine.run("lab/base", "true", name="one")
    found = look(engine)
    assert (found.networks, found.volumes) == ((), ())
    assert found.images[0].containers[0].addresses == (("bridge", ""),)


def test_networks_are_told_apart_with_their_members(engine):
    front, back = NetworkCreation(name="front"), NetworkCreation(name="back", internal=True)
    for one in (front, back):
        engine.full.create_network(one)
    engine.run("lab/base", "sleep", "100", name="plain", detach=True)
    inside = (Attachment(network="front"),)
    engine.run("lab/base", "sleep", "100", name="web", detach=True, ports={80: 0}, networks=inside)
    engine.run("lab/base", "sleep", "100", name="api", detach=True, networks=inside)
    engine.full.connect_network("api", Attachment(network="back"))
    found = {one.name: one for one in look(engine).networks}
    assert list(found) == ["front", "back", "bridge"]
    assert [found[name].internal for name in found] == [False, True, False]
    assert [found[name].has_names for name in found] == [True, True, False]
    members = {name: {one.container: one for one in network.members} for name, network in found.items()}
    assert {name: list(one) for name, one in members.items()} == {
        "front": ["web", "api"],
        "back": ["api"],
        "bridge": ["plain"],
    }
    for name, ones in members.items():
        prefix = found[name].subnet.rpartition(".0")[0].rpartition(".0")[0]
        assert all(one.address.startswith(prefix) for one in ones.values())
    assert [port.container_port for port in members["front"]["web"].ports] == [80]
    assert members["front"]["web"].ports[0].host_port > 0
    engine.full.stop("api", timeout=0)
    assert {one.container: one.address for one in look(engine).networks[1].members} == {"api": ""}
    engine.full.disconnect_network("back", "api")
    assert look(engine).networks[1].members == ()
    engine.full.remove_network("back")
    assert [one.name for one in look(engine).networks] == ["front", "bridge"]


def test_a_published_port_comes_in_where_the_way_out_is(engine):
    for name in ("inner", "outer"):
        engine.full.create_network(NetworkCreation(name=name, internal=name == "inner"))
    both = tuple(Attachment(network=name) for name in ("inner", "outer"))
    engine.run("lab/base", "sleep", "100", name="web", detach=True, ports={80: 0}, networks=both)
    assert {one.name: len(one.members[0].ports) for one in look(engine).networks} == {"inner": 0, "outer": 1}


def test_a_volume_stays_when_its_containers_go(engine):
    engine.full.create_volume("spare")
    engine.run("lab/base", "sh", "-c", "echo kept > /data/file", name="one", volumes={"data": "/data"})
    users = (VolumeUser(container="one", target="/data"),)
    assert {one.name: one.users for one in look(engine).volumes} == {"data": users, "spare": ()}
    engine.full.remove("one")
    assert {one.name: one.users for one in look(engine).volumes} == {"data": (), "spare": ()}
    engine.full.remove_volume("spare")
    assert [one.name for one in look(engine).volumes] == ["data"]
    assert "nobody uses it" in to_text(look(engine), language="en")


def test_what_happened_is_told_from_the_oldest_to_the_newest(engine):
    engine.build("FROM lab/base\nRUN echo > /of-image\n", "app")
    engine.run("app", "sh", "-c", "sleep 0.1; echo more >> /of-image; sleep 0.1; exit 3", name="one")
    assert events(engine) == [
        ("create", "one", None),
        ("start", "one", None),
        ("copy-up", "one", None),
        ("die", "one", 3),
    ]
    copied = look(engine).events[2]
    assert (copied.path, copied.count) == ("/of-image", 1)
    engine.full.rename("one", "two")
    engine.full.remove("two")
    assert events(engine)[-1] == ("destroy", "two", None)
    engine.run("lab/base", "true", name="three", auto_remove=True)
    wait_until(lambda: events(engine)[-1] == ("destroy", "three", None))


def test_a_file_is_copied_up_once_however_often_it_is_written(engine):
    engine.build("FROM lab/base\nRUN echo > /of-image\n", "app")
    engine.run("app", "sleep", "100", name="one", detach=True)
    engine.exec("one", "sh", "-c", "echo more >> /of-image")
    first = look(engine).events[-1]
    engine.exec("one", "sh", "-c", "sleep 0.1; echo more >> /of-image")
    assert look(engine).events[-1].id == first.id
    assert first.kind is EventKind.COPIED_UP


def test_many_files_at_once_are_one_event(engine):
    engine.build("FROM lab/base\nRUN mkdir /many && cd /many && touch 1 2 3 4 5 6 7 8 9\n", "app")
    engine.run("app", "sh", "-c", "echo | tee /many/*", name="one")
    told = [(one.kind, one.count) for one in look(engine).events]
    assert (EventKind.COPIED_UP, 9) in told
    assert len(told) == 4


@pytest.mark.parametrize("step", [0, 1_000_000, 9_999_999])
def test_a_file_is_not_written_before_its_program_began(step: int, tmp_path: Path) -> None:
    """Although its clock goes in steps, and may be behind: it is the kernel's timer that moves it on."""
    events, began = tmp_path / "events.jsonl", time.time() - 10
    for after, action in enumerate(("create", "start", "die")):
        happenings.tell(str(events), "container", action, "1234", {"name": "one"}, at=began + after * 0.05)
    _, start, _ = happenings.read(events, until=began + 1)
    change = FileChange(path="/file", kind=ChangeKind.CHANGED, size=1)
    copied = [("one", [(change, start.nanoseconds - step)])]
    told = timeline.Timeline(SimpleNamespace(events=events)).last({"1234": "one"}, copied)
    assert [one.kind.value for one in told] == ["create", "start", "copy-up", "die"]


@pytest.mark.parametrize(
    ("seconds", "ago"),
    [(-5, 0), (0.4, 0), (9.9, 0), (10, 10), (59, 50), (60, 60), (3599, 3540), (3600, 3600), (90_000, 86_400)],
)
def test_time_goes_in_steps(seconds, ago):
    assert timeline._ago(seconds) == ago


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("tier", [Tier.ROOTLESS, Tier.ROOTLESS_SINGLE])
def test_the_same_as_an_ordinary_user(tier: Tier, need: Callable[[str], str]) -> None:
    need("newuidmap")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-x", "--no-header", "-k", INSIDE]
    with ordinary_user() as user:
        done = run_as(user, *words, str(Path(__file__)), tier=tier)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "3 passed" in done.stdout
