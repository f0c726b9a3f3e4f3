"""What a user may ask of networks, as frozen values: a new one, or a container's place in one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

# Told of what happens to networks: type (`network`), action, the network's id, and attributes; for `docker events`.
OnChange: TypeAlias = Callable[[str, str, str, Mapping[str, str]], None]


def ignore_change(_kind: str, _action: str, _actor: str, _attributes: Mapping[str, str]) -> None:
    """The watcher that watches nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attachment:
    """`--network NAME`, or a container's place in a network: what is empty is chosen by the engine.

    `network` is also `none`, `host` or `container:NAME`. Of several networks the one with the highest `priority` leads
    outside.
    """

    network: str = "bridge"
    aliases: tuple[str, ...] = ()
    address: str = ""
    mac_address: str = ""
    priority: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class NetworkCreation:
    """`docker network create`; without a `subnet` a free one is chosen. `reserved` are addresses by their names."""

    name: str
    driver: str = "bridge"
    subnet: str = ""
    gateway: str = ""
    ip_range: str = ""
    reserved: Mapping[str, str] = field(default_factory=dict)
    internal: bool = False
    attachable: bool = False
    ipv6: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
