"""What `docker info` says of the machine, and of the engine on every store. Source: Engine API, SystemInfo."""

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime

from pydock_lab.engine.this_machine import PLATFORM
from pydock_lab.oci.times import rfc3339

# The controllers of control groups that a limit needs: of version 1, or of version 2.
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "MemoryLimit": ("memory",),
    "CpuCfsPeriod": ("cpu",),
    "CpuCfsQuota": ("cpu",),
    "CPUShares": ("cpu",),
    "CPUSet": ("cpuset",),
    "PidsLimit": ("pids",),
}


def machine() -> dict[str, object]:
    """The kernel, the system, processors and memory."""
    release = _release()
    return {
        "KernelVersion": platform.release(),
        "OperatingSystem": release.get("PRETTY_NAME", platform.system()),
        "OSVersion": release.get("VERSION_ID", ""),
        "OSType": PLATFORM.os,
        "Architecture": platform.machine(),
        "NCPU": os.cpu_count() or 1,
        "MemTotal": _memory(),
        "SystemTime": rfc3339(datetime.now(UTC)),
    }


def control_groups() -> dict[str, object]:
    """Which limits this user may set, as the kernel's control groups have them."""
    from pydock_lab.linux.cgroups import find_hierarchy  # noqa: PLC0415 - Linux only

    found = find_hierarchy()
    controllers = found.controllers() if found else frozenset[str]()
    return {
        "CgroupDriver": "cgroupfs" if found else "none",
        "CgroupVersion": str(found.version.value) if found else "",
        **{limit: all(name in controllers for name in names) for limit, names in _NEEDED.items()},
    }


ENGINE: Mapping[str, object] = {
    "LoggingDriver": "json-file",
    "Plugins": {
        "Volume": ["local"],
        "Network": ["bridge", "host", "none"],
        "Authorization": None,
        "Log": ["json-file", "none"],
    },
    "DefaultRuntime": "pydock_lab",
    "Runtimes": {"pydock_lab": {"path": "pydock_lab"}},
    "Swarm": {"LocalNodeState": "inactive"},
    "IndexServerAddress": "https://index.docker.io/v1/",
    # There is no daemon whose end could be theirs.
    "LiveRestoreEnabled": True,
    "ExperimentalBuild": False,
    "Debug": False,
    "Labels": [],
}


def _release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def _memory() -> int:
    """Bytes; 0 where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # Windows
        return 0
