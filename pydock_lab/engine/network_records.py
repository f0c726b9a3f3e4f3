"""Networks as they are kept: one record each, below `networks/`, and the three that every engine has.

networks/ID/network.json              what `docker network create` decided once and for all
networks/ID/endpoints/CONTAINER.json  who is in it now: written by shims, see network/places.py
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from ipaddress import IPv4Network
from typing import Any, Self

from pydock_lab.engine.network_options import Attachment, NetworkCreation
from pydock_lab.errors import CommandError
from pydock_lab.network.addresses import Plan, read_subnet
from pydock_lab.oci.runtime_spec import DEFAULT_NETWORK, Endpoint, predefined_id

BRIDGE, HOST, NONE = DEFAULT_NETWORK, "host", "none"
PREDEFINED = (BRIDGE, HOST, NONE)
_DRIVERS = {HOST: "host", NONE: "null"}
_ALSO = ("default", "null")  # names that mean one of those, and so are nobody's

_PREFIX = "com.docker.network."
_NAME, _ICC = f"{_PREFIX}bridge.name", f"{_PREFIX}bridge.enable_icc"
_MASQUERADE, _HOST_IP = f"{_PREFIX}bridge.enable_ip_masquerade", f"{_PREFIX}bridge.host_binding_ipv4"
_MTU = f"{_PREFIX}driver.mtu"
_OPTIONS = (_NAME, _ICC, _MASQUERADE, _HOST_IP, _MTU)
_TRUE, _FALSE = ("true", "1", "t"), ("false", "0", "f")
_BRIDGE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}")
_TAKEN_BRIDGE = re.compile(r"lo|outside|v[0-9a-f]{8}")  # devices that the hub has, or may have
_VALID_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_LEAST_MTU, _MOST_MTU = 68, 65535


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkRecord:
    """One network; `subnet` is "" for `host` and `none`, `created` seconds since 1970 (0: it was always there).

    `is_configured`: the subnet was asked for, and so an address in it may be.
    """

    id: str
    name: str
    driver: str = "bridge"
    created: float = 0
    subnet: str = ""
    gateway: str = ""
    ip_range: str = ""
    reserved: Mapping[str, str] = field(default_factory=dict)
    is_configured: bool = False
    internal: bool = False
    attachable: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave."""
        return cls(**{name: document[name] for name in cls.__slots__})

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @property
    def is_predefined(self) -> bool:
        """Whether it cannot be removed."""
        return self.name in PREDEFINED

    @property
    def bridge(self) -> str:
        """The name of its bridge."""
        return self.options.get(_NAME) or (Endpoint().bridge if self.name == BRIDGE else f"br-{self.id[:12]}")

    @property
    def host_ip(self) -> str:
        """Where ports are published unless said otherwise; "" for the engine's own choice."""
        return self.options.get(_HOST_IP, "")

    def endpoint(self, wanted: Attachment) -> Endpoint:
        """A container's place in it; raises InvalidValue where the address is none of its own."""
        found = Endpoint(
            network=self.id,
            name=self.name,
            bridge=self.bridge,
            subnet=self.subnet,
            gateway=self.gateway,
            ip_range=self.ip_range,
            reserved=tuple(self.reserved.values()),
            internal=self.internal,
            icc=self.options.get(_ICC, "true") in _TRUE,
            mtu=int(self.options.get(_MTU, "0")),
            address=wanted.address,
            mac_address=wanted.mac_address.lower(),
            aliases=wanted.aliases,
            priority=wanted.priority,
        )
        if wanted.address:
            Plan.of(found).wanted(wanted.address)
        return found


def default_bridge(subnet: IPv4Network) -> NetworkRecord:
    """The network in which containers are that name none."""
    default = Endpoint(subnet=str(subnet))
    options = {f"{_PREFIX}bridge.default_bridge": "true", _ICC: "true", _MASQUERADE: "true", _NAME: default.bridge}
    gateway = str(Plan.of(default).gateway)
    return NetworkRecord(id=default.network, name=BRIDGE, subnet=default.subnet, gateway=gateway, options=options)


HOST_AND_NONE = tuple(NetworkRecord(id=predefined_id(name), name=name, driver=_DRIVERS[name]) for name in (HOST, NONE))


def new_record(wanted: NetworkCreation, identity: str, created: float, subnet: IPv4Network) -> NetworkRecord:
    """The record of a new network; raises CommandError, InvalidValue for what cannot be."""
    record = NetworkRecord(
        id=identity,
        name=wanted.name,
        created=created,
        subnet=str(subnet),
        gateway=wanted.gateway,
        ip_range=wanted.ip_range,
        reserved=wanted.reserved,
        is_configured=bool(wanted.subnet),
        internal=wanted.internal,
        attachable=wanted.attachable,
        options=wanted.options,
        labels=wanted.labels,
    )
    return replace(record, gateway=str(Plan.of(record.endpoint(Attachment())).gateway))


def check(wanted: NetworkCreation) -> None:
    """Raise CommandError for what this engine does not have, or what means nothing."""
    if not _VALID_NAME.fullmatch(wanted.name):
        raise CommandError("network.bad-name", network=wanted.name)
    if wanted.name in (*PREDEFINED, *_ALSO):
        raise CommandError("network.predefined-name", network=wanted.name)
    if wanted.driver not in ("bridge", "default"):
        raise CommandError("network.bad-driver", driver=wanted.driver)
    if wanted.ipv6:
        raise CommandError("network.no-ipv6-network", network=wanted.name)
    if not wanted.subnet and (wanted.gateway or wanted.ip_range or wanted.reserved):
        raise CommandError("network.needs-subnet", network=wanted.name)
    if wanted.subnet:
        read_subnet(wanted.subnet)
    for option, value in wanted.options.items():
        _check_option(option, value)


def _check_option(option: str, value: str) -> None:
    if option not in _OPTIONS:
        raise CommandError("network.bad-option", option=option, known=", ".join(_OPTIONS))
    if option == _NAME and (not _BRIDGE_NAME.fullmatch(value) or _TAKEN_BRIDGE.fullmatch(value)):
        raise CommandError("network.bad-bridge-name", name=value)
    if option == _ICC and value not in (*_TRUE, *_FALSE):
        raise CommandError("network.bad-option-value", option=option, value=value, known="true, false")
    if option == _MASQUERADE and value not in _TRUE:
        raise CommandError("network.no-masquerade")
    if option == _MTU and not (value.isdigit() and _LEAST_MTU <= int(value) <= _MOST_MTU):
        raise CommandError("network.bad-option-value", option=option, value=value, known=f"{_LEAST_MTU}-{_MOST_MTU}")
