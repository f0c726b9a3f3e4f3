"""What isolation is really in force: each facet is tried, in a child that ends, where containers would live.

Nothing is believed that was not done: not the kernel's version, not a setting in /proc. What a trial leaves behind
(a mount, a namespace, a limit) goes away with its process.
"""

import errno
import os
import shutil
import tempfile
from dataclasses import replace
from typing import Any

from pydock_lab.errors import PydockError
from pydock_lab.linux import cgroups, landlock, mount_calls, netlink, sealed, syscalls
from pydock_lab.linux.cgroups import ControlGroup
from pydock_lab.linux.facets import Facet
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import Refusal, Tier, attempt
from pydock_lab.network.outside import find_program
from pydock_lab.oci.runtime_spec import Limits, Rootfs
from pydock_lab.sandbox.worker import Request
from pydock_lab.snapshot.overlay import mount_overlay

# How a refusal begins that a user namespace without capabilities gives.
_WITHOUT_POWERS = ("setgroups:", "mount")
_REASONS = {errno.EPERM: "denied", errno.EACCES: "denied", errno.ENOSPC: "too-many", errno.ENOSYS: "denied"}


def probe(request: Request) -> list[dict[str, Any]]:
    """The job: all facets as plain data; the argument `directory` is where storage is tried."""
    directory = request.arguments["directory"]
    if request.tier is Tier.NONE:
        found = _nothing(request.refusals)
    elif request.tier is Tier.TRACED:
        found = _traced(request.refusals, directory)
    else:
        files, users = _files(request.tier), _users(request.tier, request.refusals)
        found = [_processes(request.tier), files, _network(), users, _limits()]
        found += [_storage(directory, request.tier), _writes(request.tier), _outside()]
    return [facet.to_json() for facet in found]


def _nothing(refusals: tuple[Refusal, ...]) -> list[Facet]:
    """Without namespaces no facet is in force."""
    names = ("processes", "files", "network", "users", "limits", "storage", "writes")
    return [_without_namespaces(name, refusals) for name in names]


def _traced(refusals: tuple[Refusal, ...], directory: str) -> list[Facet]:
    """Without namespaces a supervisor gives what it can (traced/)."""
    seen = replace(_without_namespaces("files", refusals), in_force=True, how="seccomp, ptrace", why="runtime.why-view")
    users = replace(seen, name="users", why="runtime.why-users-traced")
    found = [_without_namespaces("processes", refusals), seen, _without_namespaces("network", refusals), users]
    outside = Facet(name="outside", in_force=True, how="network of the host")
    return [*found, _limits(), _links(directory), _writes(Tier.TRACED), outside]


def _without_namespaces(name: str, refusals: tuple[Refusal, ...]) -> Facet:
    """A facet that a namespace would give; the last of their refusals says what stands in the way."""
    asked = [one for one in refusals if one.tier not in (Tier.TRACED, Tier.NONE)]
    if not asked:  # nobody has tried any
        return Facet(name=name, in_force=False, why="runtime.why-chosen", remedy="runtime.remedy-chosen")
    refusal = asked[-1]
    # A user namespace that was given, but in which nothing is allowed: Ubuntu's AppArmor rule. It shows where
    # /proc/self/setgroups is opened (proc_setgroups_open wants CAP_SYS_ADMIN there), or where something is mounted.
    apparmor = refusal.call.startswith(_WITHOUT_POWERS) and refusal.code in (errno.EPERM, errno.EACCES)
    kind = "apparmor" if apparmor else _REASONS.get(refusal.code, "denied")
    why, remedy = f"runtime.why-namespaces-{kind}", f"runtime.remedy-namespaces-{kind}"
    return Facet(name=name, in_force=False, why=why, remedy=remedy, detail=refusal.call)


def _facet(name: str, how: str, error: OSError | None) -> Facet:
    if error is None:
        return Facet(name=name, in_force=True, how=how)
    return Facet(
        name=name,
        in_force=False,
        why=f"runtime.why-{name}",
        remedy=f"runtime.remedy-{name}",
        detail=error.strerror or "",
    )


def _processes(tier: Tier) -> Facet:
    def own_numbers() -> None:
        # Whoever does this stays where he is: only his children are born into it (pid_namespaces(7)).
        syscalls.unshare(Namespace.PID)
        child = os.fork()
        if child == 0:
            os._exit(os.getpid())
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) != 1:
            raise OSError(errno.EIO, "the first process is not number 1")

    found = _facet("processes", "pid namespace", attempt(own_numbers))
    if tier is not Tier.NESTED:
        return found
    return replace(found, why="runtime.why-processes-nested", remedy="runtime.remedy-processes-nested")


