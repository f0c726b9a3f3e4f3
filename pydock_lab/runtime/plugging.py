"""A container's network at its start: ports of the host, cables to its networks, its files in /etc.

Done by the worker that starts it. What has to go on while it runs is handed to its shim (connectivity.py): what was
made, as plain data, and the descriptors that it consists of.

What may fail is done before the program begins: it never starts with half a network.
"""

import contextlib
import os
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Self

from pydock_lab.errors import Conflict, IsolationError
from pydock_lab.network import bridge, hub, outside, places
from pydock_lab.network.addresses import Plan, cable_name
from pydock_lab.network.inside import Wiring
from pydock_lab.network.places import Place, Places
from pydock_lab.network.ports import Listener, listen
from pydock_lab.oci.runtime_spec import ContainerSpec, Endpoint, Mount, NetworkMode, PublishedPort
from pydock_lab.runtime.birth import Child
from pydock_lab.runtime.etc_files import EtcFiles
from pydock_lab.runtime.plugged import Plugged
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.store.process import Process

# How the descriptors are called that a shim goes on with: ports by their numbers, and who asks for names.
PORT, QUESTIONS = "net:port", ("net:udp", "net:tcp")
_PATIENCE_SECONDS, _PAUSE_SECONDS = 2.0, 0.01


class Plugging:
    """Makes a container's network; a context manager that takes it away again if the start fails.

    `notes` are keys of what the user must be told.
    """

    def __init__(self, spec: ContainerSpec, directory: Path, log: StepLog) -> None:
        self._spec, self._network, self._log = spec, spec.network, log
        self._networks = networks_of(directory)
        self._etc = EtcFiles(spec, directory)
        self._listeners: list[Listener] = []
        self._namespace = -1
        self.notes: list[str] = []
        self.plugged = Plugged()

    def __enter__(self) -> Self:
        """Take what somebody else could take first: the ports of the host."""
        with contextlib.ExitStack() as undo:
            undo.callback(self._close)
            self._log.begin("bridge", self._network.title)
            leads_outside = not all(one.internal for one in self._network.places)
            if self._network.mode is NetworkMode.HOST:
                self.plugged = replace(self.plugged, own_ports=self._network.ports)
            elif leads_outside:
                self.plugged = replace(self.plugged, has_outside=outside.open_way())
            elif self._network.ports:
                self.notes.append("network.ports-of-internal")
            if self.has_cables:
                self._log.add("bridge", self._network.title)
            if leads_outside and self._network.ports:
                self._take_ports()
            if self._etc.misses_host():
                self.notes.append("network.no-host-gateway")
            undo.pop_all()
        return self

    def _take_ports(self) -> None:
        self._log.begin("ports", " ".join(map(_described, self._network.ports)))
        self._listeners += map(listen, self._network.ports)
        ports = tuple(one.port for one in self._listeners)
        self.plugged = replace(self.plugged, ports=ports)
        self._log.add("ports", " ".join(map(_described, ports)))

    def __exit__(self, *_: object) -> None:
        self._close()

    def _close(self) -> None:
        for one in self._listeners:
            one.socket.close()

    @property
    def has_cables(self) -> bool:
        """Whether it is in any network."""
        return bool(self._network.places)

    def hold(self, child: Child) -> None:
        """Take hold of the child's network: possible only until it is told what to become (see `init._arrive`)."""
        if self.has_cables and "net" not in child.namespaces:
            child.namespaces["net"] = bridge.open_namespace(child.pid)
        self._namespace = child.namespaces.get("net", -1)

    def plug(self) -> Wiring:
        """Lay a cable from each network to the child: what it is to do with their ends.

        Raises Conflict, IsolationError, InvalidValue.
        """
        laid = []
        for number, endpoint in enumerate(self._network.places):
            made = lay_cable(endpoint, self._namespace, f"eth{number}", self._networks)
            laid.append(self._place(made, f"eth{number}"))
        self.plugged = replace(self.plugged, places=tuple(laid))
        for one in self.plugged.endpoints:
            self._etc.add_address(one.address)
        return self.plugged.wiring(laid, asks=self.plugged.has_names)

    def _place(self, endpoint: Endpoint, interface: str) -> Place:
        names = (self._network.name, self._spec.hostname)
        # Our keeper, which stays: it is the shim from now on.
        shim = str(Process.of(os.getppid()))
        return Place.of(self._spec.id, names, endpoint, interface=interface, hub=hub.get().mark, shim=shim)

    def files(self) -> tuple[Mount, ...]:
        """Write the files in /etc, and say where they belong; its addresses are added when it has them."""
        self._etc.write(self._contents())
        return self._etc.mounts()

    def _contents(self) -> dict[str, str]:
        asks = any(one.has_names for one in self._network.places)
        return self._etc.contents(asks=asks, has_outside=self.plugged.has_outside)

    def announce(self) -> None:
        """Let others find it."""
        for place in self.plugged.places:
            places.write(self._networks, place)

    def descriptors(self, questions: Sequence[int]) -> dict[str, int]:
        """What a shim goes on with, by name; `questions` are the sockets that the child made."""
        ports = {f"{PORT}{number}": one.socket.detach() for number, one in enumerate(self._listeners)}
        return ports | dict(zip(QUESTIONS, questions, strict=False))

    def rehearse(self) -> None:
        """Do what every start does, up to where something would be done."""
        laid = []
        with contextlib.suppress(IsolationError, OSError):  # there is no hub here
            for endpoint in self._network.places:
                bridge.rehearse(endpoint)
                laid.append(self._place(replace(endpoint, address="127.0.0.1"), "eth0"))
                places.rehearse(laid[-1])
        plugged = Plugged(places=tuple(laid))
        plugged.wiring(laid, asks=plugged.has_names).to_json()
        plugged.to_json()
        self._contents()


