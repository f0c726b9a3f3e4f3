"""Lists as Docker's own client prints them: the same things on both sides, and many ways to ask for them."""

import calendar
import time
from types import SimpleNamespace

import pytest
from samples.docker_client import DockerClient
from samples.faces import RememberingFace

from pydock_lab.cli import invoke
from pydock_lab.engine.values import (
    ContainerSize,
    ContainerSpace,
    ContainerSummary,
    DiskDetails,
    ImageSummary,
    ImageUsage,
    MountSummary,
    NetworkSummary,
    SearchResult,
    VolumeSummary,
    VolumeUsage,
)
from pydock_lab.views import PortView

HOUR = 3600
NOW = int(time.time()) - 60  # in the midst of a unit, so that both say the same
IDS = [f"{number:x}" * 64 for number in range(10, 16)]
LABELS = {"b.c-d": "x y"}  # one alone: Docker's client has no order for several


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


CONTAINERS = [
    ContainerSummary(
        id=IDS[0],
        name="web",
        image="app:1",
        image_id=f"sha256:{IDS[5]}",
        command='sh -c "while true; do echo hello world; done"',
        created=NOW - 3 * HOUR,
        state="running",
        status="Up 3 hours (healthy)",
        ports=(
            PortView(host_ip="0.0.0.0", host_port=8080, container_port=80, protocol="tcp"),
            PortView(host_ip="::", host_port=8080, container_port=80, protocol="tcp"),
            PortView(host_ip="127.0.0.1", host_port=9000, container_port=9000, protocol="tcp"),
            PortView(host_ip="127.0.0.1", host_port=9001, container_port=9001, protocol="tcp"),
            PortView(host_ip="127.0.0.1", host_port=53, container_port=53, protocol="udp"),
        ),
        exposed=("443/tcp", "444/tcp"),
        labels=LABELS,
        mounts=(
            MountSummary(target="/data", source="/somewhere/data/_data", name="a-rather-long-name-of-a-volume"),
            MountSummary(target="/src", source="/home/somebody/course/exercise"),
        ),
        networks={"lab": "n1"},
    ),
    ContainerSummary(
        id=IDS[1],
        name="quiet_euler",
        image="lab/busybox",
        image_id=f"sha256:{IDS[4]}",
        command="true",
        created=NOW - 50 * 24 * HOUR,
        state="exited",
        status="Exited (137) 7 weeks ago",
        exit_code=137,
    ),
    ContainerSummary(
        id=IDS[2],
        name="new",
        image="lab/busybox",
        image_id=f"sha256:{IDS[4]}",
        command="a-single-word-that-is-rather-long é",
        created=NOW - 10,
        state="created",
        status="Created",
        networks={"bridge": "n0"},
    ),
]
SIZES = {IDS[0]: ContainerSize(writable=12, total=5_600_123), IDS[1]: ContainerSize(writable=0, total=0)}
IMAGES = [
    ImageSummary(
        repository=repository,
        tag=tag,
        image_id=f"sha256:{IDS[number]}",
        digest=f"sha256:{IDS[number + 1]}" if tag != "<none>" else "<none>",
        created=stamp(NOW - (number + 1) * 40 * HOUR),
        size=size,
        labels=LABELS if not number else {},
    )
    for number, (repository, tag, size) in enumerate(
        [("app", "1", 5_612_345), ("example.com/team/a", "latest", 999), ("<none>", "<none>", 1_000_000_000)]
    )
]
VOLUMES = [
    VolumeSummary(name="data", mountpoint="/v/data/_data", created=stamp(NOW), labels=LABELS),
    VolumeSummary(name=IDS[3], mountpoint=f"/v/{IDS[3]}/_data", created=stamp(NOW), anonymous=True),
]
NETWORKS = [
    NetworkSummary(id=IDS[1], name="bridge", driver="bridge", created=stamp(NOW)),
    NetworkSummary(id=IDS[2], name="lab", driver="bridge", internal=True, created=stamp(NOW), labels=LABELS),
    NetworkSummary(id=IDS[3], name="none", driver="null", created=stamp(NOW)),
]
HITS = [
    SearchResult(name="nginx", description="Official build of Nginx. " * 4, stars=21000, official=True),
    SearchResult(name="somebody/nginx", description="", stars=3, official=False),
]


