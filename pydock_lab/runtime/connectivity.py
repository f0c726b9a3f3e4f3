"""A container's network while it runs, from its shim's side: ports and names are served, networks come and go.

It goes on with what was made at the start (plugging.py). Nothing is done before something happens: a connection to a
port, a question for a name, a `docker network connect`.
"""

from dataclasses import replace
from itertools import count
from pathlib import Path

from pydock_lab.errors import ContainerError, NotFound
from pydock_lab.network import bridge, elsewhere, hub, inside, outside, places
from pydock_lab.network.inside import Wiring
from pydock_lab.network.places import Place
from pydock_lab.network.ports import listen
from pydock_lab.network.resolv_conf import of_the_host
from pydock_lab.network.services import Servers, Services
from pydock_lab.oci.runtime_spec import ContainerSpec, Endpoint, Network, NetworkMode
from pydock_lab.runtime.etc_files import EtcFiles
from pydock_lab.runtime.loop import Loop
from pydock_lab.runtime.plugged import Plugged
from pydock_lab.runtime.plugging import (
    lay_cable,
    networks_of,
    take_listeners,
    take_questions,
    telling_what_is_refused,
)


class Connectivity:
    """The network of one container; `plugged` is how it is now.

    `namespace` is the descriptor of its network (-1: the host's), `held` those that `Plugging.descriptors` gave.
    """

    def __init__(
        self, spec: ContainerSpec, directory: Path, plugged: Plugged, held: dict[str, int], namespace: int
    ) -> None:
        self.plugged, self._spec, self._namespace = plugged, spec, namespace
        self._directory, self._networks = directory, networks_of(directory)
        self._network = spec.network
        self._name = self._network.name
        self._services = Services(self._networks)
        self._services.listeners = take_listeners(plugged, held)
        self._questions = take_questions(held)
        self._doorbells = [*(one.socket for one in self._services.listeners), *self._questions]
        self._has_ended = False  # its next life may be on its way

    def serve(self, loop: Loop) -> None:
        """Pass on to the ports and answer for names, from when somebody knocks or asks for the first time."""
        self._services.serve_in(lambda watcher: loop.watch(watcher, watcher.turn), loop.forget)
        self._forget = loop.forget
        for one in self._doorbells:
            loop.watch(one, self._wake)

    def _wake(self) -> None:
        is_asleep = bool(self._doorbells)
        while self._doorbells:
            self._forget(self._doorbells.pop())
        if is_asleep:
            if self._questions:
                self._answer()
            self._follow()

    def close(self) -> None:
        """The container has ended: nobody finds it any more, and its ports are free again."""
        for place in self.plugged.places:
            places.remove(self._networks, place)
        self.plugged, self._has_ended = Plugged(), True
        while self._doorbells:
            self._forget(self._doorbells.pop())
        self._services.close()
        for one in self._questions:
            one.close()

    def _answer(self) -> None:
        self._services.answer(self._questions)
        for one in self.plugged.endpoints:
            self._services.join(one)

    def _follow(self) -> None:
        """Lead ports and questions where the networks of now lead: to the first that is not internal, as in Docker."""
        open_ones = [one for one in self.plugged.endpoints if not one.internal]
        if open_ones:
            self._services.forward(open_ones[0].address)
        else:
            self._services.shut()
        servers = None
        if self._network.dns:
            servers = Servers(self._network.dns, self._namespace)
        elif open_ones:
            servers = Servers(of_the_host().servers)
        self._services.ask(servers)
        self.plugged = replace(self.plugged, ports=tuple(one.port for one in self._services.listeners))

    # ---- networks come and go

    @property
    def wanted(self) -> Network:
        """The network that it is to have in its next life: what was connected and disconnected meanwhile counts."""
        return replace(self._network, name=self._name)

    def let_go(self) -> None:
        """In a child of the shim that becomes a further program of the container: nothing of this is its business."""
        self._services.restore_limit()

    @property
    def _called(self) -> str:
        return self._name or self._directory.name[:12]

    def connect(self, endpoint: Endpoint) -> None:
        """Connect the container to one more network, or give it other aliases in one that it is in.

        Raises Conflict, ContainerError, InvalidValue, IsolationError, with nothing changed.
        """
        mode = self._network.mode
        if mode is not NetworkMode.BRIDGE:
            raise ContainerError("network.not-connectable", container=self._called, mode=mode.value)
        if not self._has_ended:
            self._wake()
            self._connect(endpoint)
        others = [one for one in self._network.places if one.network != endpoint.network]
        self._network = replace(self._network, endpoints=(*others, endpoint), is_bare=False)

    def _connect(self, endpoint: Endpoint) -> None:
        known = self._find(endpoint.network)
        if known is not None:
            self._replace(known, self._place(replace(known.endpoint, aliases=endpoint.aliases), known.interface))
            return
        with telling_what_is_refused():
            try:
                self._open_way(endpoint)
                interface = self._free_interface()
                laid = lay_cable(endpoint, self._namespace, interface, self._networks)
                place = self._place(laid, interface)
                self.plugged = replace(self.plugged, places=(*self.plugged.places, place))
                self._settle(place)
            except BaseException:
                self._take_away(endpoint.network)
                raise

    def _open_way(self, endpoint: Endpoint) -> None:
        if not endpoint.internal:
            self.plugged = replace(self.plugged, has_outside=self.plugged.has_outside or outside.open_way())
            if not self._services.listeners:
                self._services.listeners = [listen(port) for port in self._network.ports]

    def _settle(self, place: Place) -> None:
        """Do from outside what the container's first process does itself at a start."""
        wiring = self.plugged.wiring([place], asks=False)
        elsewhere.inside(self._namespace, lambda: inside.settle(wiring))
        if place.endpoint.has_names and not self._questions:
            self._questions = elsewhere.sockets_inside(self._namespace, inside.listen_for_questions)
            self._answer()
            self._etc.rewrite_resolv_conf(has_outside=self.plugged.has_outside)
        self._services.join(place.endpoint)
        self._etc.add_address(place.endpoint.address)
        places.write(self._networks, place)
        self._follow()

    def disconnect(self, network: str) -> None:
        """Take the container out of a network, by its id; raises NotFound where it is not in it."""
        if not any(one.network == network for one in self._network.places):
            raise NotFound("network.not-connected", container=self._called, network=network[:12])
        if not self._has_ended:
            self._wake()
            self._disconnect(network)
        rest = tuple(one for one in self._network.places if one.network != network)
        self._network = replace(self._network, endpoints=rest, is_bare=not rest)

    def _disconnect(self, network: str) -> None:
        place = self._find(network)
        if place is None:
            return
        with telling_what_is_refused():
            self._take_away(network)
            self._etc.remove_address(place.endpoint.address)
            # With its device the kernel has forgotten the way outside, if it led there.
            elsewhere.inside(self._namespace, lambda: inside.settle(Wiring(gateway=self.plugged.gateway)))

    def _take_away(self, network: str) -> None:
        place = self._find(network)
        if place is not None:
            self.plugged = replace(self.plugged, places=tuple(one for one in self.plugged.places if one is not place))
            places.remove(self._networks, place)
            self._services.leave(network)
            bridge.unplug(place.endpoint)
        self._follow()

    def rename(self, name: str) -> None:
        """Be found under another name."""
        self._name = name
        for place in self.plugged.places:
            self._replace(place, self._place(place.endpoint, place.interface))

    def _replace(self, old: Place, new: Place) -> None:
        self.plugged = replace(self.plugged, places=tuple(new if one is old else one for one in self.plugged.places))
        places.write(self._networks, new)

    def _find(self, network: str) -> Place | None:
        return next((one for one in self.plugged.places if one.endpoint.network == network), None)

    def _free_interface(self) -> str:
        taken = {place.interface for place in self.plugged.places}
        return next(name for name in map("eth{}".format, count()) if name not in taken)

    def _place(self, endpoint: Endpoint, interface: str) -> Place:
        names = (self._name, self._spec.hostname)
        return Place.of(self._spec.id, names, endpoint, interface=interface, hub=hub.get().mark)

    @property
    def _etc(self) -> EtcFiles:
        return EtcFiles(self._spec, self._directory)
