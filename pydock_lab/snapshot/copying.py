"""Layers as one tree without an overlay: a folder of its own for each container, whose files are shared or copied.

    snapshots/LAYER 2/etc/motd --------.
    snapshots/LAYER 1/bin/sh ------.   |
                                   |   |     materialise        collect
    containers/ID/merged/bin/sh ---'   |     --------->         --------->   upper/etc/motd
    containers/ID/merged/etc/motd -----'                                     upper/bin/sh   (deleted)

Where whoever writes is watched (the traced tier), files are *linked*: one file under two names takes no room and no
time, and the watcher copies it before the first change. Elsewhere they are *copied*; file systems that can share the
bytes of two files (btrfs, xfs) copy at once.

`collect` finds what was changed, as an overlay would have written it down: an upper directory. What a container has
left alone is known by being the same file as the layer's, or by not having been touched since; a folder of ours bears
a mark, and one that was removed and made anew in the same place does not.

Source: link(2), ioctl_ficlone(2); the kernel's filesystems/overlayfs.rst.
"""

import contextlib
import fcntl
import json
import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from pydock_lab.archive import whiteout
from pydock_lab.archive.whiteout import OpaqueAttribute
from pydock_lab.linux.file_calls import read_attribute
from pydock_lab.oci.runtime_spec import Rootfs
from pydock_lab.snapshot.merging import Shown, merge

_BASE = "user.pydock.base"  # on a folder that was made for a layer's: its inode, because copies keep attributes
_CLONE = 0x4004_9409  # FICLONE
_CHUNK = 1 << 30


class Sharing(Enum):
    """How a tree gets a layer's files: as further names for them, or as copies."""

    LINKS = auto()
    COPIES = auto()


def is_materialised(mountpoint: str) -> bool:
    """Whether there is a tree, and not just a place for an overlay."""
    return os.path.exists(_marker(mountpoint))


def materialise(rootfs: Rootfs, *, sharing: Sharing, stub: str = "") -> tuple[str, ...]:
    """Make the tree at the mountpoint, unless it is there; `stub` is a folder that lies below all layers.

    Gives all folders that it shares files with, the topmost first. Raises OSError. Interrupted, it begins anew the next
    time.
    """
    if is_materialised(rootfs.mountpoint):
        return layers_of(rootfs.mountpoint)
    layers = (*rootfs.layers, *([stub] if stub else []))
    shutil.rmtree(rootfs.mountpoint, ignore_errors=True)
    # In a folder that is there: that of a container which has been removed meanwhile is not to come back.
    os.mkdir(rootfs.mountpoint)
    _Making(sharing).fill(_top(layers), os.fsencode(rootfs.mountpoint))
    _settle(_marker(rootfs.mountpoint), layers)
    return layers


def layers_of(mountpoint: str) -> tuple[str, ...]:
    """The folders that a tree was made of, the topmost first."""
    with open(_marker(mountpoint), encoding="utf-8") as file:
        return tuple(json.load(file))


def _top(layers: Sequence[str]) -> Shown:
    folders = tuple(map(os.fsencode, layers))
    return Shown(folders[0], is_file=False, is_link=False, merged=folders)


def _marker(mountpoint: str) -> str:
    return mountpoint.rstrip("/") + ".made"


def _settle(marker: str, layers: Sequence[str]) -> None:
    """Say when the tree was complete, and wait until the file system's clock goes on: changes come later."""
    with open(marker, "w", encoding="utf-8") as file:
        json.dump(layers, file)
    # A file system takes its times from a clock that goes on every 1 to 10 milliseconds: what is written within
    # the same tick would look as old as the tree.
    made = os.stat(marker).st_ctime_ns
    probe = marker + ".probe"
    while True:
        with open(probe, "wb"):
            now = os.stat(probe).st_ctime_ns
        os.unlink(probe)
        if now != made:
            return
        time.sleep(0.001)


class _Making:
    """A tree on its way."""

    def __init__(self, sharing: Sharing) -> None:
        self._share = _link if sharing is Sharing.LINKS else copy

    def fill(self, folder: Shown, target: bytes) -> None:
        """Put into a new folder what the layers show there, and give it what the topmost one has."""
        for name, one in merge(folder.merged).items():
            place = target + b"/" + name
            if one.merged:
                os.mkdir(place, 0o700)
                self.fill(one, place)
            elif one.is_file or one.is_link:
                self._share(one.path, place)
            else:
                _copy_special(one.path, place)
        copy_properties(folder.path, target)
        with contextlib.suppress(OSError):  # without attributes: see `_is_base`
            os.setxattr(target, _BASE, b"%d" % os.stat(target).st_ino)


def _link(source: bytes, target: bytes) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system, too many names, none that takes any
        copy(source, target)


def copy(source: bytes, target: bytes) -> None:
    """Copy a file or link, with all that it has but its names; raises OSError."""
    if os.path.islink(source):
        os.symlink(os.readlink(source), target)
    else:
        copy_content(source, target)
    copy_properties(source, target)


def copy_content(source: bytes, target: bytes) -> None:
    """Copy the bytes of a file into a new one, sharing them where the file system can; raises OSError."""
    reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.ioctl(writer, _CLONE, reader)
            # EOPNOTSUPP, EXDEV, EINVAL: this file system, or these two, cannot share (ioctl_ficlone(2)).
            except OSError:
                while os.sendfile(writer, reader, None, _CHUNK):
                    pass
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _copy_special(source: bytes, target: bytes) -> None:
    """A FIFO or device: a link would connect containers. A socket means nothing without its process."""
    status = os.lstat(source)
    if stat.S_ISSOCK(status.st_mode):
        return
    with contextlib.suppress(PermissionError):  # a device, for who may make none: its layer cannot have had one
        os.mknod(target, status.st_mode, status.st_rdev)
        copy_properties(source, target)


