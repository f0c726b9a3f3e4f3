"""`docker cp`: files in and out of a container, from inside the user namespace that owns them.

A running container is reached through the root of its first process, volumes and all; one that is stopped by
mounting its overlay once more, in a mount namespace of the worker's own that ends with it. Where there is a tree
instead of an overlay (snapshot/copying.py), that is it.
"""

import contextlib
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from pydock_lab.archive.apply import Ownership, Policy, Whiteouts, apply
from pydock_lab.archive.diff import NOBODY_ELSES, DiffOptions, MarkedOwners, TreeForm, diff, pack
from pydock_lab.archive.entry import show
from pydock_lab.archive.rooted import RootedTree, join
from pydock_lab.errors import ArchiveError, NotFound
from pydock_lab.linux import mount_calls, syscalls
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import Mount, MountKind, Rootfs
from pydock_lab.sandbox.worker import Request
from pydock_lab.snapshot.copying import Sharing, is_materialised, materialise
from pydock_lab.snapshot.overlay import mount_overlay, prepare_upper
from pydock_lab.snapshot.stub import make_stub
from pydock_lab.snapshot.unmarkable import by_path

_MAX_LINKS = 40  # as the kernel's limit for one path


def read(request: Request) -> None:
    """Write the tar of `path` in a container to the first descriptor.

    Arguments: `pid` (0: not running), `rootfs`, `stub`, `mounts`, `path`; `follow` a link that it is; `name` is what it
    is called in the tar, and where that is "" only what is in the folder gets in; `owners`: whose it is, else root's.
    """
    root, path = _place(request)
    said = request.arguments
    owners = _owners(request) if said["owners"] else {"everyone": (0, 0)}
    options = DiffOptions(form=TreeForm.PLAIN, unseen=_of_the_kernel(root), **owners)
    with RootedTree(root) as tree, open(request.descriptors[0], "wb") as sink:
        parent, name = _found(tree, path, follow=said["follow"])
        pack(tree.fd(parent), name, sink, top=os.fsencode(said["name"]), options=options)


def _of_the_kernel(root: int) -> frozenset[int]:
    """The file systems of /proc, /sys and /dev of a container that runs: no files, and some are without an end."""
    found = set()
    for name in ("proc", "sys", "dev"):
        with contextlib.suppress(OSError):
            found.add(os.stat(name, dir_fd=root, follow_symlinks=False).st_dev)
    return frozenset(found - {os.fstat(root).st_dev})


def _owners(request: Request) -> dict[str, Any]:
    """How to find whose files are: a part of DiffOptions."""
    is_marked = request.tier.has_single_id or request.tier is Tier.TRACED
    return {"marked": NOBODY_ELSES} if is_marked else {}


def _found(tree: RootedTree, path: bytes, *, follow: bool) -> tuple[bytes, bytes]:
    """The folder that something is in, and its name there; with `follow` of what a link leads to."""
    for _ in range(_MAX_LINKS):
        # Step by step in this tree: a container that swaps a folder for a link leads us nowhere else (CVE-2018-15664).
        parent, _, name = path.rpartition(b"/")
        if name in (b"", b".", b".."):  # from the text of a link, or the root
            return tree.resolve(path), b""
        parent = tree.resolve(parent)
        status = os.stat(name, dir_fd=tree.fd(parent), follow_symlinks=False)
        if not follow or not stat.S_ISLNK(status.st_mode):
            return parent, name
        link = os.readlink(name, dir_fd=tree.fd(parent))
        # An absolute link means this root, as after chroot(2).
        path = link if link.startswith(b"/") else join(parent, link)
    raise ArchiveError("archive.link-loop", entry=show(path))


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
    """Whether `path` `is_directory`, and the `path` that its links lead to; arguments as for `read`.

    And whether it `is_device`, or of what the kernel shows (`is_kernels`): of neither there is a file.

    Raises NotFound, ArchiveError for a way that is none.
    """
    root, path = _place(request)
    try:
        with RootedTree(root) as tree:
            parent, name = _found(tree, path, follow=request.arguments["follow"])
            status = os.stat(name or b".", dir_fd=tree.fd(parent), follow_symlinks=False)
            is_kernels = status.st_dev in _of_the_kernel(root)
    except (FileNotFoundError, NotADirectoryError):
        raise NotFound("snapshot.no-path", path=request.arguments["path"]) from None
    return {
        "is_directory": stat.S_ISDIR(status.st_mode),
        "is_device": stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode),
        "is_kernels": is_kernels,
        "path": "/" + os.fsdecode(join(parent, name).strip(b"/")),
    }


