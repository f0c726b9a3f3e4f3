"""Version 2: one tree for all controllers.

A controller is at hand in a group when the group above says so in its `cgroup.subtree_control`; and who hands one down
may have no processes itself, but for the root of all. So a group that is full of processes, as the one that a user was
given with their session in it, must first be cleared: they move into a leaf beside the containers.

    user@1000.service       +memory +pids        no processes
      |- pydock.self                             those that were here: the notebook, this engine
      `- pydock             +memory +pids        no processes
           `- ID            memory.max = 64M     a container

Source: Documentation/admin-guide/cgroup-v2.rst of Linux, "Organizing Processes and Threads".
"""

import contextlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydock_lab.linux.cgroups.devices import DeviceRule, attach
from pydock_lab.linux.cgroups.directories import Directories
from pydock_lab.linux.cgroups.hierarchy import Hierarchy
from pydock_lab.linux.cgroups.tree import Tree
from pydock_lab.linux.cgroups.values import (
    Setting,
    Unmet,
    Usage,
    bytes_limit,
    cpu_weight,
    io_weight,
    number,
    or_max,
    pairs,
    processes,
    quantities,
    settings_of_cpu,
)
from pydock_lab.linux.cgroups.watch import OomWatch
from pydock_lab.oci.runtime_spec import Limits

_LEAF = "pydock.self"
_PATIENCE = 200  # milliseconds
_ROUNDS = 5
_DOMAIN_FIRST = ("memory", "io", "cpu", "cpuset", "pids")  # the first two are refused where there are processes


def make(hierarchy: Hierarchy, name: str) -> None:
    """Make the directory of a group, and those that it is in, with what controllers can be had; raises OSError."""
    wanted = hierarchy.controllers()
    top = place = hierarchy.tops[0][1]
    for part in hierarchy.steps(name):
        # Somebody else's processes may be in a group of `--cgroup-parent`: they stay where they are.
        _hand_down(hierarchy.tree, place, wanted, is_ours=place == top)
        place /= part
        with contextlib.suppress(FileExistsError):
            hierarchy.tree.make(place)


def _hand_down(tree: Tree, place: Path, wanted: Iterable[str], *, is_ours: bool) -> None:
    """Let the groups in `place` have these controllers, as far as `place` has them itself.

    What is missing then is told when a limit is to be written.
    """
    control = place / "cgroup.subtree_control"
    missing = set(tree.read(place / "cgroup.controllers").split()) & set(wanted) - set(tree.read(control).split())
    for name in sorted(missing, key=_DOMAIN_FIRST.index):
        for _ in range(_ROUNDS):  # processes are born while we look
            if _is_clear(tree, place, may_move=is_ours):
                with contextlib.suppress(OSError):
                    tree.write(control, f"+{name}")
                    break


def _is_clear(tree: Tree, place: Path, *, may_move: bool) -> bool:
    """Whether controllers may be handed down: nobody is in the group any more, or it is the root of all.

    The kernel itself minds only for memory and io. It would take the others, make of all that are here threads of one
    domain, and let nobody into the groups below (see "Threads" there).
    """
    inhabitants = processes(tree.read(place / "cgroup.procs"))
    if not inhabitants or not _exists(tree, place / "cgroup.type"):
        return True
    if may_move:
        leaf = place / _LEAF
        with contextlib.suppress(FileExistsError):
            tree.make(leaf)
        for pid in inhabitants:
            with contextlib.suppress(OSError):  # it has ended, or must stay
                if pid:  # 0 would be us
                    tree.write(leaf / "cgroup.procs", str(pid))
    return may_move and not processes(tree.read(place / "cgroup.procs"))


def _exists(tree: Tree, path: Path) -> bool:
    try:
        tree.read(path)
    except FileNotFoundError:
        return False
    return True


def settings(limits: Limits) -> Iterator[Setting]:
    """The files to write for these limits."""
    yield from _memory(limits)
    cpu = settings_of_cpu(limits.cpus, limits.cpu_period, limits.cpu_quota)
    if cpu:
        name = "cpus" if limits.cpus is not None else "cpu_quota"
        yield _one(name, "cpu", "cpu.max", f"{or_max(cpu[0])} {cpu[1]}")
    if limits.cpu_shares is not None:
        yield _one("cpu_shares", "cpu", "cpu.weight", cpu_weight(limits.cpu_shares))
    if limits.cpuset_cpus:
        yield _one("cpuset_cpus", "cpuset", "cpuset.cpus", limits.cpuset_cpus)
    if limits.cpuset_mems:
        yield _one("cpuset_mems", "cpuset", "cpuset.mems", limits.cpuset_mems)
    if limits.pids is not None:
        yield _one("pids", "pids", "pids.max", or_max(limits.pids or -1))
    if limits.blkio_weight is not None:
        weight = limits.blkio_weight
        # The first is there only with the BFQ scheduler, and has Docker's scale; runc, too, prefers it.
        files = (("io.bfq.weight", str(weight)), ("io.weight", f"default {io_weight(weight)}"))
        yield Setting(limit="blkio_weight", controller="io", files=files)


