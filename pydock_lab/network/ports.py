"""Published ports: the host's side, a port that is open and belongs to nobody else.

    client --- 127.0.0.1:8080 | listener, of the host's network      | forwarding.py --- 172.17.0.2:80 --- program
                              | sockets to the container, of the hub |

The default host address is 127.0.0.1 and not, as Docker has it, all addresses: a student's container should not be
reachable from a whole lecture hall unless that was asked for.
"""

import errno
import socket
from dataclasses import dataclass, replace
from pathlib import Path

from pydock_lab.errors import ContainerError
from pydock_lab.linux import journal
from pydock_lab.oci.runtime_spec import PublishedPort

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
_BACKLOG = 128
_ON_ALL = "127.0.0.1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Listener:
    """An open port of the host; `port` says which one was found where any, or one of several, would do."""

    socket: socket.socket
    port: PublishedPort


def listen(port: PublishedPort) -> Listener:
    """Open a port of the host, the first free one of a range; raises ContainerError when there is none.

    The error's `port` is the number, and the range where it was one.
    """
    if port.protocol not in KINDS:
        raise ContainerError("network.bad-protocol", protocol=port.protocol)
    failure = OSError(errno.EADDRINUSE, "")
    for number in range(port.host_port, (port.last_host_port or port.host_port) + 1):
        try:
            end = _open(port, number)
        except OSError as error:
            failure = error
            if error.errno == errno.EADDRINUSE:
                continue
            break
        return Listener(socket=end, port=replace(port, host_port=end.getsockname()[1], last_host_port=0))
    raise _refusal(port, failure) from failure


def _open(port: PublishedPort, number: int) -> socket.socket:
    host = port.host_ip or _ON_ALL
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    end = socket.socket(family, KINDS[port.protocol])
    try:
        if family == socket.AF_INET6:
            # Else [::] would take the port of 0.0.0.0, too.
            end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # For a port whose connections have just ended (TIME_WAIT). Two sockets of UDP could share one by it.
        if port.protocol == "tcp":
            end.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        journal.ask("bind", lambda *place: end.bind(place), host, number)
        if port.protocol == "tcp":
            journal.ask("listen", end.listen, _BACKLOG)
    except OSError:
        end.close()
        raise
    end.setblocking(False)
    return end


def _refusal(port: PublishedPort, error: OSError) -> ContainerError:
    keys = {errno.EADDRINUSE: "network.port-taken", errno.EACCES: "network.port-privileged"}
    last = f"-{port.last_host_port}" if port.last_host_port > port.host_port else ""
    return ContainerError(
        keys.get(error.errno or 0, "network.port-refused"),
        host=port.host_ip,
        port=f"{port.host_port}{last}",
        container_port=port.container_port,
        protocol=port.protocol,
        least=_least_port(),
        reason=error.strerror or str(error),
    )


def _least_port() -> int:
    """The lowest port that everybody may open (ip(7), ip_unprivileged_port_start)."""
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text(encoding="ascii"))
    except OSError:
        return socket.IPPORT_RESERVED
