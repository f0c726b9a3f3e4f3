"""From the options of `docker run` to a container's Network: names become endpoints, contradictions become errors."""

from collections.abc import Iterable, Sequence

from pydock_lab.engine.network_options import Attachment
from pydock_lab.engine.network_records import BRIDGE, HOST, NONE
from pydock_lab.engine.networks import Networks
from pydock_lab.engine.records import ContainerRecord, ContainerShelf
from pydock_lab.engine.run_options import Publish, RunOptions
from pydock_lab.errors import ContainerError
from pydock_lab.oci.runtime_spec import Endpoint, Network, NetworkMode, PublishedPort

# Docker publishes on all addresses; a student's machine shows its exercises to nobody unless asked to.
LOOPBACK = "127.0.0.1"
_CONTAINER = "container:"
_ALONE = {NONE: NetworkMode.NONE, HOST: NetworkMode.HOST}


class NetworkWishes:
    """Answers for the networks and containers of a home."""

    def __init__(self, networks: Networks, containers: ContainerShelf) -> None:
        self._networks, self._containers = networks, containers

    def network(self, options: RunOptions, name: str, exposed: Iterable[str]) -> Network:
        """What a container called `name` asks for; `exposed` are the ports of its image, `PORT/PROTOCOL`.

        Raises ContainerError, CommandError, NotFound for what cannot be.
        """
        wanted = options.networks or (Attachment(),)
        mode = _mode(wanted)
        _refuse_contradictions(options, wanted[0], mode)
        if mode is NetworkMode.CONTAINER:
            return self._shared(wanted[0].network.removeprefix(_CONTAINER))
        endpoints = self._endpoints(wanted) if mode is NetworkMode.BRIDGE else ()
        return Network(
            mode=mode,
            endpoints=endpoints,
            name=name,
            # On the host's own network every port is the host's already.
            ports=self._ports(options, exposed, endpoints) if mode is NetworkMode.BRIDGE else (),
            extra_hosts=tuple(tuple(text.partition(":")[::2]) for text in options.add_hosts),
            dns=options.dns,
            dns_search=options.dns_search,
            dns_options=options.dns_options,
        )

    def notes(self, options: RunOptions) -> tuple[str, ...]:
        """Keys of what is not in force, of what was asked for."""
        is_host = bool(options.networks) and options.networks[0].network == HOST
        return ("network.ports-of-host",) if is_host and (options.publish or options.publish_all) else ()

    def hostname(self, options: RunOptions) -> str:
        """The host name that is asked for; who shares another container's network has its name, too."""
        other = self._other(options)
        return other.spec.hostname if other else options.hostname

    def _other(self, options: RunOptions) -> ContainerRecord | None:
        name = options.networks[0].network if options.networks else ""
        return self._containers.find(name.removeprefix(_CONTAINER)) if name.startswith(_CONTAINER) else None

    def _shared(self, container: str) -> Network:
        """The network of another container, or of the one in whose network that lives."""
        other = self._containers.find(container).spec
        if other.network.mode is NetworkMode.HOST:
            return Network(mode=NetworkMode.HOST)
        return Network(mode=NetworkMode.CONTAINER, container=other.network.container or other.id)

    def _endpoints(self, wanted: Iterable[Attachment]) -> tuple[Endpoint, ...]:
        found: list[Endpoint] = []
        for one in wanted:
            network = self._networks.find(one.network)
            network = self._networks.default() if network.name == BRIDGE else network
            endpoint = self._networks.endpoint(network, one)
            if any(other.network == endpoint.network for other in found):
                raise ContainerError("network.twice", network=network.name)
            found.append(endpoint)
        return tuple(found)

    def _ports(
        self, options: RunOptions, exposed: Iterable[str], endpoints: Sequence[Endpoint]
    ) -> tuple[PublishedPort, ...]:
        host = next((ip for one in endpoints if (ip := self._networks.find(one.network).host_ip)), LOOPBACK)
        found = [_published(one, host) for one in options.publish]
        if options.publish_all:
            said = {(port.container_port, port.protocol) for port in found}
            more = [_published(_exposed(text), host) for text in dict.fromkeys((*exposed, *options.expose))]
            found += [port for port in more if (port.container_port, port.protocol) not in said]
        return tuple(found)


def _mode(wanted: Sequence[Attachment]) -> NetworkMode:
    names = [one.network for one in wanted]
    alone = [name for name in names if name in _ALONE or name.startswith(_CONTAINER)]
    if alone and len(names) > 1:
        raise ContainerError("network.alone", network=alone[0])
    if not alone:
        return NetworkMode.BRIDGE
    return _ALONE.get(alone[0], NetworkMode.CONTAINER)


def _refuse_contradictions(options: RunOptions, first: Attachment, mode: NetworkMode) -> None:
    """What belongs to a network of one's own, for who has none."""
    if mode is NetworkMode.BRIDGE:
        return
    said: dict[str, object] = {
        "--network-alias": first.aliases,
        "--ip": first.address,
        "--mac-address": first.mac_address,
    }
    if mode is NetworkMode.NONE:
        said |= {"-p": options.publish}
    if mode is NetworkMode.CONTAINER:
        said |= {"-p": options.publish, "-P": options.publish_all, "--expose": options.expose}
        said |= {"--hostname": options.hostname, "--domainname": options.domainname, "--add-host": options.add_hosts}
        said |= {"--dns": options.dns, "--dns-search": options.dns_search, "--dns-option": options.dns_options}
    for option, value in said.items():
        if value:
            raise ContainerError("network.contradiction", option=option, network=first.network)


def _published(one: Publish, host: str) -> PublishedPort:
    return PublishedPort(
        container_port=one.container_port,
        host_port=one.host_port,
        last_host_port=one.last_host_port,
        host_ip=one.host_ip or host,
        protocol=one.protocol,
    )


def _exposed(text: str) -> Publish:
    port, _, protocol = text.partition("/")
    return Publish(container_port=int(port), protocol=protocol or "tcp")
