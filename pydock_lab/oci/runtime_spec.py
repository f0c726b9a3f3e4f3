"""What a container is to be, as one frozen value: the runtime needs nothing else to start it.

It says the same as the config.json of the OCI runtime specification, in the few words that this engine has a use
for: which tree of files, which program, which limits, and what is kept away from it. It is plain data, goes to
disk as `spec.json`, and crosses from the engine to the zygote.

Source of the terms: OCI runtime specification, config.md and config-linux.md.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Self, get_args, get_type_hints


class MountKind(StrEnum):
    """What is attached: a tree of the host (volumes too), files in memory, an image's tree, or one file's bytes."""

    BIND = "bind"
    TMPFS = "tmpfs"
    OVERLAY = "overlay"
    DATA = "data"


class NetworkMode(StrEnum):
    """`none`: loopback only; `host`: the host's own network; `bridge`: its own, connected to a bridge."""

    NONE = "none"
    HOST = "host"
    BRIDGE = "bridge"


class Document:
    """A dataclass that is plain JSON data: nested values, tuples, enums and mappings of strings."""

    __slots__ = ()

    def to_json(self) -> dict[str, Any]:
        """Plain data, with every field."""
        assert is_dataclass(self)  # noqa: S101 - for mypy; every subclass is one
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """What `to_json` gave; fields that are absent get their default, unknown ones are ignored."""
        readers = _readers(cls)  # type: ignore[arg-type] # a class is hashable
        return cls(**{name: readers[name](value) for name, value in document.items() if name in readers})


@cache
def _readers(kind: type) -> dict[str, Callable[[Any], Any]]:
    """How to read each field of a dataclass; found once, because looking at type hints takes a millisecond."""
    return {name: _reader(hint) for name, hint in get_type_hints(kind).items() if not name.startswith("_")}


def _reader(hint: Any) -> Callable[[Any], Any]:
    """What makes a value of the type `hint` out of plain data."""
    choices = get_args(hint)
    if isinstance(hint, type) and issubclass(hint, Document):
        return hint.from_json
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if type(None) in choices:
        read = _reader(choices[0])
        return lambda value: None if value is None else read(value)
    if getattr(hint, "__origin__", None) is tuple:
        read_item = _reader(choices[0])
        return lambda values: tuple(map(read_item, values))
    return lambda value: value


@dataclass(frozen=True, kw_only=True, slots=True)
class Rootfs(Document):
    """The tree of files: read-only layers, the topmost first, under one that takes the changes.

    All are absolute paths of directories. Without `upper` nothing can be written. `mountpoint` is an empty
    directory; what is mounted there is seen by the container alone. A volatile tree need not survive a power cut:
    nothing waits for the disk, and its `work` can be used only once.
    """

    layers: tuple[str, ...]
    mountpoint: str
    upper: str = ""
    work: str = ""
    volatile: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount(Document):
    """Something attached into the container's tree.

    `source` is an absolute path: of the host (bind), or in the `tree` (overlay). `size` in bytes is for tmpfs, 0
    being no limit of its own, as `is_executable` is. A data mount is a file of its own in memory: `data` (base 64)
    never touches a disk. `mode` are the permission bits of a tmpfs or file, `uid` and `gid` the owner of a file.
    """

    target: str
    kind: MountKind = MountKind.BIND
    source: str = ""
    read_only: bool = False
    size: int = 0
    mode: int = 0o1777
    uid: int = 0
    gid: int = 0
    is_executable: bool = False
    tree: Rootfs | None = None
    data: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedPort(Document):
    """A port of the container that is reachable on the host; host port 0 means any free one."""

    container_port: int
    host_port: int = 0
    host_ip: str = "127.0.0.1"
    protocol: str = "tcp"


@dataclass(frozen=True, kw_only=True, slots=True)
class Network(Document):
    """Which network, and what is said in it.

    For `bridge`: the bridge's name (one a network, at most 10 characters), its subnet, whether it leads outside, and
    optionally the address to take. `extra_hosts` are lines of /etc/hosts, (name, address); without `dns` the
    container asks the servers that its network offers.
    """

    mode: NetworkMode = NetworkMode.NONE
    bridge: str = "pydock0"
    subnet: str = "10.88.0.0/16"
    internal: bool = False
    address: str = ""
    ports: tuple[PublishedPort, ...] = ()
    extra_hosts: tuple[tuple[str, ...], ...] = ()
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits(Document):
    """What the container may use; None means no limit. Memory and swap in bytes, `cpus` in whole processors."""

    memory: int | None = None
    memory_swap: int | None = None
    cpus: float | None = None
    cpu_shares: int | None = None
    pids: int | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) is not None for one in fields(self))


@dataclass(frozen=True, kw_only=True, slots=True)
class Rlimit(Document):
    """One resource limit of setrlimit(2), by its name in small letters (`nofile`); -1 means unlimited."""

    name: str
    soft: int
    hard: int


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessSpec(Document):
    """One program: the container's own, or one that `exec` adds.

    `user` is as a Dockerfile's USER has it (`name`, `uid`, `name:group`), resolved inside the container.
    `capabilities` are OCI names (`CAP_CHOWN`); a user other than root starts with none of them in force.
    """

    args: tuple[str, ...]
    env: tuple[str, ...] = ()
    cwd: str = "/"
    user: str = ""
    groups: tuple[str, ...] = ()
    terminal: bool = False
    rows: int = 24
    columns: int = 80
    capabilities: tuple[str, ...] = ()
    no_new_privileges: bool = False
    seccomp: bool = True
    rlimits: tuple[Rlimit, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSpec(Document):
    """A container: its program, its tree of files, its network and its limits.

    Its control group is made below `cgroup_parent`, a path from the top of the hierarchy; "" is the engine's own.
    """

    id: str
    process: ProcessSpec
    rootfs: Rootfs
    hostname: str = ""
    mounts: tuple[Mount, ...] = ()
    network: Network = field(default_factory=Network)
    limits: Limits = field(default_factory=Limits)
    cgroup_parent: str = ""
    read_only: bool = False
    init: bool = False
    masked: bool = True
    shm_size: int = 64 * 1024 * 1024
    stop_signal: str = "SIGTERM"
    annotations: Mapping[str, str] = field(default_factory=dict)
