"""`docker cp`: files in and out of a container, from inside the user namespace that owns them.

A running container is reached through the root of its first process, volumes and all; one that is stopped by
mounting its overlay once more, in a mount namespace of the worker's own that ends with it. Where there is a tree
instead of an overlay (snapshot/copying.py), that is it.
"""

import os
import stat
from dataclasses import replace
from typing import Any

from pydock_lab.archive.apply import Ownership, Policy, apply
from pydock_lab.archive.diff import NOBODY_ELSES, DiffOptions, MarkedOwners, TreeForm, diff
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.rooted import RootedTree
from pydock_lab.archive.writer import TarWriter
from pydock_lab.errors import NotFound
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import MountFlag, Namespace
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import Mount, MountKind, Rootfs
from pydock_lab.sandbox.worker import Request
from pydock_lab.snapshot.copying import Sharing, is_materialised, materialise
from pydock_lab.snapshot.overlay import mount_overlay, prepare_upper
from pydock_lab.snapshot.unmarkable import by_path


def read(request: Request) -> dict[str, Any]:
    """Write the tar of `path` in a container to the first descriptor.

    Arguments: `pid` (0: not running), `rootfs`, `stub`, `mounts`, `path`. Gives `is_directory`. A file is one entry
    with its own name.
    """
    root, path = _place(request)
    with RootedTree(root) as tree, open(request.descriptors[0], "wb") as sink:
        parent, _, name = path.rpartition(b"/")
        folder = tree.fd(tree.resolve(parent))
        status = os.stat(name or b".", dir_fd=folder, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            diff(tree.fd(tree.resolve(path)), sink, options=DiffOptions(form=TreeForm.PLAIN, everyone=(0, 0)))
            return {"is_directory": True}
        _write_file(folder, name, status, TarWriter(sink))
    return {"is_directory": False}


def export(request: Request) -> None:
    """Write the tar of all files of a container to the first descriptor: its own, without those of mounts.

    Arguments: `rootfs`, `stub`. What it goes on to write meanwhile may be in it, or not.
    """
    root, marked = _whole(request), NOBODY_ELSES if request.tier.has_single_id else None
    if request.tier is Tier.TRACED:
        marked = MarkedOwners(newcomer=(0, 0), unmarkable=by_path(request.arguments["rootfs"]["mountpoint"]))
    with open(request.descriptors[0], "wb") as sink:
        diff(root, sink, options=DiffOptions(form=TreeForm.PLAIN, marked=marked))


def _whole(request: Request) -> int:
    if request.tier is Tier.TRACED:
        return _tree(request)
    rootfs = Rootfs.from_json(request.arguments["rootfs"])
    if is_materialised(rootfs.mountpoint):
        return _mounted(request, rootfs)
    prepare_upper(rootfs)
    # A second look at the same layers: the writable one is only read here.
    return _mounted(request, replace(rootfs, layers=(rootfs.upper, *rootfs.layers), upper="", work=""))


def look(request: Request) -> dict[str, Any]:
    """Whether `path` is a folder, links followed; arguments as for `read`."""
    root, path = _place(request)
    with RootedTree(root) as tree:
        tree.fd(tree.resolve(path))
    return {"is_directory": True}


def _write_file(folder: int, name: bytes, status: os.stat_result, tar: TarWriter) -> None:
    if stat.S_ISLNK(status.st_mode):
        target = os.readlink(name, dir_fd=folder)
        tar.add(Entry(path=name, type=EntryType.SYMLINK, mode=0o777, target=target))
        tar.finish()
        return
    file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    entry = Entry(path=name, size=status.st_size, mode=stat.S_IMODE(status.st_mode), mtime=int(status.st_mtime))
    tar.add_file(entry, file)
    tar.finish()
    os.close(file)


def write(request: Request) -> None:
    """Unpack the tar in the first descriptor into the folder `path` of a container, which is made if need be.

    Arguments as for `read`.
    """
    root, path = _place(request)
    with RootedTree(root) as tree, open(request.descriptors[0], "rb", buffering=0) as source:
        folder = tree.fd(tree.resolve(path, make=True))
        apply(source, folder, policy=Policy(ownership=_OWNERSHIP.get(request.tier, Ownership.CHOWN)))


_OWNERSHIP = {
    Tier.ROOTLESS_SINGLE: Ownership.RECORD,
    Tier.NESTED: Ownership.RECORD,
    Tier.TRACED: Ownership.MARK_ALL,
}


def _place(request: Request) -> tuple[int, bytes]:
    """A descriptor of a root, and the path in question below it: the container's, or what is mounted there."""
    path = os.path.normpath("/" + request.arguments["path"])
    if request.tier is Tier.TRACED:
        return _seen(request, path)
    pid = request.arguments["pid"]
    if pid:
        return _open(f"/proc/{pid}/root"), _inside(path)
    rootfs = Rootfs.from_json(request.arguments["rootfs"])
    if not is_materialised(rootfs.mountpoint):
        prepare_upper(rootfs)
    return _mounted(request, rootfs), _inside(path)


def _mounted(request: Request, rootfs: Rootfs) -> int:
    """The root of an overlay, mounted where only this worker sees it."""
    if not all(os.path.isdir(layer) for layer in rootfs.layers):
        raise NotFound("snapshot.layers-gone")
    if not is_materialised(rootfs.mountpoint):
        syscalls.unshare(Namespace.MOUNT)
        syscalls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        mount_overlay(rootfs, in_user_namespace=request.tier.in_user_namespace)
    return _open(rootfs.mountpoint)


def _seen(request: Request, path: str) -> tuple[int, bytes]:
    """The same in a traced container, for the kernel knows of none: a path below a mount is found in its source."""
    mounts = [Mount.from_json(one) for one in request.arguments["mounts"]]
    for one in sorted(mounts, key=lambda mount: len(mount.target), reverse=True):
        if one.kind is MountKind.BIND and f"{path}/".startswith(f"{one.target.rstrip('/')}/"):
            rest = path.removeprefix(one.target.rstrip("/"))
            if os.path.isdir(one.source):
                return _open(one.source), _inside(rest)
            return _open(os.path.dirname(one.source)), os.fsencode(os.path.basename(one.source))
    return _tree(request), _inside(path)


def _tree(request: Request) -> int:
    """A traced container's files, which are made where it has never been started."""
    rootfs = Rootfs.from_json(request.arguments["rootfs"])
    materialise(rootfs, sharing=Sharing.LINKS, stub=request.arguments["stub"])
    return _open(rootfs.mountpoint)


def _open(folder: str) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _inside(path: str) -> bytes:
    return os.fsencode(path.lstrip("/"))
