"""`--change` of docker commit and docker import: instructions of a Dockerfile, applied to a configuration."""

from collections.abc import Iterable

from pydock_lab.build.dispatch import dispatch
from pydock_lab.build.labels import Labels
from pydock_lab.build.names import Names
from pydock_lab.build.state import Reading, RunDefaults, StageState
from pydock_lab.dockerfile.instructions import Instruction
from pydock_lab.dockerfile.parser import read_syntax
from pydock_lab.dockerfile.readers import read_instruction
from pydock_lab.errors import CommandError
from pydock_lab.oci import ContainerConfig

# Docker's list: what changes nothing but the configuration.
ALLOWED = frozenset(
    {"CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
)


def changed(config: ContainerConfig, changes: Iterable[str], platform: str) -> ContainerConfig:
    """The configuration after `changes`, each an instruction; raises DockerfileError, CommandError for another one."""
    state = StageState.on(config, "\\", platform)
    state.config = config
    reading = Reading(
        index=0,
        names=Names(("",), {}),
        labels=Labels(title="", total=0),
        build_args={},
        global_args={},
        defaults=RunDefaults(),
    )
    for text in changes:
        for instruction in _instructions(text):
            dispatch(instruction, state, reading)
    return state.config


def _instructions(text: str) -> Iterable[Instruction]:
    for node in read_syntax(text).nodes:
        instruction = read_instruction(node)
        if instruction.name not in ALLOWED:
            raise CommandError("engine.change", instruction=instruction.name, known=", ".join(sorted(ALLOWED)))
        yield instruction
