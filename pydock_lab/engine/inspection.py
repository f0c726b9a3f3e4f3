"""A container in the form of `docker inspect`, with Docker's names. Source: Docker Engine API, ContainerInspect."""

from datetime import UTC, datetime

from pydock_lab.engine.network_documents import endpoint_document
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.oci.runtime_spec import MountKind, NetworkMode, PublishedPort, predefined_id
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
            "Domainname": record.spec.domainname,
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
        "NetworkSettings": _network_settings(record, state),
    }


def _network_settings(record: ContainerRecord, state: ContainerState) -> dict[str, object]:
    network, now = record.spec.network, {one.network: one for one in state.endpoints}
    default = next((one for one in state.endpoints if not one.has_names), None)
    others = dict.fromkeys((record.id[:12], record.spec.hostname))
    found: dict[str, object] = {
        one.name: endpoint_document(record.id, one, now.get(one.network), (record.name, *one.aliases, *others))
        for one in network.places
    }
    if not found and network.mode is not NetworkMode.CONTAINER:
        found = {network.title: {"NetworkID": predefined_id(network.title), "IPAddress": "", "Gateway": ""}}
    return {
        # As in Docker these two are of the default bridge alone.
        "IPAddress": default.address if default else "",
        "Gateway": default.gateway if default else "",
        "MacAddress": default.mac_address if default else "",
        "Ports": _ports(state.ports),
        "Networks": found,
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
        "NetworkMode": spec.network.title,
        "PortBindings": _ports(spec.network.ports),
        "Dns": list(spec.network.dns),
        "DnsOptions": list(spec.network.dns_options),
        "DnsSearch": list(spec.network.dns_search),
        "ExtraHosts": [":".join(one) for one in spec.network.extra_hosts],
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
        last = f"-{port.last_host_port}" if port.last_host_port else ""
        place = {"HostIp": port.host_ip, "HostPort": f"{port.host_port or ''}{last}"}
        found.setdefault(f"{port.container_port}/{port.protocol}", []).append(place)
    return found


def _time(seconds: float) -> str:
    if not seconds:
        return _NEVER
    return rfc3339(datetime.fromtimestamp(seconds, UTC))
