"""What a container may ask for that a tier cannot give: each with its facet, its option, and what becomes of it.

    facet        option               where the tier has none of it
    network      --network none       refused: the program would be where it must not be
    network      -p 8080:80           refused: it would listen elsewhere
    storage      --tmpfs size=...     noted: it runs, and nothing holds it back
    ...

Nothing is left out in silence: what a container cannot do without is an error, all else is said.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from pydock_lab.errors import IsolationError
from pydock_lab.linux import capabilities
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import (
    DEFAULT_SHM_SIZE,
    ContainerSpec,
    MountKind,
    NetworkMode,
    Propagation,
    PublishedPort,
)

# Facets of which a tier has nothing at all (probing.py tells why).
LACKING: Mapping[Tier, frozenset[str]] = MappingProxyType(
    {Tier.TRACED: frozenset({"processes", "network", "users", "storage"})}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """An option that needs a facet; `asked` says in words what a container asks for by it, or "".

    `key` is of the text that says what becomes of it: an error, unless the container `can_do_without`.
    """

    facet: str
    option: str
    asked: Callable[[ContainerSpec], str]
    key: str
    can_do_without: bool = False


def check(spec: ContainerSpec, tier: Tier) -> Iterator[dict[str, object]]:
    """What a container has to do without, as the notes of a start; raises IsolationError for what it cannot."""
    lacking = LACKING.get(tier, frozenset())
    for demand in DEMANDS:
        if demand.facet not in lacking or not (asked := demand.asked(spec)):
            continue
        words = {"facet": demand.facet, "option": demand.option, "asked": asked, "tier": str(tier)}
        if not demand.can_do_without:
            raise IsolationError(demand.key, **words)
        yield {"noted": demand.key, "fields": words}


def settled(spec: ContainerSpec, tier: Tier) -> ContainerSpec:
    """The same container where it has to share the host's network: its ports are the host's, its name is known."""
    if "network" not in LACKING.get(tier, ()) or spec.network.mode not in (NetworkMode.BRIDGE, NetworkMode.CONTAINER):
        return spec
    name = ".".join(filter(None, (spec.hostname, spec.domainname)))
    names = " ".join(dict.fromkeys((name, name.partition(".")[0])))
    named = (*spec.network.extra_hosts, (names, "127.0.0.1")) if spec.hostname else spec.network.extra_hosts
    ports = tuple(replace(port, host_port=port.container_port) for port in spec.network.ports)
    return replace(spec, network=replace(spec.network, mode=NetworkMode.HOST, extra_hosts=named, ports=ports))


# ---- what is asked for


def _all(_spec: ContainerSpec) -> str:
    return "container"


def _moved_ports(spec: ContainerSpec) -> str:
    moved = (port for port in spec.network.ports if port.host_port not in (0, port.container_port))
    return ", ".join(map(_said, moved)) if spec.network.mode is NetworkMode.BRIDGE else ""


def _ports(spec: ContainerSpec) -> str:
    return ", ".join(str(port.container_port) for port in spec.network.ports)


def _said(port: PublishedPort) -> str:
    return f"{port.host_port}:{port.container_port}"


def _no_network(spec: ContainerSpec) -> str:
    return "none" if spec.network.mode is NetworkMode.NONE else ""


def _own_network(spec: ContainerSpec) -> str:
    return ", ".join(one.name for one in spec.network.places if one.has_names)


def _address(spec: ContainerSpec) -> str:
    return ", ".join(one.address for one in spec.network.places if one.address)


def _mac_address(spec: ContainerSpec) -> str:
    return ", ".join(one.mac_address for one in spec.network.places if one.mac_address)


def _sysctls(spec: ContainerSpec) -> str:
    return ", ".join(spec.sysctls)


def _powers(spec: ContainerSpec) -> str:
    given = set(spec.process.capabilities) - set(capabilities.names(capabilities.DEFAULT))
    return ", ".join(sorted(given)) if not spec.privileged else ""


def _with_another(mode: str) -> str:
    return mode if mode.startswith("container:") else ""


def _no_memory(spec: ContainerSpec) -> str:
    return "none" if spec.namespaces.ipc == "none" else ""


def _ipc_of_another(spec: ContainerSpec) -> str:
    return _with_another(spec.namespaces.ipc)


def _pid_of_another(spec: ContainerSpec) -> str:
    return _with_another(spec.namespaces.pid)


def _pid_of_host(spec: ContainerSpec) -> str:
    return "host" if spec.namespaces.pid == "host" else ""


def _sizes(spec: ContainerSpec) -> str:
    limited = (one for one in spec.mounts if one.kind is MountKind.TMPFS and (one.size or one.inodes))
    return ", ".join(one.target for one in limited)


def _shared_memory(spec: ContainerSpec) -> str:
    return "/dev/shm" if spec.shm_size != DEFAULT_SHM_SIZE else ""  # noqa: S108 - the container's


def _apart(spec: ContainerSpec) -> str:
    return ", ".join(one.target for one in spec.mounts if not one.is_recursive)


def _propagation(spec: ContainerSpec) -> str:
    usual = (Propagation.PRIVATE, Propagation.RPRIVATE)
    return ", ".join(f"{one.target} ({one.propagation})" for one in spec.mounts if one.propagation not in usual)


def _privileged(spec: ContainerSpec) -> str:
    return "all powers" if spec.privileged else ""


DEMANDS = (
    Demand(facet="network", option="--network", asked=_no_network, key="runtime.demand-no-network"),
    Demand(facet="network", option="--network", asked=_own_network, key="runtime.demand-own-network"),
    Demand(facet="network", option="--ip", asked=_address, key="runtime.demand-own-network"),
    Demand(facet="network", option="--mac-address", asked=_mac_address, key="runtime.demand-own-network"),
    Demand(facet="network", option="-p", asked=_moved_ports, key="runtime.demand-moved-port"),
    Demand(facet="network", option="--sysctl", asked=_sysctls, key="runtime.demand-refused"),
    Demand(facet="users", option="--privileged", asked=_privileged, key="runtime.demand-refused"),
    Demand(facet="processes", option="--ipc", asked=_no_memory, key="runtime.demand-refused"),
    Demand(facet="processes", option="--ipc", asked=_ipc_of_another, key="runtime.demand-refused"),
    Demand(facet="processes", option="--pid", asked=_pid_of_another, key="runtime.demand-refused"),
    Demand(facet="processes", option="", asked=_all, key="runtime.demand-view", can_do_without=True),
    Demand(facet="processes", option="--pid", asked=_pid_of_host, key="runtime.demand-others", can_do_without=True),
    Demand(facet="network", option="-p", asked=_ports, key="runtime.demand-port", can_do_without=True),
    Demand(facet="users", option="--cap-add", asked=_powers, key="runtime.demand-powers", can_do_without=True),
    Demand(facet="storage", option="--tmpfs", asked=_sizes, key="runtime.demand-size", can_do_without=True),
    Demand(facet="storage", option="--shm-size", asked=_shared_memory, key="runtime.demand-size", can_do_without=True),
    Demand(facet="storage", option="--mount", asked=_apart, key="runtime.demand-mount", can_do_without=True),
    Demand(facet="storage", option="--mount", asked=_propagation, key="runtime.demand-mount", can_do_without=True),
)
