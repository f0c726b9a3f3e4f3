"""A machine of its own: a kernel of Debian's under qemu, with everything in memory that it needs, and no network.

    boot archive  =  Debian with Python and pytest (made once, kept in .cache/vm)  +  this project, and a script

The kernel is taken out of its package, never installed. By default qemu emulates the processor, so that it works on
every machine; `PYDOCK_VM_ACCEL=kvm` is quicker where /dev/kvm works.
"""

import os
import stat
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from samples.distribution import SOURCES

PROJECT = Path(__file__).parents[2]
CACHE = PROJECT / ".cache" / "vm"
KERNEL = "linux-image-cloud-amd64"
PACKAGES = ("busybox-static", "e2fsprogs", "mount", "python3", "python3-pytest", "python3-hypothesis")
MODULES = ("loop", "overlay")
_LEFT_OUT = ("doc", "man", "locale", "info")
_SECONDS = 900
_MEMORY = "1536M"
# The tree that the kernel unpacks is nothing that pivot_root(2) could leave: so it moves into another one first.
_INIT = """#!/bin/busybox sh
/bin/busybox mkdir /new
/bin/busybox mount -t tmpfs -o size=80%,mode=755 tmpfs /new
for name in bin sbin lib lib64 usr etc var srv pydock; do /bin/busybox cp -a /$name /new; done
/bin/busybox mkdir /new/root /new/home /new/proc /new/sys /new/dev /new/tmp /new/run /new/mnt
exec /bin/busybox switch_root /new /pydock/start
"""
_START = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t cgroup2 cgroup /sys/fs/cgroup
mount -t tmpfs -o mode=1777 tmpfs /tmp
for module in /pydock/modules/*; do busybox insmod $module; done
# Files in memory have no attributes of users, which overlays in user namespaces need.
truncate -s 400M /disk && mkfs.ext4 -q /disk && mount -o loop /disk /srv && chmod 1777 /srv
cd /pydock
PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 {script}
# Not the host's: qemu ends when its machine restarts.
echo b > /proc/sysrq-trigger
"""

Need = Callable[[str], str]
Member = tuple[str, int, bytes]  # path, mode, content


class Machine:
    """What it takes to start one; `need` finds a program, or says that it is missing."""

    def __init__(self, need: Need) -> None:
        self._qemu, self._apt, self._mmdebstrap = need("qemu-system-x86_64"), need("apt-get"), need("mmdebstrap")
        CACHE.mkdir(parents=True, exist_ok=True)

    def run(self, script: str) -> str:
        """What the console said while a Python script of the project ran, as root; raises TimeoutExpired."""
        archive, command = CACHE / f"boot-{os.getpid()}.cpio", self._command()
        try:
            with open(archive, "wb") as file:
                file.write(self._root().read_bytes())
                file.write(b"".join(_cpio(self._project(script))))
            done = subprocess.run(
                [*command, "-initrd", str(archive)], capture_output=True, timeout=_SECONDS, check=False
            )
            assert done.returncode == 0, done.stderr.decode()
            return done.stdout.decode("utf-8", "replace").replace("\r", "")
        finally:
            archive.unlink(missing_ok=True)

    def _project(self, script: str) -> Iterator[Member]:
        """What changes: the project, the kernel's modules, and what is started first."""
        yield from _project()
        yield "pydock/modules", stat.S_IFDIR | 0o755, b""
        for name in MODULES:
            (module,) = (CACHE / "kernel").glob(f"lib/modules/*/kernel/**/{name}.ko")
            yield f"pydock/modules/{module.name}", stat.S_IFREG | 0o644, module.read_bytes()
        yield "init", stat.S_IFREG | 0o755, _INIT.encode()
        yield "pydock/start", stat.S_IFREG | 0o755, _START.format(script=script).encode()

    def _command(self) -> list[str]:
        accelerator = os.environ.get("PYDOCK_VM_ACCEL", "tcg")
        kernel_words = "console=ttyS0 quiet panic=-1 cgroup_no_v1=all psi=1"
        words = [self._qemu, "-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", _MEMORY]
        words += ["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"]
        return [*words, "-kernel", str(self._kernel()), "-append", kernel_words]

    def _kernel(self) -> Path:
        """The newest one that the package lists know."""
        place = CACHE / "kernel"
        if not any(place.glob("boot/vmlinuz-*")):
            place.mkdir(exist_ok=True)
            listed = subprocess.run(["apt-cache", "depends", KERNEL], capture_output=True, text=True, check=True).stdout
            name = next(line.split()[1] for line in listed.splitlines() if "Depends:" in line)
            subprocess.run([self._apt, "-qq", "download", name], cwd=place, check=True, stderr=subprocess.DEVNULL)
            (package,) = place.glob("*.deb")
            subprocess.run(["dpkg-deb", "--extract", str(package), str(place)], check=True)
            package.unlink()
        return max(place.glob("boot/vmlinuz-*"))

    def _root(self) -> Path:
        """Debian as a boot archive."""
        archive = CACHE / f"root-{'-'.join(PACKAGES)}.cpio"
        if not archive.exists():
            tar = CACHE / "root.tar"
            options = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT]
            words = [self._mmdebstrap, "--quiet", "--variant=essential", f"--include={','.join(PACKAGES)}", *options]
            sources = next((path for path in SOURCES if path.exists()), None)
            subprocess.run([*words, "bookworm", str(tar), *([str(sources)] if sources else [])], check=True)
            with open(CACHE / "root.new", "wb") as file:
                file.writelines(_cpio(_members(tar)))
            (CACHE / "root.new").rename(archive)
            tar.unlink()
        return archive


