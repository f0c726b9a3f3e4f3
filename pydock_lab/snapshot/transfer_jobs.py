"""`docker cp`: files in and out of a container, from inside the user namespace that owns them.

A running container is reached through the root of its first process, volumes and all; one that is stopped by
mounting its overlay once more, in a mount namespace of the worker's own that ends with it.
"""

import os
import stat
from dataclasses import replace
from typing import Any

from pydock_lab.archive.apply import Ownership, Policy, apply
from pydock_lab.archive.diff import NOBODY_ELSES, DiffOptions, TreeForm, diff
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.rooted import RootedTree
from pydock_lab.archive.writer import TarWriter
from pydock_lab.errors import NotFound
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import MountFlag, Namespace
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import Rootfs
from pydock_lab.sandbox.worker import Request
from pydock_lab.snapshot.overlay import mount_overlay, prepare_upper


def read(request: Request) -> dict[str, Any]:
    """Write the tar of `path` in a container to the first descriptor.

    Arguments: `pid` (0: not running), `rootfs`, `path`. Gives `is_directory`. A file is one entry with its own name.
    """
    root = _root(request)
    with RootedTree(root) as tree, open(request.descriptors[0], "wb") as sink:
        path = _clean(request.arguments["path"])
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

    Argument: `rootfs`. What it goes on to write meanwhile may be in it, or not.
    """
    rootfs = Rootfs.from_json(request.arguments["rootfs"])
    prepare_upper(rootfs)
    # A second look at the same layers: the writable one is only read here.
    whole = replace(rootfs, layers=(rootfs.upper, *rootfs.layers), upper="", work="")
    root = _mounted(request, whole)
    marked = NOBODY_ELSES if request.tier is Tier.ROOTLESS_SINGLE else None
    with open(request.descriptors[0], "wb") as sink:
        diff(root, sink, options=DiffOptions(form=TreeForm.PLAIN, marked=marked))


def look(request: Request) -> dict[str, Any]:
    """Whether `path` is a folder, links followed; arguments as for `read`."""
    with RootedTree(_root(request)) as tree:
        tree.fd(tree.resolve(_clean(request.arguments["path"])))
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

    Arguments: `pid`, `rootfs`, `path`.
    """
    root = _root(request)
    chown = Ownership.RECORD if request.tier is Tier.ROOTLESS_SINGLE else Ownership.CHOWN
    with RootedTree(root) as tree, open(request.descriptors[0], "rb", buffering=0) as source:
        folder = tree.fd(tree.resolve(_clean(request.arguments["path"]), make=True))
        apply(source, folder, policy=Policy(ownership=chown))


def _clean(path: str) -> bytes:
    return os.fsencode(os.path.normpath("/" + path).lstrip("/"))


def _root(request: Request) -> int:
    """The container's root as a descriptor."""
    pid = request.arguments["pid"]
    if pid:
        return os.open(f"/proc/{pid}/root", os.O_RDONLY | os.O_DIRECTORY)
    rootfs = Rootfs.from_json(request.arguments["rootfs"])
    prepare_upper(rootfs)
    return _mounted(request, rootfs)


def _mounted(request: Request, rootfs: Rootfs) -> int:
    """The root of an overlay, mounted where only this worker sees it."""
    if not all(os.path.isdir(layer) for layer in rootfs.layers):
        raise NotFound("snapshot.layers-gone")
    syscalls.unshare(Namespace.MOUNT)
    syscalls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
    mount_overlay(rootfs, in_user_namespace=request.tier.in_user_namespace)
    return os.open(rootfs.mountpoint, os.O_RDONLY | os.O_DIRECTORY)
