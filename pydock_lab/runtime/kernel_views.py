"""What a container sees of the kernel: /proc, /sys and /dev, made ahead of time.

    proc, sysfs        the kernel's own views of this container's namespaces
    masks              what in them speaks of the whole machine is hidden, or can only be read
    a tmpfs for /dev   six devices, terminals, shared memory

They are some thirty mounts, and most of a container's tree is the same for all containers. So the child that waits
for a task makes them in its own mount namespace, where nobody looks yet, and takes them off again as *detached*
trees: mounts that are nowhere, held by a descriptor (open_tree(2)). Once the container's root is there, each is
attached in one call.

    waiting:   tmpfs on /tmp -> /tmp/proc, masks on it -> open_tree: 7      later:   move_mount(7, "/proc")

A container that wants it otherwise (`--privileged`, `--shm-size`, the host's network) has the trees that differ
made anew: the same functions, only later.
"""

import contextlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TypeAlias

from pydock_lab.errors import ContainerError
from pydock_lab.linux import mount_calls
from pydock_lab.linux.mount_calls import MountAttribute, MountFlag
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import DEFAULT_SHM_SIZE, ContainerSpec, Device, NetworkMode
from pydock_lab.runtime import devices
from pydock_lab.runtime.steplog import StepLog

# Combined here, once: the child of every container would otherwise work them out anew.
_QUIET = MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC
_QUIET_RDONLY = _QUIET | MountFlag.RDONLY
_TREE = MountFlag.BIND | MountFlag.REC
# These two without NODEV: the devices in them are there to be opened.
_DEV = MountFlag.NOSUID | MountFlag.STRICTATIME
_PTS = MountFlag.NOSUID | MountFlag.NOEXEC
_MAKE_QUIET_RDONLY = MountFlag.BIND | MountFlag.REMOUNT | _QUIET_RDONLY
_QUIET_VIEW = MountAttribute.NOSUID | MountAttribute.NODEV | MountAttribute.NOEXEC
_HOST_VIEW = MountAttribute.RDONLY | _QUIET_VIEW

# What speaks of the whole machine (moby, oci/defaults.go).
MASKED = (
    *("/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats"),
    *("/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi"),
    *("/sys/firmware", "/sys/devices/virtual/powercap"),
)
READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger")

_NULL, _NULL_DEVICE = "/dev/null", os.makedev(1, 3)

# Where the trees are made: a directory of every host, covered while they are, and uncovered before anybody is told
# to do anything. /proc and /sys must stay in sight: the kernel shows a user namespace no more than can be seen.
_WORKSHOP = "/tmp"  # noqa: S108 - a mount point
_NOT_OWN = (NetworkMode.HOST, NetworkMode.CONTAINER)


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What containers may differ in; `shm_size` in bytes. The default is that of most of them.

    `ipc` and `pid` are as in `Namespaces`: who shares them with others shares their /dev/shm and /proc. Where an outer
    container hides parts of /proc and /sys (`is_nested`), the kernel gives no others: those of the outer one are shown.
    `groups` are the trees of control groups that it is in, where it sees its own group as their root: "" for the one of
    version 2, else the controllers of each.
    """

    in_user_namespace: bool
    is_nested: bool = False
    masked: bool = True
    network: NetworkMode = NetworkMode.BRIDGE
    shm_size: int = DEFAULT_SHM_SIZE
    ipc: str = ""
    pid: str = ""
    devices: tuple[Device, ...] = ()
    all_devices: bool = False
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: ContainerSpec, tier: Tier) -> "Look":
        """What a container asks for."""
        return cls(
            in_user_namespace=tier.in_user_namespace,
            is_nested=tier is Tier.NESTED,
            masked=spec.masked,
            network=spec.network.mode,
            shm_size=spec.shm_size,
            ipc=spec.namespaces.ipc if spec.namespaces.ipc not in ("private", "shareable") else "",
            pid=spec.namespaces.pid,
            devices=spec.devices,
            all_devices=spec.privileged,
        )

    def of_place(self, place: str) -> tuple[object, ...]:
        """The part of it that the tree at `place` depends on."""
        parts: dict[str, tuple[object, ...]] = {
            "/proc": (self.masked, self.pid),
            "/sys": (self.masked, self.network if self.network in _NOT_OWN else None),
            "/dev": (self.shm_size, self.ipc, self.devices, self.all_devices),
        }
        return parts[place]


@dataclass(slots=True)
class KernelViews:
    """The detached trees, by the place that they are for; `look` is how they look."""

    look: Look
    trees: dict[str, int] = field(default_factory=dict)

    def change(self, look: Look, shared_memory: int = -1) -> bool:
        """Make anew what a container wants otherwise, and say whether there was anything; raises OSError.

        `shared_memory` is a detached tree of another container's /dev/shm.
        """
        different = [place for place in self.trees if self.look.of_place(place) != look.of_place(place)]
        for place in different:
            os.close(self.trees[place])
        # What a container asks for does not speak of groups: it was born into them.
        self.look = look = replace(look, groups=self.look.groups)
        if different:
            self.trees |= _make(look, different, shared_memory)
        return bool(different)

    def attach(self, log: StepLog) -> None:
        """Put them in their places below "/", which is the container's by now; raises ContainerError, OSError."""
        for place, tree in self.trees.items():
            log.begin("mount", f"{_KINDS[place]} on {place}")
            # A link there could lead a program to other files than those that it trusts.
            if os.path.islink(place):
                raise ContainerError("runtime.link-in-the-way", path=place)
            mount_calls.move_mount(tree, place)
            os.close(tree)
            log.add("mount", f"{_KINDS[place]} on {place}")
        self.trees.clear()
        if self.look.masked:
            log.add("mask", "/proc and /sys")