def write(request: Request) -> None:
    """Unpack the tar in the first descriptor into the folder `path` of a container, which is made if need be.

    Arguments as for `read`, and whether the container is `read_only`; raises ArchiveError where nothing can be written.
    """
    root, path = _place(request, writes=True)
    with RootedTree(root) as tree, open(request.descriptors[0], "rb", buffering=0) as source:
        place = tree.resolve(path, make=True)
        folder = tree.fd(place)
        if os.fstatvfs(folder).f_flag & os.ST_RDONLY:
            raise _read_only(request, os.fsdecode(b"/" + place))
        ownership = _OWNERSHIP.get(request.tier, Ownership.CHOWN)
        apply(source, folder, policy=Policy(ownership=ownership, whiteouts=Whiteouts.PLAIN))


_OWNERSHIP = {
    Tier.ROOTLESS_SINGLE: Ownership.RECORD,
    Tier.NESTED: Ownership.RECORD,
    Tier.TRACED: Ownership.MARK_ALL,
}


def _read_only(request: Request, path: str) -> ArchiveError:
    """Why nothing can be written to a folder of a running container."""
    mount = next(_covering(request, path), None)
    if mount is None and request.arguments["read_only"]:
        return ArchiveError("snapshot.read-only-root", path=path)
    return ArchiveError("snapshot.read-only-mount", path=mount.target if mount else path)


def _place(request: Request, *, writes: bool = False) -> tuple[int, bytes]:
    """A descriptor of a root, and the path in question below it: the container's, or what is mounted there."""
    path = os.path.normpath("/" + request.arguments["path"].lstrip("/"))  # it would leave two slashes as they are
    pid = request.arguments["pid"]
    if pid and request.tier is not Tier.TRACED:
        return _open(f"/proc/{pid}/root"), _inside(path)
    # Nothing is mounted in one that is stopped, and the kernel knows of no mount in a traced one.
    found = _in_mount(request, path, writes=writes)
    if found is not None:
        return found
    if writes and request.arguments["read_only"]:
        raise ArchiveError("snapshot.read-only-root", path=path)
    if request.tier is Tier.TRACED:
        return _tree(request), _inside(path)
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
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        mount_overlay(rootfs, in_user_namespace=request.tier.in_user_namespace)
    return _open(rootfs.mountpoint)


def _in_mount(request: Request, path: str, *, writes: bool) -> tuple[int, bytes] | None:
    """The same for a path below a bind or volume: it is found in its source."""
    for one in _covering(request, path):
        if one.kind is not MountKind.BIND:
            continue
        if writes and one.read_only:
            raise ArchiveError("snapshot.read-only-mount", path=one.target)
        rest = path.removeprefix(one.target.rstrip("/"))
        if one.subpath:
            return _in_part(one, rest)
        if os.path.isdir(one.source):
            return _open(one.source), _inside(rest)
        return _open(os.path.dirname(one.source)), os.fsencode(os.path.basename(one.source))
    return None


def _in_part(mount: Mount, rest: str) -> tuple[int, bytes]:
    """The same where only a part of the source is mounted, which a container may have made a link of."""
    source = _open(mount.source)
    try:
        place = syscalls.open_in_root(source, os.fsencode(mount.subpath), follow_last=True)
    except OSError:
        raise ArchiveError("archive.not-there", path=mount.subpath) from None
    finally:
        os.close(source)
    try:
        if stat.S_ISDIR(os.fstat(place).st_mode):
            return _open(f"/proc/self/fd/{place}"), _inside(rest)
        # A file: where it is really, without links.
        return _open(mount.source), _inside(_below(mount.source, place))
    finally:
        os.close(place)


def _below(folder: str, descriptor: int) -> str:
    return os.path.relpath(os.readlink(f"/proc/self/fd/{descriptor}"), os.path.realpath(folder))


def _covering(request: Request, path: str) -> Iterator[Mount]:
    """The mounts that a path is in, the innermost first."""
    mounts = [Mount.from_json(one) for one in request.arguments["mounts"]]
    for one in sorted(mounts, key=lambda mount: len(mount.target), reverse=True):
        if f"{path}/".startswith(f"{one.target.rstrip('/')}/"):
            yield one


def _tree(request: Request) -> int:
    """A traced container's files, which are made where it has never been started."""
    rootfs = Rootfs.from_json(request.arguments["rootfs"])
    # Nothing may have been started in this store so far.
    make_stub(request.arguments["stub"], has_single_uid=request.tier.has_single_id)
    materialise(rootfs, sharing=Sharing.LINKS, stub=request.arguments["stub"])
    return _open(rootfs.mountpoint)


def _open(folder: str) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _inside(path: str) -> bytes:
    return os.fsencode(path.lstrip("/"))