def _memory(limits: Limits) -> Iterator[Setting]:
    if limits.memory is not None:
        yield _one("memory", "memory", "memory.max", or_max(limits.memory))
    swap = _swap(limits)
    if swap is not None:
        yield _one("memory_swap", "memory", "memory.swap.max", or_max(swap), is_open=swap < 0)
    if limits.memory_reservation is not None:
        yield _one("memory_reservation", "memory", "memory.low", or_max(limits.memory_reservation))
    # Version 2 lost both: what is not asked for is all that it gives.
    if limits.memory_swappiness is not None:
        yield Setting(limit="memory_swappiness", controller="memory", files=())
    if limits.oom_kill_disable:
        yield Setting(limit="oom_kill_disable", controller="memory", files=())


def _swap(limits: Limits) -> int | None:
    """Version 2 counts swap apart, Docker counts both together; without a word, as much swap as memory."""
    memory, both = limits.memory, limits.memory_swap
    if both is None:
        return memory
    if both < 0 or memory is None or memory < 0:
        return both
    return max(both - memory, 0)


def _one(limit: str, controller: str, name: str, value: object, *, is_open: bool = False) -> Setting:
    return Setting(limit=limit, controller=controller, files=((name, str(value)),), is_open=is_open)


class Interface:
    """One group; the controller of a file says nothing here, for all are in one directory."""

    door = "cgroup.procs"

    def __init__(self, directories: Directories) -> None:
        self._files = directories
        self._any = next(iter(directories.places))

    def limit(self, limits: Limits) -> tuple[Unmet, ...]:
        """Write the limits; gives those that are not in force."""
        return self._files.apply(settings(limits))

    def usage(self) -> Usage:
        """What the group uses now."""
        used = number(self._read("memory.current"))
        cache = pairs(self._read("memory.stat")).get("inactive_file")
        microseconds = pairs(self._read("cpu.stat")).get("usage_usec")
        blocks = list(quantities(self._read("io.stat")))
        return Usage(
            memory=None if used is None else used - min(cache or 0, used),
            memory_limit=bytes_limit(self._read("memory.max")),
            cpu_seconds=None if microseconds is None else microseconds / 1e6,
            pids=number(self._read("pids.current")),
            cache=cache,
            cpu_limit=self._cpu_limit(),
            pids_limit=number(self._read("pids.max")),
            block_read=sum(int(one.get("rbytes", 0)) for one in blocks) if blocks else None,
            block_written=sum(int(one.get("wbytes", 0)) for one in blocks) if blocks else None,
        )

    def _cpu_limit(self) -> float | None:
        quota, _, period = (self._read("cpu.max") or "").strip().partition(" ")
        return int(quota) / int(period) if quota.isdigit() and period.isdigit() else None

    def _read(self, name: str) -> str | None:
        return self._files.read(self._any, name)

    def freeze(self, *, frozen: bool) -> bool:
        """Stop all processes of the group where they are, or let them go on; False where it is impossible."""
        try:
            self._files.write(self._any, "cgroup.freeze", int(frozen))
            # It is only asked for: cgroup.events says when the last process stands still (cgroup-v2.rst).
            for _ in range(_PATIENCE):
                if pairs(self._read("cgroup.events")).get("frozen") == int(frozen):
                    return True
                time.sleep(0.001)
            self._files.write(self._any, "cgroup.freeze", 0)
        except OSError:
            return False
        return False

    def kill(self) -> bool:
        """Kill all processes of the group at once, also those that are being born; False before Linux 5.14."""
        try:
            self._files.write(self._any, "cgroup.kill", 1)
        except OSError:
            return False
        return True

    def oom_kills(self) -> int:
        """How many of its processes the kernel killed for lack of memory."""
        return pairs(self._read("memory.events")).get("oom_kill", 0)

    def watch(self) -> OomWatch:
        """Hear of lack of memory; raises OSError."""
        return OomWatch.by_change(self._files.places[self._any] / "memory.events")

    def restrict_devices(self, rules: Iterable[DeviceRule]) -> None:
        """Forbid all devices but these; raises OSError."""
        attach(self._files.places[self._any], rules)
