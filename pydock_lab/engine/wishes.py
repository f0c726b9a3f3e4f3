"""From the options of `docker run` and `docker exec` to what the runtime's bundle takes: words become values."""

import posixpath
from collections.abc import Sequence

from pydock_lab.engine.options import ExecOptions, RunOptions
from pydock_lab.errors import ContainerError
from pydock_lab.oci.runtime_spec import ContainerSpec, Limits, Mount, MountKind, Network
from pydock_lab.runtime.bundle import Wishes

_LEAST_MEMORY = 6 * 1024 * 1024  # bytes; Docker's own limit: with less nothing starts
_BYTES = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def run_wishes(options: RunOptions, volumes: Sequence[Mount], network: Network) -> Wishes:
    """What `docker run` asks for, with volumes and a network that are there; raises ContainerError."""
    return Wishes(
        command=options.command,
        entrypoint=options.entrypoint,
        hostname=options.hostname,
        domainname=options.domainname,
        env=options.env,
        working_dir=options.working_dir,
        user=options.user,
        terminal=options.terminal,
        mounts=(*volumes, *(_tmpfs(text) for text in options.tmpfs)),
        network=network,
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


def _limits(options: RunOptions) -> Limits:
    if 0 < options.memory < _LEAST_MEMORY:
        raise ContainerError("engine.memory-too-small", least="6MB")
    return Limits(
        memory=options.memory or None,
        cpus=options.cpus or None,
        pids=options.pids_limit if options.pids_limit > 0 else None,
    )