def prepare(look: Look) -> KernelViews:
    """Make all trees; this process must be in a mount namespace of its own, which shares nothing with the host's."""
    return KernelViews(look, _make(look, list(_MAKERS)))


def mask(below: str = "/", root: str = "") -> None:
    """Hide what speaks of the whole machine in the tree `below`, which is found under `root`."""
    for path in MASKED:
        if path.startswith(below):
            _hide(root + path)
    for path in READ_ONLY:
        place = root + path
        if path.startswith(below) and os.path.exists(place):
            # In two steps: a bind ignores MS_RDONLY and the like, only a remount of it takes them (mount(2)).
            mount_calls.mount(place, place, None, _TREE)
            mount_calls.mount(None, place, None, _MAKE_QUIET_RDONLY)


def _hide(path: str) -> None:
    try:
        is_directory = stat.S_ISDIR(os.stat(path).st_mode)
    except OSError:
        return
    # A directory can be covered by a directory only, a file by no directory (mount(2), ENOTDIR).
    if is_directory:
        mount_calls.mount("tmpfs", path, "tmpfs", MountFlag.RDONLY, "size=0")
        return
    try:
        mount_calls.mount(_NULL, path, None, MountFlag.BIND)
    except FileNotFoundError:
        raise ContainerError("runtime.no-null", path=path) from None
    # A volume on /dev may bring a link of that name, to what is not to be seen, or written to (CVE-2025-31133). Looked
    # at afterwards: before, it could still be changed.
    if not _is_null(path):
        raise ContainerError("runtime.no-null", path=path)


def _is_null(path: str) -> bool:
    status = os.stat(path, follow_symlinks=False)
    return stat.S_ISCHR(status.st_mode) and status.st_rdev == _NULL_DEVICE


def _make(look: Look, places: list[str], shared_memory: int = -1) -> dict[str, int]:
    """Make the trees of these places in the workshop, and take hold of them."""
    taken = _Taken(devices.take(look.devices, every=look.all_devices, by_bind=look.in_user_namespace), shared_memory)
    if look.ipc == "host":
        taken.shared_memory = mount_calls.open_tree("/dev/shm")  # noqa: S108 - the host's, which was asked for
    mount_calls.mount("workshop", _WORKSHOP, "tmpfs", _QUIET, "mode=700")
    try:
        return {place: _make_one(place, look, taken) for place in places}
    finally:
        mount_calls.umount(_WORKSHOP)
        devices.let_go(taken.devices)


@dataclass(slots=True)
class _Taken:
    """What was taken hold of before the workshop covered it."""

    devices: devices.Nodes
    shared_memory: int


