"""From an image and a user's wishes to a ContainerSpec: pure, nothing is looked up and nothing is started.

    image config     ENTRYPOINT, CMD, ENV, USER, WORKDIR, STOPSIGNAL
    + wishes         what stands on the command line of `docker run`
    = ContainerSpec

ENTRYPOINT and CMD, as Docker combines them: what is written after the image's name replaces CMD; `--entrypoint`
replaces ENTRYPOINT and empties the image's CMD. The program is ENTRYPOINT followed by CMD.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydock_lab.errors import ContainerError
from pydock_lab.linux import capabilities
from pydock_lab.oci.config import ContainerConfig
from pydock_lab.oci.runtime_spec import (
    DEFAULT_SHM_SIZE,
    ContainerSpec,
    Device,
    Limits,
    Mount,
    Namespaces,
    Network,
    NetworkMode,
    ProcessSpec,
    Rlimit,
    Rootfs,
)
from pydock_lab.runtime.launch import DEFAULT_PATH
from pydock_lab.runtime.signals import name_of, number_of

_SHORT = 12  # characters of an id that Docker shows, and takes as host name


@dataclass(frozen=True, kw_only=True, slots=True)
class Security:
    """What `--security-opt` says: no new privileges, a seccomp profile ("" the default one; off), unmasked paths."""

    no_new_privileges: bool = False
    seccomp: bool = True
    seccomp_profile: str = ""
    masked: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Wishes:
    """What is asked for beyond the image; what is empty or None comes from the image, or is Docker's default."""

    command: tuple[str, ...] = ()
    entrypoint: str | None = None
    hostname: str = ""
    domainname: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    working_dir: str = ""
    user: str = ""
    groups: tuple[str, ...] = ()
    terminal: bool = False
    rows: int = 24
    columns: int = 80
    mounts: tuple[Mount, ...] = ()
    namespaces: Namespaces = field(default_factory=Namespaces)
    network: Network = field(default_factory=lambda: Network(mode=NetworkMode.BRIDGE))
    limits: Limits = field(default_factory=Limits)
    rlimits: tuple[Rlimit, ...] = ()
    oom_score_adj: int | None = None
    cgroup_parent: str = ""
    devices: tuple[Device, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    read_only: bool = False
    init: bool = False
    cap_add: tuple[str, ...] = ()
    cap_drop: tuple[str, ...] = ()
    privileged: bool = False
    security: Security = field(default_factory=Security)
    stop_signal: str = ""
    shm_size: int = 0
    annotations: Mapping[str, str] = field(default_factory=dict)


def container_spec(container: str, config: ContainerConfig, wishes: Wishes, rootfs: Rootfs) -> ContainerSpec:
    """The spec of the container with this id; raises ContainerError when there is no command."""
    shares_host = wishes.network.mode is NetworkMode.HOST or wishes.namespaces.uts == "host"
    return ContainerSpec(
        id=container,
        process=_process(container, config, wishes),
        rootfs=rootfs,
        hostname=wishes.hostname or ("" if shares_host else container[:_SHORT]),
        domainname=wishes.domainname,
        mounts=wishes.mounts,
        namespaces=wishes.namespaces,
        network=wishes.network,
        limits=wishes.limits,
        devices=wishes.devices,
        sysctls=wishes.sysctls,
        cgroup_parent=wishes.cgroup_parent,
        read_only=wishes.read_only,
        init=wishes.init,
        masked=wishes.security.masked and not wishes.privileged,
        privileged=wishes.privileged,
        shm_size=wishes.shm_size or DEFAULT_SHM_SIZE,
        stop_signal=name_of(number_of(wishes.stop_signal or config.stop_signal or "SIGTERM")),
        annotations=wishes.annotations,
    )


def arguments(config: ContainerConfig, command: tuple[str, ...], entrypoint: str | None) -> tuple[str, ...]:
    """The program and its arguments; raises ContainerError when there are none."""
    if entrypoint is None:
        args = (config.entrypoint or ()) + (command or config.cmd or ())
    else:
        args = ((entrypoint,) if entrypoint else ()) + command
    if not args:
        raise ContainerError("runtime.no-command")
    return args


def environment(
    config: ContainerConfig, wished: Mapping[str, str], *, hostname: str, terminal: bool
) -> tuple[str, ...]:
    """`NAME=value` in Docker's order: its own variables, the image's, those wished for; the last one wins."""
    found = {"PATH": DEFAULT_PATH, "HOSTNAME": hostname} | ({"TERM": "xterm"} if terminal else {})
    found.update((name, value) for name, _, value in (entry.partition("=") for entry in config.env))
    return tuple(f"{name}={value}" for name, value in (found | dict(wished)).items() if value or name != "HOSTNAME")


def exec_process(config: ContainerConfig, wishes: Wishes, hostname: str) -> ProcessSpec:
    """The process of `docker exec`: the image's environment and user, but neither its ENTRYPOINT nor its CMD."""
    return _with(config, wishes, wishes.command, hostname)


def _process(container: str, config: ContainerConfig, wishes: Wishes) -> ProcessSpec:
    args = arguments(config, wishes.command, wishes.entrypoint)
    return _with(config, wishes, args, wishes.hostname or container[:_SHORT])


def _with(config: ContainerConfig, wishes: Wishes, args: tuple[str, ...], hostname: str) -> ProcessSpec:
    base = capabilities.ALL if wishes.privileged else capabilities.DEFAULT
    return ProcessSpec(
        args=args,
        env=environment(config, wishes.env, hostname=hostname, terminal=wishes.terminal),
        cwd=wishes.working_dir or config.working_dir or "/",
        user=wishes.user or config.user,
        groups=wishes.groups,
        terminal=wishes.terminal,
        rows=wishes.rows,
        columns=wishes.columns,
        capabilities=capabilities.names(capabilities.adjust(base, add=wishes.cap_add, drop=wishes.cap_drop)),
        no_new_privileges=wishes.security.no_new_privileges,
        seccomp=wishes.security.seccomp and not wishes.privileged,
        seccomp_profile=wishes.security.seccomp_profile,
        rlimits=wishes.rlimits,
        oom_score_adj=wishes.oom_score_adj,
    )
