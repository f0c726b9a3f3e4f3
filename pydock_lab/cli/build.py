"""`docker build`."""

import re
from pathlib import Path

import click

from pydock_lab.cli import parse
from pydock_lab.cli.calling import Method, answer, parse_call
from pydock_lab.cli.command import command, flag, many, option
from pydock_lab.cli.session import Session, session
from pydock_lab.engine.options import BuildOptions
from pydock_lab.errors import CommandError

_REMOTE = re.compile(r"(https?|git|ssh)://|git@|github\.com/")


def register(group: click.Group, *, help_key: str = "build") -> None:
    """Add the command to `group`."""

    @command(group, "build", help_key=help_key)
    @many("-t", "--tag", metavar="NAME:TAG")
    @option("-f", "--file", metavar="PATH")
    @many("--build-arg", metavar="NAME=VALUE")
    @many("--label", metavar="NAME=VALUE")
    @option("--target", metavar="STAGE", default="")
    @flag("--no-cache")
    @flag("--pull")
    @option("--platform", metavar="OS/ARCH", default="")
    @option("--network", type=click.Choice(["default", "host", "none"]), default="default")
    @option("--progress", type=click.Choice(["auto", "plain", "tty", "quiet"]), default="auto")
    @option("--iidfile", metavar="PATH")
    @flag("-q", "--quiet")
    @option("--call", metavar="METHOD", default="")
    @flag("--check")
    @click.argument("path", metavar="PATH | -")
    def build(path: str, file: str | None, progress: str, iidfile: str | None, quiet: bool, **said: object) -> int:
        call = parse_call(str(said["call"]), check=bool(said["check"]))
        options = _options(session(), path, file, said)
        if call.method is not Method.BUILD:
            return answer(session(), options, call)
        quiet = quiet or progress == "quiet"
        with session().face.progress(quiet=quiet, plain=progress == "plain") as on_event:
            result = session().engine.build(options, on_event=on_event)
        if iidfile:
            Path(iidfile).write_text(result.image.id, encoding="utf-8")
        if quiet:
            session().write(result.image.id)
        else:
            session().face.show(result.stack)
        return 0


def _options(here: Session, path: str, file: str | None, said: dict[str, object]) -> BuildOptions:
    if _REMOTE.match(path):
        raise CommandError("cli.remote-context", path=path)
    context = None if path == "-" else Path(path)
    if context is not None and not context.is_dir():
        raise CommandError("cli.no-context", path=path)
    text, name = _dockerfile(here, context, file)
    return BuildOptions(
        dockerfile=text,
        dockerfile_name=name,
        context=context,
        tags=tuple(said["tag"]),  # type: ignore[arg-type]  # click gives a tuple of texts
        build_args=parse.pairs(said["build_arg"], "--build-arg"),  # type: ignore[arg-type]  # see above
        labels=parse.pairs(said["label"], "--label"),  # type: ignore[arg-type]  # see above
        target=str(said["target"]),
        no_cache=bool(said["no_cache"]),
        pull=bool(said["pull"]),
        network=str(said["network"]),
        platform=str(said["platform"]),
    )


def _dockerfile(here: Session, context: Path | None, file: str | None) -> tuple[str, str]:
    """The text of the Dockerfile, and the name that errors and ignore files call it by."""
    if file == "-" or (context is None and file is None):
        return here.face.input().read().decode("utf-8", "replace"), "Dockerfile"
    path = Path(file) if file else _default(context)
    try:
        return path.read_text(encoding="utf-8", errors="replace"), path.name
    except OSError as error:
        raise CommandError("cli.no-dockerfile", path=str(path), reason=error.strerror) from None


def _default(context: Path | None) -> Path:
    folder = context or Path()
    lower = folder / "dockerfile"
    return lower if lower.is_file() and not (folder / "Dockerfile").exists() else folder / "Dockerfile"
