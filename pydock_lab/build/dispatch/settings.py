"""ENV, CMD, LABEL ...: instructions that change the configuration of the image, and no files.

The history texts are BuildKit's to the letter, Go's formats included, because tools read them.
Source: Dockerfile reference; BuildKit's history entries.
"""

from dataclasses import replace

from pydock_lab.build.dispatch.base import command_line, dispatch
from pydock_lab.build.gotext import healthcheck_text, plain_list, quoted_list
from pydock_lab.build.signals import check_signal
from pydock_lab.build.state import Reading, StageState
from pydock_lab.build.steps import ConfigStep, Step
from pydock_lab.dockerfile import instructions as ins
from pydock_lab.dockerfile.ports import parse_ports
from pydock_lab.errors import BuildError

# What the scanner of packages shall look at, if there is one: never a variable of RUN.
_NO_VARIABLES = frozenset({"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"})


def _config_step(instruction: ins.Instruction, state: StageState, created_by: str) -> ConfigStep:
    return ConfigStep(
        text=instruction.code,
        lines=instruction.lines,
        created_by=created_by,
        config=state.config,
        author=state.author,
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
        if value is not None and name not in _NO_VARIABLES:
            state.set_variable(name, value)
        said.append(name if value is None else f"{name}={value}")
    return _config_step(instruction, state, " ".join(["ARG", *said]))


def _arg_value(name: str, default: str | None, state: StageState, reading: Reading) -> str | None:
    if name in reading.build_args:
        return reading.build_args[name]
    # Only an ARG without a default takes the global one (Dockerfile reference, "Understand how ARG and FROM
    # interact").
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
    args = command_line(instruction.command, state)
    state.config = replace(state.config, cmd=args, args_escaped=True)
    return _config_step(instruction, state, f"CMD {quoted_list(args)}")


@dispatch.register
def _(instruction: ins.Entrypoint, state: StageState, _reading: Reading) -> Step:
    args = command_line(instruction.command, state)
    # A new ENTRYPOINT unsets a CMD that came from the base, but not one of this Dockerfile: see `plan`.
    state.config = replace(state.config, entrypoint=args)
    return _config_step(instruction, state, f"ENTRYPOINT {quoted_list(args)}")


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
        raise BuildError("build.volume-empty")
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
    check_signal(signal)
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
