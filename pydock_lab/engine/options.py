"""What a user may ask of an engine, as frozen values: one for each of Docker's commands that has many options."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


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
    """`--output`: a folder or file (`path`; None with `type=tar`, `oci` and `docker`: the standard output)."""

    kind: OutputKind
    path: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildOptions:
    """`docker build`: the Dockerfile's text and what goes with it.

    `context` is a directory, or None for an empty one (a Dockerfile that copies nothing needs none).
    `dockerfile_name` stands in errors and finds `NAME.dockerignore`. The fields that RUN is given are as in
    `build.plan.PlanOptions`; `cache_from` and `cache_to` are folders.
    """

    dockerfile: str
    context: Path | None = None
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
    allow: frozenset[str] = frozenset()
    outputs: tuple[Output, ...] = ()
    cache_from: tuple[Path, ...] = ()
    cache_to: tuple[Path, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Publish:
    """`-p [host_ip:][host_port:]container_port[/protocol]`; host port 0 is any free one."""

    container_port: int
    host_port: int = 0
    host_ip: str = ""
    protocol: str = "tcp"


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeMount:
    """`-v SOURCE:TARGET[:ro]`: a folder of the host (absolute path), a named volume, or "" for an anonymous one."""

    target: str
    source: str = ""
    read_only: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """`docker run` and `docker create`; what is empty or None comes from the image. `memory` in bytes."""

    image: str
    command: tuple[str, ...] = ()
    entrypoint: str | None = None
    name: str = ""
    hostname: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    user: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    publish: tuple[Publish, ...] = ()
    publish_all: bool = False
    volumes: tuple[VolumeMount, ...] = ()
    tmpfs: tuple[str, ...] = ()
    network: str = "bridge"
    memory: int = 0
    cpus: float = 0.0
    pids_limit: int = 0
    read_only: bool = False
    init: bool = False
    interactive: bool = False
    terminal: bool = False
    auto_remove: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: bool = False
    stop_signal: str = ""
    stop_timeout: int | None = None
    add_hosts: tuple[str, ...] = ()
    pull: str = "missing"


@dataclass(frozen=True, kw_only=True, slots=True)
class ExecOptions:
    """`docker exec`."""

    container: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    user: str = ""
    interactive: bool = False
    terminal: bool = False
    detach: bool = False
    privileged: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LogOptions:
    """`docker logs`; `since` and `until` are seconds since 1970, `tail` lines from the end."""

    container: str
    follow: bool = False
    tail: int | None = None
    since: float | None = None
    until: float | None = None
    timestamps: bool = False
