"""What a shim does for its container's network as long as that runs: pass on to ports, answer to names.

All of it is done in the shim's own loop, without a further process: a container that publishes nothing and has no
names costs nothing here.
"""

import contextlib
import resource
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pydock_lab.network import hub
from pydock_lab.network.forwarding import Forwarder
from pydock_lab.network.names import Names
from pydock_lab.network.ports import Listener
from pydock_lab.network.resolver import Resolver
from pydock_lab.network.supply import Supply
from pydock_lab.network.upstream import Open, Upstream
from pydock_lab.network.watcher import Watcher
from pydock_lab.oci.runtime_spec import Endpoint

# Have the shim's loop watch a watcher, or watch it no more.
Watch: TypeAlias = Callable[[Watcher], object]


class Services:
    """The services of one container; `networks` is the folder of the store's networks.

    `listeners` are open ports of the host: who comes waits until `forward`.
    """

    def __init__(self, networks: Path) -> None:
        self._networks = networks
        self._start: Watch = lambda _watcher: None
        self._stop: Watch = self._start
        self._watcher: Watcher | None = None
        self._names: Names | None = None
        self._resolver: Resolver | None = None
        self._forwarder: Forwarder | None = None
        self._limit: tuple[int, int] | None = None
        self._undo = contextlib.ExitStack()
        self._servers: Servers | None = None
        self._elsewhere = contextlib.ExitStack()
        self.listeners: list[Listener] = []
        self._served = 0

    def _get_watcher(self) -> Watcher:
        if self._watcher is None:
            self._watcher = Watcher()
            self._undo.callback(self._watcher.close)
            self._undo.callback(self._stop, self._watcher)
            self._start(self._watcher)
        return self._watcher

    def serve_in(self, start: Watch, stop: Watch) -> None:
        """Call `start` with the watcher once there is something to watch, and `stop` at the end."""
        self._start, self._stop = start, stop

    # ---- ports

    def forward(self, address: str) -> None:
        """Pass on what comes in to the container at this address, from now on."""
        if not self.listeners:
            return
        if self._forwarder is None:
            self._limit = resource.getrlimit(resource.RLIMIT_NOFILE)
            supply = Supply(hub.get().namespace)
            self._forwarder = Forwarder(self._get_watcher(), supply, address)
            self._undo.callback(supply.close)
            self._undo.callback(self._forwarder.close)
        self._forwarder.address = address
        self._forwarder.serve(self.listeners[self._served :])
        self._served = len(self.listeners)

    def restore_limit(self) -> None:
        """In a child of the shim that becomes something else: as many open files as before."""
        if self._limit is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, self._limit)

    def shut(self) -> None:
        """Close the ports of the host."""
        for one in self.listeners:
            if self._watcher is not None:
                self._watcher.forget(one.socket)
            one.socket.close()
        self.listeners = []
        self._served = 0

    # ---- names

    def answer(self, sockets: Sequence[socket.socket]) -> None:
        """Answer questions that come in at two sockets, UDP and TCP, of the container."""
        self._names = Names(self._networks, hub.get().mark)
        self._resolver = Resolver(self._get_watcher(), self._names, None)
        self._undo.callback(self._resolver.close)
        self._resolver.serve(*sockets)

    def ask(self, servers: "Servers | None") -> None:
        """Ask these servers for what we do not know; None: nobody."""
        if self._resolver is None or servers == self._servers:
            return
        self._elsewhere.close()
        self._servers = servers
        self._resolver.upstream = servers.open(self._get_watcher(), self._elsewhere) if servers else None

    def join(self, endpoint: Endpoint) -> None:
        """Answer for a network, too."""
        if self._names is not None:
            self._names.join(endpoint)

    def leave(self, network: str) -> None:
        """Answer no more for a network, by its id."""
        if self._names is not None:
            self._names.leave(network)

    def close(self) -> None:
        """End all of it."""
        self.shut()
        self._elsewhere.close()
        self._undo.close()


@dataclass(frozen=True, slots=True)
class Servers:
    """Name servers of the outside: the host's, or those of `--dns`, which are asked from within a namespace."""

    addresses: tuple[str, ...]
    namespace: int | None = None

    def open(self, watcher: Watcher, undo: contextlib.ExitStack) -> Upstream:
        """Ready to be asked."""
        if self.namespace is None:
            upstream = Upstream(watcher, self.addresses)
        else:
            supply = Supply(self.namespace)
            undo.callback(supply.close)
            upstream = Upstream(watcher, self.addresses, _inside(supply))
        undo.callback(upstream.close)
        return upstream


def _inside(supply: Supply) -> Open:
    def open_socket(family: int, kind: int) -> socket.socket:
        if family != socket.AF_INET:
            raise OSError("a container has no IPv6")
        return supply.take(kind)

    return open_socket