def _members(path: Path) -> Iterator[Member]:
    """What is in a tar, but for devices, which the kernel makes itself."""
    kinds = {tarfile.DIRTYPE: stat.S_IFDIR, tarfile.REGTYPE: stat.S_IFREG, tarfile.SYMTYPE: stat.S_IFLNK}
    with tarfile.open(path) as tar:
        for entry in tar:
            name = entry.name.removeprefix("./")
            if entry.islnk():
                source = tar.extractfile(entry)
                assert source is not None
                yield name, stat.S_IFREG | entry.mode, source.read()
            elif entry.type in kinds and name not in ("", "."):
                content = tar.extractfile(entry) if entry.isreg() else BytesIO(entry.linkname.encode())
                assert content is not None
                yield name, kinds[entry.type] | entry.mode, content.read()


def _project() -> Iterator[Member]:
    """This project below /pydock."""
    places = ("pydock_lab", "tests/linux", "tests/runtime", "tests/samples", "tests/vm")
    files = [path for place in places for path in (PROJECT / place).rglob("*") if "__pycache__" not in path.parts]
    files.append(PROJECT / "pyproject.toml")
    folders = {parent for path in files for parent in path.relative_to(PROJECT).parents}
    for folder in sorted(folders, key=lambda one: len(one.parts)):
        yield f"pydock/{folder}".removesuffix("/."), stat.S_IFDIR | 0o755, b""
    for path in files:
        if path.is_file():
            yield f"pydock/{path.relative_to(PROJECT)}", stat.S_IFREG | 0o644, path.read_bytes()


def _cpio(members: Iterator[Member]) -> Iterator[bytes]:
    """An archive as the kernel unpacks it at its start (Documentation/driver-api/early-userspace/buffer-format.rst)."""
    for number, (name, mode, content) in enumerate(members, 1):
        yield _entry(name, mode, content, number)
    yield _entry("TRAILER!!!", 0, b"", 0)


def _entry(name: str, mode: int, content: bytes, number: int) -> bytes:
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
    return head + bytes(-len(head) % 4) + content + bytes(-len(content) % 4)
