"""The way out of the hub: a program that speaks for all containers of a bridge with the host's own sockets.

slirp4netns is a TCP/IP stack in an ordinary process: what it reads from a tap device it says again through sockets
of the host, as any program of the user would. It needs no power over the host's network. Here its tap is plugged
into the bridge like one more cable, so that containers use it as their gateway: no routing, no address translation.

It ends when nobody holds the hub any more (`--exit-fd`). The host's own loopback stays out of reach.
Source: slirp4netns(1).
"""

import os
import shutil
import socket

from pydock_lab.linux import netlink
from pydock_lab.linux.netlink import Netlink
from pydock_lab.network import hub
from pydock_lab.network.bridge import Plan, ensure
from pydock_lab.oci.runtime_spec import Network

_PROGRAM = "slirp4netns"
_TUN = "/dev/net/tun"
_MTU = 65520


def find_program() -> str | None:
    """The path of slirp4netns, or None: containers then reach each other, but not the outside.

    It also needs to open /dev/net/tun, which everybody may on most systems, but which a container lacks.
    """
    if not os.access(_TUN, os.R_OK | os.W_OK):
        return None
    return shutil.which(_PROGRAM, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def tap_name(network: Network) -> str:
    """The device of a network's way out: one a bridge."""
    return f"t{network.bridge}"[:15]


def open_way(network: Network) -> bool:
    """Make sure that the network has its way out; False where it is internal, or the program is missing."""
    program = None if network.internal else find_program()
    if program is None:
        return False
    place = hub.get()
    names = hub.inside(place.namespace, lambda: [name for _, name in socket.if_nameindex()])
    if tap_name(network) in names:
        return True
    if not _start(program, network, place):
        return False
    hub.inside(place.namespace, lambda: _plug(network))
    return True


def _start(program: str, network: Network, place: hub.Hub) -> bool:
    """Start slirp4netns and wait until its tap is there."""
    ready, is_ready = os.pipe2(os.O_CLOEXEC)
    words = [program, "--netns-type=path", f"--cidr={network.subnet}", f"--mtu={_MTU}", "--disable-host-loopback"]
    words += [f"--ready-fd={is_ready}", f"--exit-fd={place.alive}"]
    words += [f"/proc/self/fd/{place.namespace}", tap_name(network)]
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


def _plug(network: Network) -> None:
    with Netlink() as kernel:
        bridge = ensure(Plan.of(network), network.bridge, kernel)
        kernel.do([netlink.set_up(socket.if_nametoindex(tap_name(network)), bridge=bridge)])
