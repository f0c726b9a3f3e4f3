"""What a survey comes across, as frozen values, each with its instruction."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydock_lab.dockerfile.expansion import Expansion
from pydock_lab.dockerfile.instructions import From, Instruction, Variable
from pydock_lab.dockerfile.mounts import Mount
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.dockerfile.survey.scope import Scope
from pydock_lab.oci import ImageConfig, Platform


@dataclass(frozen=True, kw_only=True, slots=True)
class Sight:
    """Something on the way through a Dockerfile."""

    instruction: Instruction

    @property
    def lines(self) -> LineRange:
        """Where it is; a trigger of the base stands at FROM."""
        return self.instruction.lines


@dataclass(frozen=True, kw_only=True, slots=True)
class FromSight(Sight):
    """Something about a FROM."""

    instruction: From


@dataclass(frozen=True, kw_only=True, slots=True)
class DefaultBase(FromSight):
    """The name of the base where no `--build-arg` is given; the arguments in it that then are without a value."""

    name: str
    without_value: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseSeen(FromSight):
    """The name of the base, with the arguments that were in force; `declared` may have no value."""

    expansion: Expansion
    arguments: Mapping[str, str]
    declared: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class PlatformSeen(BaseSeen):
    """What `--platform` comes to; its expansion in place of the base's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageSeen(FromSight):
    """A base that is an image, as FROM names it, for the platform `wanted`; None where nobody knows its config."""

    name: str
    wanted: Platform
    config: ImageConfig | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSeen(FromSight):
    """The instructions of a stage begin; `base` is the index of the stage below, None for an image."""

    index: int
    base: int | None
    uses: tuple[int, ...]  # the stages that it copies from or mounts


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSight(Sight):
    """Something about an instruction of a stage; `scope` is as it was before this instruction."""

    scope: Scope


@dataclass(frozen=True, kw_only=True, slots=True)
class WordSeen(StepSight):
    """A word with its variables replaced."""

    expansion: Expansion


@dataclass(frozen=True, kw_only=True, slots=True)
class InstructionSeen(StepSight):
    """An instruction whose words could all be read: `values` are what they came to."""

    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PortSeen(StepSight):
    """One port of EXPOSE."""

    port: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceSeen(StepSight):
    """A file or folder of the build context that COPY or ADD wants."""

    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class MountSeen(StepSight):
    """A mount of RUN."""

    mount: Mount


@dataclass(frozen=True, kw_only=True, slots=True)
class ArgumentSeen(StepSight):
    """One ARG and its value; `is_inherited` where the value is that of an ARG before the first FROM."""

    variable: Variable
    value: str | None
    is_inherited: bool
