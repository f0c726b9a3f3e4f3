"""Commands that look at containers: ps, logs, diff, port; and ours: instances."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from pydock_lab import locale
from pydock_lab.cli import parse, table
from pydock_lab.cli.command import command, flag, many, option
from pydock_lab.cli.container_rows import LISTING, SIZED, container_row
from pydock_lab.cli.session import session
from pydock_lab.engine.container_filters import ContainerFilters
from pydock_lab.engine.run_options import LogOptions
from pydock_lab.errors import CommandError, harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydock_lab.engine.base import Engine
    from pydock_lab.engine.values import ContainerSize, ContainerSummary
    from pydock_lab.views import PortView

_WITHOUT_SIZE = ("table", "json")
_LETTERS = {"added": "A", "changed": "C", "deleted": "D"}  # by the value of views.ChangeKind


def register_list(group: click.Group, name: str) -> None:
    """`docker ps`, also as `docker container ls`."""

    @command(group, name, help_key="ps")
    @flag("-a", "--all")
    @flag("-q", "--quiet")
    @flag("-l", "--latest")
    @option("-n", "--last", type=int, default=-1, metavar="NUMBER")
    @flag("-s", "--size")
    @flag("--no-trunc")
    @many("-f", "--filter", metavar="NAME=VALUE")
    @option("--format", metavar="TEMPLATE")
    def ps(quiet: bool, latest: bool, last: int, size: bool, no_trunc: bool, **said: Any) -> None:
        here = session()
        count = 1 if latest else last
        form = table.chosen(here, LISTING, said["format"], quiet=quiet)
        with_size = size or (form not in _WITHOUT_SIZE and not quiet and table.asks_for(form, "Size"))
        found = _chosen(here.engine, said["filter"], all_=said["all"] or count > 0)
        found = found[:count] if count > 0 else found
        rows = [
            container_row(one, partial(_size, here.engine, one.id) if with_size else _no_size, no_trunc=no_trunc)
            for one in found
        ]
        listing = SIZED if size else LISTING
        here.face.write(table.text(listing, rows, form, quiet=quiet))
        if found and here.face.has_terminals and not (quiet or said["format"]):
            # For who looks, and not for a program that reads the list: it expects Docker's lines.
            tiers = ", ".join(sorted({one.isolation for one in found}))
            here.face.write(locale.text("cli.isolation-in-force", tiers=tiers) + "\n")
        if quiet and said["format"]:
            here.face.note(locale.text("cli.format-ignored") + "\n")


def _size(engine: Engine, container: str) -> ContainerSize | None:
    return engine.container_size(container)


def _no_size() -> ContainerSize | None:
    return None


def _chosen(engine: Engine, words: Sequence[str], *, all_: bool) -> list[ContainerSummary]:
    """The containers that the filters mean; raises CommandError, whether there is anything to be filtered or not."""
    filters = ContainerFilters.parse(words, lambda name: _image(engine, name))
    everything = engine.containers(all_=True) if words else ()
    wants_all = all_ or filters.ask_for_all
    return filters.select(everything if words and wants_all else engine.containers(all_=wants_all), everything)


def _image(engine: Engine, name: str) -> tuple[str, str]:
    """An image's id, and the chain id of its topmost layer."""
    details = engine.image(name).details
    return str(details.image_id), str(next(iter(reversed(details.config.chain_ids)), ""))


def register_look(group: click.Group) -> None:
    """`docker logs`, `diff`, `port`."""
    _register_logs(group)
    _register_port(group)

    @command(group, "diff")
    @click.argument("container")
    def diff(container: str) -> None:
        for change in session().engine.diff(container):
            # The end of a line in a name would make a change of its own.
            path = harmless(change.path).replace("\n", "\\n")
            session().write(f"{_LETTERS[change.kind]} {path}")


def _register_logs(group: click.Group) -> None:
    @command(group, "logs")
    @flag("-f", "--follow")
    @option("-n", "--tail", default="all", metavar="LINES")
    @option("--since", metavar="TIME")
    @option("--until", metavar="TIME")
    @flag("--details")
    @flag("-t", "--timestamps")
    @click.argument("container")
    def logs(container: str, follow: bool, tail: str, details: bool, timestamps: bool, **said: Any) -> None:
        lines = None if tail == "all" else parse.whole_number(tail)
        if tail != "all" and lines is None:
            raise CommandError("cli.bad-tail", value=tail)
        now = time.time()
        options = LogOptions(
            container=container,
            follow=follow,
            tail=None if lines is None or lines < 0 else lines,
            since=parse.moment(said["since"], now) if said["since"] else None,
            until=parse.moment(said["until"], now) if said["until"] else None,
            timestamps=timestamps,
            details=details,
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
        if port is None:
            for one in sorted(found, key=lambda one: (one.container_port, one.protocol, one.host_ip)):
                session().write(f"{one.container_port}/{one.protocol} -> {_outside(one)}")
            return
        number, _, protocol = port.partition("/")
        wanted = (number, protocol or "tcp")
        places = [_outside(one) for one in found if (str(one.container_port), one.protocol) == wanted]
        if not places:
            raise CommandError("cli.no-port", container=container, port="/".join(wanted))
        session().write_lines(places)


def _outside(port: PortView) -> str:
    """Where it is found on the host."""
    return f"[{port.host_ip}]:{port.host_port}" if ":" in port.host_ip else f"{port.host_ip}:{port.host_port}"
