"""A running container from both sides: whose namespaces it lives in, and its processes with both of their numbers.

Source: namespaces(7); proc_pid_status(5), NSpid; user_namespaces(7), uid_map.
"""

import os
from collections.abc import Iterable
from functools import lru_cache

from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.ground import shown
from pydock_lab.engine.home import Home
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.errors import ContainerError
from pydock_lab.linux import processes
from pydock_lab.linux.syscalls import NAMESPACE_FILES
from pydock_lab.runtime.state import ProcessMark
from pydock_lab.views import Namespaces, NamespaceView, SidesOfProcess

_REMEMBERED = 1024  # processes


def both_sides(home: Home, life: ContainerLife, record: ContainerRecord) -> Namespaces:
    """A container from both sides; raises ContainerError unless it runs."""
    state = life.state(record)
    if not life.is_running(record) or state.process is None:
        raise ContainerError("engine.not-running", container=record.name, exit_status=1)
    first = state.process.pid
    found = (_sides(pid) for pid in home.runtime.processes(life.shelf.folder(record.id)))
    return Namespaces(
        container=record.id,
        name=record.name,
        tier=shown(record.isolation or str(home.runtime.tier)),
        outside_name=os.uname().nodename,
        inside_name=record.spec.hostname or os.uname().nodename,
        namespaces=tuple(
            NamespaceView(kind=kind, outside=_inode("self", kind), inside=_inode(str(first), kind))
            for kind in sorted(NAMESPACE_FILES.values())
        ),
        processes=tuple(sorted((one for one in found if one), key=lambda one: one.inside_pid)),
    )


@lru_cache(maxsize=_REMEMBERED)
def inside_pid(process: ProcessMark) -> int:
    """The number by which a process knows itself; 0 if it is gone, or if the kernel does not tell."""
    lines = _status(process.pid)
    return int(lines["NSpid"].split()[-1]) if lines and "NSpid" in lines else 0


def _status(pid: int) -> dict[str, str] | None:
    try:
        # A program's name is cut after 15 bytes, in the middle of a letter, too (proc_pid_comm(5)).
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            return dict(line.rstrip("\n").partition(":")[::2] for line in file)
    except OSError:
        return None


def _inode(pid: str, kind: str) -> str:
    try:
        return str(os.stat(f"/proc/{pid}/ns/{kind}").st_ino)
    except OSError:  # an older kernel, or somebody else's process
        return ""


def _sides(pid: int) -> SidesOfProcess | None:
    facts, lines = processes.read(pid), _status(pid)
    if facts is None or lines is None:
        return None
    try:
        with open(f"/proc/{pid}/uid_map", encoding="ascii") as file:
            ranges = [tuple(map(int, line.split())) for line in file]
    except OSError:
        return None
    numbers = lines.get("NSpid", str(pid)).split()
    uid = int(lines["Uid"].split()[1])
    return SidesOfProcess(
        pid=pid, inside_pid=int(numbers[-1]), uid=uid, inside_uid=_inside(uid, ranges), command=facts.command
    )


def _inside(uid: int, ranges: Iterable[tuple[int, ...]]) -> int:
    """An id of ours as the other user namespace has it (user_namespaces(7)); who has none there is nobody."""
    for inside, outside, count in ranges:
        if outside <= uid < outside + count:
            return inside + uid - outside
    return 65534
