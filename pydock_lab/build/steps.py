"""What a build is going to do, as values: stages of steps, every variable replaced, before anything is done.

Each step knows the lines it comes from, the text people see, the history entry it leaves, and the configuration
after it. Three kinds change files, and make a layer; all others only change the configuration.

Where files come from is an Origin, the same for COPY and for the mounts of RUN:

    None                  the build context
    2                     a stage, by its index in the Dockerfile
    "alpine:3.20"         an image, or scratch
    NamedContext("docs")  a folder, Git repository or archive that `--build-context docs=...` names
"""

from dataclasses import dataclass

from pydock_lab.build.owners import is_numeric
from pydock_lab.build.paths import clean
from pydock_lab.dockerfile.instructions import Network, Security
from pydock_lab.dockerfile.mounts import MountType, Sharing
from pydock_lab.dockerfile.positions import LineRange
from pydock_lab.oci import ContainerConfig, ImageConfig


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One instruction: `text` as it stands in the file, `created_by` for the history ("": no entry).

    `label` is what progress shows of a step that does something: `[build 2/4] RUN make`.
    """

    text: str
    lines: LineRange
    created_by: str
    config: ContainerConfig
    author: str = ""
    label: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigStep(Step):
    """ENV, CMD, LABEL ...: no file changes, so no layer."""


@dataclass(frozen=True, slots=True)
class NamedContext:
    """Files that `--build-context NAME=...` stands for: `PlanOptions.build_contexts` says what it is."""

    name: str


Origin = int | str | NamedContext | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StepMount:
    """What a RUN sees besides its own file system; `source` is a path in the origin, absolute.

    A cache's origin is what it holds at first (scratch: nothing). `cache_id` names a cache, a secret or an agent; a
    secret that is only a variable, `env`, has no `target`. `mode`, `uid`, `gid`: None where the Dockerfile does not
    say; `size_limit` in bytes, 0 for none.
    """

    type: MountType
    target: str
    source: str = "/"
    origin: Origin = None
    read_only: bool = True
    required: bool = False
    size_limit: int = 0
    cache_id: str = ""
    sharing: Sharing = Sharing.SHARED
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    env: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunStep(Step):
    """RUN: a program in a container of the stage so far; `env` is `NAME=value`, in order.

    `script` is the content of a here-document with a `#!` line, found by the program at its first argument.
    `proxies` are variables too, but no part of the step's key. `hosts` are `name:address` for /etc/hosts,
    `shm_size` is in bytes (0: as always), `ulimits` are `name=soft[:hard]`, `platform` is `os/arch[/variant]`.
    """

    args: tuple[str, ...]
    env: tuple[str, ...]
    cwd: str
    user: str
    network: Network = Network.DEFAULT
    security: Security = Security.SANDBOX
    mounts: tuple[StepMount, ...] = ()
    script: str = ""
    proxies: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    shm_size: int = 0
    ulimits: tuple[str, ...] = ()
    cgroup_parent: str = ""
    platform: str = "linux/amd64"

    @property
    def environment(self) -> tuple[str, ...]:
        """The variables that the program sees."""
        return (*self.env, *self.proxies)

    @property
    def shown(self) -> tuple[StepMount, ...]:
        """The mounts that have files from somewhere."""
        return tuple(mount for mount in self.mounts if mount.type in (MountType.BIND, MountType.CACHE))


@dataclass(frozen=True, kw_only=True, slots=True)
class InlineContent:
    """A file that stands in the Dockerfile itself."""

    name: str
    data: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PathSource:
    """Files of the origin: `written` is the path or pattern that COPY names.

    Below `path`, absolute: all of it, or with --parents what `include` matches; then `required` must be there ("":
    a pattern, which may match nothing).
    """

    written: str
    path: str
    include: str = ""
    required: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpSource:
    """A file that ADD downloads: saved as `filename`; `checksum` is its digest, "" where nobody says."""

    url: str
    filename: str
    checksum: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class GitSource:
    """A Git repository that ADD fetches, `reference` as it is written; `checksum` is a commit, "" for any."""

    reference: str
    keep_git_dir: bool = False
    checksum: str = ""


RemoteSource = HttpSource | GitSource


@dataclass(frozen=True, kw_only=True, slots=True)
class CopyStep(Step):
    """COPY and ADD: `parts` is what is copied, in order, and after it the `inline` files.

    `to` is absolute, and keeps the `/` or `/.` at its end; `unpack` is ADD's way with archives of the context,
    `unpack_remote` with those that it downloads.
    """

    parts: tuple[PathSource | RemoteSource, ...]
    to: str
    origin: Origin = None
    unpack_remote: bool = False
    inline: tuple[InlineContent, ...] = ()
    chown: str = ""
    chmod: str = ""
    excludes: tuple[str, ...] = ()
    unpack: bool = False
    link: bool = False
    parents: bool = False

    @property
    def destination(self) -> str:
        """Where the copies go: a slash at its end says that it is a folder."""
        return self.to.removesuffix(".") if self.to.endswith("/.") else self.to

    @property
    def sources(self) -> tuple[str, ...]:
        """The paths and patterns in the origin, as they are written."""
        return tuple(part.written for part in self.parts if isinstance(part, PathSource))

    @property
    def is_independent(self) -> bool:
        """Whether its layer is the same whatever is below: --link, unless a mode is set, or an owner by name."""
        # What is below says who a name is, and what a mode such as u+x changes.
        return self.link and not self.chmod and is_numeric(self.chown)

    @property
    def remote(self) -> tuple[RemoteSource, ...]:
        """What is fetched from elsewhere."""
        return tuple(part for part in self.parts if not isinstance(part, PathSource))


@dataclass(frozen=True, kw_only=True, slots=True)
class FolderStep(Step):
    """WORKDIR: the folder, where it is not there yet; `user` owns it."""

    path: str
    user: str


def origins_of(step: Step) -> frozenset[Origin]:
    """Where a step takes files from, None being the build context."""
    match step:
        case CopyStep() if step.sources:
            return frozenset({step.origin})
        case RunStep():
            return frozenset(mount.origin for mount in step.shown)
        case _:
            return frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """A stage: what it stands on (an Origin, None being scratch), and its steps.

    `base_config` is the image's that it stands on, `config` the one it ends with; `platform` is `os/arch[/variant]`,
    `label` how progress calls its FROM; `ignore_cache` where `--no-cache-filter` names it.
    """

    index: int
    name: str
    base: Origin
    platform: str
    lines: LineRange
    text: str
    base_config: ImageConfig
    config: ContainerConfig
    steps: tuple[Step, ...]
    author: str = ""
    label: str = ""
    ignore_cache: bool = False

    @property
    def title(self) -> str:
        """How people call it: its name, or `stage-1`."""
        return self.name or f"stage-{self.index}"

    @property
    def origins(self) -> frozenset[Origin]:
        """Where its steps take files from, None being the build context."""
        return frozenset(origin for step in self.steps for origin in origins_of(step))

    @property
    def needs(self) -> frozenset[int]:
        """The indexes of the stages that it stands on or copies from."""
        return frozenset(origin for origin in {*self.origins, self.base} if isinstance(origin, int))

    @property
    def context_paths(self) -> tuple[str, ...]:
        """The paths and patterns of the build context that its steps take, absolute."""
        copies = (one for one in self.steps if isinstance(one, CopyStep) and one.origin is None)
        mounts = (mount for one in self.steps if isinstance(one, RunStep) for mount in one.shown)
        return (
            *(clean(source) for step in copies for source in step.sources),
            *(mount.source for mount in mounts if mount.origin is None),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The stages that the target needs, in an order in which they can be built, and the names of the others.

    `source_date_epoch` is the time that all files shall have that the build makes, in seconds since 1970.
    """

    stages: tuple[Stage, ...]
    target: int
    skipped: tuple[str, ...]
    escape: str
    source_date_epoch: int | None = None

    def stage(self, index: int) -> Stage:
        """The stage with this index in the file."""
        return next(stage for stage in self.stages if stage.index == index)

    @property
    def steps(self) -> int:
        """How many steps there are, each FROM counted as one."""
        return sum(1 + len(stage.steps) for stage in self.stages)

    @property
    def context_paths(self) -> tuple[str, ...] | None:
        """What the build takes from its context: paths and patterns in order, None for all of it.

        A symbolic link among them is followed. An empty tuple says that the context is not needed.
        """
        found = {path for stage in self.stages for path in stage.context_paths}
        return None if "/" in found else tuple(sorted(path.lstrip("/") for path in found))
