"""Where everything is kept: `$PYDOCK_HOME`, or the user's data directory; and what its file system can do."""

import os
import shutil
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
