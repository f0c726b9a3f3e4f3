"""What the engine's own processes see of the machine: where a container's start begins.

Looked at once, before the zygote looks for its ground, and kept beside the steps of each start: who explains a start
can say what it left behind.

Without root the ground is a user namespace. The zygote enters it once, and every container is born in it: a step of all
their starts, done when the first of them was still to come.
"""

import contextlib
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Iterator
from typing import Any

from pydock_lab.linux import journal, syscalls
from pydock_lab.linux.syscalls import NAMESPACE_FILES
from pydock_lab.oci.runtime_spec import Rootfs
from pydock_lab.runtime.steplog import Step, StepLog

_MANY = 12
_GET_ADDRESS = 0x8915  # SIOCGIFADDR of netdevice(7)

_found: list[dict[str, Any]] = []
_steps: list[Step] = []


def look(host_mounts: int = -1) -> None:
    """Look around, in what becomes the zygote; every worker inherits what was seen.

    `host_mounts` is the host's mount namespace, a descriptor, where we are in one of our own.
    """
    _, permitted = syscalls.capget()
    namespaces = {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACE_FILES.values()}
    if host_mounts >= 0:
        namespaces["mnt"] = f"mnt:[{os.fstat(host_mounts).st_ino}]"
    _found[:] = [
        {
            "hostname": os.uname().nodename,
            "processes": list(_processes()),
            "root": sorted(os.listdir("/")),
            "addresses": list(_addresses()),
            "mounts": list(_mounts()),
            "uid": os.geteuid(),
            "gid": os.getegid(),
            "capabilities": permitted,
            "control_groups": _lines("/proc/self/cgroup"),
            "namespaces": namespaces,
        }
    ]


def entered() -> None:
    """A user namespace has become the ground: all that was asked of the kernel for it is in the journal."""
    calls = journal.take()
    log = StepLog()
    journal.put(calls)
    maps = {name: _lines(f"/proc/self/{name}_map") for name in ("uid", "gid")}
    _, permitted = syscalls.capget()
    own = {name: os.readlink(f"/proc/self/ns/{name}") for name in ("user", "mnt")}
    log.add("user-namespace", own["user"], namespaces=own, maps=maps, capabilities=permitted, uid=0, gid=0)
    log.steps[0]["seconds"] = sum(seconds for _, _, seconds, _ in calls)
    _steps[:] = log.steps


def steps() -> list[Step]:
    """What was done once, for all containers."""
    return _steps


def seen() -> dict[str, Any]:
    """What was seen; empty before anybody looked."""
    return _found[0] if _found else {}


def names_in(rootfs: Rootfs) -> set[str]:
    """What `ls /` shows of a container's tree; a name that a layer has deleted is a device 0:0 (overlayfs)."""
    found: set[str] = set()
    for layer in (*reversed(rootfs.layers), *([rootfs.upper] if rootfs.upper else ())):
        with contextlib.suppress(OSError), os.scandir(layer) as entries:
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                is_deleted = stat.S_ISCHR(status.st_mode) and status.st_rdev == 0
                (found.discard if is_deleted else found.add)(entry.name)
    return found


def _processes() -> Iterator[str]:
    """The first processes of the machine: number and name, and how many more there are."""
    pids = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    for pid in pids[:_MANY]:
        with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            yield f"{pid} {file.read().strip()}"
    if len(pids) > _MANY:
        yield f"... {len(pids) - _MANY}"


def _addresses() -> Iterator[str]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as end:
        for _, name in socket.if_nameindex():
            address = ""
            with contextlib.suppress(OSError):  # a device without an address
                answer = fcntl.ioctl(end, _GET_ADDRESS, struct.pack("256s", name.encode()))
                address = socket.inet_ntoa(answer[20:24])
            yield f"{name} {address}".strip()


def _mounts() -> Iterator[str]:
    with open("/proc/self/mounts", encoding="utf-8") as file:
        lines = file.read().splitlines()
    for line in lines[:_MANY]:
        source, place, kind = line.split(" ")[:3]
        yield f"{kind if source in ('none', kind) else source} on {place}"
    if len(lines) > _MANY:
        yield f"... {len(lines) - _MANY}"


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError:
        return []
