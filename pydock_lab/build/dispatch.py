"""Instruction by instruction: what each does to the state of its stage, and the step that it becomes.

The history texts are BuildKit's to the letter, Go's formats included, because tools read them.
Source: Dockerfile reference; BuildKit's history entries.
"""

import posixpath
import re
from collections.abc import Callable
from dataclasses import replace
from functools import singledispatch

from pydock_lab.build.gotext import healthcheck_text, plain_list, quoted_list
from pydock_lab.build.state import PROXY_ARGS, Place, Reading, StageState
from pydock_lab.build.steps import (
    ConfigStep,
    CopyStep,
    FolderStep,
    InlineContent,
    Origin,
    PathSource,
    RunStep,
    Step,
    StepMount,
)
from pydock_lab.dockerfile import instructions as ins
from pydock_lab.dockerfile.mounts import Mount, MountType, Sharing, parse_mount
from pydock_lab.dockerfile.ports import parse_ports
from pydock_lab.errors import BuildError

_BUILDKIT = " # buildkit"
_ALONE = re.compile(r"\s*0*<<-?\s*\S+\s*")  # a here-document of descriptor 0, and no command before it


@singledispatch
def dispatch(instruction: ins.Instruction, _state: StageState, _reading: Reading) -> Step:
    """Apply an instruction to the state and give its step; raises DockerfileError or BuildError."""
    raise BuildError("build.not-here", what=instruction.name, line=instruction.lines.first)


def _place(instruction: ins.Instruction) -> Place:
    return Place(text=instruction.code, lines=instruction.lines)


def _config_step(instruction: ins.Instruction, state: StageState, created_by: str) -> ConfigStep:
    place = _place(instruction)
    return ConfigStep(
        text=place.text, lines=place.lines, created_by=created_by, config=state.config, author=state.author
    )


@dispatch.register
def _(instruction: ins.Env, state: StageState, _reading: Reading) -> Step:
    # All values of one ENV see the variables as they were before it.
    pairs = [(state.expand(pair.key), state.expand(pair.value)) for pair in instruction.pairs]
    for name, value in pairs:
        state.set_env(name, value)
    return _config_step(instruction, state, " ".join(["ENV", *(f"{name}={value}" for name, value in pairs)]))


@dispatch.register
def _(instruction: ins.Arg, state: StageState, reading: Reading) -> Step:
    said = []
    for variable in instruction.variables:
        name = state.expand(variable.key)
        value = _arg_value(name, variable.default, state, reading)
        state.build_args[name] = value
        if value is not None:
            state.env[name] = value
        inherited = variable.default is None and name not in reading.build_args
        said.append(name if value is None or (inherited and value is None) else f"{name}={value}")
    return _config_step(instruction, state, " ".join(["ARG", *said]))


def _arg_value(name: str, default: str | None, state: StageState, reading: Reading) -> str | None:
    if name in reading.build_args:
        return reading.build_args[name]
    if default is None:
        return reading.global_args.get(name)
    return state.expand(default)


@dispatch.register
def _(instruction: ins.Label, state: StageState, _reading: Reading) -> Step:
    pairs = [(state.expand(pair.key), state.expand(pair.value)) for pair in instruction.pairs]
    state.config = replace(state.config, labels=dict(state.config.labels) | dict(pairs))
    return _config_step(instruction, state, " ".join(["LABEL", *(f"{name}={value}" for name, value in pairs)]))


@dispatch.register
def _(instruction: ins.Maintainer, state: StageState, _reading: Reading) -> Step:
    state.author = instruction.author
    return _config_step(instruction, state, f"MAINTAINER {instruction.author}")


@dispatch.register
def _(instruction: ins.Cmd, state: StageState, _reading: Reading) -> Step:
    args = _command(instruction.command, state)
    state.config = replace(state.config, cmd=args, args_escaped=True)
    return _config_step(instruction, state, f"CMD {quoted_list(args)}")


