"""What is around containers, for their picture: the networks they are in, and the volumes of the home."""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any

from pydock_lab.engine.asking import open_ports
from pydock_lab.engine.home import Home
from pydock_lab.engine.network_records import BRIDGE, NetworkRecord
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.oci.runtime_spec import Mount
from pydock_lab.runtime.state import UP, ContainerState
from pydock_lab.store.remembered import Remembered
from pydock_lab.views import NetworkMember, NetworkView, VolumeUser, VolumeView

Kept = tuple[ContainerRecord, ContainerState]


class Surroundings:
    """Reads the records of a home's networks and volumes."""

    def __init__(self, home: Home) -> None:
        self._networks = Remembered(home.networks, NetworkRecord.from_json)
        self._volumes: Remembered[dict[str, Any]] = Remembered(home.volumes, dict)

    def networks(self, containers: Sequence[Kept]) -> tuple[NetworkView, ...]:
        """Those that somebody made, the oldest first, and after them the default one, if anybody is in it.

        None at all where nobody has made one: then there is nothing to tell apart.
        """
        records = [record for _, record in self._networks.all()]
        made = sorted((one for one in records if one.name != BRIDGE), key=attrgetter("created"))
        default = [one for one in records if one.name == BRIDGE]
        shown = [_network(record, containers) for record in (*made, *default)] if made else []
        return tuple(one for one in shown if one.members or one.name != BRIDGE)

    def volumes(self, containers: Sequence[Kept]) -> tuple[VolumeView, ...]:
        """All volumes by name, those without a name of their own at the end."""
        users: dict[str, list[VolumeUser]] = {}
        for record, _ in containers:
            for mount in volumes_of(record):
                user = VolumeUser(container=record.name, target=mount.target, read_only=mount.read_only)
                users.setdefault(mount.volume, []).append(user)
        found = [
            VolumeView(
                name=name,
                created=record.get("created", ""),
                anonymous=record.get("anonymous", False),
                users=tuple(users.get(name, ())),
            )
            for name, record in self._volumes.all()
        ]
        return tuple(sorted(found, key=attrgetter("anonymous", "name")))


def volumes_of(record: ContainerRecord) -> Iterator[Mount]:
    """The volumes among a container's mounts."""
    return (mount for mount in record.spec.mounts if mount.volume)


def addresses(record: ContainerRecord, state: ContainerState) -> dict[str, str]:
    """The address in each network that a container is in, by the network's id; "" unless it runs."""
    now = {place.network: place.address for place in state.endpoints} if state.status in UP else {}
    return {place.network: now.get(place.network, "") for place in record.spec.network.places}


def _network(network: NetworkRecord, containers: Sequence[Kept]) -> NetworkView:
    members = tuple(_member(network, *kept) for kept in containers if network.id in addresses(*kept))
    return NetworkView(
        id=network.id,
        name=network.name,
        subnet=network.subnet,
        gateway=network.gateway,
        internal=network.internal,
        has_names=network.name != BRIDGE,
        members=members,
    )


def _member(network: NetworkRecord, record: ContainerRecord, state: ContainerState) -> NetworkMember:
    """A container in a network; ports are published through the first one that leads outside."""
    ways_out = (place.network for place in record.spec.network.places if not place.internal)
    is_way_out = network.id == next(ways_out, None)
    return NetworkMember(
        container=record.name,
        address=addresses(record, state)[network.id],
        ports=open_ports(state) if is_way_out and state.status in UP else (),
    )
