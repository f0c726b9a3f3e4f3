"""What was asked of the host for a container, as `docker inspect` has it. Source: Docker Engine API, HostConfig."""

from collections.abc import Iterable, Mapping

from pydock_lab.engine.records import ContainerRecord
from pydock_lab.oci.runtime_spec import Limits, Mount, MountKind, PublishedPort
from pydock_lab.runtime.kernel_views import MASKED, READ_ONLY
from pydock_lab.runtime.logs import LogLimits

_NANO = 1_000_000_000


def host_config(record: ContainerRecord) -> dict[str, object]:
    """The part `HostConfig` of a container's document."""
    spec = record.spec
    binds = [mount for mount in spec.mounts if mount.kind is MountKind.BIND]
    return {
        "Binds": [bind_text(one) for one in binds] or None,
        "ContainerIDFile": "",
        "LogConfig": {"Type": "none" if record.log.is_off else "json-file", "Config": _log_options(record.log)},
        "NetworkMode": spec.network.title,
        "PortBindings": bindings(spec.network.ports),
        "RestartPolicy": {"Name": record.restart.kind.value, "MaximumRetryCount": record.restart.maximum},
        "AutoRemove": record.auto_remove,
        "VolumeDriver": "",
        "VolumesFrom": None,
        "ConsoleSize": [spec.process.rows, spec.process.columns] if spec.process.terminal else [0, 0],
        "Annotations": dict(spec.annotations),
        "CapAdd": list(record.cap_add) or None,
        "CapDrop": list(record.cap_drop) or None,
        "CgroupnsMode": spec.namespaces.cgroup or "private",
        "Dns": list(spec.network.dns),
        "DnsOptions": list(spec.network.dns_options),
        "DnsSearch": list(spec.network.dns_search),
        "ExtraHosts": [":".join(one) for one in spec.network.extra_hosts] or None,
        "GroupAdd": list(spec.process.groups) or None,
        "IpcMode": spec.namespaces.ipc or "private",
        "Cgroup": "",
        "Links": None,
        "OomScoreAdj": spec.process.oom_score_adj or 0,
        "PidMode": spec.namespaces.pid,
        "Privileged": spec.privileged,
        "PublishAllPorts": False,
        "ReadonlyRootfs": spec.read_only,
        "SecurityOpt": list(record.security) or None,
        "Tmpfs": {one.target: _tmpfs_options(one) for one in spec.mounts if one.kind is MountKind.TMPFS} or None,
        "UTSMode": spec.namespaces.uts,
        "UsernsMode": spec.namespaces.user,
        "ShmSize": spec.shm_size,
        "Sysctls": dict(spec.sysctls),
        "Runtime": "pydock_lab",
        "Isolation": record.isolation,
        "CgroupParent": spec.cgroup_parent,
        **_limits(spec.limits),
        "Devices": [
            {"PathOnHost": one.source, "PathInContainer": one.path, "CgroupPermissions": one.access}
            for one in spec.devices
        ],
        "Ulimits": [{"Name": one.name, "Hard": one.hard, "Soft": one.soft} for one in spec.process.rlimits],
        "MaskedPaths": list(MASKED) if spec.masked else [],
        "ReadonlyPaths": list(READ_ONLY) if spec.masked else [],
        "Init": spec.init,
    }


def _limits(limits: Limits) -> dict[str, object]:
    return {
        "CpuShares": limits.cpu_shares or 0,
        "Memory": limits.memory or 0,
        "NanoCpus": int((limits.cpus or 0) * _NANO),
        "BlkioWeight": limits.blkio_weight or 0,
        "CpuPeriod": limits.cpu_period or 0,
        "CpuQuota": limits.cpu_quota or 0,
        "CpusetCpus": limits.cpuset_cpus,
        "CpusetMems": limits.cpuset_mems,
        "MemoryReservation": limits.memory_reservation or 0,
        # Without a word Docker allows as much swap as memory.
        "MemorySwap": limits.memory_swap if limits.memory_swap is not None else 2 * (limits.memory or 0),
        "MemorySwappiness": limits.memory_swappiness,
        "OomKillDisable": limits.oom_kill_disable,
        "PidsLimit": limits.pids,
    }


def mount_documents(mounts: Iterable[Mount]) -> list[dict[str, object]]:
    """The part `Mounts`: binds and volumes, and what is in memory."""
    return [_mount(one) for one in mounts if one.kind in (MountKind.BIND, MountKind.TMPFS)]


def _mount(mount: Mount) -> dict[str, object]:
    is_volume = bool(mount.volume)
    named: dict[str, object] = {"Name": mount.volume} if is_volume else {}
    return {
        "Type": "volume" if is_volume else mount.kind.value,
        **named,
        "Source": mount.source,
        "Destination": mount.target,
        **({"Driver": "local"} if is_volume else {}),
        "Mode": "ro" if mount.read_only else "",
        "RW": not mount.read_only,
        "Propagation": "" if is_volume or mount.kind is MountKind.TMPFS else mount.propagation.value,
    }


def bind_text(mount: Mount) -> str:
    """A bind or volume as `-v` has it."""
    return f"{mount.volume or mount.source}:{mount.target}{':ro' if mount.read_only else ''}"


def bindings(ports: Iterable[PublishedPort]) -> dict[str, list[dict[str, str]]]:
    """Published ports by the port of the container."""
    found: dict[str, list[dict[str, str]]] = {}
    for port in ports:
        last = f"-{port.last_host_port}" if port.last_host_port else ""
        place = {"HostIp": port.host_ip, "HostPort": f"{port.host_port or ''}{last}"}
        found.setdefault(f"{port.container_port}/{port.protocol}", []).append(place)
    return found


def _log_options(log: LogLimits) -> Mapping[str, str]:
    if log == LogLimits():
        return {}
    return {"max-file": str(log.max_files), "max-size": str(log.max_size)}


def _tmpfs_options(mount: Mount) -> str:
    size = [f"size={mount.size}"] if mount.size else []
    return ",".join([*size, f"mode={mount.mode:o}", *(["ro"] if mount.read_only else [])])
