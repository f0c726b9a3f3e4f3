"""What a container's network consists of, as plain data: made by who starts it, kept up by its shim."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydock_lab.network.addresses import Plan
from pydock_lab.network.inside import Interface, Wiring
from pydock_lab.network.places import Place
from pydock_lab.oci.plain import Document
from pydock_lab.oci.runtime_spec import Endpoint, PublishedPort


@dataclass(frozen=True, kw_only=True, slots=True)
class Plugged(Document):
    """What a container's network consists of; `ports` have the host ports that were found for them.

    `own_ports` are those that its program itself opens, on the host's network.
    """

    places: tuple[Place, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    own_ports: tuple[PublishedPort, ...] = ()
    has_outside: bool = False

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The networks that the container is in, with the addresses that it has there."""
        return tuple(place.endpoint for place in self.places)

    @property
    def address(self) -> str:
        """The address in the first network."""
        return self.places[0].endpoint.address if self.places else ""

    @property
    def gateway(self) -> str:
        """Of the way outside: the network with the highest priority, the first one of several."""
        open_ones = [one for one in self.endpoints if not one.internal]
        return max(open_ones, key=lambda one: one.priority).gateway if open_ones else ""

    @property
    def has_names(self) -> bool:
        """Whether others are found by name in one of the networks."""
        return any(one.has_names for one in self.endpoints)

    def facts(self) -> dict[str, Any]:
        """What `ContainerState` says of it: its fields by name."""
        return {
            "address": self.address,
            "gateway": self.gateway,
            "ports": (*self.ports, *self.own_ports),
            "endpoints": self.endpoints,
        }

    def wiring(self, laid: Iterable[Place], *, asks: bool) -> Wiring:
        """What is to be done with the ends of cables that were just laid."""
        ends = (
            Interface(name=one.interface, address=str(Plan.of(one.endpoint).with_length(one.endpoint.address)))
            for one in laid
        )
        return Wiring(interfaces=tuple(ends), gateway=self.gateway, asks=asks)
