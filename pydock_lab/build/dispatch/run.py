"""RUN: a program, what it is started with, and what it sees besides the files of its stage.

Source: Dockerfile reference, "RUN"; the behaviour of BuildKit.
"""

import posixpath
import re

from pydock_lab.build.dispatch.base import command_line, dispatch
from pydock_lab.build.labels import SECRET, shown, summary
from pydock_lab.build.names import SCRATCH
from pydock_lab.build.paths import clean
from pydock_lab.build.state import Reading, StageState
from pydock_lab.build.steps import Origin, RunStep, Step, StepMount
from pydock_lab.dockerfile import instructions as ins
from pydock_lab.dockerfile.characters import quote
from pydock_lab.dockerfile.expansion import Mode
from pydock_lab.dockerfile.heredoc import Heredoc
from pydock_lab.dockerfile.mounts import Mount, MountType, Sharing, parse_mount
from pydock_lab.errors import BuildError

_ALONE = re.compile(r"\s*0*<<-?\s*\S+\s*")  # a here-document of descriptor 0, and no command before it
_AGENT = "SSH_AUTH_SOCK"
_SCRIPTS = "/dev/pipes/"


@dispatch.register
def _(instruction: ins.Run, state: StageState, reading: Reading) -> Step:
    if instruction.devices:
        raise BuildError("build.device")
    args, script = _args(instruction.command, state)
    mounts = _mounts(instruction, state, reading)
    defaults = reading.defaults
    network = defaults.network if instruction.network is ins.Network.DEFAULT else instruction.network
    return RunStep(
        text=instruction.code,
        lines=instruction.lines,
        created_by=f"RUN {_with_build_args(args, state)} # buildkit",
        config=state.config,
        author=state.author,
        label=reading.labels.next(_shown(instruction, mounts, state), is_trigger=reading.is_trigger),
        args=args,
        env=_env(mounts, state),
        cwd=state.folder,
        user=state.config.user,
        network=network,
        security=instruction.security,
        mounts=mounts,
        script=script,
        proxies=defaults.proxies,
        hosts=defaults.hosts,
        shm_size=defaults.shm_size,
        ulimits=defaults.ulimits,
        cgroup_parent=defaults.cgroup_parent,
        platform=state.platform,
    )


def _args(command: ins.CommandLine, state: StageState) -> tuple[tuple[str, ...], str]:
    """The program and its arguments, and a script to lay beside them.

    `RUN <<EOF` alone is the shell's text, or a script of its own where it starts with `#!`; in any other line the
    here-documents stay behind the command, for the shell itself.
    """
    if not command.is_shell or not command.heredocs:
        return command_line(command, state), ""
    alone = _alone(command)
    if alone is None:
        bodies = "".join(f"\n{one.content}{one.name}" for one in command.heredocs)
        return (*state.shell, command.arguments[0] + bodies), ""
    if alone.data.startswith("#!"):
        return (*state.shell, posixpath.normpath(f"{_SCRIPTS}{alone.name}")), alone.data
    return (*state.shell, alone.data), ""


def _alone(command: ins.CommandLine) -> Heredoc | None:
    """The here-document that is the whole command."""
    is_alone = len(command.heredocs) == 1 and _ALONE.fullmatch(command.arguments[0])
    return command.heredocs[0] if is_alone else None


def _env(mounts: tuple[StepMount, ...], state: StageState) -> tuple[str, ...]:
    env = dict(state.env)
    for mount in mounts:
        if mount.type is MountType.SSH:
            env.setdefault(_AGENT, mount.target)
    return tuple(f"{name}={value}" for name, value in env.items())


def _with_build_args(args: tuple[str, ...], state: StageState) -> str:
    """What the history shows of a RUN: the build arguments in force before the command."""
    # `|2 A=1 B=2 /bin/sh -c ...`, as Docker writes it: who has the image can read build arguments there.
    said = [f"{name}={state.env.get(name, value or '')}" for name, value in state.build_args.items()]
    return " ".join([f"|{len(said)}", *said, *args] if said else args)


def _shown(instruction: ins.Run, mounts: tuple[StepMount, ...], state: StageState) -> str:
    alone = _alone(instruction.command) if instruction.command.is_shell and instruction.command.heredocs else None
    code = f"{instruction.code} ({summary(alone)})" if alone else instruction.code
    secrets = {mount.env: SECRET for mount in mounts if mount.env}
    return shown(code, state.env | secrets, state.escape, Mode.KEEP_QUOTES | Mode.KEEP_UNSET)


# ---- mounts


def _mounts(instruction: ins.Run, state: StageState, reading: Reading) -> tuple[StepMount, ...]:
    found: list[StepMount] = []
    for text in instruction.mounts:
        mount = parse_mount(text, state.expand)
        match mount.type:
            case MountType.SECRET:
                found.append(_secret(mount))
            case MountType.SSH:
                agents = sum(one.type is MountType.SSH for one in found)
                found.append(_agent(mount, agents))
            case _:
                found.append(_files(mount, state, reading))
    return tuple(found)


def _secret(mount: Mount) -> StepMount:
    name = mount.source or mount.cache_id or posixpath.basename(mount.target.rstrip("/"))
    default = "" if mount.env is not None else f"/run/secrets/{posixpath.basename(name.rstrip('/'))}"
    return StepMount(
        type=mount.type,
        target=mount.target or default,
        required=mount.required,
        cache_id=name,
        mode=mount.mode,
        uid=mount.uid,
        gid=mount.gid,
        env=mount.env or "",
    )


def _agent(mount: Mount, number: int) -> StepMount:
    if mount.source:
        raise BuildError("build.ssh-source")
    return StepMount(
        type=mount.type,
        target=mount.target or f"/run/buildkit/ssh_agent.{number}",
        required=mount.required,
        cache_id=mount.cache_id,
        mode=mount.mode,
        uid=mount.uid,
        gid=mount.gid,
    )


def _files(mount: Mount, state: StageState, reading: Reading) -> StepMount:
    target = posixpath.join("/", state.folder, mount.target)
    target = mount.target if mount.target.startswith("/") else clean(target)
    if target == "/":
        raise BuildError("build.mount-target", target=quote(target))
    return StepMount(
        type=mount.type,
        target=target,
        source=clean(mount.source),
        origin=_origin(mount, reading),
        read_only=mount.read_only,
        size_limit=mount.size_limit,
        cache_id=mount.cache_id or posixpath.normpath(mount.target or "."),
        sharing=mount.sharing or Sharing.SHARED,
        mode=mount.mode,
        uid=mount.uid,
        gid=mount.gid,
    )


def _origin(mount: Mount, reading: Reading) -> Origin:
    if mount.type is MountType.TMPFS or (mount.type is MountType.CACHE and not mount.origin):
        return SCRATCH
    found = reading.names.mounted(mount.origin)
    if reading.is_later(found):
        raise BuildError("build.mount-later", stage=quote(mount.origin), target=quote(mount.target))
    return found
