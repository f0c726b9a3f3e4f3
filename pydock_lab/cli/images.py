"""Commands on images: images, history, inspect, tag, rmi, save, load, import."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pydock_lab import locale
from pydock_lab.cli import table
from pydock_lab.cli.command import command, flag, option
from pydock_lab.cli.session import session
from pydock_lab.cli.words import ago, short, shortened
from pydock_lab.errors import CommandError, NotFound, PydockError
from pydock_lab.oci import Reference

if TYPE_CHECKING:
    from pydock_lab.engine.base import Engine
    from pydock_lab.engine.values import ImageSummary
    from pydock_lab.views import LayerRow

_HEADINGS = {"Repository": "REPOSITORY", "Tag": "TAG", "ID": "IMAGE ID", "CreatedSince": "CREATED", "Size": "SIZE"}


def register_list(group: click.Group, name: str) -> None:
    """`docker images`, also as `docker image ls`."""

    @command(group, name, help_key="images")
    @flag("-a", "--all")
    @flag("-q", "--quiet")
    @flag("--no-trunc")
    @flag("--digests")
    @option("--format", metavar="TEMPLATE")
    @click.argument("repository", required=False)
    def images(repository: str | None, quiet: bool, no_trunc: bool, digests: bool, **more: Any) -> None:
        rows = [row for row in session().engine.images(all_=more["all"]) if _wanted(row, repository)]
        if quiet:
            session().write_lines(dict.fromkeys(row.image_id if no_trunc else short(row.image_id) for row in rows))
            return
        headings = dict(_HEADINGS)
        if digests:
            headings = {"Repository": "REPOSITORY", "Tag": "TAG", "Digest": "DIGEST"} | headings
        found = [_row(row, no_trunc=no_trunc) for row in rows]
        session().write(table.listing(headings, found, more["format"]))


def _wanted(row: ImageSummary, repository: str | None) -> bool:
    if repository is None:
        return True
    wanted = Reference.parse(repository)
    name = Reference.parse(row.repository).familiar_name if row.repository != "<none>" else ""
    return name == wanted.familiar_name and (":" not in repository.rpartition("/")[2] or row.tag == wanted.tag)


def _row(row: ImageSummary, *, no_trunc: bool) -> dict[str, Any]:
    return {
        "Repository": row.repository,
        "Tag": row.tag,
        "Digest": row.digest,
        "ID": row.image_id if no_trunc else short(row.image_id),
        "CreatedAt": row.created,
        "CreatedSince": ago(row.created),
        "Size": locale.size(row.size),
    }


def register_history(group: click.Group) -> None:
    """`docker history`."""

    @command(group, "history")
    @flag("--no-trunc")
    @flag("-q", "--quiet")
    @option("-H", "--human", is_flag=True, default=True)
    @option("--format", metavar="TEMPLATE")
    @click.argument("image")
    def history(image: str, no_trunc: bool, quiet: bool, human: bool, **more: Any) -> None:
        stack = session().engine.layers(image)
        newest = stack.image_id if no_trunc else short(stack.image_id)
        # Docker shows the newest step first; only it has an image of its own.
        rows = [_step(row, no_trunc=no_trunc, human=human) for row in reversed(stack.rows)]
        for number, row in enumerate(rows):
            row["ID"] = newest if number == 0 else "<missing>"
        if quiet:
            session().write_lines(str(row["ID"]) for row in rows)
            return
        headings = {
            "ID": "IMAGE",
            "CreatedSince": "CREATED",
            "CreatedBy": "CREATED BY",
            "Size": "SIZE",
            "Comment": "COMMENT",
        }
        session().write(table.listing(headings, rows, more["format"]))


def _step(row: LayerRow, *, no_trunc: bool, human: bool) -> dict[str, Any]:
    text = " ".join(row.instruction.split())
    return {
        "CreatedSince": ago(row.created),
        "CreatedAt": row.created,
        "CreatedBy": text if no_trunc else shortened(text, 45),
        "Size": locale.size(row.unpacked_size) if human else str(row.unpacked_size),
        "Comment": "",
    }


def register_inspect(group: click.Group, *, kind: str = "") -> None:
    """`docker inspect`, of images and containers; in `docker image` and `docker container` of that kind."""

    @command(group, "inspect")
    @option("-f", "--format", metavar="TEMPLATE")
    @option("--type", type=click.Choice(["image", "container"]), default=kind or None)
    @click.argument("name", nargs=-1, required=True)
    def inspect(name: tuple[str, ...], **said: Any) -> None:
        found = [_inspect(session().engine, one, said["type"]) for one in name]
        if said["format"]:
            for document in found:
                session().write(table.render(said["format"], document))
        else:
            session().write(json.dumps(found, indent=4, ensure_ascii=False))


def _inspect(engine: Engine, name: str, kind: str | None) -> dict[str, Any]:
    if kind != "image":
        try:
            return dict(engine.inspect_container(name))
        except NotFound:
            if kind == "container":
                raise
    try:
        return dict(engine.image(name).details.to_json())
    except NotFound:
        if kind == "image":
            raise
        raise NotFound("cli.no-such-object", name=name) from None


def register_rest(group: click.Group) -> None:
    """`docker tag`, `save`, `load`, `import`."""

    @command(group, "tag")
    @click.argument("source")
    @click.argument("target")
    def tag(source: str, target: str) -> None:
        session().engine.tag(source, target)

    @command(group, "save")
    @option("-o", "--output", metavar="PATH")
    @click.argument("image", nargs=-1, required=True)
    def save(image: tuple[str, ...], output: str | None) -> None:
        if output is None:
            session().engine.save(image, session().face.output())
            return
        # Written beside and renamed: a failure leaves no half archive under the name that was asked for.
        partial = Path(f"{output}.part")
        try:
            with partial.open("wb") as stream:
                session().engine.save(image, stream)
            partial.replace(output)
        finally:
            partial.unlink(missing_ok=True)

    @command(group, "load")
    @option("-i", "--input", metavar="PATH")
    @flag("-q", "--quiet")
    def load(quiet: bool, **said: Any) -> None:
        source = session().face.input() if said["input"] is None else _opened(said["input"])
        with source as stream:
            for name in session().engine.load(stream):
                session().write(name if quiet else f"Loaded image: {name}")

    @command(group, "import")
    @option("-m", "--message", default="", metavar="TEXT")
    @click.argument("file", metavar="FILE | -")
    @click.argument("repository")
    def import_(file: str, repository: str, message: str) -> None:
        source = session().face.input() if file == "-" else _opened(file)
        with source as stream:
            session().write(session().engine.import_(stream, repository, message=message).id)


def _opened(path: str) -> Any:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise CommandError("cli.no-file", path=path, reason=error.strerror) from None


def register_remove(group: click.Group, name: str) -> None:
    """`docker rmi`, also as `docker image rm`."""

    @command(group, name, help_key="rmi")
    @flag("-f", "--force")
    @click.argument("image", nargs=-1, required=True)
    def rmi(image: tuple[str, ...], force: bool) -> int:
        return for_each(image, lambda one: session().engine.remove_image(one, force=force))


def for_each(names: tuple[str, ...], action: Any) -> int:
    """Do something with each name: what works is written, what fails is noted, and then the status is 1."""
    failed: list[PydockError] = []
    for name in names:
        try:
            written = action(name)
        except PydockError as error:
            failed.append(error)
            continue
        for line in written if isinstance(written, tuple) else (name,):
            session().write(line)
    if len(failed) == len(names) == 1:
        raise failed[0]
    for one in failed:
        session().face.note(f"{locale.text('cli.error', message=str(one))}\n")
    return 1 if failed else 0
