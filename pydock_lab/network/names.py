"""What a container may find by name: the containers of its own networks, under the names that they have there.

    web           in any of its networks, the first one that knows it
    web.lab       in the network `lab`
    5.0.18.172.in-addr.arpa      the name that belongs to an address

Several may share an alias: each answer begins with another one, so that they take turns.
"""

from ipaddress import AddressValueError, IPv4Address, IPv4Network
from pathlib import Path

from pydock_lab.network import dns
from pydock_lab.network.dns import Kind, Message, Question, Record, Status
from pydock_lab.network.places import Place, Places
from pydock_lab.oci.runtime_spec import Endpoint

_TTL = 5  # seconds: an address is free again when its container has ended
_REVERSE = ".in-addr.arpa"


class Names:
    """Answers for the networks in `networks` (a folder); `hub` is the mark of the hub that must be the same."""

    def __init__(self, networks: Path, hub: str) -> None:
        self._folder, self._hub = networks, hub
        self._networks: dict[str, tuple[Endpoint, Places]] = {}
        self._turn = 0

    def join(self, endpoint: Endpoint) -> None:
        """From now on look into this network, too."""
        if endpoint.has_names:
            self._networks[endpoint.network] = (endpoint, Places(self._folder, endpoint.network))

    def leave(self, network: str) -> None:
        """Look no more into a network, by its id."""
        self._networks.pop(network, None)

    def answer(self, message: Message) -> Message | None:
        """The answer to a question; None where somebody else has to know."""
        question = message.question
        if question.space != dns.INTERNET:
            return None
        name = dns.text(question.name)
        if question.kind == Kind.PTR and name.endswith(_REVERSE):
            return self._reverse(message, name.removesuffix(_REVERSE))
        found = self._find(name)
        if not found:
            return None
        # The name is known: that it has no IPv6 address is an answer, too.
        wanted = question.kind in (Kind.A, Kind.ANY)
        return message.answer(*(_address(question, place) for place in found if wanted))

    def _find(self, name: str) -> list[Place]:
        for endpoint, places in self._networks.values():
            suffix = f".{endpoint.name.lower()}"
            found = places.named(name) or (places.named(name.removesuffix(suffix)) if name.endswith(suffix) else [])
            found = [place for place in found if place.hub == self._hub]
            if found:
                self._turn += 1
                first = self._turn % len(found)
                return found[first:] + found[:first]
        return []

    def _reverse(self, message: Message, reversed_address: str) -> Message | None:
        """The name of an address; that an address of our own networks has none is known to nobody else either."""
        try:
            address = IPv4Address(".".join(reversed(reversed_address.split("."))))
        except AddressValueError:
            return None
        for endpoint, places in self._networks.values():
            if address in IPv4Network(endpoint.subnet):
                found = (_name(message.question, place) for place in places.all() if self._has(place, address))
                answers = list(found)[:1]
                return message.answer(*answers, status=Status.NOERROR if answers else Status.NXDOMAIN)
        return None

    def _has(self, place: Place, address: IPv4Address) -> bool:
        return place.hub == self._hub and place.endpoint.address == str(address)


def _address(question: Question, place: Place) -> Record:
    return Record(question.name, Kind.A, _TTL, IPv4Address(place.endpoint.address).packed)


def _name(question: Question, place: Place) -> Record:
    name = dns.labels(f"{place.names[0]}.{place.endpoint.name}")
    return Record(question.name, Kind.PTR, _TTL, dns.write_name(name))
