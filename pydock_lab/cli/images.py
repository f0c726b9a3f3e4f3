"""Commands on images: images, history, tag, rmi, save, load, import."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from pydock_lab.cli import callers_files, image_rows, table
from pydock_lab.cli.command import command, flag, many, on_unless, option
from pydock_lab.cli.path_types import FILE
from pydock_lab.cli.session import session
from pydock_lab.engine.image_filters import ImageFilters
from pydock_lab.errors import PydockError
from pydock_lab.oci import History

if TYPE_CHECKING:
    from pydock_lab.engine.base import Engine
_DIGEST = "{{.Digest}}"


def register_list(group: click.Group, name: str) -> None:
    """`docker images`, also as `docker image ls`."""

    @command(group, name, help_key="images")
    @flag("-a", "--all")
    @flag("-q", "--quiet")
    @flag("--no-trunc")
    @flag("--digests")
    @flag("--tree")
    @many("-f", "--filter", metavar="NAME=VALUE")
    @option("--format", metavar="TEMPLATE")
    @click.argument("repository", required=False)
    def images(repository: str | None, quiet: bool, no_trunc: bool, digests: bool, **said: Any) -> None:
        here = session()
        if said["tree"]:
            here.face.show(here.engine.image_tree())
            return
        listing = image_rows.WITH_DIGESTS if digests else image_rows.LISTING
        form = table.chosen(here, listing, said["format"], quiet=quiet)
        if digests and form.startswith("table ") and _DIGEST not in form:
            form += f"\\t{_DIGEST}"
        with_digest = digests or _DIGEST in form
        words = (*said["filter"], *([f"reference={repository}"] if repository else []))
        filters = ImageFilters.parse(words, lambda one: here.engine.image(one).details.config.created)
        found = filters.select(here.engine.images(all_=said["all"] or filters.ask_for_nameless))
        rows = [
            image_rows.image_row(one, no_trunc=no_trunc, digest=one.digest if with_digest else "<none>")
            for one in found
        ]
        here.face.write(table.text(listing, rows, form, quiet=quiet))


def register_history(group: click.Group) -> None:
    """`docker history`."""

    @command(group, "history")
    @flag("--no-trunc")
    @flag("-q", "--quiet")
    @on_unless("-H", "--human")
    @option("--format", metavar="TEMPLATE")
    @click.argument("image")
    def history(image: str, no_trunc: bool, quiet: bool, human: bool, **said: Any) -> None:
        here = session()
        rows = _steps(here.engine, image, no_trunc=no_trunc, human=human)
        columns = ("ID", "CreatedSince" if human else "CreatedAt", *image_rows.HISTORY.columns[2:])
        table.write(here, replace(image_rows.HISTORY, columns=columns), rows, said["format"], quiet=quiet)


def _steps(engine: Engine, image: str, *, no_trunc: bool, human: bool) -> list[table.Row]:
    """The newest step first; only that one has an image of its own."""
    steps = engine.image(image).details.config.history
    stack = engine.layers(image)
    nameless = [History() for _ in stack.rows[len(steps) :]]  # layers that no step speaks of
    told = list(zip([*steps, *nameless], stack.rows, strict=True))
    return [
        image_rows.history_row(
            step,
            layer.unpacked_size,
            "<missing>" if number else stack.image_id,
            no_trunc=no_trunc,
            human=human,
        )
        for number, (step, layer) in enumerate(reversed(told))
    ]


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
        with callers_files.written(output) as stream:
            session().engine.save(image, stream)

    @command(group, "load")
    @option("-i", "--input", type=FILE, metavar="PATH")
    @flag("-q", "--quiet")
    def load(quiet: bool, **said: Any) -> None:
        source = session().face.input() if said["input"] is None else callers_files.opened(said["input"])
        with source as stream:
            for name in session().engine.load(stream):
                session().write(name if quiet else f"Loaded image: {name}")

    @command(group, "import")
    @many("-c", "--change", metavar="INSTRUCTION")
    @option("-m", "--message", default="", metavar="TEXT")
    @click.argument("file", metavar="FILE | -")
    @click.argument("repository")
    def import_(file: str, repository: str, message: str, change: tuple[str, ...]) -> None:
        source = session().face.input() if file == "-" else callers_files.opened(file)
        with source as stream:
            session().write(session().engine.import_(stream, repository, message=message, changes=change).id)


def register_remove(group: click.Group, name: str) -> None:
    """`docker rmi`, also as `docker image rm`."""

    @command(group, name, help_key="rmi")
    @flag("-f", "--force")
    @flag("--no-prune")
    @click.argument("image", nargs=-1, required=True)
    def rmi(image: tuple[str, ...], force: bool, no_prune: bool) -> int:
        del no_prune  # no image here has parents that would go with it
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
    return session().tell(failed, of=len(names))
