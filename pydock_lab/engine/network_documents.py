"""Networks, and containers' places in them, in Docker's form.

What is in force comes from the files that shims write (network/places.py), what was decided from the records.
Source: Docker Engine API, NetworkInspect and ContainerInspect.
"""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pydock_lab.engine.network_records import NetworkRecord
from pydock_lab.network.addresses import Plan
from pydock_lab.network.places import Place
from pydock_lab.oci.runtime_spec import Endpoint
from pydock_lab.oci.times import rfc3339

_NEVER = "0001-01-01T00:00:00Z"  # Go's zero time


def network_document(record: NetworkRecord, places: Iterable[Place]) -> dict[str, Any]:
    """`docker network inspect`."""
    return {
        "Name": record.name,
        "Id": record.id,
        "Created": rfc3339(datetime.fromtimestamp(record.created, UTC)) if record.created else _NEVER,
        "Scope": "local",
        "Driver": record.driver,
        "EnableIPv4": True,
        "EnableIPv6": False,
        "IPAM": {"Driver": "default", "Options": {}, "Config": _ipam(record)},
        "Internal": record.internal,
        "Attachable": record.attachable,
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {place.container: _container(place) for place in places},
        "Options": dict(record.options),
        "Labels": dict(record.labels),
    }


def _ipam(record: NetworkRecord) -> list[dict[str, Any]]:
    if not record.subnet:
        return []
    found: dict[str, Any] = {"Subnet": record.subnet, "Gateway": record.gateway}
    if record.ip_range:
        found["IPRange"] = record.ip_range
    if record.reserved:
        found["AuxiliaryAddresses"] = dict(record.reserved)
    return [found]


def _container(place: Place) -> dict[str, str]:
    endpoint = place.endpoint
    return {
        "Name": place.names[0],
        "EndpointID": endpoint_id(place.container, endpoint.network),
        "MacAddress": endpoint.mac_address,
        "IPv4Address": str(Plan.of(endpoint).with_length(endpoint.address)),
        "IPv6Address": "",
    }


def endpoint_id(container: str, network: str) -> str:
    """The id of a container's place in a network."""
    return hashlib.sha256(f"{container} {network}".encode()).hexdigest()


def endpoint_document(container: str, wanted: Endpoint, now: Endpoint | None, names: Iterable[str]) -> dict[str, Any]:
    """A container's place in a network: as it was `wanted`, and as it is `now` (None: it does not run)."""
    asked = {"IPv4Address": wanted.address} if wanted.address else None
    return {
        "IPAMConfig": asked,
        "Links": None,
        "Aliases": list(wanted.aliases) or None,
        "MacAddress": now.mac_address if now else wanted.mac_address,
        "DriverOpts": None,
        "GwPriority": wanted.priority,
        "NetworkID": wanted.network,
        "EndpointID": endpoint_id(container, wanted.network) if now else "",
        "Gateway": now.gateway if now else "",
        "IPAddress": now.address if now else "",
        "IPPrefixLen": Plan.of(now).subnet.prefixlen if now else 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "DNSNames": list(names) if wanted.has_names else None,
    }
