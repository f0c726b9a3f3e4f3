"""From the options of `docker run` and `docker exec` to what the runtime's bundle takes: words become values."""

import posixpath
from collections.abc import Sequence

from pydock_lab.engine.options import ExecOptions, Publish, RunOptions
from pydock_lab.errors import ContainerError
from pydock_lab.oci import ContainerConfig
from pydock_lab.oci.runtime_spec import ContainerSpec, Limits, Mount, MountKind, Network, NetworkMode, PublishedPort
from pydock_lab.runtime.bundle import Wishes

# Docker publishes on all addresses; a student's machine shows its exercises to nobody unless asked to.
LOOPBACK = "127.0.0.1"
_LEAST_MEMORY = 6 * 1024 * 1024  # bytes; Docker's own limit: with less nothing starts
_BYTES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def run_wishes(config: ContainerConfig, options: RunOptions, volumes: Sequence[Mount]) -> Wishes:
    """What `docker run` asks for; raises ContainerError for what cannot be."""
    return Wishes(
        command=options.command,
        entrypoint=options.entrypoint,
        hostname=options.hostname,
        env=options.env,
        working_dir=options.working_dir,
        user=options.user,
        terminal=options.terminal,
        mounts=(*volumes, *(_tmpfs(text) for text in options.tmpfs)),
        network=_network(config, options),
        limits=_limits(options),
        read_only=options.read_only,
        init=options.init,
        cap_add=options.cap_add,
        cap_drop=options.cap_drop,
        privileged=options.privileged,
        stop_signal=options.stop_signal,
    )


def exec_wishes(spec: ContainerSpec, options: ExecOptions) -> Wishes:
    """What `docker exec` asks for, on top of what the container was started with."""
    started_with = dict(entry.partition("=")[::2] for entry in spec.process.env)
    return Wishes(
        command=options.command,
        env=started_with | dict(options.env),
        working_dir=options.working_dir or spec.process.cwd,
        user=options.user or spec.process.user,
        terminal=options.terminal,
        privileged=options.privileged,
    )


def _tmpfs(text: str) -> Mount:
    target, _, said = text.partition(":")
    given = dict(word.partition("=")[::2] for word in said.split(",") if word)
    try:
        return Mount(
            target=posixpath.normpath(target),
            kind=MountKind.TMPFS,
            size=_bytes(given.get("size", "0")),
            mode=int(given.get("mode", "1777"), 8),
            read_only="ro" in given,
        )
    except ValueError:
        raise ContainerError("engine.tmpfs", value=text) from None


def _bytes(text: str) -> int:
    unit = _BYTES.get(text[-1:].lower(), 0)
    return int(text[:-1]) * unit if unit else int(text)


def _network(config: ContainerConfig, options: RunOptions) -> Network:
    try:
        mode = NetworkMode("bridge" if options.network == "default" else options.network)
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
