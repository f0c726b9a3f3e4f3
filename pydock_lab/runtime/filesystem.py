"""The tree of files that a container sees, put together in its own mount namespace.

    overlay of the layers            becomes /
    proc, sysfs, a tmpfs for /dev    the kernel's own views, made ahead of time (kernel_views.py)
    pivot_root, umount               the host's tree is gone
    binds, tmpfs                     volumes, /etc/hosts, ...

Order matters. The host's files that are wanted inside are taken hold of first (open_tree), while the host's root is
still the root. Everything is attached when the host's tree is gone, and a symbolic link of the image (`/data -> /etc`)
leads to a place in the container and not on the host, whatever it says.
"""

import base64
import contextlib
import errno
import os
import stat
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pydock_lab.errors import ContainerError, IsolationError
from pydock_lab.linux import journal, mount_calls, syscalls
from pydock_lab.linux.mount_calls import MountAttribute, MountFlag
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, MountKind, Propagation, Rootfs
from pydock_lab.runtime import kernel_views
from pydock_lab.runtime.kernel_views import KernelViews
from pydock_lab.runtime.steplog import StepLog
from pydock_lab.snapshot.copying import Sharing, is_materialised, materialise
from pydock_lab.snapshot.overlay import mount_overlay

# Combined here, once: the child of every container would otherwise work them out anew.
_QUIET = MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC
_QUIET_RDONLY = _QUIET | MountFlag.RDONLY
_PRIVATE = MountFlag.REC | MountFlag.PRIVATE
# What else than "private" a tree can be, which it is where nothing is said: for the tree itself, and all below it.
_PROPAGATION = {
    Propagation.SLAVE: (MountFlag.SLAVE, False),
    Propagation.RSLAVE: (MountFlag.SLAVE, True),
    Propagation.SHARED: (MountFlag.SHARED, False),
    Propagation.RSHARED: (MountFlag.SHARED, True),
}

_MKNOD = "CAP_MKNOD"

# What programs that show a container's own limits are mounted on (runc, libcontainer/rootfs_linux.go).
_PROC_FILES = frozenset(
    f"/proc/{name}"
    for name in (
        *("cpuinfo", "diskstats", "meminfo", "stat", "swaps", "uptime", "loadavg", "slabinfo"),
        *("sys/kernel/ns_last_pid", "sys/crypto/fips_enabled"),
    )
)


def leave_alone() -> None:
    """Let nothing that is mounted here be seen by the host, nor the other way round."""
    # systemd shares all mounts, and what a new namespace copies goes on being shared (mount_namespaces(7)).
    # pivot_root(2) refuses shared mounts, too: its changes would reach the host.
    mount_calls.mount(None, "/", None, _PRIVATE)


def assemble(
    spec: ContainerSpec,
    mounts: Sequence[Mount],
    views: KernelViews,
    log: StepLog,
    *,
    stub: str,
    trees: Mapping[str, int] = MappingProxyType({}),
) -> None:
    """Give this process the container's tree as its "/"; it must be in a mount namespace of its own, left alone.

    `mounts` are those that every container has, `views` the trees of /proc, /sys and /dev, `trees` what somebody else
    took hold of already, by target. Raises IsolationError, ContainerError or OSError.
    """
    in_user_namespace = views.look.in_user_namespace
    files = _make_files(spec.mounts, spec.rootfs.mountpoint)
    if files:
        log.add("hold", " ".join(one.target for one in files))
    _mount_tree(spec.rootfs, in_user_namespace=in_user_namespace, stub=stub, log=log)
    for overlay in (one.tree for one in spec.mounts if one.tree is not None):
        _mount_tree(overlay, in_user_namespace=in_user_namespace, log=log)
    held = []
    for one in _in_order(mounts, spec.mounts):
        described = _described(one, _is_quiet(spec))
        log.begin("hold", described)
        held.append((one, files.get(one) or trees.get(one.target) or _hold(one), described))
    if held:
        log.add("hold", " ".join(one.target for one, tree, _ in held if tree >= 0))
    _change_root(spec.rootfs.mountpoint, log)
    # Before all others: a volume may lie below /dev or /sys.
    views.attach(log)
    _attach_all(held, mounts, spec, log)
    if spec.masked and spec.mounts:
        # One of them may have covered /proc or /sys, and the masks with it.
        kernel_views.mask()
        log.add("mask", "/proc and /sys, once more")
    if spec.read_only:
        log.begin("read-only", "/")
        # Not as a remount: that replaces all flags, and in a user namespace those that the tree came with may not go.
        mount_calls.set_mount_attributes(mount_calls.AT_FDCWD, MountAttribute.RDONLY, "/", recursive=False)
        log.add("read-only", "/")


