"""From an image and the options of `docker run` to the specification of a container: values in, values out.

image        Entrypoint, Cmd, Env, WorkingDir, User, Volumes ...
options      --entrypoint, words, -e, -w, -u, -v, -p, --memory ...       what is said here wins
-> ContainerSpec, which the runtime needs nothing else for
"""

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydock_lab.build.state import DEFAULT_PATH
from pydock_lab.engine.options import ExecOptions, Publish, RunOptions
from pydock_lab.errors import ContainerError
from pydock_lab.oci import ContainerConfig
from pydock_lab.oci.runtime_spec import (
    ContainerSpec,
    Limits,
    Mount,
    MountKind,
    Network,
    NetworkMode,
    ProcessSpec,
    PublishedPort,
    Rootfs,
)

LOOPBACK = "127.0.0.1"
_LEAST_MEMORY = 6 * 1024 * 1024  # bytes; Docker's own limit: with less nothing starts


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """What the engine decides: the container's id, its tree, its volumes on disk, and the capabilities by name."""

    id: str
    rootfs: Rootfs
    volumes: tuple[Mount, ...]
    capabilities: tuple[str, ...]


def specification(config: ContainerConfig, options: RunOptions, placement: Placement) -> ContainerSpec:
    """The specification; raises ContainerError where image and options give no program, or ask what cannot be."""
    return ContainerSpec(
        id=placement.id,
        process=process(config, options, placement.capabilities),
        rootfs=placement.rootfs,
        hostname=options.hostname or placement.id[:12],
        mounts=(*placement.volumes, *(_tmpfs(text) for text in options.tmpfs)),
        network=_network(config, options),
        limits=_limits(options),
        read_only=options.read_only,
        init=options.init,
        masked=not options.privileged,
        stop_signal=options.stop_signal or config.stop_signal or "SIGTERM",
        annotations={"image": options.image},
    )


def process(config: ContainerConfig, options: RunOptions, capabilities: Sequence[str]) -> ProcessSpec:
    """The program that PID 1 becomes."""
    args = arguments(config, options)
    if not args:
        raise ContainerError("engine.no-command", image=options.image)
    return ProcessSpec(
        args=args,
        env=_environment(config, options),
        cwd=options.working_dir or config.working_dir or "/",
        user=options.user or config.user,
        terminal=options.terminal,
        capabilities=tuple(capabilities),
        seccomp=not options.privileged,
    )


def arguments(config: ContainerConfig, options: RunOptions) -> tuple[str, ...]:
    """ENTRYPOINT and CMD, composed: words after the image replace CMD, `--entrypoint` replaces both."""
    if options.entrypoint is not None:
        head: tuple[str, ...] = (options.entrypoint,) if options.entrypoint else ()
        return (*head, *options.command)
    return (*(config.entrypoint or ()), *(options.command or config.cmd or ()))


def exec_process(config: ContainerConfig, spec: ContainerSpec, options: ExecOptions) -> ProcessSpec:
    """The program that `docker exec` adds: the container's environment and user, unless said otherwise."""
    environment = dict(entry.partition("=")[::2] for entry in spec.process.env) | dict(options.env)
    return ProcessSpec(
        args=options.command,
        env=tuple(f"{name}={value}" for name, value in environment.items()),
        cwd=options.working_dir or config.working_dir or spec.process.cwd,
        user=options.user or spec.process.user,
        terminal=options.terminal,
        capabilities=spec.process.capabilities,
        seccomp=spec.process.seccomp and not options.privileged,
    )


def _environment(config: ContainerConfig, options: RunOptions) -> tuple[str, ...]:
    known = {"PATH": DEFAULT_PATH} | ({"TERM": "xterm"} if options.terminal else {})
    merged: Mapping[str, str] = known | config.environment | dict(options.env)
    return tuple(f"{name}={value}" for name, value in merged.items())


def _tmpfs(text: str) -> Mount:
    target, _, options = text.partition(":")
    given = dict(option.partition("=")[::2] for option in options.split(",") if option)
    return Mount(
        target=posixpath.normpath(target),
        kind=MountKind.TMPFS,
        size=_bytes(given["size"]) if "size" in given else 0,
        mode=int(given["mode"], 8) if "mode" in given else 0o1777,
        read_only="ro" in given,
    )


def _bytes(text: str) -> int:
    units = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
    unit = units.get(text[-1:].lower(), 0)
    return int(text[:-1]) * unit if unit else int(text)


def _network(config: ContainerConfig, options: RunOptions) -> Network:
    try:
        mode = NetworkMode(options.network if options.network != "default" else "bridge")
    except ValueError:
        raise ContainerError("engine.no-network", network=options.network) from None
    published = [_published(one) for one in options.publish]
    if options.publish_all:
        said = {(port.container_port, port.protocol) for port in published}
        exposed = [_exposed(text) for text in config.exposed_ports]
        published += [port for port in exposed if (port.container_port, port.protocol) not in said]
    if published and mode is NetworkMode.NONE:
        raise ContainerError("engine.publish-none")
    return Network(
        mode=mode,
        # On the host's own network every port is the host's already.
        ports=tuple(published) if mode is NetworkMode.BRIDGE else (),
        extra_hosts=tuple(tuple(text.partition(":")[::2]) for text in options.add_hosts),
    )


def _published(one: Publish) -> PublishedPort:
    return PublishedPort(
        container_port=one.container_port,
        host_port=one.host_port,
        host_ip=one.host_ip or LOOPBACK,
        protocol=one.protocol,
    )


def _exposed(text: str) -> PublishedPort:
    port, _, protocol = text.partition("/")
    return PublishedPort(container_port=int(port), protocol=protocol or "tcp")


def _limits(options: RunOptions) -> Limits:
    if 0 < options.memory < _LEAST_MEMORY:
        raise ContainerError("engine.memory-too-small", least="6MB")
    return Limits(
        memory=options.memory or None,
        cpus=options.cpus or None,
        pids=options.pids_limit if options.pids_limit > 0 else None,
    )
