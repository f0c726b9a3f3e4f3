"""The hub: one network namespace, of no container, in which the bridges stand.

    container A       container B        container C             host
     eth0 .0.2         eth0 .0.3          eth0 .0.2        127.0.0.1:8080 (a published port)
       |                 |                   |                      .
       '--- bridge A ----'               bridge B                   .   sockets, not cables: see ports.py
         172.18.0.1 |                172.19.0.1 |                   .
       ------------ | --------- hub ----------- | ---------------- ...
                    '------- outside -----------'
                                |
                           slirp4netns: speaks for all of them with sockets of the host, see outside.py

Docker builds its bridges into the host's own network, which only root may do. Here they stand in a namespace that the
zygote makes when it starts: the same code serves root and a user namespace, and the host's interfaces, routes and
firewall are never touched. The zygote and the shims stay in the host's network themselves; they keep the hub by a
descriptor, and it is gone when the last of them has ended. A zygote that was killed has a successor; if there are shims
then, it asks one for the hub that there is.

Networks are apart by the hub's rules (ip-rule(8)): what comes in at a bridge may go to the bridge's own address and
outside, and nowhere else. So there is no packet filter, which not every kernel has.

     10  in at bridge A -> its table: the gateway's address, the subnet      made with each bridge, see bridge.py
     11  in at bridge A -> the way outside, where other bridges' subnets are refused; not if the network is internal
     12  in at bridge A -> refused
     20  all            -> addresses of the hub itself      (the kernel has this one first, at 0)
     ..  all            -> the main table
"""

import contextlib
import fcntl
import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydock_lab.errors import IsolationError
from pydock_lab.linux import netlink, syscalls
from pydock_lab.linux.netlink import Netlink
from pydock_lab.linux.routes import LOCAL_TABLE, Rule
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.network.elsewhere import inside

_RULE_OF_THE_HUB = 20
# Between networks nothing is passed on but by the rules; who pretends to be of another network is not heard.
_SETTINGS = {"ipv4/ip_forward": "1", "ipv4/conf/all/rp_filter": "1"}
_WITHOUT_IPV6 = {"ipv6/conf/all/disable_ipv6": "1", "ipv6/conf/default/disable_ipv6": "1"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Hub:
    """The hub's namespace, a socket to talk to the kernel about it, and whose turn it is to talk: all descriptors.

    `alive` and `in_use` are the ends of a pipe: all who need the hub hold the writing end open (see outside.py).
    """

    namespace: int
    kernel: socket.socket
    turn: int
    alive: int
    in_use: int

    @property
    def descriptors(self) -> tuple[int, ...]:
        """All of it, to be given to another zygote (see `adopt`)."""
        return (self.namespace, self.kernel.fileno(), self.turn, self.alive, self.in_use)

    @property
    def mark(self) -> str:
        """What tells this hub from others of this machine."""
        return str(os.fstat(self.namespace).st_ino)


_found: list[Hub] = []


def adopt(descriptors: Sequence[int]) -> None:
    """Have the hub that there is already, of a zygote that was killed: its containers are still in it."""
    namespace, kernel, turn, alive, in_use = descriptors
    end = socket.socket(fileno=kernel)
    _found.append(Hub(namespace=namespace, kernel=end, turn=turn, alive=alive, in_use=in_use))


def found() -> None:
    """Make the hub, in the zygote, unless there is one: every worker inherits it.

    Nothing happens where it is not allowed.
    """
    if _found and _is_within_reach(_found[-1]):
        return
    _found.clear()
    # By a child: who leaves the host's network from within a user namespace cannot come back (setns(2)).
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _make(theirs)
    theirs.close()
    with ours:
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 2)
    os.waitpid(pid, 0)
    if descriptors:
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        namespace, kernel = descriptors
        alive, in_use = os.pipe2(os.O_CLOEXEC)
        # Only to be locked: nothing is written to it, and no name of it can be left behind.
        turn = os.memfd_create("pydock-hub", os.MFD_CLOEXEC)
        _found.append(
            Hub(namespace=namespace, kernel=socket.socket(fileno=kernel), turn=turn, alive=alive, in_use=in_use)
        )


def _is_within_reach(hub: Hub) -> bool:
    try:
        inside(hub.namespace, lambda: None)
    except OSError:
        return False
    return True


def _make(parent: socket.socket) -> None:
    try:
        syscalls.unshare(Namespace.NET)
        netlink.loopback_up()
        _write_settings(_SETTINGS)
        with contextlib.suppress(OSError):  # a kernel without IPv6
            _write_settings(_WITHOUT_IPV6)
        kernel = netlink.open_socket()
        # The new one first: without any, the hub would for a moment not know its own addresses.
        Netlink(kernel).do([Rule(priority=_RULE_OF_THE_HUB, table=LOCAL_TABLE).add()])
        Netlink(kernel).do([Rule(priority=0, table=LOCAL_TABLE).delete()])
        # As long as it is open somewhere, the namespace lives on without any process in it (namespaces(7)).
        namespace = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        socket.send_fds(parent, [b"n"], [namespace, kernel.fileno()])
    finally:
        os._exit(0)


def _write_settings(settings: dict[str, str]) -> None:
    for name, value in settings.items():
        Path("/proc/sys/net", name).write_text(value)


def get() -> Hub:
    """The hub; raises IsolationError where there is none."""
    if not _found:
        raise IsolationError("network.no-hub", facet="network")
    return _found[-1]


@contextlib.contextmanager
def talking() -> Iterator[Netlink]:
    """Talk to the kernel about the hub, alone: all shims share one socket; it does not nest.

    A shim that dies in the middle gives its turn back with it (fcntl(2), record locks).
    """
    place = get()
    # Not flock(2), whose lock is shared by all copies of a descriptor: here all shims have copies of one.
    fcntl.lockf(place.turn, fcntl.LOCK_EX)
    try:
        yield Netlink(place.kernel)
    finally:
        fcntl.lockf(place.turn, fcntl.LOCK_UN)
