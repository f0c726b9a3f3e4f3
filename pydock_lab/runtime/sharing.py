"""What a container shares with others: their namespaces, and mounts that go on being seen on both sides.

--pid container:web      the shim of `web` hands over a descriptor of its namespace; the child is born into it
--ipc container:web      and its /dev/shm, which lies in its mount namespace
--network container:web  and its /etc/hosts, see etc_files.py
-v /data:/data:rslave    the tree is taken hold of here, outside, where it still belongs to the host's
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from pydock_lab.errors import ContainerError, IsolationError, from_json
from pydock_lab.linux import processes, sealed, syscalls
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.linux.tiers import Tier
from pydock_lab.oci.runtime_spec import ContainerSpec, Mount, MountKind, Propagation
from pydock_lab.runtime import control, filesystem

_SHARED = (Propagation.SHARED, Propagation.RSHARED)
_OWN = (Propagation.PRIVATE, Propagation.RPRIVATE)


def other(mode: str) -> str:
    """The id in `container:ID`, else ""."""
    return mode.removeprefix("container:") if mode.startswith("container:") else ""


def joins(spec: ContainerSpec, directory: Path) -> dict[str, int]:
    """Descriptors of the namespaces of other containers, by the name under which they are entered (see `init.Task`).

    Raises ContainerError where one does not run.
    """
    found = {}
    pid, ipc, net = other(spec.namespaces.pid), other(spec.namespaces.ipc), spec.network.container
    if pid:
        found["pid"] = _ask(directory.parent / pid, "pid")
    if ipc:
        found["ipc"] = _ask(directory.parent / ipc, "ipc")
        found["shm"] = _ask(directory.parent / ipc, "mnt")
    if net:
        found["net"] = _ask(directory.parent / net, "net")
    return found


def _ask(directory: Path, kind: str) -> int:
    """A namespace of a running container, from its shim: without root, nobody else could open it."""
    try:
        with contextlib.closing(control.dial(directory)) as connection:
            connection.send({"do": "share", "kind": kind})
            received = connection.receive()
    except OSError:
        received = None
    if received is not None and "error" in received[0]:
        raise from_json(received[0]["error"])
    if received is None or not received[1]:
        raise ContainerError("runtime.share-not-running", container=directory.name[:12], kind=kind)
    return received[1][0]


def trees(spec: ContainerSpec, tier: Tier, host_mounts: int) -> dict[str, int]:
    """Detached trees of the binds that go on belonging to the host's mounts, or are sealed in ours, by target.

    `host_mounts` is the host's mount namespace, -1 where we are in it ourselves. Raises IsolationError where this
    ground cannot give that, ContainerError where the host's mount does not allow it.
    """
    binds = [one for one in spec.mounts if one.kind is MountKind.BIND and not one.volume]
    found = {one.target: _hold(one, tier, host_mounts) for one in binds if one.propagation not in _OWN}
    if host_mounts >= 0 and not tier.in_user_namespace:
        for one in binds:
            if one.target not in found and sealed.touches(one.source):
                with _inside(host_mounts):
                    found[one.target] = filesystem.hold(one, one.source)
    return found


def _hold(mount: Mount, tier: Tier, host_mounts: int) -> int:
    shared = mount.propagation in _SHARED
    if shared and tier.in_user_namespace:
        raise IsolationError("runtime.propagation", facet="files", mode=mount.propagation.value, source=mount.source)
    with _inside(host_mounts if shared else -1):
        place, kinds = _mount_of(mount.source)
        # A copy of a private mount is nobody's peer: nothing would ever come through. One that is a slave itself can
        # have slaves, but what is mounted in the container would not get back to the host.
        if not kinds & ({"shared"} if shared else {"shared", "master"}):
            mode = mount.propagation.value
            raise ContainerError("runtime.not-shared", source=mount.source, mount=place, mode=mode)
        return filesystem.hold(mount, mount.source)


@contextlib.contextmanager
def _inside(mounts: int) -> Iterator[None]:
    """In another mount namespace for a while: only in the host's a mount is the host's own, and shared with it."""
    if mounts < 0:
        yield
        return
    own = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    syscalls.setns(mounts, Namespace.MOUNT)
    try:
        yield
    finally:
        syscalls.setns(own, Namespace.MOUNT)
        os.close(own)


def _mount_of(path: str) -> tuple[str, set[str]]:
    """The mount point above a path, and what its mount is besides private (proc_pid_mountinfo(5))."""
    found: tuple[str, set[str]] = ("/", set())
    real = os.path.realpath(path)
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            fields = os.fsdecode(line).partition(" - ")[0].split(" ")
            # A space is written as \040: of an escape only the byte is meant, which may be a part of a letter.
            place = os.fsdecode(os.fsencode(fields[4]).decode("unicode_escape").encode("latin-1"))
            # The last that fits: it was mounted later, and covers the others.
            if real == place or real.startswith(place.rstrip("/") + "/"):
                found = place, {field.partition(":")[0] for field in fields[6:] if field}
    return found


def end_strays(mounts: int) -> None:
    """Kill all processes in a mount namespace (a descriptor): the container's, where its pid namespace is another's.

    PID 1 takes its whole namespace along when it ends; who is nobody's PID 1 leaves others behind.
    """
    wanted = os.fstat(mounts).st_ino
    # Until nobody is found: what is just being killed may have forked meanwhile.
    while found := processes.in_namespace("mnt", wanted):
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, 9)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