def _make_one(place: str, look: Look, taken: _Taken) -> int:
    target = _WORKSHOP + place
    os.mkdir(target)
    _MAKERS[place](target, look, taken)
    if look.masked:
        mask(place, root=_WORKSHOP)
    return mount_calls.open_tree(target)


def _make_proc(target: str, look: Look, _taken: _Taken) -> None:
    # proc shows a pid namespace: only who owns that may mount it. The host's own is shown as it is.
    if look.pid == "host" and look.in_user_namespace:
        _show_hosts("/proc", target, _QUIET_VIEW)
    elif look.is_nested:
        # With processes of the same user that are not this container's: it may not say whom the kernel kills first.
        _show_hosts("/proc", target, _HOST_VIEW)
    else:
        mount_calls.mount("proc", target, "proc", _QUIET)


def _make_sys(target: str, look: Look, _taken: _Taken) -> None:
    # sysfs shows a network: only who owns that may mount it. The host's own is shown as the host sees it.
    if (look.network is not NetworkMode.HOST or not look.in_user_namespace) and not look.is_nested:
        flags = _QUIET_RDONLY if look.masked else _QUIET
        mount_calls.mount("sysfs", target, "sysfs", flags)
        _show_groups(f"{target}/fs/cgroup", look.groups, flags)
        return
    _show_hosts("/sys", target, _HOST_VIEW)


def _show_groups(target: str, groups: tuple[str, ...], flags: MountFlag) -> None:
    """The container's own control groups: there a program finds what it may use (cgroup_namespaces(7))."""
    if not groups or not os.path.isdir(target):
        return
    if groups == ("",):
        with contextlib.suppress(OSError):  # not for this user namespace
            mount_calls.mount("cgroup", target, "cgroup2", flags)
        return
    mount_calls.mount("cgroup", target, "tmpfs", _QUIET, "mode=755,size=64k")
    for controllers in groups:
        os.mkdir(f"{target}/{controllers}")
        mount_calls.mount("cgroup", f"{target}/{controllers}", "cgroup", flags, controllers)
    mount_calls.mount(None, target, None, _MAKE_QUIET_RDONLY)


def _show_hosts(path: str, target: str, attributes: MountAttribute) -> None:
    tree = mount_calls.open_tree(path)
    mount_calls.set_mount_attributes(tree, attributes)
    mount_calls.move_mount(tree, target)
    os.close(tree)


def _make_dev(target: str, look: Look, taken: _Taken) -> None:
    """A small tmpfs with the devices that every program may expect, and those that were asked for."""
    mount_calls.mount("tmpfs", target, "tmpfs", _DEV, "mode=755,size=64k")
    devices.make(target, taken.devices)
    for name in ("pts", "mqueue"):
        os.mkdir(f"{target}/{name}")
    _mount_terminals(target)
    _share_memory(f"{target}/shm", look, taken.shared_memory)


def _share_memory(target: str, look: Look, shared: int) -> None:
    if look.ipc == "none":
        return
    os.mkdir(target)
    if shared >= 0:
        mount_calls.move_mount(shared, target)
        os.close(shared)
    else:
        mount_calls.mount("shm", target, "tmpfs", _QUIET, f"mode=1777,size={look.shm_size}")


def _mount_terminals(target: str) -> None:
    # The ptmx of a new instance has mode 0 unless one is given (mount(8), devpts).
    options = "newinstance,ptmxmode=0666,mode=0620"
    try:
        mount_calls.mount("devpts", f"{target}/pts", "devpts", _PTS, f"{options},gid=5")
    except OSError:
        # Group 5 (tty) has no place in a user namespace with a single id.
        mount_calls.mount("devpts", f"{target}/pts", "devpts", _PTS, options)
    try:
        mount_calls.mount("mqueue", f"{target}/mqueue", "mqueue", _QUIET)
    except OSError:
        os.rmdir(f"{target}/mqueue")  # a kernel without message queues, or somebody else's


_Maker: TypeAlias = Callable[[str, Look, _Taken], None]
_MAKERS: Mapping[str, _Maker] = MappingProxyType({"/proc": _make_proc, "/sys": _make_sys, "/dev": _make_dev})
_KINDS: Mapping[str, str] = MappingProxyType({"/proc": "proc", "/sys": "sysfs", "/dev": "tmpfs"})
