"""What the modules of this package add their instructions to."""

from functools import singledispatch

from pydock_lab.build.state import Reading, StageState
from pydock_lab.build.steps import Step
from pydock_lab.dockerfile.instructions import CommandLine, Instruction
from pydock_lab.errors import BuildError


@singledispatch
def dispatch(instruction: Instruction, _state: StageState, _reading: Reading) -> Step:
    """Apply an instruction to the state and give its step; raises DockerfileError or BuildError."""
    raise BuildError("build.not-here", what=instruction.name)


def command_line(command: CommandLine, state: StageState) -> tuple[str, ...]:
    """The program and its arguments: the stage's shell for a shell form."""
    return (*state.shell, *(command.arguments or ("",))) if command.is_shell else command.arguments
