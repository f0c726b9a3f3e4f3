"""What a user may ask of an engine, as frozen values: one for each of Docker's commands that has many options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretSource:
    """`--secret id=ID,src=FILE` or `id=ID,env=NAME`: where a secret comes from; read when a step asks for it."""

    id: str
    path: Path | None = None
    env: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentSource:
    """`--ssh ID[=SOCKET|KEY[,KEY]]`: an agent's socket, or private keys; without either the user's own agent."""

    id: str = "default"
    paths: tuple[Path, ...] = ()


class OutputKind(StrEnum):
    """What `--output type=` makes of a build."""

    IMAGE = "image"
    LOCAL = "local"
    TAR = "tar"
    OCI = "oci"
    DOCKER = "docker"
    CACHE_ONLY = "cacheonly"


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """`--output`: what becomes of the result.

    LOCAL fills the folder `path`; TAR, OCI and DOCKER write a file `path`, or to `stream`. With `is_folder` an OCI
    layout is a folder. IMAGE keeps the image in the store, as DOCKER does that has no place to write to, under
    `names` and those of the build; with `push` it is sent to its registry. CACHE_ONLY gives nothing.
    """

    kind: OutputKind
    path: Path | None = None
    stream: BinaryIO | None = field(default=None, repr=False, compare=False)
    is_folder: bool = False
    names: tuple[str, ...] = ()
    push: bool = False

    @property
    def is_image(self) -> bool:
        """Whether the image stays in the store."""
        is_loaded = self.kind is OutputKind.DOCKER and self.path is None and self.stream is None
        return self.kind is OutputKind.IMAGE or is_loaded


class CacheKind(StrEnum):
    """Where `--cache-from` and `--cache-to` have a cache."""

    LOCAL = "local"
    REGISTRY = "registry"
    INLINE = "inline"


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheStore:
    """A build cache elsewhere: an OCI layout in the folder `path`, an image `reference`, or in the image itself.

    `tag` is the cache's name in a folder. With `is_whole` the steps of all stages are written, and not only those
    that the image is made of (`mode=max`); with `ignore_error` a cache that cannot be written is no failure.
    """

    kind: CacheKind
    path: Path | None = None
    reference: str = ""
    tag: str = "latest"
    is_whole: bool = False
    ignore_error: bool = False

    def __str__(self) -> str:
        return self.reference or str(self.path or self.kind.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions:
    """`docker build`: the Dockerfile's text and what goes with it.

    `context` is a directory, or None for an empty one (a Dockerfile that copies nothing needs none). `context_url`
    is the address of a Git repository, an archive or a Dockerfile, `context_archive` a tar to be read: then the text
    of the Dockerfile may be "", and comes from there. `dockerfile_name` stands in errors and finds
    `NAME.dockerignore`. The fields that RUN is given are as in `build.plan.PlanOptions`. `push` sends the image to
    the registries in its names, `isolation` is the tier that RUN steps are in.
    """

    dockerfile: str
    context: Path | None = None
    context_url: str = ""
    context_archive: BinaryIO | None = field(default=None, repr=False, compare=False)
    tags: tuple[str, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    no_cache: bool = False
    no_cache_filter: tuple[str, ...] = ()
    pull: bool = False
    network: str = "default"
    platform: str = ""
    dockerfile_name: str = "Dockerfile"
    build_contexts: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[SecretSource, ...] = ()
    agents: tuple[AgentSource, ...] = ()
    add_hosts: tuple[str, ...] = ()
    shm_size: int = 0
    ulimits: tuple[str, ...] = ()
    cgroup_parent: str = ""
    isolation: str = ""
    allow: frozenset[str] = frozenset()
    outputs: tuple[Output, ...] = ()
    push: bool = False
    cache_from: tuple[CacheStore, ...] = ()
    cache_to: tuple[CacheStore, ...] = ()

    @property
    def keeps_image(self) -> bool:
        """Whether the image stays in the store, and has its names."""
        return self.push or not self.outputs or any(output.is_image for output in self.outputs)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that the image gets, each once."""
        if not self.keeps_image:
            return ()
        said = (name for output in self.outputs if output.is_image for name in output.names)
        return tuple(dict.fromkeys((*self.tags, *said)))

    @property
    def pushed(self) -> tuple[str, ...]:
        """The names that are sent to their registries."""
        outputs = [output for output in self.outputs if output.push]
        said = dict.fromkeys(name for output in outputs for name in output.names or self.tags)
        return tuple(said | (dict.fromkeys(self.tags) if self.push else {}))
