"""A container in the form of `docker inspect`, with Docker's names. Source: Docker Engine API, ContainerInspect."""

from datetime import UTC, datetime
from pathlib import Path

from pydock_lab import errors
from pydock_lab.engine.host_config import bindings, host_config, mount_documents
from pydock_lab.engine.network_documents import endpoint_document
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.engine.storage_driver import driver_of_tree, graph_driver
from pydock_lab.oci.runtime_spec import NetworkMode, predefined_id
from pydock_lab.oci.times import rfc3339
from pydock_lab.runtime.health import HealthCheck, HealthState
from pydock_lab.runtime.logs import LOG_FILE
from pydock_lab.runtime.state import LIVING, UP, ContainerState, Status

_NEVER = "0001-01-01T00:00:00Z"  # Go's zero time
_NANO = 1_000_000_000
_FILES = {"ResolvConf": "resolv.conf", "Hostname": "hostname", "Hosts": "hosts"}


def inspected(record: ContainerRecord, state: ContainerState, folder: Path) -> dict[str, object]:
    """The document of one container, whose files are in `folder`."""
    process, driver = record.spec.process, driver_of_tree(record.spec.rootfs, record.isolation)
    return {
        "Id": record.id,
        "Created": _time(record.created),
        "Path": process.args[0],
        "Args": list(process.args[1:]),
        "State": _state(state),
        "Image": record.image_id,
        **{f"{name}Path": _file(folder, file) for name, file in _FILES.items()},
        "LogPath": "" if record.log.is_off else str(folder / LOG_FILE),
        "Name": f"/{record.name}",
        "RestartCount": state.restarts,
        "Driver": str(driver),
        "Platform": "linux",
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": None,
        "HostConfig": host_config(record),
        "GraphDriver": graph_driver(record.spec.rootfs, driver),
        "Mounts": mount_documents(record.spec.mounts),
        "Config": _config(record),
        "NetworkSettings": _network_settings(record, state),
    }


def _config(record: ContainerRecord) -> dict[str, object]:
    process, image = record.spec.process, record.config
    entrypoint, command = record.entrypoint_and_command()
    return {
        "Hostname": record.spec.hostname,
        "Domainname": record.spec.domainname,
        "User": process.user,
        "AttachStdin": False,
        "AttachStdout": True,
        "AttachStderr": True,
        "ExposedPorts": {port: {} for port in record.exposed},
        "Tty": process.terminal,
        "OpenStdin": record.interactive,
        "StdinOnce": False,
        "Env": list(process.env),
        "Cmd": list(command) or None,
        "Healthcheck": _healthcheck(record.health) if record.health else None,
        "Image": record.image,
        "Volumes": {path: {} for path in image.volumes},
        "WorkingDir": process.cwd,
        "Entrypoint": list(entrypoint or ()) or None,
        "OnBuild": None,
        "Labels": dict(record.labels),
        "StopSignal": record.spec.stop_signal,
        "StopTimeout": record.stop_timeout,
    }


def _healthcheck(check: HealthCheck) -> dict[str, object]:
    return {
        "Test": ["CMD", *check.command],
        "Interval": int(check.interval * _NANO),
        "Timeout": int(check.timeout * _NANO),
        "StartPeriod": int(check.start_period * _NANO),
        "StartInterval": int(check.start_interval * _NANO),
        "Retries": check.retries,
    }


def _health(health: HealthState) -> dict[str, object]:
    return {
        "Status": health.status.value,
        "FailingStreak": health.failing_streak,
        "Log": [
            {
                "Start": _time(one.start),
                "End": _time(one.end),
                "ExitCode": one.exit_code,
                "Output": one.output,
            }
            for one in health.log
        ],
    }


def _file(folder: Path, name: str) -> str:
    path = folder / name
    return str(path) if path.exists() else ""


def _network_settings(record: ContainerRecord, state: ContainerState) -> dict[str, object]:
    endpoints = state.endpoints if state.status in UP else ()
    network, now = record.spec.network, {one.network: one for one in endpoints}
    default = next((one for one in endpoints if not one.has_names), None)
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
        "Ports": bindings(state.ports if state.status in UP else ()),
        "Networks": found,
    }


def _state(state: ContainerState) -> dict[str, object]:
    runs = state.status in UP
    return {
        "Status": state.status.value,
        "Running": state.status in LIVING,  # one that waits for its next start, too
        "Paused": state.status is Status.PAUSED,
        "OOMKilled": state.oom_killed,
        "Restarting": state.status is Status.RESTARTING,
        "Dead": state.status is Status.DEAD,
        "Pid": state.process.pid if runs and state.process else 0,
        "ExitCode": state.exit_code,
        "StartedAt": _time(state.started_at),
        "FinishedAt": _time(state.finished_at),
        "Error": str(errors.from_json(state.error)) if state.error else "",
        **({"Health": _health(state.health)} if state.health else {}),
    }


def _time(seconds: float) -> str:
    if not seconds:
        return _NEVER
    return rfc3339(datetime.fromtimestamp(seconds, UTC))
