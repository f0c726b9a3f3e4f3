"""Overlay: many read-only layers and one writable directory, seen as one tree (Documentation/filesystems/overlayfs).

    what the container sees     /etc/hosts   /app/main.py   /bin/sh
                                     ^            ^             ^
    upper   (this container)    etc/hosts         |             |       every change comes here
    layer 2 (COPY main.py)                   app/main.py        |       never changes
    layer 1 (FROM)                                           bin/sh     never changes

The first change to a file copies it up. A deletion is a *whiteout*, a character device 0/0; a directory made anew
is *opaque*. The options used here keep every upper directory a complete set of plain files, so that a layer can be
made of it: no redirects for renamed directories, no copies of metadata without data. A *volatile* overlay (Linux
5.10) never waits for the disk. Otherwise its end writes back the whole file system that the upper directory is on,
other programs' files too, which takes longer than most steps of a build.
"""

import contextlib
import fcntl
import os
import time

from pydock_lab.errors import Conflict, IsolationError
from pydock_lab.linux import mount_calls
from pydock_lab.linux.mount_calls import MountAttribute, MountFlag
from pydock_lab.oci.runtime_spec import Rootfs

_PATIENCE_SECONDS, _POLL_SECONDS = 1.0, 0.005
_PAGE = 4096  # bytes that mount(2) takes as options
# All said aloud: a kernel may have been built with any of them on (CONFIG_OVERLAY_FS_REDIRECT_DIR and others).
# In a user namespace `userxattr` turns off redirects and copies of metadata by itself.
_AS_ROOT = (("redirect_dir", "off"), ("metacopy", "off"), ("index", "off"))
_VOLATILE = ("volatile", "")
_IN_USER_NAMESPACE = (("userxattr", ""),)  # trusted.overlay.* attributes are for the host's root alone


def prepare_upper(rootfs: Rootfs, *, parents: bool = True) -> None:
    """Make the directories that the overlay needs; a new upper looks like the root of the topmost layer.

    Without `parents`, where they are to be has to be there: raises FileNotFoundError.
    """
    _make(rootfs.mountpoint, parents=parents)
    if not rootfs.upper:
        return
    _make(rootfs.work, parents=parents)
    if _make(rootfs.upper, parents=parents):
        if rootfs.layers:
            state = os.stat(rootfs.layers[0])
            with contextlib.suppress(OSError):  # an owner without a place in this user namespace
                os.chown(rootfs.upper, state.st_uid, state.st_gid)
            os.chmod(rootfs.upper, state.st_mode & 0o7777)
            os.utime(rootfs.upper, ns=(state.st_atime_ns, state.st_mtime_ns))
        _check_attributes(rootfs.upper)


def _make(path: str, *, parents: bool) -> bool:
    """Make a directory, with `parents` those above it, too, where they are missing; False where it was there."""
    try:
        os.mkdir(path)
    except FileExistsError:
        return False
    except FileNotFoundError:
        if not parents:
            raise
        os.makedirs(path)
    return True


def _check_attributes(upper: str) -> None:
    """Try the mark of an opaque directory: without it `rm -r` and `mkdir` of one name fail much later (ramfs)."""
    for name in ("trusted.overlay.pydock", "user.overlay.pydock"):
        try:
            os.setxattr(upper, name, b"y")
            os.removexattr(upper, name)
        except PermissionError:  # trusted attributes are root's
            continue
        except OSError as error:
            # What is there is not looked at again: the next start would find it, and fail late.
            os.rmdir(upper)
            reason = error.strerror
            raise IsolationError("snapshot.overlay-refused", facet="storage", path=upper, reason=reason) from None
        return


def lock_upper(upper: str) -> int:
    """Take an upper directory for this process: a descriptor to keep open; raises Conflict when it is in use.

    The kernel lets two overlays share one upper directory without a word, and both go wrong. Who has it may be just
    taking its overlay apart: that is waited for.
    """
    descriptor = os.open(upper, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() < until:
                time.sleep(_POLL_SECONDS)
                continue
            os.close(descriptor)
            raise Conflict("snapshot.upper-in-use", path=upper) from None
        return descriptor


def mount_overlay(rootfs: Rootfs, *, in_user_namespace: bool, stub: str = "") -> None:
    """Mount the tree at its mountpoint, in this process's own mount namespace.

    `stub` is a directory that lies below all layers: places to mount something on, which an image may lack.
    Raises IsolationError (facet storage) where the file system of the store does not allow it.
    """
    lowers = [*rootfs.layers, *([stub] if stub else [])]
    writable = [("upperdir", rootfs.upper), ("workdir", rootfs.work)] if rootfs.upper else []
    settings = [*writable, *(_IN_USER_NAMESPACE if in_user_namespace else _AS_ROOT)]
    try:
        if rootfs.volatile and rootfs.upper:
            with contextlib.suppress(OSError):  # an older kernel: it works without, and takes longer
                _mount(lowers, [*settings, _VOLATILE], rootfs.mountpoint)
                return
        _mount(lowers, settings, rootfs.mountpoint)
    except OSError as error:
        fields = {"path": rootfs.upper or rootfs.mountpoint, "reason": error.strerror}
        raise IsolationError("snapshot.overlay-refused", facet="storage", **fields) from None


def _mount(lowers: list[str], settings: list[tuple[str, str]], mountpoint: str) -> None:
    options = classic_options(lowers, settings)
    if len(options) < _PAGE:
        # Device nodes of an image are files without effect: those that a container may use are in its own /dev.
        mount_calls.mount("overlay", mountpoint, "overlay", MountFlag.NODEV, options)
    else:
        _mount_many(lowers, settings, mountpoint)


def classic_options(lowers: list[str], settings: list[tuple[str, str]]) -> str:
    """The option text of mount(2): `lowerdir=top:..:bottom,upperdir=..`; what separates is escaped in paths."""
    layers = ":".join(_escaped(path).replace(":", "\\:") for path in lowers)
    rest = [f"{name}={_escaped(value)}" if value else name for name, value in settings]
    return ",".join([f"lowerdir={layers}", *rest])


def _escaped(path: str) -> str:
    return path.replace("\\", "\\\\").replace(",", "\\,")


def _mount_many(lowers: list[str], settings: list[tuple[str, str]], mountpoint: str) -> None:
    """More layers than one page can name: one parameter each (Linux 6.8)."""
    parameters = [*(("lowerdir+", path) for path in lowers), *settings]
    tree = mount_calls.mount_parameters("overlay", parameters, MountAttribute.NODEV)
    try:
        mount_calls.move_mount(tree, mountpoint)
    finally:
        os.close(tree)
