"""What is done within a container's own network namespace: by its first process, or by a child that goes there."""

import contextlib
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from pydock_lab.linux import links, routes
from pydock_lab.linux.netlink import Netlink, Operation
from pydock_lab.linux.routes import Route
from pydock_lab.oci.plain import Document

# Where Docker's containers ask for names.
NAME_SERVER = "127.0.0.11"
_DOMAIN = 53
_BACKLOG = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Interface(Document):
    """A cable's end in a container: its name, and its address with the length of the network (`172.18.0.2/16`)."""

    name: str
    address: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wiring(Document):
    """What a container's network is to be; `gateway` "" leads nowhere, `asks`: names are asked for at 127.0.0.11."""

    interfaces: tuple[Interface, ...] = ()
    gateway: str = ""
    asks: bool = False


def settle(wiring: Wiring) -> None:
    """Give the cables' ends their addresses, and set the way outside; raises OSError."""
    with Netlink() as kernel:
        steps: list[Operation] = []
        for one in wiring.interfaces:
            index = kernel.index(one.name)
            steps += [routes.add_address(index, IPv4Interface(one.address)), links.set_up(index)]
        # After the addresses: the kernel takes a gateway only where a device that is up reaches it.
        if wiring.gateway:
            steps.append(Route(gateway=IPv4Address(wiring.gateway)).set())
        if steps:
            kernel.do(steps)


def rehearse() -> None:
    """Do what `settle` does with what is there already: the loopback."""
    with Netlink() as kernel:
        lo = kernel.index("lo")
        kernel.do([links.set_up(lo)])
        routes.add_address(lo, IPv4Interface("127.0.0.1/8"))
        Route(gateway=IPv4Address("127.0.0.1")).set()


def listen_for_questions() -> tuple[socket.socket, socket.socket]:
    """The sockets at which names are asked for, UDP and TCP; raises OSError."""
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    streams = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    for end in (datagrams, streams):
        end.setblocking(False)
        # A name server of the container's own may then still have port 53 of all its other addresses (UDP).
        end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        end.bind((NAME_SERVER, _DOMAIN))
    streams.listen(_BACKLOG)
    return datagrams, streams


def without_ipv6() -> None:
    """No addresses of IPv6 but the loopback's: networks here are of IPv4, as Docker's are unless asked otherwise."""
    # A kernel without IPv6 has nothing to switch off.
    with contextlib.suppress(OSError), open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "wb", buffering=0) as file:
        file.write(b"1")
