"""Who is in a container, and what they use together, also where no control group counts them."""

import os
from collections.abc import Iterable

from pydock_lab.linux import processes
from pydock_lab.linux.cgroups.values import Usage
from pydock_lab.runtime.life import Life

# By this name the door of a traced container's supervisor is kept among its descriptors, in the place of namespaces.
DOOR = "supervisor"


def pids(life: Life) -> list[int]:
    """The processes of a container, as the host numbers them."""
    namespaces = life.of_kind("ns:")
    if DOOR in namespaces:
        return processes.below(life.pid)  # its supervisor, who is not in it
    grouped = life.group.processes() if life.group else ()
    if grouped:
        return sorted(grouped)
    # Its pid namespace may be another's, or the host's; what it mounts is its own.
    kind = "mnt"
    if kind not in namespaces:
        return [life.pid]
    return processes.in_namespace(kind, os.fstat(namespaces[kind]).st_ino)


def usage(members: Iterable[int]) -> Usage:
    """What these processes use now: what those that have ended used is not known."""
    found = [one for pid in members if (one := processes.read(pid)) is not None]
    return Usage(
        memory=sum(one.resident_size for one in found),
        cpu_seconds=sum(one.cpu_seconds for one in found),
        pids=sum(one.threads for one in found),
        is_whole=False,
    )