def _described(port: PublishedPort) -> str:
    """As `docker ps` has it."""
    return f"{port.host_ip}:{port.host_port or ''}->{port.container_port}/{port.protocol}"


def networks_of(directory: Path) -> Path:
    """Where the store of a container has its networks."""
    return directory.parent.parent / "networks"


@contextlib.contextmanager
def telling_what_is_refused() -> Iterator[None]:
    """What is done here raises IsolationError where the kernel refuses it."""
    try:
        yield
    except OSError as error:
        raise IsolationError("network.refused", facet="network", reason=error.strerror) from None


def lay_cable(endpoint: Endpoint, namespace: int, interface: str, networks: Path) -> Endpoint:
    """`bridge.plug`, with patience: a moment passes until the kernel has taken away the cable of who has ended.

    Raises Conflict where the address is that of a container that runs, IsolationError, InvalidValue.
    """
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with telling_what_is_refused():
                return bridge.plug(endpoint, namespace, interface)
        except Conflict:
            if time.monotonic() > until or not _will_be_free(endpoint, networks):
                raise
            time.sleep(_PAUSE_SECONDS)


def _will_be_free(endpoint: Endpoint, networks: Path) -> bool:
    """Whether there is an address for it once all are free that no running container has."""
    held = {place.endpoint.address for place in Places(networks, endpoint.network).all()}
    if endpoint.address:
        return endpoint.address not in held
    return any(Plan.of(endpoint).free({cable_name(IPv4Address(one)) for one in held}))


def take_listeners(plugged: Plugged, held: dict[str, int]) -> list[Listener]:
    """The ports of the host in a shim's hands; `held` are its descriptors, by name."""
    named = ((port, held[f"{PORT}{number}"]) for number, port in enumerate(plugged.ports))
    return [Listener(socket=socket.socket(fileno=descriptor), port=port) for port, descriptor in named]


def take_questions(held: dict[str, int]) -> list[socket.socket]:
    """The sockets at which names are asked for."""
    return [socket.socket(fileno=held[name]) for name in QUESTIONS if name in held]
