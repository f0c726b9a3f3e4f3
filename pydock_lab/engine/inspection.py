"""A container in the form of `docker inspect`, with Docker's names. Source: Docker Engine API, ContainerInspect."""

from datetime import UTC, datetime

from pydock_lab.engine.records import ContainerRecord
from pydock_lab.oci.runtime_spec import MountKind, PublishedPort
from pydock_lab.oci.times import rfc3339
from pydock_lab.runtime.state import ContainerState, Status

_NEVER = "0001-01-01T00:00:00Z"  # Go's zero time
_NANO = 1_000_000_000


def inspected(record: ContainerRecord, state: ContainerState) -> dict[str, object]:
    """The document of one container."""
    process = record.spec.process
    return {
        "Id": record.id,
        "Created": _time(record.created),
        "Path": process.args[0],
        "Args": list(process.args[1:]),
        "State": _state(state),
        "Image": record.image_id,
        "Name": f"/{record.name}",
        "Platform": "linux",
        "HostConfig": _host_config(record),
        "Mounts": [
            {
                "Type": mount.kind.value,
                "Source": mount.source,
                "Destination": mount.target,
                "RW": not mount.read_only,
            }
            for mount in record.spec.mounts
        ],
        "Config": {
            "Hostname": record.spec.hostname,
            "User": process.user,
            "Tty": process.terminal,
            "OpenStdin": record.interactive,
            "Env": list(process.env),
            "Cmd": list(record.config.cmd or ()),
            "Entrypoint": list(record.config.entrypoint or ()),
            "Image": record.image,
            "WorkingDir": process.cwd,
            "Labels": dict(record.labels),
            "StopSignal": record.spec.stop_signal,
        },
        "NetworkSettings": {
            "IPAddress": state.address,
            "Gateway": state.gateway,
            "Ports": _ports(state.ports),
            "Networks": {record.spec.network.mode.value: {"IPAddress": state.address, "Gateway": state.gateway}},
        },
    }


def _state(state: ContainerState) -> dict[str, object]:
    runs = state.status in (Status.RUNNING, Status.PAUSED)
    return {
        "Status": state.status.value,
        "Running": runs,
        "Paused": state.status is Status.PAUSED,
        "OOMKilled": state.oom_killed,
        "Dead": state.status is Status.DEAD,
        "Pid": state.process.pid if runs and state.process else 0,
        "ExitCode": state.exit_code,
        "StartedAt": _time(state.started_at),
        "FinishedAt": _time(state.finished_at),
    }


def _host_config(record: ContainerRecord) -> dict[str, object]:
    spec, limits = record.spec, record.spec.limits
    binds = [mount for mount in spec.mounts if mount.kind is MountKind.BIND]
    return {
        "Binds": [f"{one.source}:{one.target}{':ro' if one.read_only else ''}" for one in binds],
        "NetworkMode": spec.network.mode.value,
        "PortBindings": _ports(spec.network.ports),
        "AutoRemove": record.auto_remove,
        "ReadonlyRootfs": spec.read_only,
        "Memory": limits.memory or 0,
        "NanoCpus": int((limits.cpus or 0) * _NANO),
        "PidsLimit": limits.pids,
        "Init": spec.init,
    }


def _ports(ports: tuple[PublishedPort, ...]) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        place = {"HostIp": port.host_ip, "HostPort": str(port.host_port or "")}
        found.setdefault(f"{port.container_port}/{port.protocol}", []).append(place)
    return found


def _time(seconds: float) -> str:
    if not seconds:
        return _NEVER
    return rfc3339(datetime.fromtimestamp(seconds, UTC))
