"""What the engine's own processes see of the machine: where a container's start begins.

Looked at once, when the zygote has found its ground, and kept beside the steps of each start: who explains a start can
say what it left behind.
"""

import contextlib
import fcntl
import os
import socket
import stat
import struct
from collections.abc import Iterator
from typing import Any

from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import NAMESPACE_FILES
from pydock_lab.oci.runtime_spec import Rootfs

_MANY = 12
_GET_ADDRESS = 0x8915  # SIOCGIFADDR of netdevice(7)

_found: list[dict[str, Any]] = []


def look() -> None:
    """Look around, in the zygote; every worker inherits what was seen."""
    _, permitted = syscalls.capget()
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
            "control_group": _first_line("/proc/self/cgroup"),
            "namespaces": {name: os.readlink(f"/proc/self/ns/{name}") for name in NAMESPACE_FILES.values()},
        }
    ]


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


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip()
    except OSError:
        return ""
