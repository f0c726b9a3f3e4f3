"""Bridges, and the cables that connect containers to them.

A cable is a veth pair: one end in the hub, plugged into the bridge, the other one in the container, as `eth0`. The
end in the hub is named after the container's address, and the kernel refuses a name that is there already: so the
kernel itself is the list of addresses in use, without a file that could be wrong after a crash.

    10.88.0.0/16:  .1 the bridge   .2 the way out   .3 its name server   .4 ... containers
"""

import errno
import os
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from pydock_lab.errors import Conflict, ContainerError
from pydock_lab.linux import netlink, syscalls
from pydock_lab.linux.netlink import Netlink
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.network import hub
from pydock_lab.oci.runtime_spec import Network

_BRIDGE, _OUTSIDE, _NAME_SERVER, _FIRST = 1, 2, 3, 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The addresses with a role in a network."""

    subnet: IPv4Network

    @classmethod
    def of(cls, network: Network) -> "Plan":
        """Of a network's subnet; raises ContainerError unless it has room for 8 addresses."""
        try:
            subnet = IPv4Network(network.subnet)
        except ValueError:
            raise ContainerError("network.bad-subnet", subnet=network.subnet) from None
        if subnet.num_addresses < 2 * _FIRST:
            raise ContainerError("network.bad-subnet", subnet=network.subnet)
        return cls(subnet=subnet)

    @property
    def bridge(self) -> IPv4Address:
        """The bridge's own address."""
        return self.subnet[_BRIDGE]

    @property
    def outside(self) -> IPv4Address:
        """Where the way to the outside begins."""
        return self.subnet[_OUTSIDE]

    @property
    def name_server(self) -> IPv4Address:
        """Who answers questions about names of the outside."""
        return self.subnet[_NAME_SERVER]

    def with_length(self, address: IPv4Address) -> IPv4Interface:
        """An address together with the network around it."""
        return IPv4Interface((address, self.subnet.prefixlen))

    def free(self, taken: set[str]) -> Iterator[IPv4Address]:
        """The addresses for containers of which no cable is in `taken`, lowest first."""
        for number in range(_FIRST, self.subnet.num_addresses - 1):
            address = self.subnet[number]
            if cable_name(address) not in taken:
                yield address


def cable_name(address: IPv4Address) -> str:
    """The name of the cable's end in the hub: at most 15 characters are allowed."""
    return f"v{int(address):08x}"


def connect(network: Network, container: int, *, has_outside: bool) -> IPv4Address:
    """Connect a container's network namespace (a descriptor) to the network's bridge: its address.

    Raises Conflict when the wanted address is in use or none is left, IsolationError, ContainerError, OSError.
    """
    plan = Plan.of(network)

    def work() -> str:
        address = _plug(plan, network, container)
        syscalls.setns(container, Namespace.NET)
        gateway = plan.outside if has_outside else plan.bridge
        with Netlink() as kernel:
            index = socket.if_nametoindex("eth0")
            steps = [netlink.add_address(index, plan.with_length(address)), netlink.set_up(index)]
            kernel.do([*steps, netlink.add_default_route(gateway)])
        return str(address)

    return IPv4Address(hub.inside(hub.get().namespace, work))


def ensure(plan: Plan, name: str, kernel: Netlink) -> int:
    """The index of a bridge of the present namespace, made if there is none; raises OSError."""
    try:
        kernel.do([netlink.add_bridge(name)])
    except FileExistsError:
        return socket.if_nametoindex(name)
    index = socket.if_nametoindex(name)
    kernel.do([netlink.add_address(index, plan.with_length(plan.bridge)), netlink.set_up(index)])
    return index


def _plug(plan: Plan, network: Network, container: int) -> IPv4Address:
    """Lay a cable from the container to the bridge, under a free address."""
    with Netlink() as kernel:
        bridge = ensure(plan, network.bridge, kernel)
        taken = {name for _, name in socket.if_nameindex()}
        wanted = iter([IPv4Address(network.address)]) if network.address else plan.free(taken)
        for address in wanted:
            try:
                kernel.do([netlink.add_veth(cable_name(address), bridge, "eth0", container)])
            except FileExistsError:
                continue  # another container was quicker
            return address
    key = "network.address-taken" if network.address else "network.no-address"
    raise Conflict(key, address=network.address, subnet=network.subnet)


def open_namespace(pid: int) -> int:
    """The network namespace of a process, as a descriptor that is closed at exec; raises ContainerError."""
    try:
        return os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        reason = os.strerror(error.errno or errno.ESRCH)
        raise ContainerError("runtime.start-failed", reason=reason) from None
