"""Containers with something around them: networks, volumes, and what has happened."""

from dataclasses import replace

from pydock_lab.views import (
    ContainerView,
    EventKind,
    EventView,
    Instances,
    NetworkMember,
    NetworkView,
    PortView,
    VolumeUser,
    VolumeView,
)
from samples.views import HOSTILE, HOSTILE_INSTANCES, SHOP_INSTANCES, TRIAL, WEB1, WEB2, change, copied, digest

PORT = PortView(host_ip="127.0.0.1", host_port=8080, container_port=80)
WEB = replace(WEB1, name="web", addresses=(("front", "172.18.0.2"),), address="172.18.0.2", gauges=())
API = replace(
    WEB2,
    name="api",
    address="172.18.0.3",
    addresses=(("front", "172.18.0.3"), ("back", "172.19.0.2")),
    changes=(copied("/srv/app.py", 380_400), change("+", "/tmp/x", 100_000)),
    changes_total=2,
    fresh=("/srv/app.py", "/tmp/x"),
)
DATABASE = ContainerView(
    id=digest("db")[7:],
    name="db",
    state="running",
    command="postgres -D /var/lib/data",
    pid=4802,
    inside_pid=1,
    hostname="db",
    address="172.19.0.3",
    addresses=(("back", "172.19.0.3"),),
    volumes=(("records", "/var/lib/data"), ("f" * 64, "/var/cache")),
)


def event(number: int, kind: EventKind, container: str, ago: int, **more: object) -> EventView:
    """One that is the `number`th of all."""
    at = f"2026-11-28T08:{number:02}:00Z"
    return EventView(id=str(number), kind=kind, container=container, at=at, ago=ago, **more)  # type: ignore[arg-type]


CONNECTED = Instances(
    images=(replace(SHOP_INSTANCES, containers=(WEB, API, DATABASE, TRIAL)),),
    tier="rootless",
    networks=(
        NetworkView(
            id=digest("front")[7:],
            name="front",
            subnet="172.18.0.0/16",
            gateway="172.18.0.1",
            members=(
                NetworkMember(container="web", address="172.18.0.2", ports=(PORT,)),
                NetworkMember(container="api", address="172.18.0.3"),
            ),
        ),
        NetworkView(
            id=digest("back")[7:],
            name="back",
            subnet="172.19.0.0/16",
            gateway="172.19.0.1",
            internal=True,
            members=(
                NetworkMember(container="api", address="172.19.0.2"),
                NetworkMember(container="db", address="172.19.0.3"),
            ),
        ),
        NetworkView(id=digest("spare")[7:], name="spare", subnet="172.20.0.0/16", gateway="172.20.0.1"),
        NetworkView(
            id=digest("bridge")[7:],
            name="bridge",
            subnet="172.17.0.0/16",
            gateway="172.17.0.1",
            has_names=False,
            members=(NetworkMember(container="essai"),),
        ),
    ),
    volumes=(
        VolumeView(
            name="records",
            created="2026-11-28T08:00:00Z",
            users=(
                VolumeUser(container="db", target="/var/lib/data"),
                VolumeUser(container="essai", target="/mnt", read_only=True),
            ),
        ),
        VolumeView(name="uploads", created="2026-11-27T08:00:00Z"),
        VolumeView(name="f" * 64, anonymous=True, users=(VolumeUser(container="db", target="/var/cache"),)),
    ),
    events=(
        event(1, EventKind.CREATED, "essai", 7200),
        event(2, EventKind.OUT_OF_MEMORY, "essai", 240),
        event(3, EventKind.DIED, "essai", 180, exit_code=137),
        event(4, EventKind.STARTED, "api", 120),
        event(5, EventKind.REMOVED, "old", 40),
        event(6, EventKind.COPIED_UP, "web", 30, path="/usr/bin/python3", layer=0, count=12),
        event(7, EventKind.COPIED_UP, "api", 0, path="/srv/app.py", layer=4),
    ),
)
HOSTILE_CONNECTED = replace(
    HOSTILE_INSTANCES,
    images=tuple(
        replace(
            image,
            containers=tuple(
                replace(
                    one,
                    addresses=((HOSTILE, HOSTILE), (HOSTILE, "")),
                    volumes=((HOSTILE, HOSTILE),) * 9,
                    changes=(replace(copied("/" + HOSTILE, 10**15), layer=900, copied=10**15), *one.changes),
                    fresh=("/" + HOSTILE,),
                )
                for one in image.containers
            ),
        )
        for image in HOSTILE_INSTANCES.images
    ),
    networks=tuple(
        NetworkView(
            id=HOSTILE,
            name=HOSTILE,
            subnet=HOSTILE,
            gateway=HOSTILE,
            internal=bool(number % 2),
            members=tuple(
                NetworkMember(container=f"{at}{HOSTILE}", address=HOSTILE, ports=(PORT,) * 20) for at in range(number)
            ),
        )
        for number in range(14)
    ),
    volumes=tuple(
        VolumeView(
            name=HOSTILE,
            created=HOSTILE,
            users=tuple(VolumeUser(container=HOSTILE, target=HOSTILE, read_only=bool(at % 2)) for at in range(number)),
        )
        for number in range(14)
    ),
    events=tuple(
        event(at, kind, HOSTILE, 10**10, path=HOSTILE, layer=10**9, count=1 + at % 2 * 10**9)
        for at, kind in enumerate(EventKind)
    ),
)