def api_container(one, *, size=False):
    found = SIZES.get(one.id, ContainerSize(writable=0, total=0))
    ports = [
        {"IP": port.host_ip, "PrivatePort": port.container_port, "PublicPort": port.host_port, "Type": port.protocol}
        for port in one.ports
    ]
    ports += [{"PrivatePort": int(text.split("/")[0]), "Type": text.split("/")[1]} for text in one.exposed]
    return {
        "Id": one.id,
        "Names": [f"/{one.name}"],
        "Image": one.image,
        "ImageID": one.image_id,
        "Command": one.command,
        "Created": int(one.created),
        "Ports": ports,
        "Labels": dict(one.labels),
        "State": one.state,
        "Status": one.status,
        "Mounts": [
            {
                "Type": "volume" if mount.name else "bind",
                "Name": mount.name,
                "Source": mount.source,
                "Driver": "local" if mount.name else "",
            }
            for mount in one.mounts
        ],
        "NetworkSettings": {"Networks": {name: {"NetworkID": id_} for name, id_ in one.networks.items()}},
        **({"SizeRw": found.writable, "SizeRootFs": found.total} if size else {}),
    }


def api_image(one, **more):
    is_named = one.repository != "<none>"
    return {
        "Id": one.image_id,
        "RepoTags": [f"{one.repository}:{one.tag}"] if is_named else [],
        "RepoDigests": [f"{one.repository}@{one.digest}"] if is_named else [],
        "Created": calendar.timegm(time.strptime(one.created, "%Y-%m-%dT%H:%M:%SZ")),
        "Size": one.size,
        "SharedSize": -1,
        "Containers": -1,
        "Labels": dict(one.labels),
        **more,
    }


def api_volume(one, **more):
    return {
        "Name": one.name,
        "Driver": one.driver,
        "Mountpoint": one.mountpoint,
        "Scope": "local",
        "Labels": dict(one.labels),
        "CreatedAt": one.created,
        **more,
    }


DETAILS = DiskDetails(
    images=(ImageUsage(summary=IMAGES[0], shared=1000, containers=2),),
    containers=tuple(ContainerSpace(summary=one, size=SIZES[one.id]) for one in CONTAINERS[:2]),
    volumes=(VolumeUsage(summary=VOLUMES[0], size=4096, links=1),),
    cache=(),
)


@pytest.fixture(scope="module", autouse=True)
def utc():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture(scope="module")
def client(need, tmp_path_factory, utc):  # noqa: ARG001 - times are UTC's
    documents = {
        "containers/json": [api_container(one) for one in CONTAINERS],
        "containers/json?size=1": [api_container(one, size=True) for one in CONTAINERS],
        "images/json": [api_image(one) for one in IMAGES],
        "volumes": {"Volumes": [api_volume(one) for one in VOLUMES]},
        "networks": [
            {
                "Id": one.id,
                "Name": one.name,
                "Driver": one.driver,
                "Scope": "local",
                "Internal": one.internal,
                "Created": one.created,
                "EnableIPv4": True,
                "Labels": dict(one.labels),
            }
            for one in NETWORKS
        ],
        "images/search": [
            {"name": hit.name, "description": hit.description, "star_count": hit.stars, "is_official": hit.official}
            for hit in HITS
        ],
        "system/df": {
            "LayersSize": 5_612_345,
            "Images": [api_image(IMAGES[0], SharedSize=1000, Containers=2)],
            "Containers": [api_container(one, size=True) for one in CONTAINERS[:2]],
            "Volumes": [api_volume(VOLUMES[0], UsageData={"Size": 4096, "RefCount": 1})],
            "BuildCache": [],
        },
        "info": {},
    }
    found = DockerClient(need("docker"), tmp_path_factory.mktemp("client"), documents)
    yield found
    found.close()


