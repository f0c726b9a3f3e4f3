"""Where everything is kept: `$PYDOCK_HOME`, or the user's data directory; and what its file system can do.

All of it is its user's alone. A container's files may be set-user-ID programs and devices, and its record has passwords
(`-e`): who could enter its folder on the host, past its mounts, would have them (CVE-2021-41103).
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


def find() -> Path:
    """The directory of the store: `$PYDOCK_HOME`, else `pydock_lab` in the user's data directory."""
    said = os.environ.get("PYDOCK_HOME")
    if said:
        return Path(said).expanduser().absolute()
    import platformdirs  # noqa: PLC0415 - not needed where the variable is set, as in the workers

    return Path(platformdirs.user_data_dir("pydock_lab", appauthor=False))


_PRIVATE = 0o700
_ENTERED_BY_OTHERS = stat.S_IXGRP | stat.S_IXOTH
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
# What a store has below its root. Earlier versions let everybody in.
_FOLDERS = (
    *("active", "blobs", "builds", "cache", "cachemounts", "cells", "containers", "contexts", "downloads", "images"),
    *("indexes", "ingest", "leases", "networks", "registries", "snapshots", "snapshots-single", "snapshots-traced"),
    *("starts", "transfers", "trash", "unfinished", "volumes"),
)


def make_private(path: Path) -> None:
    """Make a folder of a store, and those above it that are missing, for nobody but its user; it may be there."""
    try:
        path.mkdir(_PRIVATE, exist_ok=True)
    except FileNotFoundError:
        make_private(path.parent)
        path.mkdir(_PRIVATE, exist_ok=True)


def make_root(root: Path) -> None:
    """Make the root of a store. One that was made by hand stays as it is: what is in it is closed to others.

    That is so of what we make; this closes what an earlier version made.
    """
    root.mkdir(_PRIVATE, parents=True, exist_ok=True)
    if os.name == "posix" and root.stat().st_mode & _ENTERED_BY_OTHERS:
        for name in _FOLDERS:
            with suppress(OSError):  # not there; or its owner's business
                _close(f"{root}{os.sep}{name}")


def _close(path: str) -> None:
    if not os.lstat(path).st_mode & _OTHERS:
        return
    # Where the root is somebody else's, a name may be changed to a link meanwhile: what was opened is looked at.
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(folder)
        if status.st_uid == os.geteuid():
            os.fchmod(folder, stat.S_IMODE(status.st_mode) & ~_OTHERS)
    finally:
        os.close(folder)


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """What the file system below a directory can do, each tried; `free` in bytes.

    Without `user_xattrs` an overlay in a user namespace cannot mark a directory opaque; on `overlay` itself, as in a
    container, there can be no upper directory.
    """

    filesystem: str
    free: int
    user_xattrs: bool
    symlinks: bool
    hardlinks: bool
    case_sensitive: bool

    @property
    def network(self) -> bool:
        """Whether the files are on another machine."""
        return self.filesystem in ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "ceph", "lustre")


def probe(root: Path) -> Storage:
    """Try what the file system of the directory `root` can do; it must exist and be writable."""
    # Tried, not looked up: mount options, quotas and kernels decide, not the name of the file system.
    with tempfile.TemporaryDirectory(prefix="probe-", dir=root) as name:
        folder = Path(name)
        file = folder / "file"
        file.touch()
        return Storage(
            filesystem=_filesystem(root),
            free=shutil.disk_usage(root).free,
            user_xattrs=_works(lambda: os.setxattr(file, "user.pydock", b"y")),
            symlinks=_works(lambda: (folder / "symlink").symlink_to("file")),
            hardlinks=_works(lambda: (folder / "hardlink").hardlink_to(file)),
            case_sensitive=not (folder / "FILE").exists(),
        )


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except (OSError, AttributeError, NotImplementedError):
        return False
    return True


def _filesystem(root: Path) -> str:
    """The type of the file system that `root` is on (proc(5), mountinfo), or "" where the system does not say."""
    # By device number: the longest path that fits can be wrong behind bind mounts.
    device = os.stat(root).st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}" if hasattr(os, "major") else ""
    with suppress(OSError):
        for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines():
            fields, _, rest = line.partition(" - ")
            if fields.split()[2] == wanted:
                return rest.split()[0]
    return ""
