"""The tree of files that a container sees, put together in its own mount namespace.

    overlay of the layers            becomes /
    proc, sysfs, a tmpfs for /dev    the kernel's own views of this container's namespaces
    masks                            parts of /proc and /sys that speak of the whole machine are hidden
    binds, tmpfs                     volumes, /etc/hosts, ...
    pivot_root, umount               the host's tree is gone

Order matters. The host's files that are wanted inside are taken hold of first (open_tree), while the host's root is
still the root. Everything is attached after pivot_root, when a symbolic link of the image (`/data -> /etc`) leads to
a place in the container and not on the host. And the host's tree is let go last, because the kernel allows a new
/proc in a user namespace only where one can be seen already.
"""

import os
import stat
from collections.abc import Sequence

from pydock_lab.errors import ContainerError
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import MountAttribute, MountFlag
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, MountKind, NetworkMode
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.snapshot.overlay import mount_overlay

# Combined here, once: the child of every container would otherwise work them out anew.
_QUIET = MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC
_QUIET_RDONLY = _QUIET | MountFlag.RDONLY
_PRIVATE = MountFlag.REC | MountFlag.PRIVATE
_TREE = MountFlag.BIND | MountFlag.REC
_DEV = MountFlag.NOSUID | MountFlag.STRICTATIME
_PTS = MountFlag.NOSUID | MountFlag.NOEXEC
_MAKE_RDONLY = MountFlag.BIND | MountFlag.REMOUNT | MountFlag.RDONLY | MountFlag.NODEV
_MAKE_QUIET_RDONLY = MountFlag.BIND | MountFlag.REMOUNT | _QUIET_RDONLY
_HOST_VIEW = MountAttribute.RDONLY | MountAttribute.NOSUID | MountAttribute.NODEV | MountAttribute.NOEXEC

# The devices of every container (OCI runtime specification, config-linux.md, "Default Devices").
_DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
_DEVICE_LINKS = {
    "ptmx": "pts/ptmx",
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "core": "/proc/kcore",
}

# What speaks of the whole machine (moby, oci/defaults.go).
MASKED = (
    *("/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats"),
    *("/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi"),
    *("/sys/firmware", "/sys/devices/virtual/powercap"),
)
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

# Places to mount something on; as the lowest layer they are there even in an image made from scratch.
STUB_DIRECTORIES = ("proc", "sys", "dev", "etc")
STUB_FILES = ("etc/hosts", "etc/hostname", "etc/resolv.conf")


# apt changes to a user of its own and looks whether it did: with a single uid it cannot, and must be told not to try.
_APT = "etc/apt/apt.conf.d"
_APT_AS_ROOT = b'APT::Sandbox::User "root";\n'


def make_stub(path: str, *, has_single_uid: bool) -> None:
    """Make the lowest layer, once for all containers of a store."""
    apt = os.path.join(path, _APT, "99single-uid")
    if has_single_uid and not os.path.exists(apt):
        os.makedirs(os.path.dirname(apt), exist_ok=True)
        with open(apt, "wb") as file:
            file.write(_APT_AS_ROOT)
    if os.path.exists(os.path.join(path, STUB_FILES[-1])):
        return
    for name in STUB_DIRECTORIES:
        os.makedirs(os.path.join(path, name), exist_ok=True)
    for name in STUB_FILES:
        os.close(os.open(os.path.join(path, name), os.O_CREAT | os.O_RDONLY | os.O_CLOEXEC, 0o644))


def assemble(spec: ContainerSpec, log: StepLog, *, in_user_namespace: bool, stub: str) -> None:
    """Give this process the container's tree as its "/"; it must be in a mount namespace of its own.

    Raises IsolationError, ContainerError or OSError.
    """
    syscalls.mount(None, "/", None, _PRIVATE)
    mount_overlay(spec.rootfs, in_user_namespace=in_user_namespace, stub=stub)
    log.add("overlay", f"{len(spec.rootfs.layers)} layers")
    held = [(one, _hold(one)) for one in spec.mounts]
    devices = {name: syscalls.open_tree(f"/dev/{name}") for name in _DEVICES} if in_user_namespace else {}
    # sysfs shows a network: only who owns that may mount it. The host's own is shown as the host sees it.
    foreign = in_user_namespace and spec.network.mode is NetworkMode.HOST
    host_view = syscalls.open_tree("/sys") if foreign else -1
    os.chdir(spec.rootfs.mountpoint)
    syscalls.pivot_root(".", ".")
    log.add("pivot_root")
    _mount_kernel_views(host_view, log)
    _make_devices(spec, devices, log)
    for one, tree in held:
        _attach(one, tree)
        log.add("mount", f"{one.source or one.kind} on {one.target}")
    # "." is still the old root: pivot_root stacked it onto the new one.
    syscalls.umount(".")
    os.chdir("/")
    if spec.masked:
        _mask(log)
    if spec.read_only:
        syscalls.mount(None, "/", None, _MAKE_RDONLY)
        log.add("read-only", "/")


