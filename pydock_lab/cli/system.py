"""The system: `docker system`, `docker info`, `docker version`."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pydock_lab import locale
from pydock_lab.cli import table, watching
from pydock_lab.cli.command import LocalGroup, command, flag, option
from pydock_lab.cli.container_rows import LISTING as CONTAINERS
from pydock_lab.cli.container_rows import container_row
from pydock_lab.cli.image_rows import LISTING as IMAGES
from pydock_lab.cli.image_rows import image_row
from pydock_lab.cli.isolation_option import ISOLATION
from pydock_lab.cli.pruning import prune_command
from pydock_lab.cli.session import session
from pydock_lab.cli.volumes import LISTING as VOLUMES
from pydock_lab.cli.volumes import volume_row
from pydock_lab.cli.words import memory, size
from pydock_lab.engine.values import ContainerSize

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pydock_lab.engine.values import DiskDetails

_USAGE = table.Listing(
    headings={
        "Type": "TYPE",
        "TotalCount": "TOTAL",
        "Active": "ACTIVE",
        "Size": "SIZE",
        "Reclaimable": "RECLAIMABLE",
    },
    columns=("Type", "TotalCount", "Active", "Size", "Reclaimable"),
    quiet="Type",
)
_CACHE = table.Listing(
    headings={"ID": "CACHE ID", "CacheType": "CACHE TYPE", "Size": "SIZE", "Shared": "SHARED"},
    columns=("ID", "CacheType", "Size", "Shared"),
)
_IMAGES = replace(
    IMAGES,
    columns=("Repository", "Tag", "ID", "CreatedSince", "Size", "SharedSize", "UniqueSize", "Containers"),
)
_CONTAINERS = replace(
    CONTAINERS, columns=("ID", "Image", "Command", "LocalVolumes", "Size", "RunningFor", "Status", "Names")
)
_VOLUMES = replace(VOLUMES, columns=("Name", "Links", "Size"))


def register(group: click.Group) -> None:
    """Add the commands to `group`."""
    system = LocalGroup("system")
    group.add_command(system)
    _register_df(system)
    prune_command(system, ["container", "network", "image", "builder"])
    watching.register_events(system)
    for where in (group, system):
        _register_info(where)
    _register_version(group)

    @command(system, "check", help_key="system-check")
    def check() -> int:
        problems = session().engine.check()
        session().write_lines(problems or [locale.text("cli.check-well")])
        return 1 if problems else 0


# ---- what takes space


def _register_df(group: click.Group) -> None:
    @command(group, "df", help_key="system-df")
    @option("--format", metavar="TEMPLATE")
    @flag("-v", "--verbose")
    def df(verbose: bool, **said: Any) -> None:
        here = session()
        if verbose:
            here.face.write(_details(here.engine.disk_details(), said["format"]))
            return
        rows = [
            table.Row(
                fields={
                    "Type": one.kind,
                    "TotalCount": str(one.total),
                    "Active": str(one.active),
                    "Size": size(one.size),
                    "Reclaimable": _reclaimable(one.reclaimable, one.size),
                }
            )
            for one in here.engine.disk_usage()
        ]
        table.write(here, _USAGE, rows, said["format"])


def _reclaimable(count: int, whole: int) -> str:
    return f"{size(count)} ({100 * count // whole}%)" if whole else size(count)


def _details(found: DiskDetails, form: str | None) -> str:
    """`docker system df -v`: a table for each kind of things, or what a template makes of all of them."""
    is_table = form in (None, "", "table")
    images, containers, volumes, cache = _rows(found, no_trunc=not is_table)
    if not is_table:
        parts = {"Images": images, "Containers": containers, "Volumes": volumes, "BuildCache": cache}
        return table.filled(form or "", {name: [row.record() for row in rows] for name, rows in parts.items()})
    total = size(sum(one.size for one in found.cache if not one.is_shared))
    sections = (
        f"{locale.text(key, total=total)}\n\n{table.plain_table(listing, rows)}".rstrip("\n")
        for key, listing, rows in (
            ("cli.df-images", _IMAGES, images),
            ("cli.df-containers", _CONTAINERS, containers),
            ("cli.df-volumes", _VOLUMES, volumes),
            ("cli.df-cache", _CACHE, cache),
        )
    )
    return "\n\n".join(sections) + "\n"


def _rows(found: DiskDetails, *, no_trunc: bool) -> tuple[list[table.Row], ...]:
    """Images, containers, volumes, and what builds have left."""
    images = [
        image_row(one.summary, shared=one.shared, containers=one.containers, no_trunc=no_trunc, digest="")
        for one in found.images
    ]
    containers = [
        container_row(one.summary, partial(_written, one.size), no_trunc=no_trunc) for one in found.containers
    ]
    volumes = [volume_row(one.summary, size_=one.size, links=one.links) for one in found.volumes]
    cache = [
        table.Row(
            fields={
                "ID": one.name.rpartition(":")[2][:12],
                "CacheType": one.type,
                "Size": size(one.size),
                "Shared": str(one.is_shared).lower(),
            }
        )
        for one in found.cache
    ]
    return images, containers, volumes, cache


def _written(found: ContainerSize) -> ContainerSize:
    """Without the image's files, which are told elsewhere."""
    return ContainerSize(writable=found.writable, total=0)


