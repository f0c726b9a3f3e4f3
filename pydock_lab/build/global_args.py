"""Variables from outside the stages: what the user gives, what the platform is, and ARG before the first FROM.

The time of a reproducible build is among them, SOURCE_DATE_EPOCH: seconds since 1970, which the files that a build
makes then have. It may also be a name, of a stage or a context that comes from elsewhere and so has a time; whoever
builds asks there, and says it in numbers.

Source: Dockerfile reference, "ARG"; reproducible-builds.org, "SOURCE_DATE_EPOCH".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydock_lab.build.names import SCRATCH
from pydock_lab.build.places import placed
from pydock_lab.build.remote import remote_source
from pydock_lab.build.steps import NamedContext, RemoteSource
from pydock_lab.dockerfile.expansion import expand
from pydock_lab.dockerfile.instructions import Add, Arg
from pydock_lab.dockerfile.positions import located
from pydock_lab.dockerfile.stages import Dockerfile, Stage
from pydock_lab.errors import BuildError

EPOCH = "SOURCE_DATE_EPOCH"
_NUMBER = re.compile(r"[+-]?[0-9]{1,19}")
_LONGEST = 2**63
_MAIN = "context"


@dataclass(frozen=True, kw_only=True, slots=True)
class Epoch:
    """The time of a build: in `seconds`, or that of a `source`; neither where nobody says it."""

    seconds: int | None = None
    source: RemoteSource | NamedContext | None = None


def global_args(dockerfile: Dockerfile, known: Mapping[str, str], build_args: Mapping[str, str]) -> dict[str, str]:
    """`known`, and on top the ARGs before the first FROM; raises DockerfileError."""
    found = dict(known)
    for arg in dockerfile.meta_args:
        for variable in arg.variables:
            if variable.key in build_args:
                found[variable.key] = build_args[variable.key]
            elif variable.default is not None:
                with located(arg.lines):
                    found[variable.key] = expand(variable.default, found, dockerfile.escape).text
    return found


def epoch(
    dockerfile: Dockerfile, args: Mapping[str, str], build_args: Mapping[str, str], contexts: Mapping[str, str]
) -> Epoch:
    """What SOURCE_DATE_EPOCH says, `args` being the global ones; raises DockerfileError and BuildError."""
    value = build_args.get(EPOCH, args.get(EPOCH, ""))
    if _NUMBER.fullmatch(value) and -_LONGEST <= int(value) < _LONGEST:
        return Epoch(seconds=int(value))
    if value in ("", _MAIN):  # the build context is a folder, and those have no time of their own
        return Epoch()
    if value in contexts:
        return Epoch(source=NamedContext(value))
    for stage in dockerfile.stages:
        if stage.name == value.lower():
            with placed(stage.lines):
                return Epoch(source=_stage_source(stage, args, build_args, dockerfile.escape))
    raise BuildError("build.epoch", value=value)


def _stage_source(stage: Stage, args: Mapping[str, str], build_args: Mapping[str, str], escape: str) -> RemoteSource:
    """The only thing that a stage fetches: then its time is the stage's."""
    # There it still is the name of this stage, and no time.
    env = {name: value for name, value in args.items() if name != EPOCH}
    if expand(stage.base, env, escape).text != SCRATCH:
        raise BuildError("build.epoch-scratch")
    found: list[RemoteSource] = []
    for command in stage.commands:
        if isinstance(command, Arg):
            for variable in command.variables:
                if variable.key in build_args:
                    env[variable.key] = build_args[variable.key]
                elif variable.default is not None:
                    env[variable.key] = expand(variable.default, env, escape).text
        elif isinstance(command, Add):
            found.append(_added(command, env, escape))
        else:
            raise BuildError("build.epoch-instruction", instruction=command.name)
    if len(found) != 1:
        raise BuildError("build.epoch-one")
    return found[0]


def _added(command: Add, env: Mapping[str, str], escape: str) -> RemoteSource:
    if command.inline_files or len(command.sources) != 1:
        raise BuildError("build.epoch-one-source")
    text, checksum = (expand(word, env, escape).text for word in (command.sources[0], command.checksum))
    found = remote_source(text, checksum=checksum, keep_git_dir=command.keep_git_dir)
    if found is None:
        raise BuildError("build.epoch-remote")
    return found
