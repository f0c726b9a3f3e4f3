"""`docker build`."""

import io
import json
import re
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import click

from pydock_lab.cli import callers_files
from pydock_lab.cli.build_options import build_options, wishes
from pydock_lab.cli.calling import Call, Method, answer, parse_call
from pydock_lab.cli.command import command
from pydock_lab.cli.path_types import FOLDER
from pydock_lab.cli.session import Session, session
from pydock_lab.engine.context_archives import HEAD, is_archive
from pydock_lab.engine.options import BuildOptions
from pydock_lab.engine.results import BuildResult
from pydock_lab.errors import CommandError
from pydock_lab.events import OnEvent
from pydock_lab.views import Guess

_REMOTE = re.compile(r"(https?|git|ssh)://|git@|github\.com/")


def register(group: click.Group, *, help_key: str = "build") -> None:
    """Add the command to `group`."""

    @command(group, "build", help_key=help_key)
    @build_options
    @click.argument("path", type=FOLDER, metavar="PATH | URL | -")
    def build(path: str, file: str | None, **said: Any) -> int:
        here = session()
        call = parse_call(said["call"], check=said["check"])
        options = BuildOptions(**wishes(here, said), **_source(here, path, file))
        if call.method is not Method.BUILD:
            return _answer(here, options, call)
        if said["guess"]:
            here.face.show(Guess(forecast=here.engine.predict(options)))
            return 0
        if said["predict"]:
            here.face.show(here.engine.predict(options))
            return 0
        return _build(here, options, said)


def _answer(here: Session, options: BuildOptions, call: Call) -> int:
    if not options.context_url and options.context_archive is None:
        return answer(here, options, call)
    with here.engine.fetched(options) as ready:
        return answer(here, ready, call)


def _build(here: Session, options: BuildOptions, said: dict[str, Any]) -> int:
    mode = said["progress"]
    quiet = said["quiet"] or mode == "quiet"
    if said["iidfile"]:
        callers_files.remove(said["iidfile"])  # nobody shall take the id of an earlier build for this one's
    with _progress(here, mode, quiet=quiet) as on_event:
        result = here.engine.build(options, on_event=on_event)
    _write_files(options, result, said)
    if any(output.stream for output in options.outputs):
        return 0  # the standard output is the archive's
    if quiet:
        here.write(result.image.id)
    elif options.keeps_image:
        here.face.show_layers(result.image.layer_explorer())
    return 0


def _progress(here: Session, mode: str, *, quiet: bool) -> AbstractContextManager[OnEvent]:
    if mode == "rawjson":
        return nullcontext(lambda event: here.face.note(json.dumps(event.to_json(), ensure_ascii=False) + "\n"))
    return here.face.progress(quiet=quiet or mode == "none", plain=mode == "plain")


def _write_files(options: BuildOptions, result: BuildResult, said: dict[str, Any]) -> None:
    if said["iidfile"]:
        callers_files.write(said["iidfile"], result.image.id)
    if said["metadata_file"]:
        from pydock_lab.cli.metadata import metadata  # noqa: PLC0415 - few ask for it

        callers_files.write(said["metadata_file"], metadata(options, result))


# ---- the Dockerfile and its context


def _source(here: Session, path: str, file: str | None) -> dict[str, Any]:
    """The fields of BuildOptions that say where files come from; raises CommandError."""
    if path == "-":
        return _piped(here, file)
    if _REMOTE.match(path) and not Path(path).exists():
        text = _read(here.face.input()) if file == "-" else ""
        return {"dockerfile": text, "context_url": path, "dockerfile_name": _remote_name(file)}
    context = Path(path)
    if not context.is_dir():
        raise CommandError("cli.no-context", path=path)
    if file == "-":
        return {"dockerfile": _read(here.face.input()), "context": context}
    place = Path(file) if file else _default(context)
    try:
        text = place.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise CommandError("cli.no-dockerfile", path=str(place), reason=error.strerror) from None
    return {"dockerfile": text, "context": context, "dockerfile_name": name_in(place, context)}


def _piped(here: Session, file: str | None) -> dict[str, Any]:
    """The standard input: a Dockerfile alone, or an archive with all of the context."""
    stream = io.BufferedReader(here.face.input())  # type: ignore[type-var]  # it has all that is asked of it
    if is_archive(stream.peek(HEAD)[:HEAD]):
        return {"dockerfile": "", "context_archive": stream, "dockerfile_name": _remote_name(file)}
    if file not in (None, "-"):
        raise CommandError("cli.two-dockerfiles", file=file)
    return {"dockerfile": _read(stream)}


def _read(stream: BinaryIO | io.BufferedReader) -> str:
    return stream.read().decode("utf-8", "replace")


def _remote_name(file: str | None) -> str:
    return "Dockerfile" if file in (None, "-") else str(file)


def _default(context: Path) -> Path:
    lower = context / "dockerfile"
    return lower if lower.is_file() and not (context / "Dockerfile").exists() else context / "Dockerfile"


def name_in(place: Path, context: Path) -> str:
    """How errors call a Dockerfile, and where its own ignore file is looked for: from the context, if it is in it."""
    whole, root = place.absolute(), context.absolute()
    return str(whole.relative_to(root)) if whole.is_relative_to(root) else str(whole)
