"""The view of a container, put together of what its specification says: nothing is mounted, but each thing has a place.

    layers              one tree, whose files are shared with them     snapshot/copying.py
    /proc, /sys         the host's
    /dev                a folder of its own, with the host's six devices and terminals in it
    tmpfs, /dev/shm     folders of its own; they are on disk, and that is said
    secrets             files in memory
    volumes, binds      the host's folders

Each mount needs a place in the tree, as on any system: it is made where the image lacks it.
"""

import base64
import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from pydock_lab.archive import marks
from pydock_lab.archive.entry import show
from pydock_lab.archive.marks import Mark
from pydock_lab.archive.rooted import MAX_LINKS, RootedTree, join, split
from pydock_lab.errors import ArchiveError, ContainerError
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, MountKind, Rootfs
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.runtime.traced.view import Mounted, View, mounted
from pydock_lab.snapshot.copying import Sharing, materialise

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
_MEMORY = "/dev/shm"  # noqa: S108 - a file system in memory on every Linux


def scratch_of(rootfs: Rootfs) -> str:
    """The folder that the supervisor works in, beside the tree: on the same file system."""
    return rootfs.mountpoint + ".traced"


class Assembling:
    """One container's view under way; a context manager, because secrets go when the container does."""

    def __init__(self, spec: ContainerSpec, stub: str, log: StepLog) -> None:
        self._spec, self._stub, self._log = spec, stub, log
        self._scratch = scratch_of(spec.rootfs)
        self._count = 0
        self._secrets: list[str] = []
        self.memory = ""  # the folder of its secrets, where it has some

    def view(self, mounts: Sequence[Mount]) -> View:
        """Make the tree, and the places in it; `mounts` are those that every container has.

        Raises ContainerError, OSError.
        """
        spec, rootfs = self._spec, self._spec.rootfs
        self._log.begin("materialise", f"{len(rootfs.layers)} layers")
        shutil.rmtree(self._scratch, ignore_errors=True)
        os.makedirs(self._scratch, mode=0o700)
        layers = materialise(rootfs, sharing=Sharing.LINKS, stub=self._stub)
        self._log.add("materialise", f"{len(rootfs.layers)} layers")
        parts = [*self._kernel_views(), *(self._mounted(one) for one in (*mounts, *spec.mounts))]
        root = os.open(rootfs.mountpoint, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with RootedTree(root) as tree:
                placed = [_placed(tree, one) for one in parts]
        finally:
            os.close(root)
        for one in placed:
            options = " (ro)" if one.read_only else ""
            self._log.add("view", f"{os.fsdecode(one.host)} on {os.fsdecode(one.guest)}{options}")
        if spec.read_only:
            self._log.add("read-only", "/")
        return View.of(rootfs.mountpoint, placed, read_only=spec.read_only, layers=layers)

    def _kernel_views(self) -> Iterator[Mounted]:
        yield replace(mounted("/proc", "/proc"), magic=True)
        yield mounted("/sys", "/sys", read_only=True)
        folder = self._folder("dev")
        for name in ("pts", "shm", "mqueue"):
            os.mkdir(f"{folder}/{name}")
        os.chmod(f"{folder}/shm", 0o1777)  # noqa: S103 - as everywhere
        for name, target in _LINKS.items():
            os.symlink(target, f"{folder}/{name}")
        yield mounted("/dev", folder, outside=False)
        yield mounted("/dev/pts", "/dev/pts")
        yield from self._devices(folder)

    def _devices(self, folder: str) -> Iterator[Mounted]:
        places = {f"/dev/{name}": f"/dev/{name}" for name in _DEVICES} | {"/dev/pts/ptmx": "/dev/ptmx"}
        for device in self._spec.devices:
            if not os.path.exists(device.source):
                raise ContainerError("runtime.no-device", device=device.source, reason=os.strerror(2))
            places[device.path] = device.source
        for target, source in places.items():
            name = target.removeprefix("/dev/")
            if "/" not in name:
                Path(folder, name).touch()
            yield mounted(target, source)

    # ---- what is asked for

    def _folder(self, name: str, mode: int = 0o755) -> str:
        self._count += 1
        path = f"{self._scratch}/{name}-{self._count}"
        os.mkdir(path, 0o700)
        os.chmod(path, mode)
        return path

    def _mounted(self, mount: Mount) -> Mounted:
        self._log.begin("view", f"{mount.source or mount.kind} on {mount.target}")
        match mount.kind:
            case MountKind.TMPFS:
                folder = self._folder("tmpfs")
                _give(folder, mount, own=0o700)
                part = mounted(mount.target, folder, outside=False)
            case MountKind.DATA:
                part = mounted(mount.target, self._data(mount))
            case MountKind.OVERLAY:
                part = self._of_image(mount)
            case _ if mount.subpath:
                inside = self._inside(mount.source, mount.subpath, mount)
                part = mounted(mount.target, _existing(os.path.join(mount.source, inside), mount))
            case _:
                part = mounted(mount.target, _existing(mount.source, mount))
        return replace(part, read_only=mount.read_only)

    def _data(self, mount: Mount) -> str:
        """A file in memory, which nobody else may read, and which goes with the container."""
        # A folder of its own: when the container ends, the kernel lets us remove files nowhere else (containment.py).
        self.memory = self.memory or tempfile.mkdtemp(prefix="pydock-", dir=_MEMORY)
        place = f"{self.memory}/{len(self._secrets)}"
        descriptor = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        self._secrets.append(place)
        with open(descriptor, "wb") as file:
            file.write(base64.b64decode(mount.data))
        _give(place, mount, own=0o600)
        return place

    def _of_image(self, mount: Mount) -> Mounted:
        """A folder or file of another image."""
        assert mount.tree is not None  # noqa: S101 - for mypy; an overlay mount has one
        materialise(mount.tree, sharing=Sharing.LINKS)
        inside = self._inside(mount.tree.mountpoint, mount.source, mount)
        layers = tuple(os.path.join(layer, inside) for layer in mount.tree.layers)
        source = os.path.join(mount.tree.mountpoint, inside)
        return mounted(mount.target, _existing(source, mount), outside=False, layers=layers)

    @staticmethod
    def _inside(folder: str, path: str, mount: Mount) -> str:
        """Where a path is in a folder, without links; raises ContainerError where it is not there."""
        root = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with RootedTree(root) as tree:
                return os.fsdecode(_resolved(tree, path))
        except (ArchiveError, OSError):
            raise ContainerError("runtime.no-mount-source", source=mount.source, target=mount.target) from None
        finally:
            os.close(root)

    def close(self) -> None:
        """The container has ended: forget its secrets, and what was its alone."""
        for place in self._secrets:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(place)
        if self.memory:
            os.rmdir(self.memory)
        shutil.rmtree(self._scratch, ignore_errors=True)


def _give(place: str, mount: Mount, *, own: int) -> None:
    """Have a new file or folder show the owner and mode that were asked for; `own` is what we need ourselves."""
    mode = mount.mode | own
    os.chmod(place, mode)
    kind = stat.S_IFMT(os.lstat(place).st_mode)
    marks.mark(place, Mark(mount.uid, mount.gid, None if mode == mount.mode else kind | mount.mode))


def _existing(source: str, mount: Mount) -> str:
    if not os.path.exists(source):
        raise ContainerError("runtime.no-mount-source", source=mount.source, target=mount.target)
    return source


def _resolved(tree: RootedTree, path: str) -> bytes:
    """The path in a tree without links; raises ArchiveError, OSError where it is not there."""
    folder, name = split(os.fsencode(os.path.normpath("/" + path)).strip(b"/"))
    place = join(tree.resolve(folder), name)
    found = tree.lookup(place) if name else None
    return tree.resolve(place) if found and stat.S_ISLNK(found.st_mode) else place


def _placed(tree: RootedTree, part: Mounted, links: int = MAX_LINKS) -> Mounted:
    """The same at the place where its target is once links are followed, made in the tree where it is not there."""
    if not links:
        raise ArchiveError("archive.link-loop", entry=show(part.guest))
    if part.guest.startswith((b"/dev/", b"/proc/", b"/sys/")):
        return part
    folder, name = split(part.guest.strip(b"/"))
    parent = tree.resolve(folder, make=True)
    place, found = join(parent, name), None
    if name:
        found = tree.lookup(place)
    if found and stat.S_ISLNK(found.st_mode):
        target = os.readlink(name, dir_fd=tree.fd(parent))
        inside = target.lstrip(b"/") if target.startswith(b"/") else join(parent, target)
        return _placed(tree, replace(part, guest=b"/" + os.path.normpath(inside)), links - 1)
    if found is None and name:
        if os.path.isdir(part.host):
            tree.resolve(place, make=True)
        else:
            os.close(os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644, dir_fd=tree.fd(parent)))
    return replace(part, guest=b"/" + place)
