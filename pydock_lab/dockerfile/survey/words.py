"""Which words of an instruction have their variables replaced, in the order in which a build does it.

RUN, CMD and ENTRYPOINT leave their text to a shell, which has variables of its own; ONBUILD, to another build. The
mounts of RUN, and ARG and EXPOSE, have words of more than one part: see `stage_walk`.
"""

from functools import singledispatch
from typing import Protocol

from pydock_lab.dockerfile import instructions as ins
from pydock_lab.dockerfile.expansion import Mode


class Expand(Protocol):
    """Replace the variables of a word; raises DockerfileError."""

    def __call__(self, word: str, mode: Mode = Mode.VALUE) -> str:
        """The word with values for variables."""


@singledispatch
def values(_instruction: ins.Instruction, _expand: Expand) -> tuple[str, ...]:
    """The words of an instruction, variables replaced; raises DockerfileError."""
    return ()


@values.register
def _(instruction: ins.Env | ins.Label, expand: Expand) -> tuple[str, ...]:
    return tuple(expand(word) for pair in instruction.pairs for word in (pair.key, pair.value))


@values.register
def _(instruction: ins.Volume, expand: Expand) -> tuple[str, ...]:
    return tuple(map(expand, instruction.paths))


@values.register
def _(instruction: ins.User, expand: Expand) -> tuple[str, ...]:
    return (expand(instruction.user),)


@values.register
def _(instruction: ins.Workdir, expand: Expand) -> tuple[str, ...]:
    return (expand(instruction.path),)


@values.register
def _(instruction: ins.StopSignal, expand: Expand) -> tuple[str, ...]:
    return (expand(instruction.signal),)


@values.register
def _(instruction: ins.Transfer, expand: Expand) -> tuple[str, ...]:
    """The sources; what else is expanded with them only has to be readable."""
    flags = (instruction.chown, instruction.chmod, *instruction.excludes)
    for flag in (*flags, instruction.checksum if isinstance(instruction, ins.Add) else ""):
        expand(flag)
    sources = tuple(map(expand, instruction.sources))
    expand(instruction.destination)
    for file in instruction.inline_files:
        if file.expand:
            expand(file.data, Mode.PLAIN_QUOTES)
    return sources
