"""A container's network, from the shim's side: its files in /etc, its cable, its published ports."""

import contextlib
import os
import signal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

from pydock_lab.errors import ContainerError, IsolationError
from pydock_lab.network import bridge, outside, ports
from pydock_lab.network.bridge import Plan
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, Network, NetworkMode, PublishedPort

FILES = ("hosts", "hostname", "resolv.conf")
_LOCAL_NAMES = "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"


class Connectivity:
    """What a container's network consists of; a context manager, because all of it ends with the container."""

    def __init__(self, spec: ContainerSpec, directory: Path) -> None:
        self._spec, self._network, self._directory = spec, spec.network, directory
        self._listeners: list[ports.Listener] = []
        self.forwarder = 0
        self._has_outside = False
        self.address = ""
        self.gateway = ""

    @property
    def ports(self) -> tuple[PublishedPort, ...]:
        """The published ports, each with the host port that it got."""
        return tuple(one.port for one in self._listeners)

    def __enter__(self) -> Self:
        """Open what can be taken by somebody else first: the ports of the host."""
        with contextlib.ExitStack() as undo:
            undo.callback(self._close)
            if self._network.mode is NetworkMode.BRIDGE:
                self._has_outside = outside.open_way(self._network)
                self._listeners += map(ports.listen, self._network.ports)
            undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        for one in self._listeners:
            one.socket.close()
        if self.forwarder:
            os.kill(self.forwarder, signal.SIGKILL)  # its parent, who is ours, buries it
            self.forwarder = 0

    def files(self) -> tuple[Mount, ...]:
        """Write the files that Docker, too, binds into every container, and say where they belong."""
        for name, content in self.contents().items():
            _write(self._directory / name, content)
        return tuple(Mount(source=str(self._directory / name), target=f"/etc/{name}") for name in FILES)

    def contents(self) -> dict[str, str]:
        """The texts of those files, by name."""
        return {"hosts": self._hosts(), "hostname": f"{self._spec.hostname}\n", "resolv.conf": self._resolv_conf()}

    def connect(self, pid: int) -> None:
        """Give the container's first process its network, before its program starts; raises PydockError."""
        if self._network.mode is not NetworkMode.BRIDGE:
            return
        namespace = bridge.open_namespace(pid)
        try:
            address = bridge.connect(self._network, namespace, has_outside=self._has_outside)
            if self._listeners:
                self.forwarder = ports.forward(self._listeners, namespace, address, as_sibling=True)
        except OSError as error:
            raise IsolationError("network.refused", facet="network", reason=error.strerror) from None
        finally:
            os.close(namespace)
        plan = Plan.of(self._network)
        self.address = str(address)
        self.gateway = str(plan.outside if self._has_outside else plan.bridge)
        self._add_own_name(address)

    def _hosts(self) -> str:
        lines = [f"{address}\t{name}\n" for name, address in self._resolved_hosts()]
        return _LOCAL_NAMES + "".join(lines)

    def _resolved_hosts(self) -> list[tuple[str, ...]]:
        """`host-gateway` stands for the way out, as in Docker."""
        special = ""
        if self._network.mode is NetworkMode.BRIDGE:
            special = str(Plan.of(self._network).outside)
        hosts = [(name, special if address == "host-gateway" else address) for name, address in self._extra()]
        return [one for one in hosts if one[1]]

    def _extra(self) -> list[tuple[str, str]]:
        pairs = [one for one in self._network.extra_hosts if len(one) == 2]  # noqa: PLR2004 - a name and an address
        if len(pairs) != len(self._network.extra_hosts):
            raise ContainerError("network.bad-host", hosts=str(self._network.extra_hosts))
        return [(name, address) for name, address in pairs]

    def _add_own_name(self, address: IPv4Address) -> None:
        with (self._directory / "hosts").open("a") as file:
            file.write(f"{address}\t{self._spec.hostname}\n")

    def _resolv_conf(self) -> str:
        network: Network = self._network
        lines = [f"search {' '.join(network.dns_search)}"] if network.dns_search else []
        if network.dns:
            return "\n".join([*lines, *(f"nameserver {one}" for one in network.dns)]) + "\n"
        if network.mode is NetworkMode.HOST:
            with contextlib.suppress(OSError):
                return Path("/etc/resolv.conf").read_text()
        if self._has_outside:
            lines.append(f"nameserver {Plan.of(network).name_server}")
        return "\n".join([*lines, ""])


def _write(path: Path, content: str) -> None:
    """Replace a file in place: it may be bound into the container, which would not see another one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    os.write(descriptor, content.encode())
    os.close(descriptor)
