"""The devices of a container: six that every program may expect, those of `--device`, or with `--privileged` all.

    root                       a node of its own: mknod(2) with the numbers of the host's
    in a user namespace        no nodes can be made there: the host's own are bound, and keep the host's permissions

What a device lets somebody do is the kernel's affair: in a user namespace only what the user may do outside.
Sources: OCI runtime specification, config-linux.md, "Default Devices"; null(4), tty(4).
"""

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pydock_lab.errors import ContainerError
from pydock_lab.linux import mount_calls
from pydock_lab.oci.runtime_spec import Device

# Major and minor numbers, which are the same on every Linux (admin-guide/devices.txt).
_DEFAULTS = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "core": "/proc/kcore",
}
# Made anew in every container, or links.
_OWN = frozenset({"console", "pts", "shm", "mqueue", *_DEFAULTS, *_LINKS})
_FOR_ALL = 0o666


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A device to be made: file type and permission bits, number, owner; `tree` is the host's node, or -1."""

    mode: int
    number: int
    uid: int = 0
    gid: int = 0
    tree: int = -1


# By their paths below /dev.
Nodes: TypeAlias = Mapping[str, Node]


def take(wanted: Sequence[Device], *, every: bool, by_bind: bool) -> Nodes:
    """The nodes that a container is to have, taken from the host's /dev while it is in sight.

    Raises ContainerError for a device that the host has not.
    """
    found = {name: _default(name, by_bind=by_bind) for name in _DEFAULTS}
    for name, path in _of_host("/dev") if every else ():
        found[name] = _take(path, by_bind=by_bind)
    for device in wanted:
        for name, path in _below(device):
            found[name] = _take(path, by_bind=by_bind)
    return found


def check(wanted: Sequence[Device]) -> None:
    """Raises ContainerError for what the host has not, or what is no device there."""
    for device in wanted:
        _state(device)


def let_go(nodes: Nodes) -> None:
    """Close what was held."""
    for node in nodes.values():
        if node.tree >= 0:
            os.close(node.tree)


def make(target: str, nodes: Nodes) -> None:
    """Make the nodes and the usual links in the directory `target`, an empty /dev."""
    for name, node in nodes.items():
        path = f"{target}/{name}"
        if "/" in name:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        if node.tree >= 0:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666))
            mount_calls.move_mount(node.tree, path)
            continue
        os.mknod(path, node.mode, node.number)
        os.chmod(path, stat.S_IMODE(node.mode))  # whatever the umask is
        if node.uid or node.gid:
            os.chown(path, node.uid, node.gid)
    for name, destination in _LINKS.items():
        os.symlink(destination, f"{target}/{name}")


def _default(name: str, *, by_bind: bool) -> Node:
    number = os.makedev(*_DEFAULTS[name])
    tree = mount_calls.open_tree(f"/dev/{name}") if by_bind else -1
    return Node(mode=stat.S_IFCHR | _FOR_ALL, number=number, tree=tree)


def _take(path: str, *, by_bind: bool) -> Node:
    state = os.stat(path)
    tree = mount_calls.open_tree(path) if by_bind else -1
    return Node(mode=state.st_mode, number=state.st_rdev, uid=state.st_uid, gid=state.st_gid, tree=tree)


def _of_host(folder: str) -> Iterator[tuple[str, str]]:
    """All devices below a folder: (path below /dev, path on the host)."""
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if folder == "/dev" and entry.name in _OWN:
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _of_host(entry.path)
        elif _is_device(entry.stat(follow_symlinks=False)):
            yield entry.path.removeprefix("/dev/"), entry.path


def _below(device: Device) -> Iterator[tuple[str, str]]:
    """What `--device` names: a device, or a folder of them."""
    name = device.path.removeprefix("/dev/")
    if stat.S_ISDIR(_state(device).st_mode):
        for _, path in _of_host(device.source):
            yield name + path.removeprefix(device.source), path
    else:
        yield name, device.source


def _state(device: Device) -> os.stat_result:
    try:
        state = os.stat(device.source)
    except OSError as error:
        raise ContainerError("runtime.no-device", device=device.source, reason=error.strerror) from None
    if not stat.S_ISDIR(state.st_mode) and not _is_device(state):
        raise ContainerError("runtime.not-a-device", device=device.source)
    return state


def _is_device(state: os.stat_result) -> bool:
    return stat.S_ISCHR(state.st_mode) or stat.S_ISBLK(state.st_mode)
