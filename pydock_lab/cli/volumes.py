"""`docker volume`: volumes made, shown and removed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from pydock_lab.cli import inspecting, parse, table
from pydock_lab.cli.command import LocalGroup, command, flag, many, option
from pydock_lab.cli.images import for_each
from pydock_lab.cli.pruning import prune_command
from pydock_lab.cli.session import session
from pydock_lab.cli.words import pairs, size
from pydock_lab.engine import volume_filters
from pydock_lab.errors import CommandError

if TYPE_CHECKING:
    from pydock_lab.engine.base import Engine
    from pydock_lab.engine.values import VolumeSummary

_UNKNOWN = "N/A"

LISTING = table.Listing(
    headings={
        "Name": "VOLUME NAME",
        "Driver": "DRIVER",
        "Scope": "SCOPE",
        "Mountpoint": "MOUNTPOINT",
        "Labels": "LABELS",
        "Links": "LINKS",
        "Size": "SIZE",
        "Group": "GROUP",
        "Availability": "AVAILABILITY",
        "Status": "STATUS",
    },
    columns=("Driver", "Name"),
    quiet="Name",
    setting="volumesFormat",
    raw="name: {{.Name}}\ndriver: {{.Driver}}\n",
    quiet_raw="name: {{.Name}}",
)


def volume_row(one: VolumeSummary, *, size_: int = -1, links: int = -1) -> table.Row:
    """One row; bytes and the number of containers that have it are -1 where nobody counted."""
    return table.Row(
        fields={
            "Name": one.name,
            "Driver": one.driver,
            "Scope": "local",
            "Mountpoint": one.mountpoint,
            "Labels": pairs(one.labels),
            "Links": _UNKNOWN if links < 0 else str(links),
            "Size": _UNKNOWN if size_ < 0 else size(size_),
            # These are of Swarm's volumes.
            **dict.fromkeys(("Group", "Availability", "Status"), _UNKNOWN),
        },
        labels=one.labels,
    )


def register(group: click.Group) -> None:
    """`docker volume`."""
    volume = LocalGroup("volume")
    group.add_command(volume)
    _register_list(volume)
    _register_make(volume)

    @command(volume, "inspect", help_key="volume-inspect")
    @option("-f", "--format", metavar="TEMPLATE")
    @click.argument("name", nargs=-1, required=True)
    def inspect(name: tuple[str, ...], **said: Any) -> int:
        here = session()
        return inspecting.documents(here, name, said["format"], lambda one: (here.engine.inspect_volume(one), "Volume"))

    @command(volume, "rm", help_key="volume-rm")
    @flag("-f", "--force")
    @click.argument("name", nargs=-1, required=True)
    def rm(name: tuple[str, ...], force: bool) -> int:
        return for_each(name, lambda one: session().engine.remove_volume(one, force=force))

    prune_command(volume, ["volume"])


def _register_list(group: click.Group) -> None:
    @command(group, "ls", help_key="volume-ls")
    @many("-f", "--filter", metavar="NAME=VALUE")
    @option("--format", metavar="TEMPLATE")
    @flag("-q", "--quiet")
    def ls(quiet: bool, **said: Any) -> None:
        here = session()
        used = _used(here.engine) if any(word.startswith("dangling") for word in said["filter"]) else frozenset()
        found = volume_filters.select(here.engine.volumes(), said["filter"], used)
        table.write(here, LISTING, [volume_row(one) for one in found], said["format"], quiet=quiet)


def _used(engine: Engine) -> frozenset[str]:
    return frozenset(mount.name for one in engine.containers(all_=True) for mount in one.mounts)


def _register_make(group: click.Group) -> None:
    @command(group, "create", help_key="volume-create")
    @option("-d", "--driver", default="local", metavar="DRIVER")
    @many("--label", metavar="NAME=VALUE")
    @many("-o", "--opt", metavar="NAME=VALUE")
    @click.argument("name", required=False, default="")
    def create(name: str, **said: Any) -> None:
        if said["opt"]:
            raise CommandError("cli.volume-options", value=said["opt"][0])
        labels = parse.pairs(said["label"], "--label")
        session().write(session().engine.create_volume(name, labels=labels, driver=said["driver"]).name)
