"""Checks of EXPOSE."""

from collections.abc import Iterator

from pydock_lab.dockerfile.checks import code
from pydock_lab.dockerfile.checks.finding import Finding
from pydock_lab.dockerfile.checks.rules import Rule
from pydock_lab.dockerfile.survey import PortSeen


def expose_proto_casing(sight: PortSeen) -> Iterator[Finding]:
    """`80/tcp`, in small letters."""
    protocol = sight.port.rpartition(":")[2].partition("/")[2]
    if protocol != protocol.lower():
        yield _found(Rule.EXPOSE_PROTO_CASING, sight, sight.port.removesuffix(protocol) + protocol.lower())


def expose_invalid_format(sight: PortSeen) -> Iterator[Finding]:
    """EXPOSE names ports of the container: addresses and ports of the host belong to `docker run -p`."""
    *host, container = sight.port.split(":")
    if any(host):
        yield _found(Rule.EXPOSE_INVALID_FORMAT, sight, container)


def _found(rule: Rule, sight: PortSeen, port: str) -> Finding:
    instead = code.short(f"{sight.instruction.source.keyword} {port}")
    return Finding(rule=rule, lines=sight.lines, fields={"port": sight.port}, instead=instead)
