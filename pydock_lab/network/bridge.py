"""Bridges in the hub, and the cables that connect containers to them.

A cable is a veth pair: one end in the hub, plugged into the bridge, the other one in the container, as `eth0`. The
end in the hub is named after the container's address, and the kernel refuses a name that is there already: so the
kernel itself is the list of addresses in use, without a file that could be wrong after a crash.

A bridge carries a note of what it was made for (`ip link` shows it). When its network was removed, and another one is
made that has its name or its addresses, the old bridge goes: nobody needs to clean up before.
"""

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network

from pydock_lab.errors import Conflict, ContainerError
from pydock_lab.linux import links, routes
from pydock_lab.linux.links import End, Link
from pydock_lab.linux.netlink import Netlink, Operation
from pydock_lab.linux.routes import Route, Rule
from pydock_lab.network import hub
from pydock_lab.network.addresses import Plan, cable_name, mac_address
from pydock_lab.oci.runtime_spec import Endpoint

OUTSIDE_TABLE = 999
_FIRST_TABLE = 1000
_TO_THE_BRIDGE, _TO_THE_OUTSIDE, _NOWHERE = 10, 11, 12


def plug(endpoint: Endpoint, namespace: int, interface: str) -> Endpoint:
    """Lay a cable from the network's bridge into a namespace (a descriptor): the endpoint with all its addresses.

    Raises Conflict when the wanted address is in use or none is left, IsolationError, InvalidValue, OSError.
    """
    plan = Plan.of(endpoint)
    with hub.talking() as kernel:
        bridge = _ensure(endpoint, plan, kernel)
        for address in _candidates(endpoint, plan, kernel):
            mac = endpoint.mac_address or mac_address(address)
            end = End(name=interface, namespace=namespace, mac_address=mac, mtu=endpoint.mtu)
            try:
                kernel.do(_cable(endpoint, cable_name(address), bridge, end))
            except FileExistsError:
                continue  # another container has it
            return replace(endpoint, address=str(address), mac_address=mac, gateway=str(plan.gateway))
    key = "network.address-taken" if endpoint.address else "network.no-address"
    raise Conflict(key, address=endpoint.address, subnet=endpoint.subnet, network=endpoint.name)


def rehearse(endpoint: Endpoint) -> None:
    """Do what `plug` does, up to where something would be done; raises IsolationError, OSError."""
    plan = Plan.of(endpoint)
    address = next(plan.free(frozenset()))
    end = End(name="eth0", namespace=0, mac_address=mac_address(address))
    with hub.talking() as kernel:
        _find(kernel, endpoint.bridge)
        _cable(endpoint, cable_name(address), 0, end)
    replace(endpoint, address=str(address))


def unplug(endpoint: Endpoint) -> None:
    """Take a container's cable away, if it is still there."""
    with hub.talking() as kernel:
        cable = kernel.index(cable_name(IPv4Address(endpoint.address)))
        if cable:
            kernel.do([links.delete(cable)])


def _cable(endpoint: Endpoint, name: str, bridge: int, end: End) -> list[Operation]:
    return [links.add_cable(name, bridge, end), *([] if endpoint.icc else [links.isolate(name)])]


def _candidates(endpoint: Endpoint, plan: Plan, kernel: Netlink) -> Iterator[IPv4Address]:
    """The address that was asked for, or those that are free, the lowest first."""
    if endpoint.address:
        yield plan.wanted(endpoint.address)
        return
    # To ask for each of two hundred takes a millisecond, to have all of them listed ten.
    yield from (address for address in plan.free(frozenset()) if not kernel.index(cable_name(address)))


def _find(kernel: Netlink, name: str) -> Link | None:
    """A device of the hub, if it is there."""
    try:
        (body, *_) = kernel.ask(links.get(name))
    except OSError as error:
        if error.errno == errno.ENODEV:
            return None
        raise
    return Link.read(body)


def _links(kernel: Netlink) -> list[Link]:
    return [Link.read(body) for body in kernel.ask(links.list_all())]


def _ensure(endpoint: Endpoint, plan: Plan, kernel: Netlink) -> int:
    """The index of the network's bridge, made if there is none."""
    bridge = _find(kernel, endpoint.bridge)
    if bridge is None or bridge.alias != _note(endpoint, plan):
        return _make(endpoint, plan, kernel)
    return bridge.index


def _note(endpoint: Endpoint, plan: Plan) -> str:
    return f"{plan.subnet} {plan.gateway} {'internal' if endpoint.internal else 'open'}"


def _make(endpoint: Endpoint, plan: Plan, kernel: Netlink) -> int:
    for old in _links(kernel):
        if old.name == endpoint.bridge or (old.alias and _subnet(old).overlaps(plan.subnet)):
            _unmake(old, kernel)
    name, mac = endpoint.bridge, mac_address(plan.gateway)
    kernel.do([links.add_bridge(name, mac_address=mac, mtu=endpoint.mtu)])
    made = kernel.index(name)
    table = _FIRST_TABLE + made
    kernel.do(
        [
            routes.add_address(made, plan.with_length(plan.gateway)),
            links.set_up(made),
            Route(destination=IPv4Network(plan.gateway), device=made, table=table, is_ours=True).set(),
            Route(destination=plan.subnet, device=made, table=table).set(),
            # From other bridges: there may be such addresses outside, too, and here they are not meant.
            Route(destination=plan.subnet, table=OUTSIDE_TABLE).set(),
        ]
    )
    _add_rules(endpoint, table, kernel)
    # Last: a bridge without its note is a half made one, and will be made anew.
    kernel.do([links.note(made, _note(endpoint, plan))])
    return made


def _unmake(bridge: Link, kernel: Netlink) -> None:
    """Take away a bridge whose network is no more, with all that was made for it."""
    kernel.do([links.delete(bridge.index)])
    if bridge.alias:
        # The other routes go with the device; this one, which refuses, has none. Nor have rules, which know it by name.
        _try(Route(destination=_subnet(bridge), table=OUTSIDE_TABLE).forget(), kernel)
    for priority in (_TO_THE_BRIDGE, _TO_THE_OUTSIDE, _NOWHERE):
        _try(Rule(priority=priority, source=bridge.name).delete(), kernel)


def _try(operation: Operation, kernel: Netlink) -> None:
    with contextlib.suppress(OSError):  # there is none
        kernel.do([operation])


def _subnet(bridge: Link) -> IPv4Network:
    return IPv4Network(bridge.alias.split()[0])


def _add_rules(endpoint: Endpoint, table: int, kernel: Netlink) -> None:
    """What may come in at a bridge: see hub.py."""
    wanted = [Rule(priority=_TO_THE_BRIDGE, source=endpoint.bridge, table=table)]
    if not endpoint.internal:
        wanted.append(Rule(priority=_TO_THE_OUTSIDE, source=endpoint.bridge, table=OUTSIDE_TABLE))
    wanted.append(Rule(priority=_NOWHERE, source=endpoint.bridge))
    kernel.do(rule.add() for rule in wanted)


def open_namespace(pid: int) -> int:
    """The network namespace of a process, as a descriptor that is closed at exec; raises ContainerError."""
    try:
        return os.open(f"/proc/{pid}/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        reason = os.strerror(error.errno or errno.ESRCH)
        raise ContainerError("runtime.start-failed", reason=reason) from None
