"""`docker inspect`, of all kinds of things: their documents, or what a template makes of them.

A template is filled from the struct that Docker's client has for that kind of document; where that is not enough, once
more from the JSON itself, in which every name has to be there. Both ways are Docker's.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from pydock_lab import locale
from pydock_lab.cli.command import command, flag, option
from pydock_lab.cli.session import session
from pydock_lab.errors import CommandError, InvalidReference, InvalidValue, NotFound, PydockError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydock_lab.cli.session import Session
    from pydock_lab.cli.templates import Template
    from pydock_lab.engine.base import Engine

Look = Callable[[str], tuple[Mapping[str, Any], str]]  # a name's document, and the struct that it fills


def register(group: click.Group, *, kind: str = "") -> None:
    """`docker inspect`; in a group (`docker image inspect`) of that kind alone."""
    sizes = [flag("-s", "--size")] if kind in ("", "container") else []
    types = [] if kind else [option("--type", type=click.Choice(list(_KINDS)), metavar="KIND")]

    def inspect(name: tuple[str, ...], **said: Any) -> int:
        here = session()
        wanted = kind or said["type"] or ""
        return documents(here, name, said["format"], lambda one: _find(here, one, wanted, size=said.get("size", False)))

    function: Any = click.argument("name", nargs=-1, required=True)(inspect)
    for decorate in (*types, *sizes, option("-f", "--format", metavar="TEMPLATE")):
        function = decorate(function)
    command(group, "inspect", help_key="inspect")(function)


def documents(here: Session, names: Sequence[str], form: str | None, look: Look) -> int:
    """Show documents; what is found is shown, what fails is told, and then the status is 1."""
    template = _template(form)
    found: list[tuple[Mapping[str, Any], str]] = []
    failed: list[PydockError] = []
    lines: list[str] = []
    for name in names:
        try:
            document, shape = look(name)
            lines += [filled(template, document, shape)] if template else []
        except PydockError as error:
            failed.append(error)
        else:
            found.append((document, shape))
    if template:
        here.write_lines(lines or [""])
    else:
        here.write(_json([document for document, _ in found], form))
    return here.tell(failed, of=len(names))


def _template(form: str | None) -> Template | None:
    if form in (None, "", "json"):
        return None
    from pydock_lab.cli.templates import Template  # noqa: PLC0415 - only for --format

    assert form is not None  # noqa: S101 - handled above
    return Template.parse(form)


def filled(template: Template, document: Mapping[str, Any], shape: str) -> str:
    """A template filled with a document; raises CommandError."""
    from pydock_lab.cli.shapes import shaped  # noqa: PLC0415 - see _template

    try:
        return template.render(shaped(document, shape))
    except CommandError as error:
        try:
            return template.render(document, strict=True)
        except CommandError:
            raise error from None


def _json(found: Sequence[Mapping[str, Any]], form: str | None) -> str:
    if form == "json":
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(found, ensure_ascii=False, indent=4)


# ---- what there is, by kind, in the order in which Docker looks


def _container(engine: Engine, name: str, *, size: bool) -> tuple[Mapping[str, Any], str]:
    document = dict(engine.inspect_container(name))
    if size:
        found = engine.container_size(name)
        document |= {"SizeRw": found.writable, "SizeRootFs": found.total}
    return document, "Container"


def _image(engine: Engine, name: str, *, size: bool) -> tuple[Mapping[str, Any], str]:
    del size
    return engine.inspect_image(name), "Image"


def _network(engine: Engine, name: str, *, size: bool) -> tuple[Mapping[str, Any], str]:
    del size
    return engine.inspect_network(name), "Network"


def _volume(engine: Engine, name: str, *, size: bool) -> tuple[Mapping[str, Any], str]:
    del size
    return engine.inspect_volume(name), "Volume"


_KINDS = {"container": _container, "image": _image, "network": _network, "volume": _volume}


def _find(here: Session, name: str, kind: str, *, size: bool) -> tuple[Mapping[str, Any], str]:
    """The document of a name, of that kind or of any; raises NotFound."""
    if kind:
        return _KINDS[kind](here.engine, name, size=size)
    for one, find in _KINDS.items():
        try:
            found = find(here.engine, name, size=size)
        except (NotFound, InvalidReference, InvalidValue):  # a container's name may be no image's
            continue
        if size and one != "container":
            here.face.note(locale.text("cli.size-ignored", kind=one) + "\n")
        return found
    raise NotFound("cli.no-such-object", name=name)
