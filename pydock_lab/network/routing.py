"""Which addresses the host itself has a way to: a network of containers should not hide them. Source: proc(5)."""

from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path


def host_routes() -> list[IPv4Network]:
    """The subnets in the host's main table, without the default route; none where there is no such table to read."""
    with suppress(OSError):
        return list(read_routes(Path("/proc/net/route").read_text(encoding="ascii")))
    return []


def read_routes(content: str) -> Iterator[IPv4Network]:
    """The subnets in the text of /proc/net/route: addresses as the machine has them in memory, in hexadecimal."""
    for line in content.splitlines()[1:]:
        words = line.split()
        destination, mask = (int.from_bytes(bytes.fromhex(words[column]), "little") for column in (1, 7))
        if mask:
            yield IPv4Network((destination, str(IPv4Address(mask))))
