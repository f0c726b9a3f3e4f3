"""Requests about addresses, routes and rules: where a packet goes. Source: rtnetlink(7), ip-route(8), ip-rule(8).

    packet --> rules, by number: "what came in at br1 looks in table 12" --> table: "10.0.0.0/16 is at br1, ..."

A rule whose table knows no answer passes the packet on to the next one.
"""

import socket
import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from pydock_lab.linux.netlink import CREATE, EXCLUSIVE, REPLACE, Operation, attribute, number, text

_NEWADDR, _NEWROUTE, _DELROUTE, _NEWRULE, _DELRULE = 20, 24, 25, 32, 33
MAIN_TABLE, LOCAL_TABLE = 254, 255
_ADDRESS, _LOCAL, _BROADCAST = 1, 2, 4
_DESTINATION, _DEVICE, _GATEWAY, _TABLE = 1, 4, 5, 15
_RULE_INPUT, _RULE_PRIORITY, _RULE_TABLE = 3, 6, 15
_UNIVERSE, _LINK, _HOST = 0, 253, 254
_UNICAST, _TO_US, _UNREACHABLE = 1, 2, 7
_LOOK_UP, _REFUSE = 1, 7
_SET_AT_BOOT = 3
_ROUTE = struct.Struct("=BBBBBBBBI")


def add_address(index: int, interface: IPv4Interface) -> Operation:
    """Give a device an address and the network around it."""
    packed, network = interface.ip.packed, interface.network
    fixed = struct.pack("=BBBBi", socket.AF_INET, network.prefixlen, 0, 0, index)
    # IFA_ADDRESS is that of the other end where there is just one (point to point); else both are the same (if_addr.h).
    body = fixed + attribute(_LOCAL, packed) + attribute(_ADDRESS, packed)
    return Operation(_NEWADDR, CREATE | EXCLUSIVE, body + attribute(_BROADCAST, network.broadcast_address.packed))


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """Packets for `destination` (None: all that no other route knows) leave by a device, an index, or a gateway.

    With `is_ours` they have arrived: the destination is an address of this namespace. With neither device nor gateway
    they are refused: "host unreachable".
    """

    destination: IPv4Network | None = None
    device: int = 0
    gateway: IPv4Address | None = None
    table: int = MAIN_TABLE
    is_ours: bool = False

    def set(self) -> Operation:
        """Set it, in the place of another one for the same destination."""
        return Operation(_NEWROUTE, CREATE | REPLACE, self._body())

    def forget(self) -> Operation:
        """Take it away; ESRCH where there is none."""
        return Operation(_DELROUTE, 0, self._body())

    def _body(self) -> bytes:
        leads = self.device or self.gateway
        kind = _TO_US if self.is_ours else _UNICAST if leads else _UNREACHABLE
        # As ip-route(8) does it: a gateway's is global, what the device itself reaches is of the link.
        scope = _HOST if self.is_ours else _LINK if self.device and not self.gateway else _UNIVERSE
        length = self.destination.prefixlen if self.destination else 0
        # The fixed part has 8 bits for the number of a table, the attribute 32.
        body = _ROUTE.pack(socket.AF_INET, length, 0, 0, 0, _SET_AT_BOOT, scope, kind, 0) + number(_TABLE, self.table)
        if self.destination:
            body += attribute(_DESTINATION, self.destination.network_address.packed)
        if self.device:
            body += number(_DEVICE, self.device)
        if self.gateway:
            body += attribute(_GATEWAY, self.gateway.packed)
        return body


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Rule number `priority`: packets that came in at the device `source` ("": all) look in `table`.

    With table 0 they are refused: "network unreachable".
    """

    priority: int
    source: str = ""
    table: int = 0

    def add(self) -> Operation:
        """Add it."""
        return Operation(_NEWRULE, CREATE | EXCLUSIVE, self._body(_LOOK_UP if self.table else _REFUSE))

    def delete(self) -> Operation:
        """Remove the rule with this number and source, whatever it says; ENOENT where there is none."""
        return Operation(_DELRULE, 0, self._body(0))

    def _body(self, action: int) -> bytes:
        body = _ROUTE.pack(socket.AF_INET, 0, 0, 0, 0, 0, 0, action, 0) + number(_RULE_PRIORITY, self.priority)
        if self.table:
            body += number(_RULE_TABLE, self.table)
        return body + (text(_RULE_INPUT, self.source) if self.source else b"")