@dispatch.register
def _(instruction: ins.Entrypoint, state: StageState, _reading: Reading) -> Step:
    args = _command(instruction.command, state)
    # A new ENTRYPOINT unsets a CMD that came from the base, but not one of this Dockerfile: see `plan`.
    state.config = replace(state.config, entrypoint=args)
    return _config_step(instruction, state, f"ENTRYPOINT {quoted_list(args)}")


def _command(command: ins.CommandLine, state: StageState) -> tuple[str, ...]:
    return (*state.shell, *(command.arguments or ("",))) if command.is_shell else command.arguments


@dispatch.register
def _(instruction: ins.Expose, state: StageState, _reading: Reading) -> Step:
    words = [word for port in instruction.ports for word in state.expand_words(port)]
    ports = parse_ports(words)
    state.config = replace(state.config, exposed_ports=tuple(sorted({*state.config.exposed_ports, *ports})))
    return _config_step(instruction, state, f"EXPOSE {plain_list(ports)}")


@dispatch.register
def _(instruction: ins.Volume, state: StageState, _reading: Reading) -> Step:
    paths = [state.expand(path) for path in instruction.paths]
    if not all(paths):
        raise BuildError("build.volume-empty", line=instruction.lines.first)
    state.config = replace(state.config, volumes=tuple(sorted({*state.config.volumes, *paths})))
    return _config_step(instruction, state, f"VOLUME {plain_list(paths)}")


@dispatch.register
def _(instruction: ins.User, state: StageState, _reading: Reading) -> Step:
    user = state.expand(instruction.user)
    state.config = replace(state.config, user=user)
    return _config_step(instruction, state, f"USER {user}")


@dispatch.register
def _(instruction: ins.StopSignal, state: StageState, _reading: Reading) -> Step:
    signal = state.expand(instruction.signal)
    state.config = replace(state.config, stop_signal=signal)
    return _config_step(instruction, state, f"STOPSIGNAL {signal}")


@dispatch.register
def _(instruction: ins.Shell, state: StageState, _reading: Reading) -> Step:
    state.config = replace(state.config, shell=instruction.arguments)
    return _config_step(instruction, state, f"SHELL {plain_list(instruction.arguments)}")


@dispatch.register
def _(instruction: ins.Healthcheck, state: StageState, _reading: Reading) -> Step:
    state.config = replace(state.config, healthcheck=instruction.health)
    return _config_step(instruction, state, f"HEALTHCHECK {healthcheck_text(instruction.health)}")


@dispatch.register
def _(instruction: ins.Onbuild, state: StageState, _reading: Reading) -> Step:
    state.config = replace(state.config, on_build=(*state.config.on_build, instruction.expression))
    return _config_step(instruction, state, "")  # BuildKit leaves no trace of it in the history


@dispatch.register
def _(instruction: ins.Workdir, state: StageState, _reading: Reading) -> Step:
    wanted = state.expand(instruction.path)
    path = wanted if wanted.startswith("/") else posixpath.normpath(state.absolute(wanted))
    state.config = replace(state.config, working_dir=path)
    if not path.strip("/"):
        return _config_step(instruction, state, f"WORKDIR {path}")
    return FolderStep(
        text=instruction.code,
        lines=instruction.lines,
        created_by=f"WORKDIR {path}",
        config=state.config,
        author=state.author,
        path=path,
        user=state.config.user,
    )


@dispatch.register
def _(instruction: ins.Run, state: StageState, reading: Reading) -> Step:
    args, script = _run_args(instruction.command, state)
    mounts = tuple(_mount(text, state, reading) for text in instruction.mounts)
    return RunStep(
        text=instruction.code,
        lines=instruction.lines,
        created_by=f"RUN {_with_build_args(args, state)}{_BUILDKIT}",
        config=state.config,
        author=state.author,
        args=args,
        env=tuple(f"{name}={value}" for name, value in _run_env(state, reading).items()),
        cwd=state.config.working_dir or "/",
        user=state.config.user,
        network=instruction.network,
        security=instruction.security,
        mounts=mounts,
        script=script,
    )


