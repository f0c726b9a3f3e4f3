"""Commands that watch: top, stats, events.

CONTAINER ID   NAME   CPU %    MEM USAGE / LIMIT   MEM %    NET I/O          BLOCK I/O   PIDS
4a7f7eebae0f   web    12.50%   1.9MiB / 64MiB      2.97%    1.2kB / 0.9kB    0B / 0B     1
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import click

from pydock_lab.cli import parse, table
from pydock_lab.cli.command import command, flag, many, option
from pydock_lab.cli.session import session
from pydock_lab.cli.tabs import align
from pydock_lab.cli.words import memory, rfc3339, short, size
from pydock_lab.engine.run_options import EventOptions
from pydock_lab.errors import harmless

if TYPE_CHECKING:
    from pydock_lab.engine.values import ContainerUsage
    from pydock_lab.store.happenings import Happening

_LOOK_SECONDS = 1.0
_HOME_AND_CLEAR = "\x1b[H\x1b[J"
_NO_VALUE = "--"
_WHOLE_SECONDS = len("2026-01-31T12:00:00")

LISTING = table.Listing(
    headings={
        "ID": "CONTAINER ID",
        "Container": "CONTAINER",
        "Name": "NAME",
        "CPUPerc": "CPU %",
        "MemUsage": "MEM USAGE / LIMIT",
        "MemPerc": "MEM %",
        "NetIO": "NET I/O",
        "BlockIO": "BLOCK I/O",
        "PIDs": "PIDS",
    },
    columns=("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs"),
    setting="statsFormat",
)


def register(group: click.Group) -> None:
    """`docker top`, `stats`: of containers."""

    @command(group, "top", words_follow=True)
    @click.argument("container")
    @click.argument("words", metavar="[PS OPTIONS]", nargs=-1, type=click.UNPROCESSED)
    def top(container: str, words: tuple[str, ...]) -> None:
        found = session().engine.top(container, words)
        session().write_lines(align(["\t".join(row) for row in (found.titles, *found.rows)]))

    @command(group, "stats")
    @flag("-a", "--all")
    @option("--format", metavar="TEMPLATE")
    @flag("--no-stream")
    @flag("--no-trunc")
    @click.argument("container", nargs=-1)
    def stats(container: tuple[str, ...], no_stream: bool, no_trunc: bool, **said: Any) -> None:
        here = session()
        form = table.chosen(here, LISTING, said["format"], quiet=False)
        before = _looked(container, all_=said["all"])
        while True:
            time.sleep(_LOOK_SECONDS)
            now = _looked(container, all_=said["all"])
            rows = [_row(one, before.get(one.id, one), no_trunc=no_trunc) for one in now.values()]
            text = table.text(LISTING, rows, form)
            clears = here.face.is_terminal and not no_stream and form.startswith("table")
            here.face.write(f"{_HOME_AND_CLEAR}{text}" if clears else text)
            if no_stream:
                return
            before = now


def _looked(containers: tuple[str, ...], *, all_: bool) -> dict[str, ContainerUsage]:
    return {one.id: one for one in session().engine.usage(containers, all_=all_)}


def _row(one: ContainerUsage, before: ContainerUsage, *, no_trunc: bool) -> table.Row:
    limit = one.memory_limit or one.machine_memory
    runs = one.is_running
    return table.Row(
        fields={
            "ID": one.id if no_trunc else short(one.id),
            "Container": one.id if no_trunc else short(one.id),
            "Name": one.name,
            "CPUPerc": f"{100 * one.processors(before):.2f}%" if runs else _NO_VALUE,
            "MemUsage": f"{memory(one.memory)} / {memory(limit)}" if runs else f"{_NO_VALUE} / {_NO_VALUE}",
            "MemPerc": f"{100 * one.memory / limit:.2f}%" if runs and limit else _NO_VALUE,
            "NetIO": f"{size(one.received, 3)} / {size(one.sent, 3)}" if runs else _NO_VALUE,
            "BlockIO": f"{size(one.block_read, 3)} / {size(one.block_written, 3)}" if runs else _NO_VALUE,
            "PIDs": str(one.pids) if runs else _NO_VALUE,
        }
    )


def register_events(group: click.Group) -> None:
    """`docker events`, also as `docker system events`."""

    @command(group, "events")
    @many("-f", "--filter", metavar="NAME=VALUE")
    @option("--format", metavar="TEMPLATE")
    @option("--since", metavar="TIME")
    @option("--until", metavar="TIME")
    def events(filter: tuple[str, ...], **said: Any) -> None:  # noqa: A002 - Docker's word
        here, now = session(), time.time()
        options = EventOptions(
            since=parse.moment(said["since"], now) if said["since"] else None,
            until=parse.moment(said["until"], now) if said["until"] else None,
            filters=filter,
        )
        show = _shown(said["format"])
        for one in here.engine.events(options):
            here.write(show(one))


def _shown(form: str | None) -> Any:
    """What makes a line of an event; raises CommandError for a bad template."""
    if not form:
        return _line
    if form == "json":
        return lambda one: json.dumps(one.to_json(), ensure_ascii=False, separators=(",", ":"))
    from pydock_lab.cli.templates import Template  # noqa: PLC0415 - only for --format

    template = Template.parse(form)
    return lambda one: template.render(_message(one))


def _message(one: Happening) -> Any:
    """What Docker's client knows of it; the Engine API's older names can be asked for, and are not in its JSON."""
    from pydock_lab.cli.templates.values import Map, Record  # noqa: PLC0415 - only for --format

    said = one.to_json()
    older = {"ID": one.id, "Status": one.action, "From": one.attributes.get("image", "")}
    names = {name[0].upper() + name[1:]: name for name in said}
    fields = {field: said[name] for field, name in names.items()}
    actor = Record(fields=said["Actor"] | {"Attributes": Map(entries=one.attributes)})
    return Record(fields=older | fields | {"Actor": actor}, json_names=names, unsaid=frozenset(older))


def _line(one: Happening) -> str:
    """`2026-01-31T12:00:00.000000000+01:00 container start ID (image=app:1, name=web)`."""
    seconds, rest = divmod(one.nanoseconds, 1_000_000_000)
    whole = rfc3339(seconds)
    moment = f"{whole[:_WHOLE_SECONDS]}.{rest:09d}{whole[_WHOLE_SECONDS:]}"
    # Labels of images are among them.
    attributes = harmless(", ".join(f"{name}={value}" for name, value in sorted(one.attributes.items())))
    return f"{moment} {one.type} {one.action} {one.id}" + (f" ({attributes})" if attributes else "")
