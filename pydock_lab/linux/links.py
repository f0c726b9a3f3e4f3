"""Requests about network devices: bridges, cables between namespaces. Source: rtnetlink(7), linux/if_link.h, veth(4).

A bridge is a switch inside the kernel, a veth pair a cable: what goes in at one end comes out at the other, which may
be in another namespace.
"""

import socket
import struct
from dataclasses import dataclass
from typing import Self

from pydock_lab.linux.netlink import (
    CREATE,
    EXCLUSIVE,
    IFF_UP,
    Operation,
    attribute,
    dump,
    nest,
    number,
    read_attributes,
    text,
)

_NEWLINK, _DELLINK, _GETLINK = 16, 17, 18
_LINK = struct.Struct("=BBHiII")
_NUMBER = struct.Struct("=I")

_ADDRESS, _NAME, _MTU, _MASTER, _LINKINFO, _ALIAS = 1, 3, 4, 10, 18, 20
_NAMESPACE, _WANTED = 28, 29
_KIND, _DATA, _SLAVE_KIND, _SLAVE_DATA, _PEER = 1, 2, 4, 5, 1
_PORT_ISOLATED = 33
_PER_FAMILY, _SETTINGS, _PROXY_ARP = 26, 1, 3
_SET_NEIGHBOURS, _TABLE_NAME, _TABLE_SETTINGS, _INDEX, _PROXY_DELAY = 67, 1, 6, 1, 13
_WITHOUT_STATISTICS = 1 << 3


@dataclass(frozen=True, slots=True)
class Link:
    """A device as the kernel knows it: `alias` is a note of whoever made it, `bridge` the index of the one it is in."""

    index: int
    name: str
    alias: str = ""
    bridge: int = 0

    @classmethod
    def read(cls, body: bytes) -> Self:
        """From the body of an answer."""
        _, _, _, index, _, _ = _LINK.unpack_from(body)
        found = read_attributes(body[_LINK.size :], (_MASTER, _NAME, _ALIAS))
        (bridge,) = _NUMBER.unpack(found.get(_MASTER, bytes(4)))
        name, alias = (found.get(kind, b"").rstrip(b"\0").decode("utf-8", "replace") for kind in (_NAME, _ALIAS))
        return cls(index, name, alias, bridge)


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """The end of a cable that goes into a namespace (a descriptor): its name there, its MAC address, its MTU."""

    name: str
    namespace: int
    mac_address: str = ""
    mtu: int = 0


def _link(index: int = 0, *, up: bool = False) -> bytes:
    flags = IFF_UP if up else 0
    # The last word says which flags are meant: with 0 all stay as they are.
    return _LINK.pack(socket.AF_UNSPEC, 0, 0, index, flags, flags)


def _mac(address: str) -> bytes:
    return attribute(_ADDRESS, bytes.fromhex(address.replace(":", ""))) if address else b""


def _mtu(mtu: int) -> bytes:
    return number(_MTU, mtu) if mtu else b""


def add_bridge(name: str, *, mac_address: str = "", mtu: int = 0) -> Operation:
    """A switch inside the kernel; without a MAC address it takes one of those of its ports, as they come and go."""
    body = _link() + text(_NAME, name) + _mac(mac_address) + _mtu(mtu) + nest(_LINKINFO, text(_KIND, "bridge"))
    return Operation(_NEWLINK, CREATE | EXCLUSIVE, body)


def add_cable(name: str, bridge: int, end: End) -> Operation:
    """A veth pair: one end, `name`, plugged into the bridge (an index) and up, the other one in a namespace."""
    # What describes the other end is like a request of its own: a fixed part, then attributes. The kernel makes that
    # end in its namespace at once: in the hub it would clash with the `eth0` of every other container.
    other = _link() + text(_NAME, end.name) + number(_NAMESPACE, end.namespace) + _mac(end.mac_address) + _mtu(end.mtu)
    kind = text(_KIND, "veth") + nest(_DATA, attribute(_PEER, other))
    body = _link(up=True) + text(_NAME, name) + number(_MASTER, bridge) + _mtu(end.mtu)
    return Operation(_NEWLINK, CREATE | EXCLUSIVE, body + nest(_LINKINFO, kind))


def isolate(name: str) -> Operation:
    """Let a port of a bridge talk to the bridge, but to no other port that is isolated."""
    # Linux 4.18. Docker does it with its packet filter (com.docker.network.bridge.enable_icc).
    kind = text(_SLAVE_KIND, "bridge") + nest(_SLAVE_DATA, attribute(_PORT_ISOLATED, b"\1"))
    return Operation(_NEWLINK, 0, _link() + text(_NAME, name) + nest(_LINKINFO, kind))


def set_up(index: int) -> Operation:
    """Switch a device on."""
    return Operation(_NEWLINK, 0, _link(index, up=True))


def answer_for_others(index: int) -> list[Operation]:
    """Let a device answer the question who has an address (ARP) for all addresses that can be reached through us.

    At once: by itself the kernel waits for up to 0.8 seconds, in case somebody else answers (arp(7), proxy_delay).
    """
    settings = nest(_SETTINGS, number(_PROXY_ARP, 1))
    switch = Operation(_NEWLINK, 0, _link(index) + nest(_PER_FAMILY, nest(socket.AF_INET, settings)))
    delay = nest(_TABLE_SETTINGS, number(_INDEX, index), attribute(_PROXY_DELAY, bytes(8)))
    header = struct.pack("=BxH", socket.AF_INET, 0)
    return [switch, Operation(_SET_NEIGHBOURS, 0, header + text(_TABLE_NAME, "arp_cache") + delay)]


def note(index: int, alias: str) -> Operation:
    """Write a note on a device (`ip link` shows it as its alias)."""
    return Operation(_NEWLINK, 0, _link(index) + attribute(_ALIAS, alias.encode()))


def delete(index: int) -> Operation:
    """Remove a device; with one end of a veth goes the other."""
    return Operation(_DELLINK, 0, _link(index))


def get(name: str) -> Operation:
    """Ask for one device by its name; the answer is for `Link.read`, or ENODEV."""
    return Operation(_GETLINK, 0, _link() + text(_NAME, name) + number(_WANTED, _WITHOUT_STATISTICS))


def list_all() -> Operation:
    """Ask for all devices; the answers are for `Link.read`."""
    return dump(_GETLINK, _link() + number(_WANTED, _WITHOUT_STATISTICS))