def _files(tier: Tier) -> Facet:
    def own_view() -> None:
        syscalls.unshare(Namespace.MOUNT)
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        mount_calls.mount("trial", "/tmp", "tmpfs")  # noqa: S108 - a mount point

    facet = _facet("files", "mount namespace, pivot_root", attempt(own_view))
    # Of ourselves: what starts containers has the same memory as we.
    if facet.in_force and tier is Tier.ROOT and (files := sealed.exposed()):
        return replace(facet, why="runtime.why-not-sealed", detail=files[0])
    return facet


def _network() -> Facet:
    def own_devices() -> None:
        syscalls.unshare(Namespace.NET)
        netlink.loopback_up()

    return _facet("network", "network namespace", attempt(own_devices))


def _users(tier: Tier, refusals: tuple[Refusal, ...]) -> Facet:
    if tier is Tier.ROOT:
        return Facet(name="users", in_force=False, why="runtime.why-users-root", remedy="runtime.remedy-users-root")
    if tier is Tier.ROOTLESS:
        return Facet(name="users", in_force=True, how="user namespace, newuidmap")
    refused = refusals[0].call if refusals else ""
    return Facet(
        name="users",
        in_force=True,
        how="user namespace, one id",
        why="runtime.why-users-single",
        remedy="runtime.remedy-users-single",
        detail=refused,
    )


def _limits() -> Facet:
    hierarchy = cgroups.find_hierarchy()
    if hierarchy is None:
        return _facet("limits", "", OSError(errno.ENOENT, os.strerror(errno.ENOENT)))

    def be_limited() -> None:
        name = f"trial-{os.getpid()}"
        group = ControlGroup.create(hierarchy, name, Limits(memory=64 * 1024 * 1024, memory_swap=-1, pids=64, cpus=0.5))
        group.remove()
        for one in group.unmet:
            raise OSError(one.code, f"{one.limit}: {one.reason}")

    version = f"cgroup {hierarchy.version.name.lower()}"
    return _facet("limits", f"{version}: {', '.join(sorted(hierarchy.controllers()))}", attempt(be_limited))


def _storage(directory: str, tier: Tier) -> Facet:
    place = tempfile.mkdtemp(prefix=".trial-", dir=directory)
    paths = {name: os.path.join(place, name) for name in ("lower", "upper", "work", "mountpoint")}
    for path in (*paths.values(), os.path.join(paths["lower"], "below")):
        os.mkdir(path)

    def overlay() -> None:
        syscalls.unshare(Namespace.MOUNT)
        mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        rootfs = Rootfs(
            layers=(paths["lower"],), upper=paths["upper"], work=paths["work"], mountpoint=paths["mountpoint"]
        )
        try:
            mount_overlay(rootfs, in_user_namespace=tier.in_user_namespace)
        except PydockError as error:
            raise OSError(errno.EINVAL, str(error.fields["reason"])) from None
        # An upper directory on a file system without the right attributes mounts, and then fails: when a folder of
        # a layer below is deleted and made anew, which has to be marked.
        os.rmdir(os.path.join(paths["mountpoint"], "below"))
        os.mkdir(os.path.join(paths["mountpoint"], "below"))

    try:
        return _facet("storage", "overlay", attempt(overlay))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _links(directory: str) -> Facet:
    """Whether a file may have a name in each container's tree: else all of them are copied."""
    place = tempfile.mkdtemp(prefix=".trial-", dir=directory)

    def link() -> None:
        with open(os.path.join(place, "file"), "wb"):
            os.link(os.path.join(place, "file"), os.path.join(place, "name"))

    try:
        return _facet("storage", "hard links, copied before they are written to", attempt(link))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _writes(tier: Tier) -> Facet:
    if tier is not Tier.TRACED:
        return Facet(name="writes", in_force=True, how="mount namespace")
    version = landlock.version()
    if landlock.is_usable():
        return Facet(name="writes", in_force=True, how=f"Landlock {version}")
    detail = f"Landlock {version}"
    return Facet(name="writes", in_force=False, why="runtime.why-writes", remedy="runtime.remedy-writes", detail=detail)


def _outside() -> Facet:
    program = find_program()
    if program is None:
        return Facet(name="outside", in_force=False, why="runtime.why-outside", remedy="runtime.remedy-outside")
    return Facet(name="outside", in_force=True, how=os.path.basename(program))
