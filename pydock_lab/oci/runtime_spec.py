"""What a container is to be, as one frozen value: the runtime needs nothing else to start it.

It says the same as the config.json of the OCI runtime specification, in the few words that this engine has a use
for: which tree of files, which program, which limits, and what is kept away from it. It is plain data, goes to
disk as `spec.json`, and crosses from the engine to the zygote.

Source of the terms: OCI runtime specification, config.md and config-linux.md.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum

from pydock_lab.oci.plain import Document

DEFAULT_SHM_SIZE = 64 * 1024 * 1024  # bytes, as with Docker


class MountKind(StrEnum):
    """What is attached: a tree of the host (volumes too), files in memory, an image's tree, or one file's bytes."""

    BIND = "bind"
    TMPFS = "tmpfs"
    OVERLAY = "overlay"
    DATA = "data"


class Propagation(StrEnum):
    """Which mounts made later on one side of a bind are seen on the other; `r...`: below it, too (mount(8))."""

    PRIVATE = "private"
    RPRIVATE = "rprivate"
    SLAVE = "slave"
    RSLAVE = "rslave"
    SHARED = "shared"
    RSHARED = "rshared"


class NetworkMode(StrEnum):
    """`none`: loopback only; `host`: the host's own; `bridge`: its own, on bridges; `container`: another's."""

    NONE = "none"
    HOST = "host"
    BRIDGE = "bridge"
    CONTAINER = "container"


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

    `source` is an absolute path: of the host (bind), or in the `tree` (overlay). Of a bind with a `subpath` only that
    is attached, found in the source anew at each start: containers may have put links there meanwhile. `size` in bytes
    and `inodes` are for tmpfs, 0 being no limit of its own, as `is_executable` and `allows_setuid` are. A data mount is
    a file of its own in memory: `data` (base 64) never touches a disk. `mode` are the permission bits of a tmpfs or
    file, `uid` and `gid` the owner. `volume` is the name of the volume that a bind is, `is_recursive` takes what is
    mounted below along.
    """

    target: str
    kind: MountKind = MountKind.BIND
    source: str = ""
    subpath: str = ""
    read_only: bool = False
    size: int = 0
    inodes: int = 0
    mode: int = 0o1777
    uid: int = 0
    gid: int = 0
    is_executable: bool = False
    allows_setuid: bool = False
    propagation: Propagation = Propagation.RPRIVATE
    is_recursive: bool = True
    volume: str = ""
    tree: Rootfs | None = None
    data: str = field(default="", repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Device(Document):
    """A device of the host at `path` in the container; `access` is any of `r`, `w` and `m` (mknod)."""

    source: str
    path: str
    access: str = "rwm"


@dataclass(frozen=True, kw_only=True, slots=True)
class Namespaces(Document):
    """Whose namespaces a container lives in, kind by kind: "" its own, `host`, or `container:ID`.

    `ipc` may also be `none` (its own, and no /dev/shm), `private` or `shareable` (as "", said aloud).
    """

    pid: str = ""
    ipc: str = ""
    uts: str = ""
    user: str = ""
    cgroup: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PublishedPort(Document):
    """A port of the container that is reachable on the host.

    Host port 0 means any free one; with `last_host_port` any that is free from the one to the other.
    """

    container_port: int
    host_port: int = 0
    last_host_port: int = 0
    host_ip: str = "127.0.0.1"
    protocol: str = "tcp"


DEFAULT_NETWORK = "bridge"


def predefined_id(network: str) -> str:
    """The id of a network that every engine has, by its name: `bridge`, `host`, `none`."""
    return hashlib.sha256(network.encode()).hexdigest()


_DEFAULT_ID = predefined_id(DEFAULT_NETWORK)


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint(Document):
    """A container's place in one network, which has an id (`network`), a name, a bridge and a subnet.

    Of the network: `gateway` "" is the subnet's first address; free addresses are taken from `ip_range` ("": all of
    the subnet), but none of the `reserved`; an `internal` one leads nowhere outside; with `icc` its containers reach
    each other; `mtu` 0 is the kernel's own, in bytes.
    Of the container: the `address` and `mac_address` to have ("": any), `aliases` under which others find it, and a
    `priority`: its way outside leads through the network where that is highest.
    """

    network: str = _DEFAULT_ID
    name: str = DEFAULT_NETWORK
    bridge: str = "pydock0"
    # What Docker gives its default bridge, docker0.
    subnet: str = "172.17.0.0/16"
    gateway: str = ""
    ip_range: str = ""
    reserved: tuple[str, ...] = ()
    internal: bool = False
    icc: bool = True
    mtu: int = 0
    address: str = ""
    mac_address: str = ""
    aliases: tuple[str, ...] = ()
    priority: int = 0

    @property
    def has_names(self) -> bool:
        """Whether containers of this network find each other by name: not on Docker's default bridge."""
        return self.name != DEFAULT_NETWORK


@dataclass(frozen=True, kw_only=True, slots=True)
class Network(Document):
    """Which networks a container is in, and what is said there.

    For `bridge`: the `endpoints`, none of them meaning one on the default bridge unless it `is_bare`, disconnected from
    all; the container is found there by its `name`. For `container`: the id of the one whose network is shared.
    `extra_hosts` are lines of /etc/hosts, (name, address); without `dns` the container asks the servers that its
    networks offer.
    """

    mode: NetworkMode = NetworkMode.NONE
    endpoints: tuple[Endpoint, ...] = ()
    is_bare: bool = False
    container: str = ""
    name: str = ""
    ports: tuple[PublishedPort, ...] = ()
    extra_hosts: tuple[tuple[str, ...], ...] = ()
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What Docker calls it: the name of its first network, `host`, `none` or `container:ID`."""
        if self.mode is NetworkMode.CONTAINER:
            return f"{self.mode}:{self.container}"
        return self.places[0].name if self.places else self.mode.value

    @property
    def places(self) -> tuple[Endpoint, ...]:
        """The endpoints, the one on the default bridge where none is named; none at all without a bridge."""
        if self.mode is not NetworkMode.BRIDGE or self.is_bare:
            return ()
        return self.endpoints or (Endpoint(),)


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits(Document):
    """What the container may use; None (or "") means no limit.

    `memory` (which may not be exceeded), `memory_reservation` (down to which the kernel pushes it when memory is
    short) and `memory_swap` (memory and swap together, -1 without end) in bytes. `cpus` in whole processors, or
    `cpu_quota` in every `cpu_period` (microseconds); `cpu_shares` weigh it against others (1024). `cpuset_cpus` and
    `cpuset_mems` are lists such as `0-2,4`. Of block devices, `blkio_weight` 10 to 1000.
    """

    memory: int | None = None
    memory_swap: int | None = None
    memory_reservation: int | None = None
    memory_swappiness: int | None = None
    oom_kill_disable: bool | None = None
    cpus: float | None = None
    cpu_period: int | None = None
    cpu_quota: int | None = None
    cpu_shares: int | None = None
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    pids: int | None = None
    blkio_weight: int | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, one.name) not in (None, "") for one in fields(self))


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
    `seccomp_profile` is the text of a profile in the OCI's JSON form, "" being the default one. `oom_score_adj` is
    -1000 to 1000: who is killed first when memory is short (proc_pid_oom_score_adj(5)).
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
    seccomp_profile: str = field(default="", repr=False)
    rlimits: tuple[Rlimit, ...] = ()
    oom_score_adj: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSpec(Document):
    """A container: its program, its tree of files, its namespaces, its network and its limits.

    Its control group is made below `cgroup_parent`, a path from the top of the hierarchy; "" is the engine's own.
    `masked` hides what in /proc and /sys speaks of the whole machine; `privileged` gives all devices of the host.
    `sysctls` are settings of its own namespaces, by their names with dots.
    """

    id: str
    process: ProcessSpec
    rootfs: Rootfs
    hostname: str = ""
    domainname: str = ""
    mounts: tuple[Mount, ...] = ()
    namespaces: Namespaces = field(default_factory=Namespaces)
    network: Network = field(default_factory=Network)
    limits: Limits = field(default_factory=Limits)
    devices: tuple[Device, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    cgroup_parent: str = ""
    read_only: bool = False
    init: bool = False
    masked: bool = True
    privileged: bool = False
    # Docker's default for /dev/shm, in bytes.
    shm_size: int = DEFAULT_SHM_SIZE
    stop_signal: str = "SIGTERM"
    annotations: Mapping[str, str] = field(default_factory=dict)
