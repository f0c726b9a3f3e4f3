"""The peers, started as they want to be: Debian's crun on a bundle of busybox."""

import json
import os
import shutil
import subprocess
from pathlib import Path

BUSYBOX_PLACES = ("/bin/busybox", "/usr/bin/busybox")


def busybox_tree(root: Path) -> Path:
    """A root file system of busybox-static in `root`."""
    program = next((Path(place) for place in BUSYBOX_PLACES if Path(place).exists()), None)
    if program is None:
        raise SystemExit("busybox-static is not installed")
    for name in ("bin", "etc", "proc", "sys", "dev", "tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
    shutil.copy(program, root / "bin" / "busybox")
    for name in ("sh", "true", "echo"):
        (root / "bin" / name).symlink_to("busybox")
    return root


def crun_bundle(root: Path) -> Path:
    """A bundle for `crun run`, with crun's own default configuration, of /bin/true, without a terminal."""
    busybox_tree(root / "rootfs")
    subprocess.run(["crun", "spec"], cwd=root, check=True)
    path = root / "config.json"
    config = json.loads(path.read_text())
    config["process"] |= {"terminal": False, "args": ["/bin/true"]}
    # Raising the number of open files is not permitted everywhere; ours does not ask for it either.
    config["process"].pop("rlimits", None)
    config["root"] |= {"path": "rootfs", "readonly": False}
    path.write_text(json.dumps(config))
    return root


def hide_empty_hierarchy() -> None:
    """Enter a mount namespace without the empty cgroup v2 of a hybrid host, which crun refuses to work with."""
    unified = "/sys/fs/cgroup/unified"
    if os.path.ismount(unified):
        from pydock_lab.linux import syscalls  # noqa: PLC0415 - Linux only
        from pydock_lab.linux.syscalls import MountFlag, Namespace  # noqa: PLC0415 - Linux only

        syscalls.unshare(Namespace.MOUNT)
        syscalls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        syscalls.umount(unified)