def copy_properties(source: bytes, target: bytes) -> None:
    """Owner, mode, attributes and times, in the order in which they do not undo each other."""
    status = os.lstat(source)
    mine = os.lstat(target)
    if (mine.st_uid, mine.st_gid) != (status.st_uid, status.st_gid):
        with contextlib.suppress(PermissionError):  # marks say whose it is, where nobody can be given anything
            os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
    if not stat.S_ISLNK(status.st_mode):
        os.chmod(target, stat.S_IMODE(status.st_mode))
        for name in os.listxattr(source):
            if name != _BASE and not name.startswith(whiteout.OVERLAY_PREFIXES):
                with contextlib.suppress(OSError):
                    os.setxattr(target, name, os.getxattr(source, name))
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns), follow_symlinks=False)


# ---- what was changed


@dataclass(frozen=True, slots=True)
class Change:
    """One path that differs from the layers; `is_opaque` folders hide all that the layers have there."""

    path: bytes
    is_deleted: bool = False
    is_opaque: bool = False


def changes(mountpoint: str) -> Iterator[Change]:
    """What a tree has that its layers have not, parents first, in the order of names; raises OSError."""
    made = os.stat(_marker(mountpoint)).st_ctime_ns
    return _Comparing(os.fsencode(mountpoint), made).folder(_top(layers_of(mountpoint)), b"")


class _Comparing:
    """One tree against its layers."""

    def __init__(self, tree: bytes, made: int) -> None:
        self._tree, self._made = tree, made
        self._has_marks = read_attribute(tree, os.fsencode(_BASE)) is not None

    def folder(self, lower: Shown, path: bytes) -> Iterator[Change]:
        """The changes below a folder that the layers have as well."""
        shown = merge(lower.merged)
        with os.scandir(self._tree + b"/" + path) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        names = {entry.name: entry for entry in entries}
        for name in sorted(names.keys() | shown.keys()):
            inside = path + b"/" + name if path else name
            entry, one = names.get(name), shown.get(name)
            if entry is None:
                yield Change(inside, is_deleted=True)
            elif not entry.is_dir(follow_symlinks=False):
                if not self._is_same(entry, one):
                    yield Change(inside)
            elif one is not None and one.merged and self._is_base(entry):
                yield from self._old_folder(entry, one, inside)
            else:
                yield Change(inside, is_opaque=one is not None)
                yield from self._new_folder(entry.path, inside)

    def _old_folder(self, entry: "os.DirEntry[bytes]", one: Shown, path: bytes) -> Iterator[Change]:
        below = list(self.folder(one, path))
        if below or self._is_touched(entry, one):
            yield Change(path)
        yield from below

    def _new_folder(self, place: bytes, path: bytes) -> Iterator[Change]:
        with os.scandir(place) as found:
            entries = sorted(found, key=lambda entry: entry.name)
        for entry in entries:
            inside = path + b"/" + entry.name
            yield Change(inside)
            if entry.is_dir(follow_symlinks=False):
                yield from self._new_folder(entry.path, inside)

    def _is_base(self, entry: "os.DirEntry[bytes]") -> bool:
        return not self._has_marks or is_base(entry.path, entry.inode())

    def _is_same(self, entry: "os.DirEntry[bytes]", one: Shown | None) -> bool:
        """Whether a file is the layer's, or a copy that nobody has touched."""
        if one is None or one.merged:
            return False
        here, there = entry.stat(follow_symlinks=False), os.lstat(one.path)
        if os.path.samestat(here, there):
            return True
        # No call sets ctime to a wanted time: who changes a file and puts its mtime back is found out.
        return here.st_ctime_ns <= self._made and _looks(here) == _looks(there)

    def _is_touched(self, entry: "os.DirEntry[bytes]", one: Shown) -> bool:
        here, there = entry.stat(follow_symlinks=False), os.lstat(one.path)
        # Not the size: a folder's depends on how its file system keeps names, and on names that are gone.
        return here.st_ctime_ns > self._made or _looks(here)[:2] != _looks(there)[:2]


def _looks(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_mode, status.st_mtime_ns, status.st_size


def is_base(folder: bytes, inode: int) -> bool:
    """Whether a folder was made by `materialise`, and is not another one in the same place."""
    return read_attribute(folder, os.fsencode(_BASE)) == b"%d" % inode


def collect(mountpoint: str, upper: str, *, opaque: OpaqueAttribute) -> None:
    """Write what was changed in a tree into a folder, as an overlay's upper directory has it; files are linked into it.

    Raises OSError.
    """
    tree, target = os.fsencode(mountpoint), os.fsencode(upper)
    os.makedirs(upper, exist_ok=True)
    folders = []
    for change in changes(mountpoint):
        place = target + b"/" + change.path
        if change.is_deleted:
            whiteout.make_whiteout(place)
            continue
        source = tree + b"/" + change.path
        if os.path.isdir(source) and not os.path.islink(source):
            os.mkdir(place, 0o700)
            folders.append((source, place))
            if change.is_opaque:
                os.setxattr(place, opaque, b"y")
        else:
            _link(source, place)
    # At the end, the deepest first: each name that is made in a folder changes its times.
    for source, place in reversed(folders):
        copy_properties(source, place)
    copy_properties(tree, target)