def _run_args(command: ins.CommandLine, state: StageState) -> tuple[tuple[str, ...], str]:
    """The program and its arguments, and a script to lay beside them.

    `RUN <<EOF` alone is the shell's text, or a script of its own where it starts with `#!`; in any other line the
    here-documents stay behind the command, for the shell itself.
    """
    if not command.is_shell or not command.heredocs:
        return _command(command, state), ""
    first = command.heredocs[0]
    text = command.arguments[0]
    if len(command.heredocs) != 1 or not _ALONE.fullmatch(text):
        bodies = "".join(f"\n{one.content}{one.name}" for one in command.heredocs)
        return (*state.shell, text + bodies), ""
    if first.data.startswith("#!"):
        return (*state.shell, f"/dev/pipes/{first.name}"), first.data
    return (*state.shell, first.data), ""


def _run_env(state: StageState, reading: Reading) -> dict[str, str]:
    proxies = {name: value for name, value in reading.build_args.items() if name in PROXY_ARGS}
    return state.env | {name: value for name, value in proxies.items() if name not in state.env}


def _with_build_args(args: tuple[str, ...], state: StageState) -> str:
    """What the history shows of a RUN: the build arguments in force before the command."""
    said = [f"{name}={state.env.get(name, value or '')}" for name, value in state.build_args.items()]
    return " ".join([f"|{len(said)}", *said, *args] if said else args)


def _mount(text: str, state: StageState, reading: Reading) -> StepMount:
    mount = parse_mount(text, state.expand)
    return StepMount(
        type=mount.type,
        target=mount.target,
        source=posixpath.join("/", mount.source),
        origin=_mount_origin(mount, reading),
        read_only=mount.read_only,
        required=mount.required,
        size_limit=mount.size_limit,
        cache_id=mount.cache_id,
        sharing=mount.sharing or Sharing.SHARED,
        mode=mount.mode,
        uid=mount.uid,
        gid=mount.gid,
        env=mount.env or "",
    )


def _mount_origin(mount: Mount, reading: Reading) -> Origin:
    if not mount.origin:
        return "scratch" if mount.type is MountType.CACHE else None
    found = reading.find_stage(mount.origin)
    return mount.origin if found is None else found


@dispatch.register
def _(instruction: ins.Copy, state: StageState, reading: Reading) -> Step:
    origin: Origin = None
    if instruction.origin:
        named = state.expand(instruction.origin)
        found = reading.find_stage(named)
        origin = named if found is None else found
    return _transfer(instruction, state, origin=origin, parents=instruction.parents)


@dispatch.register
def _(instruction: ins.Add, state: StageState, _reading: Reading) -> Step:
    return _transfer(instruction, state, unpack=instruction.unpack is not False)


def _transfer(
    instruction: ins.Transfer,
    state: StageState,
    *,
    origin: Origin = None,
    unpack: bool = False,
    parents: bool = False,
) -> CopyStep:
    sources = tuple(state.expand(source) for source in instruction.sources)
    destination = state.expand(instruction.destination)
    chown, chmod = state.expand(instruction.chown), state.expand(instruction.chmod)
    inline = tuple(
        InlineContent(name=file.name, data=_inline_data(file, state.expand)) for file in instruction.inline_files
    )
    names = [*sources, *(f"<<{file.name}" for file in inline), destination]
    flags = [f"--{name}={value}" for name, value in (("chown", chown), ("chmod", chmod)) if value]
    flags += ["--parents"] if parents else []
    return CopyStep(
        text=instruction.code,
        lines=instruction.lines,
        created_by=" ".join([instruction.name, *flags, *names]) + _BUILDKIT,
        config=state.config,
        author=state.author,
        parts=tuple(PathSource(written=source, path=posixpath.join("/", source)) for source in sources),
        destination=state.absolute(destination),
        origin=origin,
        inline=inline,
        chown=chown,
        chmod=chmod,
        excludes=tuple(state.expand(pattern) for pattern in instruction.excludes),
        unpack=unpack,
        link=instruction.link,
        parents=parents,
    )


def _inline_data(file: ins.InlineFile, expand: Callable[[str], str]) -> str:
    return expand(file.data) if file.expand else file.data
