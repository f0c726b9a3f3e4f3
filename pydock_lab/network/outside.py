"""The way out of the hub: a program that speaks for all containers with the host's own sockets.

slirp4netns is a TCP/IP stack in an ordinary process: what it reads from a tap device it says again through sockets
of the host, as any program of the user would. It needs no power over the host's network. Its tap, `outside`, stands
in the hub, which passes on what the bridges' containers send there. No address is translated: slirp4netns takes every
address for one of its own small network, asks who has it (ARP), and the hub says "here" for all of them.

    container 172.18.0.2 --- bridge --- hub --- outside 198.18.0.100 --- slirp4netns 198.18.0.2, name server .3

It ends when nobody holds the hub any more (`--exit-fd`). The host's own loopback stays out of reach.
Source: slirp4netns(1), arp(7); RFC 2544 for the addresses, which no real network has.
"""

import os
import shutil
import socket
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from pydock_lab.linux import links, routes
from pydock_lab.linux.netlink import Netlink
from pydock_lab.linux.routes import Route
from pydock_lab.network import hub
from pydock_lab.network.bridge import OUTSIDE_TABLE

_PROGRAM = "slirp4netns"
_TUN = "/dev/net/tun"
_TAP = "outside"
# The most that slirp4netns takes is 65521: the larger its packets, the fewer it has to handle.
_MTU = 65520
_SUBNET = IPv4Network("198.18.0.0/24")
_GATEWAY, _OURS = _SUBNET[2], _SUBNET[100]
NAME_SERVER = str(_SUBNET[3])
# Any address of the outside: nothing is ever sent there.
_SOMEWHERE = ("198.51.100.1", 9)


def find_program() -> str | None:
    """The path of slirp4netns, or None: containers then reach each other, but not the outside.

    It also needs to open /dev/net/tun, which everybody may on most systems, but which a container lacks.
    """
    if not os.access(_TUN, os.R_OK | os.W_OK):
        return None
    return shutil.which(_PROGRAM, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def open_way() -> bool:
    """Make sure that the hub has its way out; False where the program is missing, or cannot be started."""
    place = hub.get()
    with hub.talking() as kernel:
        if kernel.index(_TAP):
            return True
        program = find_program()
        return program is not None and _start(program, place) and _lead_there(kernel)


def host_address() -> str:
    """The address by which the host is reached from outside of it, "" where it has none but the loopback's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
        try:
            # Of a datagram socket it sends nothing: the kernel only chooses a route, and our address on it.
            end.connect(_SOMEWHERE)
        except OSError:
            return ""
        return str(end.getsockname()[0])


def _start(program: str, place: hub.Hub) -> bool:
    """Start slirp4netns and wait until its tap is there."""
    ready, is_ready = os.pipe2(os.O_CLOEXEC)
    words = [program, "--netns-type=path", f"--cidr={_SUBNET}", f"--mtu={_MTU}", "--disable-host-loopback"]
    words += [f"--ready-fd={is_ready}", f"--exit-fd={place.alive}"]
    words += [f"/proc/self/fd/{place.namespace}", _TAP]
    pid = os.fork()
    if pid == 0:
        _become(program, words, (is_ready, place.alive, place.namespace))
    os.close(is_ready)
    with open(ready, "rb") as pipe:
        return pipe.read(1) == b"1"


def _become(program: str, words: list[str], wanted: tuple[int, ...]) -> None:
    """In a session of its own, with nothing open but what it is told of."""
    try:
        os.setsid()
        for descriptor in wanted:
            os.set_inheritable(descriptor, True)
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        os.execv(program, words)  # noqa: S606 - a list of words
    finally:
        os._exit(127)


def _lead_there(kernel: Netlink) -> bool:
    """Configure the tap, and lead there all that is not for the hub itself."""
    tap = kernel.index(_TAP)
    kernel.do(
        [
            routes.add_address(tap, IPv4Interface((_OURS, _SUBNET.prefixlen))),
            links.set_up(tap),
            *links.answer_for_others(tap),
            Route(destination=_SUBNET, device=tap, table=OUTSIDE_TABLE).set(),
            Route(device=tap, gateway=IPv4Address(_GATEWAY), table=OUTSIDE_TABLE).set(),
            # For the kernel's question whether an answer comes from where we would look for its sender (rp_filter).
            Route(device=tap, gateway=IPv4Address(_GATEWAY)).set(),
        ]
    )
    return True
