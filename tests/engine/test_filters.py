"""--filter of every list: which rows fit, and what is refused before there is any row."""

import time

import pytest

from pydock_lab.engine import network_filters, spoken_times, volume_filters
from pydock_lab.engine.asking import status_text
from pydock_lab.engine.container_filters import ContainerFilters
from pydock_lab.engine.filters import Filters
from pydock_lab.engine.image_filters import ImageFilters
from pydock_lab.engine.network_records import NetworkRecord
from pydock_lab.engine.values import ContainerSummary, ImageSummary, MountSummary, VolumeSummary
from pydock_lab.errors import CommandError, NotFound
from pydock_lab.runtime.health import Health, HealthState
from pydock_lab.runtime.state import ContainerState, Status

NOW = time.time()
HOUR = 3600


def container(name, hours, **more):
    said = {"id": f"{name}{'0' * 60}", "image": "app:1", "command": "true", "state": "exited", "status": ""}
    return ContainerSummary(**said | {"name": name, "created": NOW - hours * HOUR} | more)


CONTAINERS = [
    container("new", 1, state="created", image_id="sha256:b", layers=("base", "app")),
    container(
        "web",
        2,
        state="running",
        health="healthy",
        image_id="sha256:a",
        layers=("base",),
        labels={"course": "docker", "year": "1"},
        networks={"lab": "4f2e"},
        exposed=("443/tcp",),
        published=("80/tcp",),
        mounts=(MountSummary(target="/data", source="/home/store/data/_data", name="data"),),
    ),
    container("old", 3, exit_code=137, image_id="sha256:a", labels={"course": "linux"}, published=("53/udp",)),
    container("webber", 4, exit_code=0, image_id="sha256:c", mounts=(MountSummary(target="/src", source="/home/me"),)),
]
TOPMOST = {"base:1": ("sha256:a", "base"), "app:1": ("sha256:b", "app")}


def find_image(name):
    if name not in TOPMOST:
        raise NotFound("engine.no-image", image=name)
    return TOPMOST[name]


def of_containers(words):
    return [row.name for row in ContainerFilters.parse(words, find_image).select(CONTAINERS, CONTAINERS)]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("status=running", "web"),
        ("status=running status=created", "new web"),
        ("name=web", "web webber"),
        ("name=^web$", "web"),
        ("name=^/web$", "web"),
        ("name=(", ""),
        ("id=old0", "old"),
        ("id=^ld", ""),
        ("label=course", "web old"),
        ("label=course=docker", "web"),
        ("label=course label=year=1", "web"),
        ("label=course label!=year", "old"),
        ("exited=0", "webber"),
        ("exited=0 exited=137", "old webber"),
        ("health=healthy", "web"),
        ("health=none", "new old webber"),
        ("before=old", "webber"),
        ("since=old", "new web"),
        ("before=new since=webber", "web old"),
        ("ancestor=base:1", "new web old"),
        ("ancestor=app:1", "new"),
        ("ancestor=app:1 ancestor=base:1", "new web old"),
        ("ancestor=unknown", ""),
        ("network=lab", "web"),
        ("network=4f2e", "web"),
        ("network=other", ""),
        ("volume=data", "web"),
        ("volume=/data", "web"),
        ("volume=/home/me", "webber"),
        ("publish=80", "web"),
        ("publish=80/tcp", "web"),
        ("publish=80/udp", ""),
        ("publish=50-60/udp", "old"),
        ("expose=443", "web"),
        ("expose=80", "web"),
        ("expose=1-65535", "web"),
        ("is-task=true", ""),
        ("is-task=false name=new", "new"),
        ("NAME=old", "old"),
    ],
)
def test_containers(words, names):
    assert of_containers(words.split()) == names.split()


@pytest.mark.parametrize(
    ("word", "key"),
    [
        ("running", "form"),
        ("colour=red", "unknown"),
        ("nane=web", "unknown-like"),
        ("status=sleeping", "value"),
        ("health=well", "value"),
        ("exited=never", "value"),
        ("publish=web", "value"),
        ("expose=1-2-3", "value"),
        ("is-task=perhaps", "value"),
    ],
)
def test_containers_refuse(word, key):
    with pytest.raises(CommandError) as caught:
        ContainerFilters.parse([word], find_image)
    assert caught.value.key == f"engine.filter-{key}"


@pytest.mark.parametrize("word", ["before=nobody", "since=nobody"])
def test_a_container_that_is_named_must_be_there(word):
    with pytest.raises(NotFound):
        of_containers([word])


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def image(name, hours, **labels):
    repository, _, tag = name.rpartition(":")
    when = stamp(NOW - hours * HOUR)
    return ImageSummary(
        repository=repository or "<none>",
        tag=tag,
        image_id=f"sha256:{hours}",
        digest="",
        created=when,
        size=1,
        labels=labels,
    )


