"""Volumes, the system; and ours: layers, instances, doctor."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from pydock_lab import locale
from pydock_lab.cli import build, table
from pydock_lab.cli.command import LocalGroup, command, flag, many, option
from pydock_lab.cli.images import for_each
from pydock_lab.cli.session import session
from pydock_lab.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pydock_lab.engine.base import Engine
    from pydock_lab.engine.values import Info


def register_volumes(group: click.Group) -> None:
    """`docker volume`."""
    volume = LocalGroup("volume")
    group.add_command(volume)

    @command(volume, "ls", help_key="volume-ls")
    @flag("-q", "--quiet")
    @option("--format", metavar="TEMPLATE")
    def ls(quiet: bool, **more: Any) -> None:
        rows = [
            {"Driver": "local", "Name": one.name, "Mountpoint": one.mountpoint} for one in session().engine.volumes()
        ]
        if quiet:
            session().write_lines(row["Name"] for row in rows)
            return
        session().write(table.listing({"Driver": "DRIVER", "Name": "VOLUME NAME"}, rows, more["format"]))

    @command(volume, "create", help_key="volume-create")
    @click.argument("name", required=False, default="")
    def create(name: str) -> None:
        session().write(session().engine.create_volume(name).name)

    @command(volume, "inspect", help_key="volume-inspect")
    @option("-f", "--format", metavar="TEMPLATE")
    @click.argument("name", nargs=-1, required=True)
    def inspect(name: tuple[str, ...], **said: Any) -> None:
        known = {one.name: one for one in session().engine.volumes()}
        found = [_volume(known, one) for one in name]
        if said["format"]:
            session().write("\n".join(table.render(said["format"], one) for one in found))
        else:
            session().write(json.dumps(found, indent=4))

    @command(volume, "rm", help_key="volume-rm")
    @flag("-f", "--force")
    @click.argument("name", nargs=-1, required=True)
    def rm(name: tuple[str, ...], force: bool) -> int:
        return for_each(name, lambda one: session().engine.remove_volume(one, force=force))

    prune_command(volume, ["volume"])


def _volume(known: dict[str, Any], name: str) -> dict[str, Any]:
    if name not in known:
        raise NotFound("engine.no-volume", volume=name)
    one = known[name]
    return {"CreatedAt": one.created, "Driver": "local", "Mountpoint": one.mountpoint, "Name": name, "Scope": "local"}


def register_system(group: click.Group) -> None:
    """`docker system`, `docker version`, `docker info`."""
    system = LocalGroup("system")
    group.add_command(system)

    @command(system, "df", help_key="system-df")
    @option("--format", metavar="TEMPLATE")
    def df(**more: Any) -> None:
        rows = [
            {
                "Type": one.kind,
                "TotalCount": one.total,
                "Active": one.active,
                "Size": locale.size(one.size),
                "Reclaimable": f"{locale.size(one.reclaimable)} ({100 * one.reclaimable // max(one.size, 1)}%)",
            }
            for one in session().engine.disk_usage()
        ]
        headings = {
            "Type": "TYPE",
            "TotalCount": "TOTAL",
            "Active": "ACTIVE",
            "Size": "SIZE",
            "Reclaimable": "RECLAIMABLE",
        }
        session().write(table.listing(headings, rows, more["format"]))

    @command(system, "check", help_key="system-check")
    def check() -> int:
        problems = session().engine.check()
        for line in problems:
            session().write(line)
        if not problems:
            session().write(locale.text("cli.check-well"))
        return 1 if problems else 0

    prune_command(system, ["container", "network", "image", "builder"], with_volumes=True)
    for where in (group, system):
        _info(where, "info", lambda engine: engine.info())
    _info(group, "version", lambda engine: engine.version())


def _info(group: click.Group, name: str, ask: Callable[[Engine], Info]) -> None:
    @command(group, name)
    @option("-f", "--format", metavar="TEMPLATE")
    def info(**said: Any) -> None:
        found = ask(session().engine)
        if said["format"]:
            plain = {name.replace(" ", ""): value for name, value in found.facts.items()}
            session().write(table.render(said["format"], plain) if said["format"] != "json" else json.dumps(plain))
            return
        session().write("\n".join(f"{name}: {value}" for name, value in found.facts.items()))


def prune_command(
    group: click.Group, kinds: Iterable[str], *, with_volumes: bool = False, with_filters: bool = False, key: str = ""
) -> None:
    """`docker ... prune`; its help is that of the group `key`."""
    kinds = list(kinds)
    extra = [flag("--volumes")] if with_volumes else []
    extra += [many("--filter", metavar="NAME=VALUE")] if with_filters else []

    def prune(force: bool, **said: Any) -> None:
        here = session()
        question = locale.text("cli.prune-sure", kinds=", ".join(kinds))
        if not force and here.face.ask(question, secret=False).lower() not in ("y", "yes", "o", "oui"):
            return
        wanted = [*kinds, *(["volume"] if said.get("volumes") else [])]
        found = here.engine.prune(wanted, all_=said["all"], filters=tuple(said.get("filter", ())))
        for kind, pruned in found.items():
            for name in pruned.removed:
                here.write(f"{kind}: {name}")
        here.write(locale.text("cli.reclaimed", size=locale.size(sum(one.reclaimed for one in found.values()))))

    function: Any = prune
    for decorate in [*extra, flag("-a", "--all"), flag("-f", "--force")]:
        function = decorate(function)
    command(group, "prune", help_key=f"{key or group.name}-prune")(function)


def register_builder(group: click.Group, name: str) -> None:
    """`docker builder`, also as `docker buildx`."""
    builder = LocalGroup(name, help_key="builder")
    group.add_command(builder)
    build.register(builder)
    prune_command(builder, ["builder"], with_filters=True, key="builder")


def register_pictures(group: click.Group) -> None:
    """Ours: what the notebook shows as pictures, here as text."""

    @command(group, "layers")
    @click.argument("image")
    def layers(image: str) -> None:
        session().face.show(session().engine.layers(image))

    @command(group, "instances")
    def instances() -> None:
        session().face.show(session().engine.instances())

    @command(group, "doctor")
    def doctor() -> None:
        session().face.show(session().engine.doctor())
