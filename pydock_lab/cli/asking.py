"""Commands that look at containers: ps, logs, diff, port; and ours: instances."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from pydock_lab.cli import parse, table
from pydock_lab.cli.command import command, flag, many, option
from pydock_lab.cli.session import session
from pydock_lab.cli.words import shortened, since
from pydock_lab.engine.run_options import LogOptions
from pydock_lab.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydock_lab.engine.values import ContainerSummary

_HEADINGS = {
    "ID": "CONTAINER ID",
    "Image": "IMAGE",
    "Command": "COMMAND",
    "RunningFor": "CREATED",
    "Status": "STATUS",
    "Ports": "PORTS",
    "Names": "NAMES",
}
_LETTERS = {"added": "A", "changed": "C", "deleted": "D"}  # by the value of views.ChangeKind


def register_list(group: click.Group, name: str) -> None:
    """`docker ps`, also as `docker container ls`."""

    @command(group, name, help_key="ps")
    @flag("-a", "--all")
    @flag("-q", "--quiet")
    @flag("-l", "--latest")
    @option("-n", "--last", type=int, default=-1, metavar="NUMBER")
    @flag("--no-trunc")
    @many("-f", "--filter", metavar="NAME=VALUE")
    @option("--format", metavar="TEMPLATE")
    def ps(quiet: bool, latest: bool, last: int, no_trunc: bool, **more: Any) -> None:
        filters = [_filter(word) for word in more["filter"]]
        count = 1 if latest else last
        rows = session().engine.containers(all_=more["all"] or count > 0 or _asks_for_all(more["filter"]))
        chosen = [row for row in rows if all(_fits(row, *one) for one in filters)]
        chosen = chosen[:count] if count > 0 else chosen
        if quiet:
            session().write_lines(row.id if no_trunc else row.id[:12] for row in chosen)
            return
        session().write(table.listing(_HEADINGS, [_row(row, no_trunc=no_trunc) for row in chosen], more["format"]))


def _asks_for_all(filters: tuple[str, ...]) -> bool:
    return any(word.startswith(("status=", "exited=")) for word in filters)


def _filter(word: str) -> tuple[str, str]:
    """The name and value of a filter; raises CommandError, whether there is anything to be filtered or not."""
    name, equals, value = word.partition("=")
    if not equals:
        raise CommandError("cli.bad-filter", value=word)
    if name not in _FILTERS:
        raise CommandError("cli.unknown-filter", name=name)
    return name, value


def _has_label(row: ContainerSummary, wanted: str) -> bool:
    key, given, value = wanted.partition("=")
    return key in row.labels and (not given or row.labels[key] == value)


_FILTERS: Mapping[str, Callable[[ContainerSummary, str], bool]] = {
    "name": lambda row, value: value in row.name,
    "id": lambda row, value: row.id.startswith(value),
    "status": lambda row, value: row.state == value,
    "ancestor": lambda row, value: row.image in (value, f"{value}:latest"),
    "exited": lambda row, value: row.exit_code is not None and str(row.exit_code) == value,
    "label": _has_label,
}


def _fits(row: ContainerSummary, name: str, value: str) -> bool:
    return _FILTERS[name](row, value)


def _row(row: ContainerSummary, *, no_trunc: bool) -> dict[str, Any]:
    return {
        "ID": row.id if no_trunc else row.id[:12],
        "Image": row.image,
        "Command": f'"{row.command if no_trunc else shortened(row.command, 20)}"',
        "CreatedAt": datetime.fromtimestamp(row.created, UTC).isoformat(sep=" ", timespec="seconds"),
        "RunningFor": f"{since(time.time() - row.created)} ago",
        "Status": row.status,
        "State": row.state,
        "Ports": ", ".join(str(port) for port in row.ports),
        "Names": row.name,
        "Labels": parse.words_of(row.labels),
    }


def register_look(group: click.Group) -> None:
    """`docker logs`, `diff`, `port`."""
    _register_logs(group)
    _register_port(group)

    @command(group, "diff")
    @click.argument("container")
    def diff(container: str) -> None:
        for change in session().engine.diff(container):
            session().write(f"{_LETTERS[change.kind]} {change.path}")


def _register_logs(group: click.Group) -> None:
    @command(group, "logs")
    @flag("-f", "--follow")
    @option("-n", "--tail", default="all", metavar="LINES")
    @option("--since", metavar="TIME")
    @option("--until", metavar="TIME")
    @flag("-t", "--timestamps")
    @click.argument("container")
    def logs(container: str, follow: bool, tail: str, timestamps: bool, **said: Any) -> None:
        if tail != "all" and not tail.isdigit():
            raise CommandError("cli.bad-tail", value=tail)
        now = time.time()
        options = LogOptions(
            container=container,
            follow=follow,
            tail=None if tail == "all" else int(tail),
            since=parse.moment(said["since"], now) if said["since"] else None,
            until=parse.moment(said["until"], now) if said["until"] else None,
            timestamps=timestamps,
        )
        face = session().face
        for event in session().engine.logs(options):
            (face.write if event.stream == "stdout" else face.note)(event.text)


def _register_port(group: click.Group) -> None:
    @command(group, "port")
    @click.argument("container")
    @click.argument("port", required=False)
    def port(container: str, port: str | None) -> None:
        found = session().engine.container(container).summary.ports
        for one in found:
            inside = f"{one.container_port}/{one.protocol}"
            if port is None:
                session().write(f"{inside} -> {one.host_ip}:{one.host_port}")
            elif port in (inside, str(one.container_port)):
                session().write(f"{one.host_ip}:{one.host_port}")
        if port is not None and not any(port.partition("/")[0] == str(one.container_port) for one in found):
            raise CommandError("cli.no-port", container=container, port=port)
