"""`docker network`: networks made, shown and removed, and containers connected to them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pydock_lab import locale
from pydock_lab.cli import inspecting, network_options, parse, table
from pydock_lab.cli.command import LocalGroup, command, flag, many, option
from pydock_lab.cli.images import for_each
from pydock_lab.cli.pruning import prune_command
from pydock_lab.cli.session import session
from pydock_lab.cli.words import pairs, short
from pydock_lab.engine.network_options import Attachment, NetworkCreation
from pydock_lab.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydock_lab.engine.values import NetworkSummary

LISTING = table.Listing(
    headings={
        "ID": "NETWORK ID",
        "Name": "NAME",
        "Driver": "DRIVER",
        "Scope": "SCOPE",
        "IPv4": "IPV4",
        "IPv6": "IPV6",
        "Internal": "INTERNAL",
        "Labels": "LABELS",
        "CreatedAt": "CREATED AT",
    },
    columns=("ID", "Name", "Driver", "Scope"),
    setting="networksFormat",
)


def register(group: click.Group) -> None:
    """`docker network`."""
    network = LocalGroup("network")
    group.add_command(network)
    _register_create(network)
    _register_look(network)
    _register_remove(network)
    _register_containers(network)


def _register_create(group: click.Group) -> None:
    @command(group, "create", help_key="network-create")
    @option("-d", "--driver", default="bridge", metavar="DRIVER")
    @many("--subnet", metavar="SUBNET")
    @many("--gateway", metavar="ADDRESS")
    @many("--ip-range", metavar="RANGE")
    @many("--aux-address", metavar="NAME=ADDRESS")
    @flag("--internal")
    @flag("--attachable")
    @flag("--ipv6")
    @many("-o", "--opt", metavar="NAME=VALUE")
    @many("--label", metavar="NAME=VALUE")
    @click.argument("network")
    def create(network: str, **said: Any) -> None:
        wanted = NetworkCreation(
            name=network,
            driver=said["driver"],
            subnet=_one(said["subnet"], "--subnet"),
            gateway=_one(said["gateway"], "--gateway"),
            ip_range=_one(said["ip_range"], "--ip-range"),
            reserved=network_options.pairs(said["aux_address"], "--aux-address"),
            internal=said["internal"],
            attachable=said["attachable"],
            ipv6=said["ipv6"],
            options=network_options.pairs(said["opt"], "--opt"),
            labels=parse.pairs(said["label"], "--label"),
        )
        made = session().engine.create_network(wanted)
        if wanted.attachable:
            session().face.note(locale.text("network.attachable-ignored") + "\n")
        session().write(made)


def _one(values: Sequence[str], name: str) -> str:
    """Docker lets a network have several subnets for IPv6 beside IPv4; here there is one."""
    if len(values) > 1:
        raise CommandError("network.one-subnet", option=name)
    return values[0] if values else ""


def _register_look(group: click.Group) -> None:
    @command(group, "ls", help_key="network-ls")
    @many("-f", "--filter", metavar="NAME=VALUE")
    @option("--format", metavar="TEMPLATE")
    @flag("--no-trunc")
    @flag("-q", "--quiet")
    def ls(filter: tuple[str, ...], no_trunc: bool, quiet: bool, **more: Any) -> None:  # noqa: A002 - Docker's word
        here = session()
        rows = [
            table.Row(
                fields={
                    "ID": one.id if no_trunc else short(one.id),
                    "Name": one.name,
                    "Driver": one.driver,
                    "Scope": one.scope,
                    "Internal": str(one.internal).lower(),
                    "IPv4": "true",
                    "IPv6": "false",
                    "CreatedAt": partial(_created, one),
                    "Labels": pairs(one.labels),
                },
                labels=one.labels,
            )
            for one in here.engine.networks(filter)
        ]
        table.write(here, LISTING, rows, more["format"], quiet=quiet)

    @command(group, "inspect", help_key="network-inspect")
    @option("-f", "--format", metavar="TEMPLATE")
    @flag("-v", "--verbose")
    @click.argument("network", nargs=-1, required=True)
    def inspect(network: tuple[str, ...], verbose: bool, **said: Any) -> int:
        del verbose  # what it adds in Docker is Swarm's
        here = session()
        look = here.engine.inspect_network
        return inspecting.documents(here, network, said["format"], lambda one: (look(one), "Network"))


def _register_remove(group: click.Group) -> None:
    @command(group, "rm", help_key="network-rm")
    @flag("-f", "--force")
    @click.argument("network", nargs=-1, required=True)
    def rm(network: tuple[str, ...], force: bool) -> int:
        return for_each(network, lambda one: session().engine.remove_network(one, force=force))

    prune_command(group, ["network"])


def _register_containers(group: click.Group) -> None:
    @command(group, "connect", help_key="network-connect")
    @many("--alias", metavar="NAME")
    @many("--driver-opt", metavar="NAME=VALUE")
    @option("--gw-priority", default="0", metavar="NUMBER")
    @option("--ip", default="", metavar="ADDRESS")
    @option("--ip6", default="", metavar="ADDRESS")
    @many("--link", metavar="CONTAINER[:ALIAS]")
    @many("--link-local-ip", metavar="ADDRESS")
    @click.argument("network")
    @click.argument("container")
    def connect(network: str, container: str, **said: Any) -> None:
        network_options.refuse(said)
        wanted = Attachment(
            network=network,
            aliases=said["alias"],
            address=network_options.ip(said["ip"], "--ip"),
            priority=network_options.priority(said["gw_priority"]),
        )
        session().engine.connect_network(container, wanted)

    @command(group, "disconnect", help_key="network-disconnect")
    @flag("-f", "--force")
    @click.argument("network")
    @click.argument("container")
    def disconnect(network: str, container: str, force: bool) -> None:
        session().engine.disconnect_network(network, container, force=force)


def _created(one: NetworkSummary) -> str:
    """`2026-01-31 12:00:00.5 +0000 UTC`."""
    from pydock_lab.cli.shapes import moment  # noqa: PLC0415 - only for who asks for it

    return moment(one.created).words if one.created else ""
