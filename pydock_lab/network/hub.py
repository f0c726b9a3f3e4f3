"""The hub: one network namespace, of no container, in which the bridges stand.

    container A        container B                 host
      eth0                eth0             127.0.0.1:8080 (a published port)
       |                   |                           .
       '--- bridge pydock0 +--- tap --- slirp4netns    .   sockets, not cables:
            10.88.0.1      |                           .   see ports.py
            -------------- hub ---------------- ........

Docker builds its bridge into the host's own network, which only root may do. Here it stands in a namespace that the
zygote makes when it starts: the same code serves root and a user namespace, and the host's interfaces, routes and
firewall are never touched. The zygote and the shims stay in the host's network themselves; they keep the hub by a
descriptor, and it is gone when the last of them has ended.
"""

import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydock_lab.errors import IsolationError, PydockError, from_json
from pydock_lab.linux import netlink, syscalls
from pydock_lab.linux.syscalls import Namespace


@dataclass(frozen=True, kw_only=True, slots=True)
class Hub:
    """The hub's namespace, and a pipe whose writing end all who need the hub hold open (see outside.py)."""

    namespace: int
    alive: int
    in_use: int


_found: list[Hub] = []


def found() -> None:
    """Make the hub, in the zygote: every worker inherits it; nothing happens where it is not allowed."""
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        _make(theirs)
    theirs.close()
    with ours:
        _, namespaces, _, _ = socket.recv_fds(ours, 1, 1)
    os.waitpid(pid, 0)
    if namespaces:
        os.set_inheritable(namespaces[0], False)
        alive, in_use = os.pipe2(os.O_CLOEXEC)
        _found.append(Hub(namespace=namespaces[0], alive=alive, in_use=in_use))


def _make(parent: socket.socket) -> None:
    try:
        syscalls.unshare(Namespace.NET)
        netlink.loopback_up()
        _forward_nothing()
        socket.send_fds(parent, [b"n"], [os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)])
    finally:
        os._exit(0)


def _forward_nothing() -> None:
    """Networks are apart: a new namespace forwards where the host does (Docker's hosts do), and this one must not."""
    with open("/proc/sys/net/ipv4/ip_forward", "wb", buffering=0) as switch:
        switch.write(b"0")


def get() -> Hub:
    """The hub; raises IsolationError where there is none."""
    if not _found:
        raise IsolationError("network.no-hub", facet="network")
    return _found[-1]


def inside(namespace: int, action: Callable[[], Any]) -> Any:
    """What `action` returns (plain data) when it is done in another network namespace, by a forked child.

    A process in a user namespace could enter a namespace of its own making, but never come back into the host's.
    Raises the PydockError that it raised, or an OSError.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _act(namespace, action, writer)
    os.close(writer)
    with open(reader, "rb") as pipe:
        content = pipe.read()
    os.waitpid(pid, 0)
    reply = json.loads(content or b'{"errno": 5}')
    if "error" in reply:
        raise from_json(reply["error"])
    if "errno" in reply:
        raise OSError(reply["errno"], reply.get("reason", ""))
    return reply["result"]


def _act(namespace: int, action: Callable[[], Any], writer: int) -> None:
    reply: dict[str, Any] = {}
    try:
        syscalls.setns(namespace, Namespace.NET)
        reply = {"result": action()}
    except PydockError as error:
        reply = {"error": error.to_json()}
    except OSError as error:
        reply = {"errno": error.errno, "reason": error.strerror}
    finally:
        os.write(writer, json.dumps(reply).encode())
        os._exit(0)
