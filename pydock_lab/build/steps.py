"""What a build is going to do, as values: stages of steps, every variable replaced, before anything is done.

Each step knows the lines it comes from, the text people see, the history entry it leaves, and the configuration
after it. Three kinds change files, and make a layer; all others only change the configuration.
"""

from dataclasses import dataclass

from pydock_lab.dockerfile.instructions import Network, Security
from pydock_lab.dockerfile.mounts import Mount
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.oci import ContainerConfig, ImageConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One instruction: `text` as it stands in the file, `created_by` for the history ("": no entry)."""

    text: str
    lines: LineRange
    created_by: str
    config: ContainerConfig
    author: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigStep(Step):
    """ENV, CMD, LABEL ...: no file changes, so no layer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStep(Step):
    """RUN: a program in a container of the stage so far; `env` is `NAME=value`, in order.

    `script` is the content of a here-document with a `#!` line, found by the program at its first argument.
    """

    args: tuple[str, ...]
    env: tuple[str, ...]
    cwd: str
    user: str
    network: Network = Network.DEFAULT
    security: Security = Security.SANDBOX
    mounts: tuple[Mount, ...] = ()
    script: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class InlineContent:
    """A file that stands in the Dockerfile itself."""

    name: str
    data: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyStep(Step):
    """COPY and ADD: `origin` is a stage's index, an image's name, or None for the context.

    `destination` is absolute, and keeps the slash at its end; `unpack` is ADD's way with archives.
    """

    sources: tuple[str, ...]
    destination: str
    origin: int | str | None = None
    inline: tuple[InlineContent, ...] = ()
    chown: str = ""
    chmod: str = ""
    excludes: tuple[str, ...] = ()
    unpack: bool = False
    link: bool = False
    parents: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderStep(Step):
    """WORKDIR: the folder, where it is not there yet; `user` owns it."""

    path: str
    user: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage: what it stands on (a stage's index, an image's name, or None for scratch), and its steps.

    `base_config` is the image's that it stands on, `config` the one it ends with.
    """

    index: int
    name: str
    base: int | str | None
    platform: str
    lines: LineRange
    text: str
    base_config: ImageConfig
    config: ContainerConfig
    steps: tuple[Step, ...]
    author: str = ""

    @property
    def title(self) -> str:
        """How people call it: its name, or `stage-1`."""
        return self.name or f"stage-{self.index}"

    @property
    def needs(self) -> frozenset[int]:
        """The indexes of the stages that it stands on or copies from."""
        origins = {step.origin for step in self.steps if isinstance(step, CopyStep)}
        mounts = {mount.origin for step in self.steps if isinstance(step, RunStep) for mount in step.mounts}
        found = {int(origin) for origin in mounts if origin.isdigit()}
        return frozenset(origin for origin in {*origins, self.base} if isinstance(origin, int)) | found


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The stages that the target needs, in the order of the file, and the names of those it does not."""

    stages: tuple[Stage, ...]
    target: int
    skipped: tuple[str, ...]
    escape: str

    def stage(self, index: int) -> Stage:
        """The stage with this index in the file."""
        return next(stage for stage in self.stages if stage.index == index)

    @property
    def steps(self) -> int:
        """How many steps there are, each FROM counted as one."""
        return sum(1 + len(stage.steps) for stage in self.stages)
