"""The network options of `docker run` and `docker network connect`: their texts become values.

    --network lab --network name=db,alias=store,ip=10.9.0.7     places in networks
    -p 127.0.0.1:8080:80/tcp   -p 8000-8010:80   --expose 7000  ports
    --dns, --dns-search, --add-host NAME:ADDRESS                names

`OPTIONS` are the options for click, `run_values` makes fields of RunOptions out of what was said. All of it is plain
text and values: what networks there are is the engine's business. Raises CommandError.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from pydock_lab.cli.command import Function, flag, many, option
from pydock_lab.engine.network_options import Attachment
from pydock_lab.engine.run_options import Publish
from pydock_lab.errors import CommandError

_HIGHEST_PORT = 65535
_PROTOCOLS = ("tcp", "udp")
_HOST_GATEWAY = "host-gateway"
_MAC = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}", re.IGNORECASE)
_FIELDS = ("name", "alias", "ip", "ip6", "mac-address", "gw-priority", "driver-opt", "link-local-ip")

# In the order of `docker run --help`.
OPTIONS: Sequence[Callable[[Function], Function]] = (
    many("--add-host", metavar="NAME:ADDRESS"),
    many("--dns", metavar="ADDRESS"),
    many("--dns-option", "--dns-opt", metavar="OPTION"),
    many("--dns-search", metavar="DOMAIN"),
    option("--domainname", default="", metavar="NAME"),
    many("--expose", metavar="PORT"),
    option("-h", "--hostname", default="", metavar="NAME"),
    option("--ip", default="", metavar="ADDRESS"),
    option("--ip6", default="", metavar="ADDRESS"),
    many("--link", metavar="CONTAINER[:ALIAS]"),
    many("--link-local-ip", metavar="ADDRESS"),
    option("--mac-address", default="", metavar="ADDRESS"),
    many("--network", "--net", metavar="NETWORK"),
    many("--network-alias", "--net-alias", metavar="NAME"),
    many("-p", "--publish", metavar="[HOST:]PORT"),
    flag("-P", "--publish-all"),
)


def run_values(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of RunOptions that speak of networks, from what click found for `OPTIONS`."""
    refuse(said)
    return {
        "networks": attachments(
            said["network"], said["network_alias"], address=said["ip"], mac_address=said["mac_address"]
        ),
        "publish": tuple(one for text in said["publish"] for one in publish(text)),
        "publish_all": said["publish_all"],
        "expose": tuple(one for text in said["expose"] for one in expose(text)),
        "hostname": said["hostname"],
        "domainname": said["domainname"],
        "add_hosts": tuple(map(host, said["add_host"])),
        "dns": tuple(address(text, "--dns") for text in said["dns"]),
        "dns_search": tuple(said["dns_search"]),
        "dns_options": tuple(said["dns_option"]),
    }


def refuse(said: Mapping[str, Any]) -> None:
    """Say what this engine has instead of links and IPv6."""
    for link in said.get("link") or ():
        container, _, alias = link.partition(":")
        raise CommandError("network.no-link", container=container, alias=alias or container)
    for name in ("ip6", "link_local_ip"):
        if said.get(name):
            raise CommandError("network.no-ipv6-option", option=f"--{name.replace('_', '-')}")
    for one in said.get("driver_opt") or ():
        raise CommandError("network.no-driver-option", option=one)


def attachments(
    networks: Sequence[str], aliases: Sequence[str], *, address: str, mac_address: str
) -> tuple[Attachment, ...]:
    """`--network`, once or several times; the aliases and addresses said beside it are of the first one."""
    if not networks and not (aliases or address or mac_address):
        return ()
    first, *others = map(attachment, networks or ("bridge",))
    beside = Attachment(aliases=tuple(aliases), address=ip(address, "--ip"), mac_address=mac(mac_address))
    for name in ("aliases", "address", "mac_address"):
        if getattr(beside, name) and getattr(first, name):
            raise CommandError("network.said-twice", network=first.network)
    merged = replace(
        first,
        aliases=first.aliases or beside.aliases,
        address=first.address or beside.address,
        mac_address=first.mac_address or beside.mac_address,
    )
    return merged, *others


