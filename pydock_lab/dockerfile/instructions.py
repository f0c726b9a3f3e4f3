"""The instructions of a Dockerfile as values: what each says, before variables are replaced.

    FROM                                          starts a stage
    RUN  COPY  ADD  WORKDIR                       change files: each makes a layer
    ENV  LABEL  USER  CMD  ENTRYPOINT  EXPOSE     change the image's configuration only
    VOLUME  SHELL  STOPSIGNAL  HEALTHCHECK
    ONBUILD  MAINTAINER
    ARG                                           a variable of the build, not of the image

Source: BuildKit's documentation, "Dockerfile reference".
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

from pydock_lab.dockerfile.heredoc import Heredoc
from pydock_lab.dockerfile.mounts import Device
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.oci import Healthcheck as HealthcheckValue


class Network(Enum):
    """What network a RUN step sees."""

    DEFAULT = "default"
    NONE = "none"
    HOST = "host"


class Security(Enum):
    """How a RUN step is confined."""

    SANDBOX = "sandbox"
    INSECURE = "insecure"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """How an instruction is written: its logical line, where that stands, its keyword, flags and comments."""

    code: str
    lines: LineRange
    keyword: str
    flags: tuple[str, ...] = ()
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Instruction:
    """What all instructions have; `name` is the keyword in capitals."""

    name: ClassVar[str] = ""

    source: Source

    @property
    def code(self) -> str:
        """The logical line, as it is shown for the step."""
        return self.source.code

    @property
    def lines(self) -> LineRange:
        """Where it stands in the Dockerfile."""
        return self.source.lines


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """A name and its value; `is_legacy` for the old form without an equals sign."""

    key: str
    value: str
    is_legacy: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Variable:
    """What ARG declares: a default of None is different from an empty one."""

    key: str
    default: str | None
    description: str = ""  # from the comment `# key description` above it


@dataclass(frozen=True, kw_only=True, slots=True)
class CommandLine:
    """A command in shell form (`arguments` is one text for the shell) or exec form (a program's arguments)."""

    arguments: tuple[str, ...]
    is_shell: bool
    heredocs: tuple[Heredoc, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class InlineFile:
    """A file that COPY or ADD takes from a here-document; variables in it are replaced where `expand`."""

    name: str
    data: str
    expand: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class From(Instruction):
    """FROM: a stage starts on top of an image, of an earlier stage, or of nothing (`scratch`)."""

    name: ClassVar[str] = "FROM"

    base: str
    stage: str = ""
    platform: str = ""
    description: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Arg(Instruction):
    """ARG: variables that the build may be given."""

    name: ClassVar[str] = "ARG"

    variables: tuple[Variable, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run(Instruction):
    """RUN: a command whose changes become a layer; `mounts` are read by `parse_mount` once variables are known."""

    name: ClassVar[str] = "RUN"

    command: CommandLine
    mounts: tuple[str, ...] = ()
    devices: tuple[Device, ...] = ()
    network: Network = Network.DEFAULT
    security: Security = Security.SANDBOX


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer(Instruction):
    """What COPY and ADD share: sources to one destination."""

    sources: tuple[str, ...]
    inline_files: tuple[InlineFile, ...]
    destination: str
    chown: str = ""
    chmod: str = ""
    link: bool = False
    excludes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Copy(Transfer):
    """COPY: files from the build context, or from another stage or image (`origin`)."""

    name: ClassVar[str] = "COPY"

    origin: str = ""
    parents: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Add(Transfer):
    """ADD: as COPY, and it also unpacks archives and fetches URLs and Git repositories; None: as it thinks best."""

    name: ClassVar[str] = "ADD"

    checksum: str = ""
    keep_git_dir: bool | None = None
    unpack: bool | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Env(Instruction):
    """ENV: variables of the image and of the steps that follow."""

    name: ClassVar[str] = "ENV"

    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Label(Instruction):
    """LABEL: facts about the image for people and tools."""

    name: ClassVar[str] = "LABEL"

    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cmd(Instruction):
    """CMD: what a container runs unless it is told otherwise."""

    name: ClassVar[str] = "CMD"

    command: CommandLine


@dataclass(frozen=True, kw_only=True, slots=True)
class Entrypoint(Instruction):
    """ENTRYPOINT: what a container always runs, with CMD as its arguments."""

    name: ClassVar[str] = "ENTRYPOINT"

    command: CommandLine


@dataclass(frozen=True, kw_only=True, slots=True)
class Expose(Instruction):
    """EXPOSE: ports that the program listens on, sorted; it publishes none of them."""

    name: ClassVar[str] = "EXPOSE"

    ports: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume(Instruction):
    """VOLUME: directories whose content belongs to each container, not to the image."""

    name: ClassVar[str] = "VOLUME"

    paths: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class User(Instruction):
    """USER: who runs the steps that follow, and the container."""

    name: ClassVar[str] = "USER"

    user: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Workdir(Instruction):
    """WORKDIR: the directory of the steps that follow; it is made if it is not there."""

    name: ClassVar[str] = "WORKDIR"

    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell(Instruction):
    """SHELL: what runs the shell forms that follow."""

    name: ClassVar[str] = "SHELL"

    arguments: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class StopSignal(Instruction):
    """STOPSIGNAL: the signal that asks the container to end."""

    name: ClassVar[str] = "STOPSIGNAL"

    signal: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Healthcheck(Instruction):
    """HEALTHCHECK: how to tell that the container works."""

    name: ClassVar[str] = "HEALTHCHECK"

    health: HealthcheckValue


@dataclass(frozen=True, kw_only=True, slots=True)
class Onbuild(Instruction):
    """ONBUILD: an instruction for the builds that start from this image, here-documents included."""

    name: ClassVar[str] = "ONBUILD"

    expression: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Maintainer(Instruction):
    """MAINTAINER: the author; today a label says it."""

    name: ClassVar[str] = "MAINTAINER"

    author: str
