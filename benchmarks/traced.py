"""Containers without namespaces: our supervisor against Debian's proot, both in a Debian of minimal size.

Both have the same files, get the same four tasks in turn, and must give the same: what a task has printed, and the
files that it has written, are compared by their checksums. Neither needs the network: the packages lie in the image.

    python -m benchmarks traced        as root or as anybody else; mmdebstrap and proot must be there
"""

import hashlib
import itertools
import shutil
import statistics
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Protocol

from benchmarks.table import ratio, show
from pydock_lab.linux import capabilities
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, Network, NetworkMode, ProcessSpec, Rootfs
from pydock_lab.runtime.base import Runtime, Stdio
from pydock_lab.snapshot.snapshotter import JOB_MODULES, Snapshotter

PACKAGES = ("jq", "less", "tree")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENV = (f"PATH={PATH}", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")
# All files and what is seen of them, but those that tell the time, and what each container has of its own.
MANIFEST = r"""
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run \) -prune -o \
    \( -path /var/log -o -path /var/cache \) -prune -o \
    ! -path /etc/hosts ! -path /etc/hostname ! -path /etc/resolv.conf -printf '%p %y %m %U:%G %l\n' | sort
find /etc /usr /var/lib -xdev -type f ! -name hosts ! -name hostname ! -name resolv.conf -print0 |
    sort -z | xargs -0 sha256sum
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What both do: a script, and another that prints what came of it, outside of the measured time."""

    name: str
    script: str
    rounds: int
    result: str = ":"
    is_new: bool = False  # in files that nobody has changed before


TASKS = (
    Task(name="find /usr", script="find /usr | sort", rounds=10),
    Task(name="20 x ls", script="for _ in 1 2 3 4 5 6 7 8 9 10 1 2 3 4 5 6 7 8 9 10; do ls /usr/bin; done", rounds=10),
    Task(name="tar", script="tar --sort=name -cf /tmp/usr.tar /usr", result="sha256sum /tmp/usr.tar", rounds=5),
    Task(
        name=f"apt install {' '.join(PACKAGES)}",
        script=f"apt-get install -qq --no-download {' '.join(PACKAGES)} < /dev/null",
        result=MANIFEST,
        rounds=3,
        is_new=True,
    ),
)


class Side(Protocol):
    """One of the two: it makes new files, and runs scripts in them."""

    def renew(self) -> None:
        """Have files as they are in the image."""

    def run(self, script: str) -> bytes:
        """What a script prints; raises CalledProcessError."""


def main() -> None:
    """Print a table for each task, and whether both gave the same; the last line is the ratio of all medians."""
    missing = [name for name in ("proot", "mmdebstrap") if shutil.which(name, path=f"{PATH}:/usr/sbin") is None]
    if missing:
        raise SystemExit(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory(prefix="pydock-bench-", dir="/var/tmp") as name:
        root = Path(name)
        image = _image(root)
        ours, theirs = Ours(root / "ours", image), Proot(root / "proot", image)
        medians = [_compare(task, ours, theirs) for task in TASKS]
        ratio("traced", *([sum(side)] for side in zip(*medians, strict=True)))


def _image(root: Path) -> Path:
    """Debian as a tar, with the packages in apt's cache."""
    tar = root / "debian.tar"
    words = ["mmdebstrap", "--quiet", "--variant=apt", "--skip=cleanup/apt/cache", "--skip=cleanup/apt/lists"]
    download = f'chroot "$1" apt-get install -qq --download-only {" ".join(PACKAGES)}'
    subprocess.run([*words, f"--customize-hook={download}", "bookworm", str(tar)], check=True)
    return tar


def _compare(task: Task, ours: Side, theirs: Side) -> tuple[float, float]:
    """Both medians, in milliseconds; raises SystemExit where the two differ in what they did."""
    sides = {"pydock, traced": ours, "proot": theirs}
    times: dict[str, list[float]] = {name: [] for name in sides}
    found: dict[str, set[str]] = {name: set() for name in sides}
    for number in range(task.rounds + 1):  # the first one pays for what is made once, and does not count
        for name, side in sides.items():
            if task.is_new or number == 0:
                side.renew()
            began = perf_counter()
            printed = side.run(task.script)
            if number:
                times[name].append((perf_counter() - began) * 1000)
            found[name].add(hashlib.sha256(printed + side.run(task.result)).hexdigest())
    print(f"\n{task.name}")
    show(times)
    ratio(task.name, *times.values())
    if len(set().union(*found.values())) != 1:
        raise SystemExit(f"{task.name}: not the same was printed and written: {found}")
    print(f"printed and written, both: sha256 {found['proot'].pop()[:16]}")
    mine, others = map(statistics.median, times.values())
    return mine, others


class Ours:
    """A traced container, started again for each script."""

    def __init__(self, root: Path, image: Path) -> None:
        self._runtime = Runtime(root / "home", jobs=JOB_MODULES, tier=Tier.TRACED)
        self._root, self._numbers, self._layer = root, itertools.count(), root / "layers" / "debian"
        snapshots = Snapshotter(lambda: self._layer.parent, self._runtime.call)
        with snapshots.filled(self._layer) as sink, image.open("rb") as tar:
            shutil.copyfileobj(tar, sink)

    def renew(self) -> None:
        """Have files as they are in the image."""
        self._folder = self._root / "containers" / str(next(self._numbers))
        self._folder.mkdir(parents=True)
        self.run("true")

    def run(self, script: str) -> bytes:
        """What a script prints; raises CalledProcessError."""
        folder = self._folder
        process = ProcessSpec(args=("sh", "-c", script), env=ENV, capabilities=capabilities.names(capabilities.DEFAULT))
        rootfs = Rootfs(
            layers=(str(self._layer),), mountpoint=f"{folder}/merged", upper=f"{folder}/upper", work=f"{folder}/work"
        )
        network = Network(mode=NetworkMode.HOST)
        spec = ContainerSpec(id=folder.name, hostname="bench", process=process, rootfs=rootfs, network=network)
        with tempfile.TemporaryFile() as out:
            status = self._runtime.run(folder, spec, Stdio(stdout=out.fileno(), stderr=out.fileno()))
            out.seek(0)
            printed = out.read()
        if status:
            raise subprocess.CalledProcessError(status, script, printed)
        return printed


class Proot:
    """proot, as root of its own making."""

    def __init__(self, root: Path, image: Path) -> None:
        self._root, self._image, self._numbers = root, image, itertools.count()

    def renew(self) -> None:
        """Have files as they are in the image."""
        self._folder = self._root / str(next(self._numbers))
        self._folder.mkdir(parents=True)
        # Devices are the host's; who is not root can make none.
        subprocess.run(["tar", "-xf", self._image, "-C", self._folder, "--exclude=./dev/*"], check=True)

    def run(self, script: str) -> bytes:
        """What a script prints; raises CalledProcessError."""
        bound = ["-b", "/proc", "-b", "/sys", "-b", "/dev"]
        command = ["proot", "-0", "-r", str(self._folder), *bound, "-w", "/", "/bin/sh", "-c", script]
        variables = dict(one.split("=", 1) for one in ENV)
        with tempfile.TemporaryFile() as out:
            done = subprocess.run(command, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
            out.seek(0)
            printed = out.read()
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, script, printed)
        return printed