def _hold(mount: Mount) -> int:
    """Take hold of a tree of the host; -1 for a tmpfs, which comes from nowhere."""
    if mount.kind is MountKind.TMPFS:
        return -1
    try:
        tree = syscalls.open_tree(mount.source)
    except FileNotFoundError:
        raise ContainerError("runtime.no-mount-source", source=mount.source, target=mount.target) from None
    if mount.read_only:
        syscalls.set_mount_attributes(tree, MountAttribute.RDONLY)
    return tree


def _attach(mount: Mount, tree: int) -> None:
    if mount.kind is MountKind.TMPFS:
        os.makedirs(mount.target, exist_ok=True)
        size = f",size={mount.size}" if mount.size else ""
        flags = _QUIET_RDONLY if mount.read_only else _QUIET
        syscalls.mount("tmpfs", mount.target, "tmpfs", flags, f"mode={mount.mode:o}{size}")
        return
    _make_place(mount.target, is_directory=stat.S_ISDIR(os.fstat(tree).st_mode))
    syscalls.move_mount(tree, mount.target)
    os.close(tree)


def _make_place(target: str, *, is_directory: bool) -> None:
    """Make a directory or an empty file to mount on, if there is none; "/" is the container's by now."""
    if os.path.exists(target):
        return
    # A link of the image may lead to a place that is not there yet.
    place = os.path.realpath(target)
    os.makedirs(place if is_directory else os.path.dirname(place), exist_ok=True)
    if not is_directory:
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def _mount_kernel_views(host_view: int, log: StepLog) -> None:
    for place in ("/proc", "/sys", "/dev"):
        # A link there could lead the masks to other files than those that they are meant for.
        if os.path.islink(place):
            raise ContainerError("runtime.link-in-the-way", path=place)
    syscalls.mount("proc", "/proc", "proc", _QUIET)
    log.add("mount", "proc on /proc")
    if host_view < 0:
        syscalls.mount("sysfs", "/sys", "sysfs", _QUIET_RDONLY)
    else:
        syscalls.set_mount_attributes(host_view, _HOST_VIEW)
        syscalls.move_mount(host_view, "/sys")
        os.close(host_view)
    log.add("mount", "sysfs on /sys")


def _make_devices(spec: ContainerSpec, held: dict[str, int], log: StepLog) -> None:
    """A small tmpfs with the devices that every program may expect; `held` are the host's, in a user namespace."""
    syscalls.mount("tmpfs", "/dev", "tmpfs", _DEV, "mode=755,size=64k")
    for name, (major, minor) in _DEVICES.items():
        path = f"/dev/{name}"
        if name in held:
            # Device nodes cannot be made in a user namespace: the host's are bound.
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o666))
            syscalls.move_mount(held[name], path)
            os.close(held[name])
        else:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(major, minor))
            os.chmod(path, 0o666)  # noqa: S103 - /dev/null is for everybody
    for name, target in _DEVICE_LINKS.items():
        os.symlink(target, f"/dev/{name}")
    for name in ("pts", "shm", "mqueue"):
        os.mkdir(f"/dev/{name}")
    _mount_terminals()
    syscalls.mount("shm", "/dev/shm", "tmpfs", _QUIET, f"mode=1777,size={spec.shm_size}")  # noqa: S108 - a mount point
    log.add("mount", "tmpfs on /dev")


def _mount_terminals() -> None:
    options = "newinstance,ptmxmode=0666,mode=0620"
    try:
        syscalls.mount("devpts", "/dev/pts", "devpts", _PTS, f"{options},gid=5")
    except OSError:
        # Group 5 (tty) has no place in a user namespace with a single id.
        syscalls.mount("devpts", "/dev/pts", "devpts", _PTS, options)
    try:
        syscalls.mount("mqueue", "/dev/mqueue", "mqueue", _QUIET)
    except OSError:
        os.rmdir("/dev/mqueue")  # a kernel without message queues


def _mask(log: StepLog, masked: Sequence[str] = MASKED, read_only: Sequence[str] = READ_ONLY) -> None:
    for path in masked:
        try:
            is_directory = stat.S_ISDIR(os.stat(path).st_mode)
        except OSError:
            continue
        if is_directory:
            syscalls.mount("tmpfs", path, "tmpfs", MountFlag.RDONLY, "size=0")
        else:
            syscalls.mount("/dev/null", path, None, MountFlag.BIND)
    for path in read_only:
        if os.path.exists(path):
            syscalls.mount(path, path, None, _TREE)
            syscalls.mount(None, path, None, _MAKE_QUIET_RDONLY)
    log.add("mask", "/proc and /sys")
