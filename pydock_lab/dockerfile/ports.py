"""Ports as EXPOSE writes them: `80`, `80/udp`, `8000-8003`; with `-p` habits, `127.0.0.1:8080:80`.

Only the container's side counts: EXPOSE says what the program listens on and publishes nothing, so an address or
a port of the host is read, checked, and left out. Source: BuildKit's documentation, "EXPOSE".
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator

from pydock_lab.dockerfile.characters import quote
from pydock_lab.errors import DockerfileError

_PROTOCOLS = ("tcp", "udp", "sctp")
_HIGHEST = 65535
_NUMBER = re.compile(r"\+?0*([0-9]{1,5})")


def parse_ports(specifications: Iterable[str]) -> tuple[str, ...]:
    """Every port that is meant, as `80/tcp`, ranges counted out; raises DockerfileError."""
    return tuple(port for text in specifications for port in _ports(text))


def _ports(text: str) -> Iterator[str]:
    address, host, rest = _split(text)
    container, _, protocol = rest.partition("/")
    if not container:
        raise DockerfileError("dockerfile.port-missing", port=quote(text))
    # The protocol is looked at first, so that `tcp/80` is told what is really wrong with it.
    protocol = protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS:
        raise DockerfileError("dockerfile.port-protocol", port=quote(text), protocol=rest.partition("/")[2])
    _check_address(address)
    ports = _range(container, "port-container")
    # One port of the container may have a whole range of the host's to choose from.
    if host and len(_range(host, "port-host")) != len(ports) != 1:
        raise DockerfileError("dockerfile.port-ranges", container=container, host=host)
    yield from (f"{port}/{protocol}" for port in ports)


def _split(text: str) -> tuple[str, str, str]:
    """Address, host's port, container's port; an IPv6 address has colons of its own."""
    *head, container = text.split(":")
    host = head.pop() if head else ""
    return ":".join(head), host, container


def _range(text: str, key: str) -> range:
    first, dash, last = text.partition("-")
    start = _number(first)
    end = _number(last) if dash else start
    if start is None or end is None or end < start:
        raise DockerfileError(f"dockerfile.{key}", port=text)
    return range(start, end + 1)


def _number(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    number = int(found[1]) if found else _HIGHEST + 1
    return number if number <= _HIGHEST else None


def _check_address(address: str) -> None:
    if address.startswith("["):
        if not address.endswith("]"):
            raise DockerfileError("dockerfile.port-bracket", address=address)
        address = address[1:-1]
    try:
        if address:
            ipaddress.ip_address(address)
    except ValueError:
        raise DockerfileError("dockerfile.port-address", address=address) from None