def _change_root(place: str, log: StepLog) -> None:
    """Have the tree at `place` as "/", and the host's no more."""
    log.begin("pivot_root")
    journal.ask("chdir", os.chdir, place)
    # Not chroot(2): the host's tree would stay mounted, and root gets out of a chroot. The same place twice
    # needs no directory for the old root (pivot_root(2), NOTES).
    mount_calls.pivot_root(".", ".")
    log.add("pivot_root")
    # "." is still the old root: pivot_root stacked it onto the new one. While it is there, `/..` leads into it, and
    # so does a link of the image (`/data -> /../etc`): it goes before anything is attached. What comes from it is held.
    mount_calls.umount(".")
    os.chdir("/")
    log.add("umount", "the host's tree")


def _attach_all(
    held: Sequence[tuple[Mount, int, str]], usual: Sequence[Mount], spec: ContainerSpec, log: StepLog
) -> None:
    """Put what is held, each with what is said of it, in its place; `usual` are those that every container has."""
    is_quiet = _is_quiet(spec)
    # Of the /proc that is the kernel's now. Without volumes nobody else can change the tree.
    own = os.open("/proc/self/fd", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) if spec.mounts else -1
    for mount, tree, described in held:
        log.begin("mount", described)
        if is_quiet and mount.kind is MountKind.BIND:
            mount_calls.set_mount_attributes(tree, MountAttribute.NODEV)
        if _attach(mount, tree, own, is_usual=mount in usual):
            log.add("mount", described)
    if own >= 0:
        os.close(own)


def _is_quiet(spec: ContainerSpec) -> bool:
    """Whether volumes are to have no devices: who may make none is to find none, which an image may have put there."""
    return _MKNOD not in spec.process.capabilities


def _in_order(mounts: Sequence[Mount], wanted: Sequence[Mount]) -> Sequence[Mount]:
    """A mount after those that it lies below: a volume on /etc would hide /etc/hosts, and a tmpfs the volume in it.

    Of two on one place what was asked for comes last: somebody's own /etc/hosts is seen, and not ours.
    """
    if not wanted:
        return mounts
    return sorted((*mounts, *wanted), key=lambda one: os.path.normpath(one.target).count("/"))


def _mount_tree(rootfs: Rootfs, *, in_user_namespace: bool, log: StepLog, stub: str = "") -> None:
    """Have the tree at its mountpoint: as an overlay, or where the kernel gives none as a copy, which is said."""
    log.begin("overlay", _layers(rootfs))
    if not is_materialised(rootfs.mountpoint):
        try:
            mount_overlay(rootfs, in_user_namespace=in_user_namespace, stub=stub)
        except IsolationError as error:
            log.note("snapshot.copied", **error.fields)
        else:
            log.add("overlay", _layers(rootfs))
            return
    log.begin("materialise", _layers(rootfs))
    materialise(rootfs, sharing=Sharing.COPIES, stub=stub)
    # On itself: pivot_root(2) takes nothing but a mount point.
    mount_calls.mount(rootfs.mountpoint, rootfs.mountpoint, None, MountFlag.BIND)
    log.add("materialise", _layers(rootfs))


def _layers(rootfs: Rootfs) -> str:
    return f"{len(rootfs.layers)} layers"


def _described(mount: Mount, is_quiet: bool) -> str:  # noqa: FBT001 - of all mounts of a container
    """What is mounted where, and how, as in the list that mount(8) gives."""
    what = f"{mount.source if mount.kind is MountKind.BIND else mount.kind} on {mount.target}"
    words = ["ro"] if mount.read_only else []
    if mount.kind is MountKind.TMPFS:
        words += ["nosuid"] if not mount.allows_setuid else []
        words += ["nodev", *([] if mount.is_executable else ["noexec"]), tmpfs_options(mount)]
    else:
        words += ["nodev"] if is_quiet and mount.kind is MountKind.BIND else []
        words += [mount.propagation.value] if mount.propagation in _PROPAGATION else []
    return f"{what} ({','.join(words)})" if words else what


def _make_files(mounts: Sequence[Mount], place: str) -> dict[Mount, int]:
    """Take hold of the data mounts: files on a file system in memory that nobody else ever sees."""
    wanted = [one for one in mounts if one.kind is MountKind.DATA]
    if not wanted:
        return {}
    mount_calls.mount("tmpfs", place, "tmpfs", _QUIET, "mode=700")
    held = {one: _make_file(one, os.path.join(place, str(number))) for number, one in enumerate(wanted)}
    # The files stay as long as somebody holds them; their folder may go.
    mount_calls.umount(place)
    return held


def _make_file(mount: Mount, path: str) -> int:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    os.write(descriptor, base64.b64decode(mount.data))
    # The owner first: chown(2) clears set-user-ID bits.
    with contextlib.suppress(OSError):  # an owner without a place in this user namespace
        os.fchown(descriptor, mount.uid, mount.gid)
    os.fchmod(descriptor, mount.mode)
    os.close(descriptor)
    tree = mount_calls.open_tree(path)
    if mount.read_only:
        mount_calls.set_mount_attributes(tree, MountAttribute.RDONLY)
    return tree