def attachment(text: str) -> Attachment:
    """`NETWORK`, or `name=NETWORK,alias=NAME,ip=ADDRESS,mac-address=ADDRESS,gw-priority=NUMBER`."""
    if "=" not in text:
        return Attachment(network=text or "bridge")
    found: dict[str, list[str]] = {}
    for word in text.split(","):
        name, equals, value = word.partition("=")
        if not equals or name.strip().lower() not in _FIELDS:
            raise CommandError("network.bad-network", value=text, part=word, known=", ".join(_FIELDS))
        found.setdefault(name.strip().lower(), []).append(value.strip())
    if not found.get("name"):
        raise CommandError("network.bad-network", value=text, part="name=", known=", ".join(_FIELDS))
    refuse({name.replace("-", "_"): values for name, values in found.items()})
    last = {name: values[-1] for name, values in found.items()}
    return Attachment(
        network=last["name"],
        aliases=tuple(found.get("alias", ())),
        address=ip(last.get("ip", ""), "ip"),
        mac_address=mac(last.get("mac-address", "")),
        priority=priority(last.get("gw-priority", "0")),
    )


def priority(text: str) -> int:
    """`--gw-priority`: any whole number."""
    try:
        return int(text)
    except ValueError:
        raise CommandError("network.bad-priority", value=text) from None


def ip(text: str, option: str) -> str:
    """An IPv4 address, or ""."""
    if text and ":" in address(text, option):
        raise CommandError("network.no-ipv6-option", option=option)
    return text


def address(text: str, option: str) -> str:
    """An address of IPv4 or IPv6."""
    try:
        ip_address(text)
    except ValueError:
        raise CommandError("network.bad-address-of", option=option, value=text) from None
    return text


def mac(text: str) -> str:
    """`02:42:ac:11:00:02`, the address of one device, or ""."""
    found = text.replace("-", ":").lower()
    if text and (not _MAC.fullmatch(text) or int(found[:2], 16) & 1):
        raise CommandError("network.bad-mac", value=text)
    return found


def host(text: str) -> str:
    """`NAME:ADDRESS` or `NAME=ADDRESS` of `--add-host`; the address may be of IPv6, in brackets, or `host-gateway`."""
    name, separator, where = text.partition("=" if "=" in text else ":")
    where = where.removeprefix("[").removesuffix("]")
    if not name or not separator:
        raise CommandError("cli.bad-host", value=text)
    return f"{name}:{where if where == _HOST_GATEWAY else address(where, '--add-host')}"


# ---- ports


def publish(text: str) -> tuple[Publish, ...]:
    """`[[host_ip:]host_port:]container_port[/protocol]`, ranges too; raises CommandError that names the bad part.

    A range of host ports for a single port of the container is a choice: any that is free.
    """
    rest, _, protocol = text.partition("/")
    protocol = _protocol(protocol, text)
    host_ip, outside, inside = _split(rest)
    if host_ip:
        address(host_ip, "-p")
    ports = _range(inside, text)
    # As in Docker, host port 0 is the same as none: any free one.
    hosts = range(1) if outside in ("", "0") else _range(outside, text)
    if len(ports) == 1 and len(hosts) > 1:
        more = {"host_port": hosts[0], "last_host_port": hosts[-1]}
        return (Publish(container_port=ports[0], host_ip=host_ip, protocol=protocol, **more),)
    if hosts[-1] == 0:
        return tuple(Publish(container_port=one, host_ip=host_ip, protocol=protocol) for one in ports)
    if len(ports) != len(hosts):
        raise CommandError("cli.port-ranges", value=text)
    return tuple(
        Publish(container_port=one, host_port=other, host_ip=host_ip, protocol=protocol)
        for one, other in zip(ports, hosts, strict=True)
    )


def expose(text: str) -> Iterator[str]:
    """`7000`, `7000-7010/udp`: each port as `PORT/PROTOCOL`."""
    rest, _, protocol = text.partition("/")
    protocol = _protocol(protocol, text)
    yield from (f"{port}/{protocol}" for port in _range(rest, text))


def _protocol(protocol: str, whole: str) -> str:
    found = protocol.lower() or "tcp"
    if found == "sctp":
        raise CommandError("network.no-sctp", value=whole)
    if found not in _PROTOCOLS:
        raise CommandError("cli.bad-protocol", value=whole, protocol=protocol)
    return found


def _split(text: str) -> tuple[str, str, str]:
    """Host address, host port and container port; an address of IPv6 is in brackets."""
    head, _, inside = text.rpartition(":")
    host_ip, _, outside = head.rpartition(":")
    return host_ip.removeprefix("[").removesuffix("]"), outside, inside


def _range(text: str, whole: str) -> range:
    first, dash, last = text.partition("-")
    last = last if dash else first
    are_numbers = all(one.isascii() and one.isdecimal() for one in (first, last))
    if not (are_numbers and 0 < int(first) <= int(last) <= _HIGHEST_PORT):
        raise CommandError("cli.bad-port", value=whole, part=text)
    return range(int(first), int(last) + 1)


def pairs(words: Iterable[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` of `--opt` and `--aux-address`."""
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise CommandError("cli.bad-pair", option=option, value=word)
        found[name] = value
    return found