IMAGES = [
    image("app:2", 1),
    image("app:1", 2, course="docker"),
    image("example.com/team/app:1", 3),
    image(":<none>", 4),
]


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        ("reference=app", [1, 2]),
        ("reference=app:1", [2]),
        ("reference=ap*", [1, 2]),
        ("reference=*:1", [2]),
        ("reference=*/*/app", [3]),
        ("reference=app:2 reference=app:1", [1, 2]),
        ("dangling=true", [4]),
        ("dangling=false", [1, 2, 3]),
        ("dangling=true dangling=false", [1, 2, 3, 4]),
        ("before=middle", [3, 4]),
        ("since=middle", [1]),
        ("label=course", [2]),
        ("label!=course", [1, 3, 4]),
        ("until=150m", [3, 4]),
    ],
)
def test_images(words, hours):
    filters = ImageFilters.parse(words.split(), {"middle": stamp(NOW - 2 * HOUR)}.__getitem__)
    assert [int(row.image_id.removeprefix("sha256:")) for row in filters.select(IMAGES)] == hours


@pytest.mark.parametrize("word", ["dangling=maybe", "until=yesterday", "reference=[", "name=app"])
def test_images_refuse(word):
    with pytest.raises(CommandError):
        ImageFilters.parse([word], str)


VOLUMES = [
    VolumeSummary(name="data", mountpoint="/v/data", created="", labels={"course": "docker"}),
    VolumeSummary(name="database", mountpoint="/v/database", created=""),
]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("name=data", "data database"),
        ("name=^data$", "data"),
        ("label=course", "data"),
        ("driver=local", "data database"),
        ("driver=nfs", ""),
        ("dangling=true", "database"),
        ("dangling=false", "data"),
    ],
)
def test_volumes(words, names):
    assert [row.name for row in volume_filters.select(VOLUMES, words.split(), {"data"})] == names.split()


def network(name, hours=0, **labels):
    return NetworkRecord(id=name * 8, name=name, created=NOW - hours * HOUR, labels=labels)


def test_networks_to_prune():
    known = [network("new", 1), network("used", 5), network("old", 5), network("kept", 5, keep="1")]
    for words, names in (
        ((), "new used old kept"),
        (("until=3h",), "used old kept"),
        (("label!=keep",), "new used old"),
    ):
        said = Filters.parse(words, ("until", "label", "label!"))
        assert [one.name for one in network_filters.to_prune(known, said, NOW)] == names.split(), words


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("10m", 1_000_000_000 - 600),
        ("1h30m", 1_000_000_000 - 5400),
        ("1.5h", 1_000_000_000 - 5400),
        ("500ms", 1_000_000_000 - 0.5),
        ("0", 0),
        ("-10m", 1_000_000_000 + 600),
        ("1136073845", 1136073845),
        ("1136073845.5", 1136073845.5),
        ("2006-01-02T15:04:05Z", 1136214245),
        ("2006-01-02T15:04:05.5+01:00", 1136210645.5),
        ("2006-01-02T15:04:05.000000000Z", 1136214245),
    ],
)
def test_times(text, seconds):
    assert spoken_times.moment(text, 1_000_000_000) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "1e5", "10x", "2006-13-01", "٣"])
def test_what_is_no_time(text):
    assert spoken_times.moment(text, NOW) is None


HOURS = 2 * HOUR + 60


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ({"status": Status.CREATED}, "Created"),
        ({"status": Status.RUNNING, "started_at": HOURS}, "Up 2 hours"),
        ({"status": Status.RUNNING, "started_at": 90}, "Up About a minute"),
        ({"status": Status.RUNNING, "started_at": -50}, "Up Less than a second"),
        ({"status": Status.PAUSED, "started_at": HOURS}, "Up 2 hours (Paused)"),
        ({"status": Status.PAUSED, "started_at": HOURS, "health": Health.HEALTHY}, "Up 2 hours (Paused)"),
        ({"status": Status.RUNNING, "started_at": HOURS, "health": Health.HEALTHY}, "Up 2 hours (healthy)"),
        ({"status": Status.RUNNING, "started_at": HOURS, "health": Health.UNHEALTHY}, "Up 2 hours (unhealthy)"),
        (
            {"status": Status.RUNNING, "started_at": HOURS, "health": Health.STARTING},
            "Up 2 hours (health: starting)",
        ),
        ({"status": Status.EXITED, "exit_code": 137, "finished_at": HOURS}, "Exited (137) 2 hours ago"),
        ({"status": Status.EXITED, "exit_code": 0, "finished_at": 8 * 24 * HOUR + 60}, "Exited (0) 8 days ago"),
        ({"status": Status.RESTARTING, "exit_code": 1, "finished_at": 5.5}, "Restarting (1) 5 seconds ago"),
        ({"status": Status.REMOVING}, "Removal In Progress"),
        ({"status": Status.DEAD}, "Dead"),
    ],
)
def test_status_texts(state, text):
    """Moments are written as how long ago they were."""
    now = time.time()
    state |= {name: now - state[name] for name in ("started_at", "finished_at") if name in state}
    health = {"health": HealthState(status=state["health"])} if "health" in state else {}
    assert status_text(ContainerState(**state | health)) == text