def _hold(mount: Mount) -> int:
    """Take hold of a tree; -1 for a tmpfs, which comes from nowhere."""
    if mount.kind is MountKind.TMPFS:
        return -1
    inside = os.path.join(mount.tree.mountpoint, mount.source.lstrip("/")) if mount.tree is not None else mount.source
    return hold(mount, inside)


def hold(mount: Mount, source: str) -> int:
    """Take hold of the tree at `source` for a bind, as a descriptor; raises ContainerError where it is not there."""
    try:
        if mount.subpath:
            tree = _hold_inside(source, mount)
        else:
            tree = mount_calls.open_tree(source, recursive=mount.is_recursive)
    except FileNotFoundError:
        raise ContainerError("runtime.no-mount-source", source=mount.source, target=mount.target) from None
    except OSError as error:
        if error.errno != errno.EINVAL or mount.is_recursive:
            raise
        # What is mounted below hides something, and who is not root may not look under it (mount_namespaces(7)).
        raise IsolationError("runtime.locked-mounts", facet="files", source=mount.source) from None
    if mount.read_only:
        # With all mounts below it, as Docker does since version 25: before, those stayed writable.
        mount_calls.set_mount_attributes(tree, MountAttribute.RDONLY)
    if mount.propagation in _PROPAGATION:
        propagation, below = _PROPAGATION[mount.propagation]
        mount_calls.set_propagation(tree, propagation, recursive=below)
    return tree


def _hold_inside(source: str, mount: Mount) -> int:
    """Take hold of the `subpath`: who writes to the volume may have made a link of it, or do so just now."""
    root = os.open(source, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        place = syscalls.open_in_root(root, os.fsencode(mount.subpath), follow_last=True)
    finally:
        os.close(root)
    try:
        # By its descriptor, not by its path a second time (CVE-2021-30465).
        return mount_calls.open_tree(place, recursive=mount.is_recursive)
    finally:
        os.close(place)


def _attach(mount: Mount, tree: int, own: int, *, is_usual: bool) -> bool:
    """Put it in its place; False for one that every container has, where there is no place and none can be made.

    `own` is the folder of our descriptors, -1 where nobody can change the way there.
    """
    _check_place(os.path.realpath(mount.target), mount.target)
    if mount.kind is MountKind.TMPFS:
        _make_place(mount.target, is_directory=True)
        # Docker's defaults for `--tmpfs`: noexec, nosuid, nodev.
        flags = _QUIET_RDONLY if mount.read_only else _QUIET
        flags = flags & ~MountFlag.NOEXEC if mount.is_executable else flags
        flags = flags & ~MountFlag.NOSUID if mount.allows_setuid else flags
        mount_calls.mount("tmpfs", mount.target, "tmpfs", flags, tmpfs_options(mount))
        return True
    try:
        _make_place(mount.target, is_directory=stat.S_ISDIR(os.fstat(tree).st_mode))
        mount_calls.move_mount(tree, mount.target)
        if own >= 0:
            # Another container that shares a volume may have made a link of it just now.
            _check_place(os.readlink(str(tree), dir_fd=own), mount.target)
    except OSError as error:
        if error.errno != errno.EROFS or not is_usual:
            raise
        return False  # there is a volume on /etc that nobody may write to
    finally:
        os.close(tree)
    return True


def _check_place(place: str, target: str) -> None:
    """Raises ContainerError where a target, by a link or itself, is the whole tree or in the kernel's own view.

    What is read and written below /proc on the way to the program is the kernel's (CVE-2019-16884, CVE-2025-52881).
    """
    if place == "/":
        raise ContainerError("runtime.mount-on-root", target=target)
    if (place == "/proc" or place.startswith("/proc/")) and place not in _PROC_FILES:
        raise ContainerError("runtime.mount-on-proc", target=target)


def tmpfs_options(mount: Mount) -> str:
    """The options of tmpfs(5) that a mount asks for."""
    asked = {"size": mount.size, "nr_inodes": mount.inodes, "uid": mount.uid, "gid": mount.gid}
    return ",".join([f"mode={mount.mode:o}", *(f"{name}={value}" for name, value in asked.items() if value)])


def _make_place(target: str, *, is_directory: bool) -> None:
    """Make a directory or an empty file to mount on, if there is none; "/" is the container's by now."""
    if os.path.exists(target):
        return
    # A link of the image may lead to a place that is not there yet.
    place = os.path.realpath(target)
    os.makedirs(place if is_directory else os.path.dirname(place), exist_ok=True)
    if not is_directory:
        os.close(os.open(place, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
