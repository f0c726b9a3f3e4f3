"""Who has which address: subnets for networks, addresses for containers. Pure: only numbers, nothing of this machine.

    172.18.0.0/16     .0.1 the gateway: the bridge itself     .0.2 ... containers, the lowest that is free

Source: Docker's documentation, "docker network create"; RFC 1918 (addresses for private networks).
"""

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import chain
from typing import Self

from pydock_lab.errors import Conflict, InvalidValue
from pydock_lab.oci.runtime_spec import Endpoint

# Docker's default pools (moby, libnetwork/ipamutils).
POOLS = (
    *(IPv4Network(f"172.{number}.0.0/16") for number in range(17, 32)),
    *IPv4Network("192.168.0.0/16").subnets(new_prefix=20),
)
_LONGEST_PREFIX = 30  # room for the gateway and one container


def choose_subnet(taken: Iterable[IPv4Network]) -> IPv4Network:
    """The first of Docker's pools that overlaps with nothing `taken`; raises Conflict when there is none."""
    taken = list(taken)
    for pool in POOLS:
        if not any(pool.overlaps(one) for one in taken):
            return pool
    raise Conflict("network.no-subnet")


def mac_address(address: IPv4Address) -> str:
    """The MAC address that Docker derives from an address: `02:42:ac:12:00:02`."""
    # 02: of a single receiver, and locally administered: no manufacturer has given it to a device.
    return ":".join(f"{byte:02x}" for byte in (0x02, 0x42, *address.packed))


def cable_name(address: IPv4Address) -> str:
    """The name of a cable's end in the hub: at most 15 characters are allowed."""
    return f"v{int(address):08x}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The addresses of a network: its gateway's, those for containers (`pool`), and those of them to leave alone."""

    subnet: IPv4Network
    gateway: IPv4Address
    pool: IPv4Network
    reserved: frozenset[IPv4Address]

    @classmethod
    def of(cls, endpoint: Endpoint) -> Self:
        """Of what an endpoint says of its network; raises InvalidValue where it makes no sense."""
        subnet = read_subnet(endpoint.subnet)
        gateway = _within(subnet, endpoint.gateway, "gateway") if endpoint.gateway else subnet[1]
        pool = read_range(endpoint.ip_range, subnet) if endpoint.ip_range else subnet
        reserved = frozenset(_within(subnet, one, "aux-address") for one in endpoint.reserved)
        return cls(subnet=subnet, gateway=gateway, pool=pool, reserved=reserved)

    def with_length(self, address: IPv4Address | str) -> IPv4Interface:
        """An address together with the network around it."""
        return IPv4Interface((address, self.subnet.prefixlen))

    def wanted(self, address: str) -> IPv4Address:
        """The address that a container asks for; raises InvalidValue where it is none of this network's."""
        found = _within(self.subnet, address, "ip")
        if found == self.gateway:
            raise InvalidValue("network.not-in-subnet", option="ip", address=address, subnet=str(self.subnet))
        return found

    def free(self, taken: AbstractSet[str]) -> Iterator[IPv4Address]:
        """The addresses for containers of which no cable is in `taken`, lowest first."""
        ends = {self.subnet.network_address, self.subnet.broadcast_address, self.gateway}
        # The ends of a range are addresses like others, unless they are the subnet's: `hosts` leaves them out.
        for address in chain((self.pool.network_address,), self.pool.hosts(), (self.pool.broadcast_address,)):
            if address not in ends and address not in self.reserved and cable_name(address) not in taken:
                yield address


def read_subnet(text: str) -> IPv4Network:
    """`10.89.0.0/24`; raises InvalidValue unless it has room for a gateway and a container."""
    try:
        subnet = IPv4Network(text)
    except ValueError:
        raise InvalidValue("network.no-ipv6" if _is_ipv6(text) else "network.bad-subnet", subnet=text) from None
    if subnet.prefixlen > _LONGEST_PREFIX:
        raise InvalidValue("network.bad-subnet", subnet=text)
    return subnet


def read_range(text: str, subnet: IPv4Network) -> IPv4Network:
    """A part of a subnet; raises InvalidValue where it is none."""
    try:
        found = IPv4Network(text, strict=False)
    except ValueError:
        raise InvalidValue("network.bad-subnet", subnet=text) from None
    if not found.subnet_of(subnet):
        raise InvalidValue("network.not-in-subnet", option="ip-range", address=text, subnet=str(subnet))
    return found


def _within(subnet: IPv4Network, text: str, option: str) -> IPv4Address:
    try:
        found = IPv4Address(text)
    except ValueError:
        raise InvalidValue("network.no-ipv6" if _is_ipv6(text) else "network.bad-address", subnet=text) from None
    if found not in subnet or found in (subnet.network_address, subnet.broadcast_address):
        raise InvalidValue("network.not-in-subnet", option=option, address=text, subnet=str(subnet))
    return found


def _is_ipv6(text: str) -> bool:
    return ":" in text
