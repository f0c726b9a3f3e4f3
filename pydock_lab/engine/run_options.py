"""What a user may ask of containers, as frozen values: one for each of Docker's commands that has many options."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydock_lab.engine.network_options import Attachment
from pydock_lab.runtime.restart import RestartPolicy


@dataclass(frozen=True, kw_only=True, slots=True)
class Publish:
    """`-p [host_ip:][host_port:]container_port[/protocol]`; host port 0 is any free one.

    With `last_host_port` it is any that is free from the one to the other.
    """

    container_port: int
    host_port: int = 0
    last_host_port: int = 0
    host_ip: str = ""
    protocol: str = "tcp"


@dataclass(frozen=True, kw_only=True, slots=True)
class VolumeMount:
    """`-v SOURCE:TARGET[:ro]`: a folder of the host (absolute path), a named volume, or "" for an anonymous one.

    `must_exist`: a folder that is not there is an error, and not made (`--mount`). `no_copy`: a new volume is not
    filled from the image. `subpath` is a folder in the volume, `labels` and `driver` are for one that has to be made.
    """

    target: str
    source: str = ""
    read_only: bool = False
    propagation: str = ""
    is_recursive: bool = True
    must_exist: bool = False
    no_copy: bool = False
    subpath: str = ""
    driver: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeviceWish:
    """`--device SOURCE[:PATH[:ACCESS]]`."""

    source: str
    path: str
    access: str = "rwm"


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthWish:
    """`--health-*`: what is None comes from the image; times in seconds. `is_off`: `--no-healthcheck`."""

    command: str | None = None
    interval: float | None = None
    timeout: float | None = None
    retries: int | None = None
    start_period: float | None = None
    start_interval: float | None = None
    is_off: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class LimitWishes:
    """What a container may use; None and "" mean that nothing is said. Sizes in bytes, as in `oci.Limits`."""

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


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """`docker run` and `docker create`; what is empty or None comes from the image.

    Without `networks` it is the default bridge; `expose` are ports, `PORT/PROTOCOL`. `pid`, `ipc`, `uts`, `userns` and
    `cgroupns` are as on the command line: "" its own, `host`, `container:NAME`. `security` are the words of
    --security-opt, with the text of a seccomp profile in the place of its file's name. `ulimits` are
    `NAME=SOFT[:HARD]`, `tmpfs` `PATH[:OPTIONS]`, `volumes_from` `CONTAINER[:ro]`. `log_options` are those of the
    json-file driver. `shm_size` 0 is Docker's 64 MB. `isolation` is the name of a tier, "" the best that this machine
    gives.
    """

    image: str
    command: tuple[str, ...] = ()
    entrypoint: str | None = None
    name: str = ""
    hostname: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    publish: tuple[Publish, ...] = ()
    publish_all: bool = False
    volumes: tuple[VolumeMount, ...] = ()
    volumes_from: tuple[str, ...] = ()
    tmpfs: tuple[str, ...] = ()
    devices: tuple[DeviceWish, ...] = ()
    networks: tuple[Attachment, ...] = ()
    expose: tuple[str, ...] = ()
    domainname: str = ""
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    dns_options: tuple[str, ...] = ()
    add_hosts: tuple[str, ...] = ()
    limits: LimitWishes = field(default_factory=LimitWishes)
    ulimits: tuple[str, ...] = ()
    oom_score_adj: int | None = None
    shm_size: int = 0
    cgroup_parent: str = ""
    read_only: bool = False
    init: bool = False
    interactive: bool = False
    terminal: bool = False
    auto_remove: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: bool = False
    security: tuple[str, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    pid: str = ""
    ipc: str = ""
    uts: str = ""
    userns: str = ""
    cgroupns: str = ""
    restart: RestartPolicy = field(default_factory=RestartPolicy)
    health: HealthWish = field(default_factory=HealthWish)
    log_driver: str = ""
    log_options: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    stop_timeout: int | None = None
    pull: str = "missing"
    isolation: str = ""


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
class CommitOptions:
    """`docker commit`; `changes` are instructions of a Dockerfile, `reference` "" for an image without a name."""

    container: str
    reference: str = ""
    message: str = ""
    author: str = ""
    changes: tuple[str, ...] = ()
    pause: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateOptions:
    """`docker update`: what is not said stays as it is."""

    limits: LimitWishes = field(default_factory=LimitWishes)
    restart: RestartPolicy | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LogOptions:
    """`docker logs`; `since` and `until` are seconds since 1970, `tail` lines from the end."""

    container: str
    follow: bool = False
    tail: int | None = None
    since: float | None = None
    until: float | None = None
    timestamps: bool = False
    details: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class EventOptions:
    """`docker events`: between two moments (seconds since 1970; `until` None: on and on), by filters NAME=VALUE."""

    since: float | None = None
    until: float | None = None
    filters: tuple[str, ...] = ()