# ---- what there is


def _register_info(group: click.Group) -> None:
    @command(group, "info")
    @option("-f", "--format", metavar="TEMPLATE")
    @ISOLATION
    def info(isolation: str, **said: Any) -> None:
        _show(session().engine.info(isolation).facts, said["format"], _info_lines)


def _register_version(group: click.Group) -> None:
    @command(group, "version")
    @option("-f", "--format", metavar="TEMPLATE")
    def version(**said: Any) -> None:
        server = session().engine.version().facts
        client = {name: value for name, value in server.items() if name not in ("Platform", "Components")}
        _show({"Client": client, "Server": server}, said["format"], _version_lines)


def _show(facts: Mapping[str, Any], form: str | None, lines: Any) -> None:
    here = session()
    if not form:
        here.write_lines(lines(facts))
    elif form == "json":
        here.write(json.dumps(facts, ensure_ascii=False, separators=(",", ":")))
    else:
        from pydock_lab.cli.templates import Template  # noqa: PLC0415 - only for --format

        here.write(Template.parse(form).render(facts, strict=True))


def _version_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    for part in ("Client", "Server"):
        yield f"{part}: pydock_lab"
        for name, value in facts[part].items():
            if isinstance(value, str):
                yield f" {name + ':':<18} {value}"
        if part == "Client":
            yield ""


def _info_lines(facts: Mapping[str, Any]) -> Iterator[str]:
    yield "Server:"
    yield f" Containers: {facts['Containers']}"
    for state in ("Running", "Paused", "Stopped"):
        yield f"  {state}: {facts[f'Containers{state}']}"
    for title, name in _FACTS:
        value = memory(facts[name]) if name == "MemTotal" else facts.get(name, "")
        yield f" {title}: {value}"
    yield f" Isolation: {facts['Isolation']}"
    for facet in facts["Facets"]:
        yield f"  {facet['Name']}: {_state(facet)}"
    yield f" {facts['IsolationSummary']}"


_FACTS: Sequence[tuple[str, str]] = (
    ("Images", "Images"),
    ("Server Version", "ServerVersion"),
    ("Storage Driver", "Driver"),
    ("Logging Driver", "LoggingDriver"),
    ("Cgroup Driver", "CgroupDriver"),
    ("Cgroup Version", "CgroupVersion"),
    ("Default Runtime", "DefaultRuntime"),
    ("Kernel Version", "KernelVersion"),
    ("Operating System", "OperatingSystem"),
    ("OSType", "OSType"),
    ("Architecture", "Architecture"),
    ("CPUs", "NCPU"),
    ("Total Memory", "MemTotal"),
    ("Name", "Name"),
    ("Docker Root Dir", "DockerRootDir"),
    ("Python Version", "PythonVersion"),
)


def _state(facet: Mapping[str, Any]) -> str:
    if facet["InForce"]:
        return (str(facet["How"]) or "yes") + (f" ({facet['Why']})" if facet["Why"] else "")
    return f"no: {facet['Why']}" if facet["Why"] else "no"
