"""A whole Dockerfile as values: its stages, each with what it starts from and what it does.

ARG version=3.20                  meta_args: before the first FROM, for FROM lines only
FROM alpine:$version AS build     stages[0]: name "build", base "alpine:$version"
RUN make                              commands
FROM scratch                      stages[1]: no name, known by its index
COPY --from=build /app /app           commands
"""

from dataclasses import dataclass

from pydock_lab.dockerfile.directives import Directive
from pydock_lab.dockerfile.instructions import Arg, From, Instruction
from pydock_lab.dockerfile.nodes import Node, ParseWarning, Syntax
from pydock_lab.dockerfile.parser import read_syntax
from pydock_lab.dockerfile.positions import LineRange, located
from pydock_lab.dockerfile.readers import read_instruction
from pydock_lab.errors import DockerfileError


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One FROM and the instructions that follow it."""

    start: From
    commands: tuple[Instruction, ...] = ()

    @property
    def name(self) -> str:
        """The name after AS, in small letters; "" where it has none."""
        return self.start.stage

    @property
    def base(self) -> str:
        """What it starts from, as written: an image, an earlier stage, or `scratch`."""
        return self.start.base

    @property
    def platform(self) -> str:
        """What `--platform` says, as written; "" where it says nothing."""
        return self.start.platform

    @property
    def lines(self) -> LineRange:
        """Where its FROM stands."""
        return self.start.lines


@dataclass(frozen=True, kw_only=True, slots=True)
class Dockerfile:
    """A Dockerfile, read and checked, its variables not yet replaced."""

    meta_args: tuple[Arg, ...]
    stages: tuple[Stage, ...]
    escape: str
    directives: tuple[Directive, ...]
    warnings: tuple[ParseWarning, ...]

    def stage(self, name: str) -> Stage | None:
        """The last stage of that name, in any case, or the one with that index."""
        # A name that looks like an index is no valid name, so the two cannot be confused.
        for stage in reversed(self.stages):
            if stage.name and stage.name == name.lower():
                return stage
        by_index = {str(index): stage for index, stage in enumerate(self.stages)}
        return by_index.get(name)


def parse(text: str) -> Dockerfile:
    """Read a Dockerfile; raises DockerfileError with the fields `line` and `end_line` of the mistake."""
    return read_dockerfile(read_syntax(text))


def read_dockerfile(syntax: Syntax) -> Dockerfile:
    """The stages that some nodes make; raises DockerfileError."""
    meta_args: list[Arg] = []
    stages: list[tuple[From, list[Instruction]]] = []
    for node in syntax.nodes:
        instruction = _read(node)
        if isinstance(instruction, From):
            stages.append((instruction, []))
        elif stages:
            stages[-1][1].append(instruction)
        # Before the first FROM there is no image yet that an instruction could change.
        elif isinstance(instruction, Arg):
            meta_args.append(instruction)
        else:
            with located(node.lines):
                raise DockerfileError("dockerfile.no-stage", instruction=instruction.name)
    return Dockerfile(
        meta_args=tuple(meta_args),
        stages=tuple(Stage(start=start, commands=tuple(commands)) for start, commands in stages),
        escape=syntax.escape,
        directives=syntax.directives,
        warnings=syntax.warnings,
    )


def _read(node: Node) -> Instruction:
    with located(node.lines):
        return read_instruction(node)
