"""Commands that make, run and end containers, and take files in and out of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pydock_lab.cli import attaching, callers_files, parse
from pydock_lab.cli.command import command, flag, many, on_unless, option
from pydock_lab.cli.run_options import container_options, run_options
from pydock_lab.cli.session import Session, session
from pydock_lab.cli.words import size
from pydock_lab.engine.results import Container
from pydock_lab.engine.run_options import CommitOptions, ExecOptions, RunOptions
from pydock_lab.errors import CommandError, PydockError

_NOT_STARTED = 125


def register_run(group: click.Group) -> None:
    """`docker run` and `docker create`."""

    @command(group, "run", words_follow=True)
    @flag("-d", "--detach")
    @attaching.attached
    @container_options
    def run(image: str, words: tuple[str, ...], detach: bool, cidfile: str | None, **said: Any) -> int:
        here = session()
        with _not_started():
            options = run_options(image, words, said)
            if options.terminal and not detach:
                attaching.check_terminal(here)
            _check_id_file(cidfile)

        def work() -> int:
            with _not_started():
                container = _run(here, options, said, detach=detach)
            _write_id(cidfile, container.id)
            if detach:
                here.write(container.id)
            return container.ended_with or 0

        return here.face.stay(work, types=options.interactive and options.terminal and not detach) or 0

    @command(group, "create", words_follow=True)
    @container_options
    def create(image: str, words: tuple[str, ...], cidfile: str | None, **said: Any) -> None:
        _check_id_file(cidfile)
        with session().face.progress(quiet=said["quiet"], plain=True) as on_event:
            container = session().engine.create(run_options(image, words, said), on_event=on_event)
        _write_id(cidfile, container.id)
        session().write(container.id)


@contextmanager
def _not_started() -> Iterator[None]:
    """All that goes wrong before the program runs has one status: other numbers are the program's."""
    try:
        yield
    except PydockError as error:
        error.exit_status = max(error.exit_status, _NOT_STARTED)
        raise


def _run(here: Session, options: RunOptions, said: Mapping[str, Any], *, detach: bool) -> Container:
    # Pulling is told beside the program's own output, and only if there is something to pull.
    with here.face.progress(quiet=said["quiet"], plain=True) as on_event:
        if detach:
            return here.engine.run(options, on_event=on_event)
        with attaching.streams(
            here,
            interactive=options.interactive,
            terminal=options.terminal,
            keys=said["detach_keys"],
            proxy=said["sig_proxy"],
            only=said["attach"],
        ) as streams:
            return here.engine.run(options, streams=streams, on_event=on_event)


def _check_id_file(path: str | None) -> None:
    """Docker's: the file of another container is not written over."""
    if path and Path(path).exists():
        raise CommandError("cli.id-file-exists", path=path)


def _write_id(path: str | None, container: str) -> None:
    if path:
        callers_files.write(path, container)


def register_exec(group: click.Group) -> None:
    """`docker exec`."""

    @command(group, "exec", words_follow=True)
    @flag("-d", "--detach")
    @attaching.keys_option
    @flag("-i", "--interactive")
    @flag("-t", "--tty")
    @many("-e", "--env", metavar="NAME=VALUE")
    @many("--env-file", metavar="PATH")
    @option("-u", "--user", default="", metavar="USER[:GROUP]")
    @option("-w", "--workdir", default="", metavar="PATH")
    @flag("--privileged")
    @click.argument("container")
    @click.argument("words", metavar="COMMAND [ARG...]", nargs=-1, required=True, type=click.UNPROCESSED)
    def exec_(container: str, words: tuple[str, ...], detach: bool, **said: Any) -> int:
        here = session()
        if said["tty"] and not detach:
            attaching.check_terminal(here)
        options = ExecOptions(
            container=container,
            command=words,
            env=parse.environment(said["env"], said["env_file"]),
            working_dir=said["workdir"],
            user=said["user"],
            interactive=said["interactive"],
            terminal=said["tty"],
            detach=detach,
            privileged=said["privileged"],
        )
        if detach:
            return here.engine.exec(options)

        return attaching.stay(
            here,
            lambda streams: here.engine.exec(options, streams=streams),
            interactive=options.interactive,
            terminal=options.terminal,
            keys=said["detach_keys"],
        )


def register_files(group: click.Group) -> None:
    """`docker cp`, `commit`, `export`."""

    @command(group, "cp")
    @flag("-a", "--archive")
    @flag("-L", "--follow-link")
    @flag("-q", "--quiet")
    @click.argument("source", metavar="CONTAINER:PATH | PATH | -")
    @click.argument("target", metavar="PATH | CONTAINER:PATH | -")
    def cp(source: str, target: str, archive: bool, follow_link: bool, quiet: bool) -> None:
        here = session()
        from_container, from_path = parse.split_container_path(source)
        to_container, to_path = parse.split_container_path(target)
        if bool(from_container) == bool(to_container):
            raise CommandError("cli.cp-sides", source=source, target=target)
        if from_container and to_path == "-":
            here.engine.archive_out(from_container, from_path, here.face.output(), follow=follow_link)
            return
        if to_container and from_path == "-":
            here.engine.archive_in(to_container, here.face.input(), to_path)
            return
        how = {"archive": archive, "follow": follow_link}
        if from_container:
            count = here.engine.copy_out(from_container, from_path, to_path, **how)
        else:
            count = here.engine.copy_in(to_container, from_path, to_path, **how)
        if not quiet:
            here.face.note(f"Successfully copied {size(count, 3)} to {target}\n")

    @command(group, "commit")
    @option("-m", "--message", default="", metavar="TEXT")
    @option("-a", "--author", default="", metavar="TEXT")
    @option("-c", "--change", multiple=True, metavar="INSTRUCTION")
    @on_unless("-p", "--pause")
    @click.argument("container")
    @click.argument("repository", default="")
    def commit(container: str, repository: str, change: tuple[str, ...], **more: Any) -> None:
        options = CommitOptions(container=container, reference=repository, changes=change, **more)
        session().write(session().engine.commit(options).id)

    @command(group, "export")
    @option("-o", "--output", metavar="PATH")
    @click.argument("container")
    def export(container: str, output: str | None) -> None:
        here = session()
        if output is None:
            here.engine.export(container, here.face.output())
            return
        with callers_files.written(output) as stream:
            here.engine.export(container, stream)
