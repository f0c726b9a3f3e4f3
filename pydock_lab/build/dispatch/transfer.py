"""COPY, ADD and WORKDIR: files and folders from elsewhere, each instruction a layer.

Source: Dockerfile reference, "COPY", "ADD" and "WORKDIR"; the behaviour of BuildKit.
"""

from dataclasses import replace

from pydock_lab.build.dispatch.base import dispatch
from pydock_lab.build.labels import shown
from pydock_lab.build.modes import ModeChange
from pydock_lab.build.paths import clean, destination, working_folder
from pydock_lab.build.remote import remote_source
from pydock_lab.build.state import Reading, StageState
from pydock_lab.build.steps import (
    ConfigStep,
    CopyStep,
    FolderStep,
    GitSource,
    InlineContent,
    Origin,
    PathSource,
    RemoteSource,
    Step,
)
from pydock_lab.dockerfile import instructions as ins
from pydock_lab.dockerfile.characters import quote
from pydock_lab.errors import BuildError


@dispatch.register
def _(instruction: ins.Workdir, state: StageState, reading: Reading) -> Step:
    path = working_folder(state.config.working_dir, state.expand(instruction.path))
    state.config = replace(state.config, working_dir=path)
    step = ConfigStep(
        text=instruction.code,
        lines=instruction.lines,
        created_by=f"WORKDIR {path}",
        config=state.config,
        author=state.author,
    )
    # Every tree has its root: as in BuildKit, this makes no layer.
    if path == "/":
        return step
    return FolderStep(
        text=step.text,
        lines=step.lines,
        created_by=step.created_by,
        config=step.config,
        author=step.author,
        label=_label(instruction, state, reading),
        path=path,
        user=state.config.user,
    )


@dispatch.register
def _(instruction: ins.Copy, state: StageState, reading: Reading) -> Step:
    origin = _origin(instruction, reading)
    step = _transfer(instruction, state, reading)
    sources = [state.expand(source) for source in instruction.sources]
    for source in sources:
        if (found := remote_source(source)) is not None:
            raise BuildError("build.copy-git" if isinstance(found, GitSource) else "build.copy-url")
    flags = ["--parents"] if instruction.parents else []
    return replace(
        step,
        created_by=_history(step, flags, sources, state.expand(instruction.destination)),
        parts=tuple(_path(source, parents=instruction.parents) for source in sources),
        origin=origin,
        parents=instruction.parents,
    )


def _origin(instruction: ins.Copy, reading: Reading) -> Origin:
    if not instruction.origin:
        return None
    found = reading.names.copied(instruction.origin)
    if reading.is_later(found):
        names = {"stage": quote(instruction.origin), "current": quote(reading.labels.title)}
        raise BuildError("build.copy-later", **names)
    return found


@dispatch.register
def _(instruction: ins.Add, state: StageState, reading: Reading) -> Step:
    step = _transfer(instruction, state, reading)
    sources = [state.expand(source) for source in instruction.sources]
    return replace(
        step,
        created_by=_history(step, [], sources, state.expand(instruction.destination)),
        parts=_added(sources, state.expand(instruction.checksum), instruction),
        unpack=instruction.unpack is not False,
        unpack_remote=instruction.unpack is True,
    )


def _added(sources: list[str], checksum: str, instruction: ins.Add) -> tuple[PathSource | RemoteSource, ...]:
    if checksum and len(sources) != 1:
        raise BuildError("build.checksum-sources")
    remote = [remote_source(one, checksum=checksum, keep_git_dir=instruction.keep_git_dir) for one in sources]
    if checksum and None in remote:
        raise BuildError("build.checksum-path")
    return tuple(found or _path(source) for source, found in zip(sources, remote, strict=True))


def _path(source: str, *, parents: bool = False) -> PathSource:
    if not parents:
        return PathSource(written=source, path=clean(source))
    # The part before `/./` is left out of what is copied.
    top, pivot, below = source.partition("/./")
    if not pivot:
        top, below = "/", source
    include = below if below.startswith("/") else clean(below)
    required = "" if _has_wildcard(top) or _has_wildcard(below) else clean(f"{top}/{below}")
    return PathSource(written=source, path=clean(top), include=include.removeprefix("/"), required=required)


def _has_wildcard(path: str) -> bool:
    at = 0
    while at < len(path):
        if path[at] in "*?[":
            return True
        at += 2 if path[at] == "\\" else 1
    return False


def _transfer(instruction: ins.Transfer, state: StageState, reading: Reading) -> CopyStep:
    """What COPY and ADD share."""
    chown, chmod = state.expand(instruction.chown), state.expand(instruction.chmod)
    if chmod:
        ModeChange.parse(chmod)
    return CopyStep(
        text=instruction.code,
        lines=instruction.lines,
        created_by=instruction.name,
        config=state.config,
        author=state.author,
        label=_label(instruction, state, reading),
        parts=(),
        to=destination(state.folder, state.expand(instruction.destination)),
        inline=tuple(
            InlineContent(name=file.name, data=state.expand_document(file.data) if file.expand else file.data)
            for file in instruction.inline_files
        ),
        chown=chown,
        chmod=chmod,
        excludes=tuple(state.expand(pattern) for pattern in instruction.excludes),
        link=instruction.link,
    )


def _history(step: CopyStep, flags: list[str], sources: list[str], to: str) -> str:
    owner = [f"--{name}={value}" for name, value in (("chown", step.chown), ("chmod", step.chmod)) if value]
    names = [*sources, *(f"<<{file.name}" for file in step.inline), to]
    return " ".join([step.created_by, *flags, *owner, *names]) + " # buildkit"


def _label(instruction: ins.Instruction, state: StageState, reading: Reading) -> str:
    text = shown(instruction.code, state.env, state.escape)
    return reading.labels.next(text, is_trigger=reading.is_trigger)
