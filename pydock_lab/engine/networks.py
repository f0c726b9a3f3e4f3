"""Networks of a home: made, found, removed; and containers in them, running or not.

A network is a record. Its bridge is made when the first container starts in it, and needs no care afterwards (see
network/bridge.py): so a machine without any isolation has networks to look at, too. Who is in a network now is said by
the containers' shims.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv4Network

from pydock_lab.engine import network_filters
from pydock_lab.engine.filters import Filters
from pydock_lab.engine.home import Home
from pydock_lab.engine.network_documents import network_document
from pydock_lab.engine.network_options import Attachment, NetworkCreation, OnChange, ignore_change
from pydock_lab.engine.network_records import BRIDGE, HOST_AND_NONE, NetworkRecord, check, default_bridge, new_record
from pydock_lab.engine.records import ContainerRecord, ContainerShelf
from pydock_lab.engine.values import NetworkSummary
from pydock_lab.errors import Conflict, ContainerError, NotFound, StoreError
from pydock_lab.network.addresses import choose_subnet, read_subnet
from pydock_lab.network.places import Place, Places
from pydock_lab.network.resolv_conf import of_the_host
from pydock_lab.network.routing import host_routes
from pydock_lab.oci.runtime_spec import Endpoint, NetworkMode
from pydock_lab.oci.times import rfc3339

_SHORTEST_ID = 2


class Networks:
    """The networks of a home; `on_change` hears of what happens to them, for `docker events`."""

    def __init__(self, home: Home, containers: ContainerShelf, *, on_change: OnChange = ignore_change) -> None:
        self._home, self._containers, self._records = home, containers, home.networks
        self._on_change = on_change

    # ---- looking

    def all(self, filters: Sequence[str] = ()) -> list[NetworkRecord]:
        """`docker network ls`, by name; raises CommandError for a filter that there is not."""
        found = [record for key in self._records if (record := self._read(key)) is not None]
        if not any(record.name == BRIDGE for record in found):
            found.append(default_bridge(_free_subnet(found)))
        found = sorted((*found, *HOST_AND_NONE), key=lambda record: record.name)
        return network_filters.select(found, filters, lambda record: bool(self.places(record)))

    def _read(self, key: str) -> NetworkRecord | None:
        try:
            return NetworkRecord.from_json(self._records.read(key))
        except (StoreError, KeyError, TypeError):  # removed meanwhile
            return None

    def summaries(self, filters: Sequence[str] = ()) -> tuple[NetworkSummary, ...]:
        """The rows of that list."""
        return tuple(
            NetworkSummary(
                id=record.id,
                name=record.name,
                driver=record.driver,
                internal=record.internal,
                created=rfc3339(datetime.fromtimestamp(record.created, UTC)) if record.created else "",
                labels=record.labels,
            )
            for record in self.all(filters)
        )

    def find(self, name: str) -> NetworkRecord:
        """A network by name, id, or the start of an id; raises NotFound, Conflict where several begin so."""
        records = self.all()
        name = "bridge" if name == "default" else name
        for record in records:
            if name in (record.name, record.id):
                return record
        starts = [record for record in records if record.id.startswith(name)] if len(name) >= _SHORTEST_ID else []
        if len(starts) > 1:
            raise Conflict("network.ambiguous", network=name, count=len(starts))
        if not starts:
            raise NotFound("network.unknown", network=name)
        return starts[0]

    def places(self, record: NetworkRecord) -> list[Place]:
        """Who is in it now; what killed shims left is swept away."""
        listed = Places(self._records.directory, record.id)
        with contextlib.suppress(OSError):  # of another user, or gone meanwhile
            listed.sweep()
        return listed.all()

    def inspect(self, name: str) -> dict[str, object]:
        """`docker network inspect`."""
        record = self.find(name)
        return network_document(record, self.places(record))

    # ---- making and removing

    def create(self, wanted: NetworkCreation) -> NetworkRecord:
        """`docker network create`; raises CommandError, InvalidValue, Conflict."""
        check(wanted)
        with self._records.lock():
            others = self.all()
            if any(other.name == wanted.name for other in others):
                raise Conflict("network.name-taken", network=wanted.name)
            record = new_record(wanted, os.urandom(32).hex(), time.time(), self._subnet(wanted, others))
            for other in others:
                if other.bridge == record.bridge:
                    raise Conflict("network.bridge-taken", name=record.bridge, network=other.name)
            self._records.add(record.id, record.to_json())
        self._tell("create", record)
        return record

    def _subnet(self, wanted: NetworkCreation, others: Iterable[NetworkRecord]) -> IPv4Network:
        if not wanted.subnet:
            return _free_subnet(others)
        subnet = read_subnet(wanted.subnet)
        for other in others:
            if other.subnet and subnet.overlaps(IPv4Network(other.subnet)):
                raise Conflict("network.overlaps", subnet=wanted.subnet, network=other.name, other=other.subnet)
        return subnet

    def default(self) -> NetworkRecord:
        """The default bridge, which from now on has the subnet that it has."""
        with self._records.lock():
            record = self.find(BRIDGE)
            if record.id not in self._records:
                self._records.write(record.id, replace(record, created=time.time()).to_json())
        return self.find(BRIDGE)

    def remove(self, name: str, *, force: bool = False) -> None:
        """`docker network rm`; raises Conflict for one in use, or that every engine has, NotFound unless `force`."""
        try:
            record = self.find(name)
        except NotFound:
            if force:
                return
            raise
        if record.is_predefined:
            raise Conflict("network.predefined", network=record.name)
        with self._records.lock():
            users = [place.names[0] for place in self.places(record)]
            if users:
                raise Conflict("network.in-use", network=record.name, containers=", ".join(users), first=users[0])
            self._records.remove(record.id)
        self._tell("destroy", record)

    def prune(self, said: Filters) -> Iterator[str]:
        """Remove the networks that no container is in, as far as the filters let them; their names."""
        for record in network_filters.to_prune(self.all(), said, time.time()):
            with contextlib.suppress(Conflict, NotFound):  # in use, or somebody else was quicker
                self.remove(record.id)
                yield record.name

    # ---- containers

    def connect(self, container: str, wanted: Attachment) -> None:
        """`docker network connect`: at once where the container runs; raises PydockError."""
        network, record = self.find(wanted.network), self._containers.find(container)
        self._check_connectable(record)
        if not network.subnet:
            raise ContainerError("network.not-to-connect", network=network.name, container=record.name, exit_status=1)
        endpoint = self.endpoint(network, wanted)
        kept = record.spec.network.places
        if self._is_running(record):
            if any(one.network == network.id for one in kept):
                raise Conflict("network.already-connected", network=network.name, container=record.name)
            self._home.runtime.connect(self._containers.folder(record.id), endpoint)
        self._keep(record.id, lambda now: (*(one for one in now if one.network != network.id), endpoint))
        self._tell("connect", network, container=record.id)

    def endpoint(self, network: NetworkRecord, wanted: Attachment) -> Endpoint:
        """A container's place in a network; raises ContainerError, InvalidValue for what cannot be there."""
        if wanted.aliases and not network.endpoint(Attachment()).has_names:
            raise ContainerError("network.alias-on-default", alias=wanted.aliases[0])
        if wanted.address and network.is_predefined:
            raise ContainerError("network.address-on-default", address=wanted.address)
        if wanted.address and not network.is_configured:
            raise ContainerError("network.address-not-configured", network=network.name, address=wanted.address)
        return network.endpoint(wanted)

    def _check_connectable(self, record: ContainerRecord) -> None:
        mode = record.spec.network.mode
        if mode is not NetworkMode.BRIDGE:
            raise ContainerError("network.not-connectable", container=record.name, mode=mode.value, exit_status=1)

    def disconnect(self, name: str, container: str, *, force: bool = False) -> None:
        """`docker network disconnect`; with `force` also from a network that has been removed. Raises PydockError."""
        record = self._containers.find(container)
        self._check_connectable(record)
        kept = record.spec.network.places
        place = next((one for one in kept if name in (one.name, one.network)), None)
        network = place.network if place else self.find(name).id
        if not any(one.network == network for one in kept):
            raise NotFound("network.not-connected", container=record.name, network=name)
        if self._is_running(record):
            try:
                self._home.runtime.disconnect(self._containers.folder(record.id), network)
            except NotFound:
                if not force:
                    raise
        self._keep(record.id, lambda now: tuple(one for one in now if one.network != network))
        with contextlib.suppress(NotFound):  # it was removed while the container was stopped
            self._tell("disconnect", self.find(network), container=record.id)

    def _keep(self, container: str, how: Callable[[Sequence[Endpoint]], tuple[Endpoint, ...]]) -> None:
        def changed(record: ContainerRecord) -> ContainerRecord:
            endpoints = how(record.spec.network.places)
            network = replace(record.spec.network, endpoints=endpoints, is_bare=not endpoints)
            return replace(record, spec=replace(record.spec, network=network))

        self._containers.change(container, changed)

    def rename(self, record: ContainerRecord, name: str) -> None:
        """Call a container otherwise from now on, in its networks, too; raises Conflict where the name is taken."""
        if name == record.name:
            raise Conflict("engine.same-name", container=name)
        self._containers.change(record.id, lambda now: now.called(name))
        if self._is_running(record):
            self._home.runtime.rename(self._containers.folder(record.id), name)

    def _is_running(self, record: ContainerRecord) -> bool:
        return self._home.runtime.is_running(self._containers.folder(record.id))

    # ---- starting

    def check(self, record: ContainerRecord) -> None:
        """Whether a container's networks are there; raises NotFound, ContainerError with what to do."""
        network = record.spec.network
        if network.mode is NetworkMode.CONTAINER:
            other = self._containers.find(network.container)
            if not self._is_running(other):
                raise ContainerError("network.not-running", container=other.name)
        for one in network.places:
            if one.has_names and one.network not in self._records:
                raise NotFound("network.gone", network=one.name, container=record.name)

    @contextlib.contextmanager
    def naming_holder(self) -> Iterator[None]:
        """What is done here names the container that has a port which is taken, if it is one of ours."""
        try:
            yield
        except ContainerError as error:
            holder = self._holder(error) if error.key == "network.port-taken" else None
            if holder is None:
                raise
            raise ContainerError("network.port-taken-by", container=holder.name, **error.fields) from None

    def _holder(self, error: ContainerError) -> ContainerRecord | None:
        for record in self._containers.all():
            if self._is_running(record):
                for port in self._home.runtime.state(self._containers.folder(record.id)).ports:
                    if str(port.host_port) == error.fields["port"] and port.protocol == error.fields["protocol"]:
                        return record
        return None

    def _tell(self, action: str, record: NetworkRecord, **more: str) -> None:
        self._on_change("network", action, record.id, {"name": record.name, "type": record.driver, **more})


def _free_subnet(others: Iterable[NetworkRecord]) -> IPv4Network:
    """A subnet that hides nothing: no other network, nothing that the host has a way to, nobody it asks for names."""
    taken = [IPv4Network(other.subnet) for other in others if other.subnet]
    servers = [IPv4Network(one) for one in of_the_host().servers if ":" not in one]
    return choose_subnet([*taken, *host_routes(), *servers])