@pytest.fixture
def ours(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    engine = SimpleNamespace(
        containers=lambda **_: CONTAINERS,
        container_size=SIZES.get,
        images=lambda **_: IMAGES,
        volumes=lambda: VOLUMES,
        networks=lambda _filters=(): NETWORKS,
        search=lambda _term, *, limit: HITS[:limit],
        disk_details=lambda: DETAILS,
    )

    def do(*words):
        face = RememberingFace()
        assert invoke(words, open_engine=lambda: engine, face=face) == 0
        return face.written

    return do


PS = [
    *("ID", "Image", "Command", "CreatedAt", "RunningFor", "Ports", "State", "Status", "Size", "Names", "Labels"),
    *("Mounts", "Networks", "LocalVolumes"),
]
IMAGE = ["ID", "Repository", "Tag", "Digest", "CreatedSince", "CreatedAt", "Size"]
DF = (
    "{{json .}}",
    "{{range .Images}}{{.Repository}} {{.UniqueSize}} {{.SharedSize}} {{.Containers}}{{end}}",
    r"{{range .Containers}}{{.Names}}\t{{.Size}}\n{{end}}",
    "{{(index .Volumes 0).Name}}: {{len .BuildCache}}",
)
VOLUME = ["Name", "Driver", "Scope", "Mountpoint", "Labels", "Links", "Size"]
NETWORK = ["ID", "Name", "Driver", "Scope", "IPv6", "Internal", "Labels", "CreatedAt"]
FOUND = ["Name", "Description", "StarCount", "IsOfficial"]
OTHERS = (
    ("-q",),
    ("--no-trunc",),
    ("-q", "--no-trunc"),
    ("--format", "json"),
    ("--format", "table"),
    ("--format", "raw"),
    ("--format", "{{json .}}"),
)


def forms(names):
    return [
        *(("--format", f"{{{{.{name}}}}}") for name in names),
        ("--format", "table " + r"\t".join(f"{{{{.{name}}}}}" for name in names)),
    ]


ASKED = [
    *(("ps", *words) for words in ((), *OTHERS, *forms(PS), ("-s",), ("-s", "--no-trunc"), ("-s", "--format", "raw"))),
    *(("ps", "--format", form) for form in ('{{.Label "b.c-d"}}', r'table {{.ID}}\t{{.Label "b.c-d"}}')),
    *(("ps", "--format", form) for form in ("{{upper .Names}}|{{.Image | lower}}", "table {{.Names}}: {{.Status}}")),
    *(("images", *words) for words in ((), *OTHERS[:6], *forms(IMAGE), ("--digests",), ("--digests", "-q"))),
    *(("volume", "ls", *words) for words in ((), ("-q",), *OTHERS[3:7], *forms(VOLUME))),
    *(("network", "ls", *words) for words in ((), *OTHERS[:5], OTHERS[6], *forms(NETWORK[:-1]))),
    *(("system", "df", "-v", "--format", form) for form in DF),
    *(("search", "nginx", *words) for words in ((), ("--no-trunc",), *OTHERS[3:5], *forms(FOUND))),
]


@pytest.mark.parametrize("words", ASKED, ids=" ".join)
def test_a_list_is_what_docker_prints(client, ours, words):
    status, text = client(*words)
    assert status == 0
    assert ours(*words) == text


@pytest.mark.parametrize("part", ["Images", "Containers", "Local Volumes"])
def test_sections_of_df(client, ours, part):
    def section(text):
        begin = text.index(f"{part} space usage:")
        return text[begin:].split("\n\n")[:2]

    assert section(ours("system", "df", "-v")) == section(client("system", "df", "-v")[1])
