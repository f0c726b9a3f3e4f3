"""`docker ... prune`: asked first, and told as Docker tells it.

Deleted Containers:
4a7f7eebae0f...

Total reclaimed space: 212B
"""

from collections.abc import Mapping, Sequence
from typing import Any

import click

from pydock_lab import locale
from pydock_lab.cli.command import command, flag, many
from pydock_lab.cli.session import Session, session
from pydock_lab.cli.words import size
from pydock_lab.engine.values import Pruned

_HEADINGS = {
    "container": "Deleted Containers:",
    "network": "Deleted Networks:",
    "volume": "Deleted Volumes:",
    "image": "Deleted Images:",
    "builder": "Deleted build cache objects:",
}
_WITHOUT_ALL = (["container"], ["network"])


def prune_command(group: click.Group, kinds: Sequence[str], *, key: str = "") -> None:
    """`docker ... prune` of these kinds; its help is that of the group `key`."""
    kinds, is_system = list(kinds), len(kinds) > 1
    options = [flag("--volumes")] if is_system else []
    options += [] if kinds in _WITHOUT_ALL else [flag("-a", "--all")]
    options += [many("--filter", metavar="NAME=VALUE"), flag("-f", "--force")]

    def prune(force: bool, **said: Any) -> None:
        here = session()
        wanted = [*kinds]
        if said.get("volumes"):
            wanted.insert(wanted.index("image"), "volume")
        if not force and not _agreed(here, wanted, said["filter"], all_=said.get("all", False)):
            return
        found = here.engine.prune(wanted, all_=said.get("all", False), filters=said["filter"])
        here.face.write(told(found, with_total=kinds != ["network"]))

    function: Any = prune
    for decorate in options:
        function = decorate(function)
    command(group, "prune", help_key=f"{key or group.name}-prune")(function)


def _agreed(here: Session, kinds: Sequence[str], filters: Sequence[str], *, all_: bool) -> bool:
    """Whether a person wants it, who is told what will go."""
    with_all = ("image", "builder") if len(kinds) > 1 else ("image", "volume", "builder")
    words = [locale.text(f"cli.prune-{kind}{'-all' if all_ and kind in with_all else ''}") for kind in kinds]
    if len(words) == 1:
        here.face.note(locale.text("cli.prune-warning-one", thing=words[0]) + "\n")
    else:
        listed = "\n".join(f"  - {one}" for one in words)
        here.face.note(locale.text("cli.prune-warning", things=listed) + "\n\n")
    if filters:
        here.face.note(locale.text("cli.prune-filtered", filters=", ".join(filters)) + "\n")
    answer = here.face.ask(f"{locale.text('cli.prune-sure')} ", secret=False)
    return answer.lower() in ("y", "yes", "o", "oui")


def told(found: Mapping[str, Pruned], *, with_total: bool) -> str:
    """What went, by kinds, and how much that was."""
    text = "".join("\n".join([_HEADINGS[kind], *one.removed, "", ""]) for kind, one in found.items() if one.removed)
    total = sum(one.reclaimed for one in found.values())
    return f"{text}Total reclaimed space: {size(total)}\n" if with_total else text
