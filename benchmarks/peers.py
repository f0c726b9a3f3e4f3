"""The peers, started as they want to be: Debian's crun on a bundle of busybox, buildah with a storage of its own."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
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
    for name in ("sh", "true", "echo", "sleep"):
        (root / "bin" / name).symlink_to("busybox")
    return root


def crun(*words: str) -> list[str]:
    """A command line of crun's, as it works on hosts with any version of control groups."""
    return ["crun", "--cgroup-manager=cgroupfs", *words]


def crun_bundle(root: Path, *command: str) -> Path:
    """A bundle for `crun run`, with crun's own default configuration, of a command without a terminal (/bin/true)."""
    busybox_tree(root / "rootfs")
    subprocess.run(["crun", "spec"], cwd=root, check=True)
    path = root / "config.json"
    config = json.loads(path.read_text())
    config["process"] |= {"terminal": False, "args": command or ["/bin/true"]}
    # Raising the number of open files is not permitted everywhere; ours does not ask for it either.
    config["process"].pop("rlimits", None)
    config["root"] |= {"path": "rootfs", "readonly": False}
    path.write_text(json.dumps(config))
    return root


def hide_empty_hierarchy() -> None:
    """Enter a mount namespace without the empty cgroup v2 of a hybrid host, which crun refuses to work with."""
    unified = "/sys/fs/cgroup/unified"
    if os.path.ismount(unified):
        from pydock_lab.linux import mount_calls, syscalls  # noqa: PLC0415 - Linux only
        from pydock_lab.linux.mount_calls import MountFlag  # noqa: PLC0415 - Linux only
        from pydock_lab.linux.syscalls import Namespace  # noqa: PLC0415 - Linux only

        syscalls.unshare(Namespace.MOUNT)
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        mount_calls.umount(unified)


# What root may not have everywhere (more open files, systemd) is not asked for; runc, because crun refuses hybrid
# cgroup hierarchies.
_CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=32768:32768"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "none"
"""


class Podman:
    """`podman`, or another `program` of its kind, on a storage of its own below `root`."""

    program = "podman"

    def __init__(self, root: Path) -> None:
        if shutil.which(self.program) is None:
            raise SystemExit(f"{self.program} is not installed")
        self.root = root
        (root / "tmp").mkdir(parents=True)
        (root / "containers.conf").write_text(_CONTAINERS_CONF)

    def __call__(self, *words: str) -> None:
        """Run it; raises SystemExit with what it said."""
        environment = {"CONTAINERS_CONF": str(self.root / "containers.conf"), "TMPDIR": str(self.root / "tmp")}
        places = ["--root", str(self.root / "root"), "--runroot", str(self.root / "run")]
        run([self.program, *places, *words], environment)


class Buildah(Podman):
    """`buildah` on a storage of its own below `root`."""

    program = "buildah"

    def take(self, base: Path) -> None:
        """Have the base image, from a `docker save` archive."""
        self("pull", "-q", f"docker-archive:{base}")

    def build(self, context: Path) -> None:
        """Build the Dockerfile of a folder."""
        self("build", "-q", "--layers", "--pull=never", "-t", "bench/app:1", str(context))


def run(command: list[str], environment: Mapping[str, str]) -> None:
    """Run a program silently; what it said is shown only where it fails.

    Python may keep its compiled modules, as it does for every package that pip has installed.
    """
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, env=inherited | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
