"""Version 1: a tree a controller, each with files of its own."""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydock_lab.linux.cgroups.devices import DeviceRule
from pydock_lab.linux.cgroups.directories import Directories
from pydock_lab.linux.cgroups.hierarchy import Hierarchy
from pydock_lab.linux.cgroups.tree import Tree
from pydock_lab.linux.cgroups.values import Setting, Unmet, Usage, bytes_limit, number, pairs, settings_of_cpu
from pydock_lab.linux.cgroups.watch import OomWatch
from pydock_lab.oci.runtime_spec import Limits

_PATIENCE = 200  # milliseconds
_CPUSET = "cpuset"


def from_the_start(places: Mapping[str, Path]) -> dict[str, Path]:
    """The directories that every group has: all but that of cpuset, which takes as long to make as all others."""
    return {controller: place for controller, place in places.items() if controller != _CPUSET}


def make(hierarchy: Hierarchy, name: str) -> None:
    """Make the directories that a group has from the start, and those that they are in; raises OSError."""
    for top in from_the_start(dict(hierarchy.tops)).values():
        _make_below(hierarchy, top, name)


def _make_below(hierarchy: Hierarchy, top: Path, name: str) -> list[Path]:
    """The directories from a top down to that of the group."""
    steps = hierarchy.steps(name)
    places = [top.joinpath(*steps[: count + 1]) for count in range(len(steps))]
    try:
        hierarchy.tree.make(places[-1])  # most often those above are there
    except FileNotFoundError:
        for place in places:
            with contextlib.suppress(FileExistsError):
                hierarchy.tree.make(place)
    except FileExistsError:
        pass
    return places


def _inherit_processors(tree: Tree, place: Path) -> None:
    """Let a group that was just made have what the one above has: without processors it would take nobody in."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if not tree.read(place / name).strip():
            tree.write(place / name, tree.read(place.parent / name).strip())


def settings(limits: Limits) -> Iterator[Setting]:
    """The files to write for these limits."""
    yield from _memory(limits)
    cpu = settings_of_cpu(limits.cpus, limits.cpu_period, limits.cpu_quota)
    if cpu:
        name = "cpus" if limits.cpus is not None else "cpu_quota"
        yield _one(name, "cpu", "cpu.cfs_period_us", cpu[1])
        yield _one(name, "cpu", "cpu.cfs_quota_us", cpu[0])
    if limits.cpu_shares is not None:
        yield _one("cpu_shares", "cpu", "cpu.shares", limits.cpu_shares)
    if limits.cpuset_cpus:
        yield _one("cpuset_cpus", "cpuset", "cpuset.cpus", limits.cpuset_cpus)
    if limits.cpuset_mems:
        yield _one("cpuset_mems", "cpuset", "cpuset.mems", limits.cpuset_mems)
    if limits.pids is not None:
        yield _one("pids", "pids", "pids.max", limits.pids if limits.pids > 0 else "max")
    if limits.blkio_weight is not None:
        weight = str(limits.blkio_weight)
        files = (("blkio.weight", weight), ("blkio.bfq.weight", weight))
        yield Setting(limit="blkio_weight", controller="blkio", files=files)


def _memory(limits: Limits) -> Iterator[Setting]:
    if limits.memory is not None:
        yield _one("memory", "memory", "memory.limit_in_bytes", limits.memory)
    swap = limits.memory_swap
    if swap is None and limits.memory is not None:
        swap = 2 * limits.memory if limits.memory > 0 else -1  # as Docker does
    if swap is not None:
        # The file is missing where the kernel does not count swap (swapaccount=1 at boot).
        yield _one("memory_swap", "memory", "memory.memsw.limit_in_bytes", swap, is_open=swap < 0)
    if limits.memory_reservation is not None:
        yield _one("memory_reservation", "memory", "memory.soft_limit_in_bytes", limits.memory_reservation)
    if limits.memory_swappiness is not None:
        yield _one("memory_swappiness", "memory", "memory.swappiness", limits.memory_swappiness)
    if limits.oom_kill_disable is not None:
        value = int(limits.oom_kill_disable)
        yield _one("oom_kill_disable", "memory", "memory.oom_control", value, is_open=not value)


def _one(limit: str, controller: str, name: str, value: object, *, is_open: bool = False) -> Setting:
    return Setting(limit=limit, controller=controller, files=((name, str(value)),), is_open=is_open)


class Interface:
    """One group.

    `door` is the file that a process with a single thread enters by. Of the two that version 1 has, `cgroup.procs`
    waits until all processors of the machine have come to rest (RCU, some 8 ms), since it moves all threads at once;
    `tasks` moves one, and where that is who writes there is nothing to wait for (since Linux 5.5).
    """

    door = "tasks"

    def __init__(self, directories: Directories, hierarchy: Hierarchy, name: str) -> None:
        self._files, self._hierarchy, self._name = directories, hierarchy, name

    def limit(self, limits: Limits) -> tuple[Unmet, ...]:
        """Write the limits; gives those that are not in force."""
        if limits.cpuset_cpus or limits.cpuset_mems:
            with contextlib.suppress(OSError):  # what is missing then is told as a limit that is not in force
                self._join_cpuset()
        return self._files.apply(settings(limits))

    def _join_cpuset(self) -> None:
        top = dict(self._hierarchy.tops).get(_CPUSET)
        if top is None or _CPUSET in self._files.places:
            return
        places = _make_below(self._hierarchy, top, self._name)
        for place in places:
            _inherit_processors(self._hierarchy.tree, place)
        for pid in self._files.processes():
            if pid:  # 0 would be us
                self._hierarchy.tree.write(places[-1] / "cgroup.procs", str(pid))
        self._files.places[_CPUSET] = places[-1]

    def usage(self) -> Usage:
        """What the group uses now."""
        read = self._files.read
        nanoseconds = number(read("cpuacct", "cpuacct.usage"))
        used, cache = number(read("memory", "memory.usage_in_bytes")), self._cache()
        blocks = list(self._blocks())
        return Usage(
            memory=None if used is None else used - min(cache or 0, used),
            memory_limit=bytes_limit(read("memory", "memory.limit_in_bytes")),
            cpu_seconds=None if nanoseconds is None else nanoseconds / 1e9,
            pids=number(read("pids", "pids.current")),
            cache=cache,
            cpu_limit=self._cpu_limit(),
            pids_limit=number(read("pids", "pids.max")),
            block_read=sum(size for word, size in blocks if word == "Read") if blocks else None,
            block_written=sum(size for word, size in blocks if word == "Write") if blocks else None,
        )

    def _cache(self) -> int | None:
        # `total_`: with the groups below, as memory.usage_in_bytes counts.
        return pairs(self._files.read("memory", "memory.stat")).get("total_inactive_file")

    def _cpu_limit(self) -> float | None:
        quota, period = (number(self._files.read("cpu", f"cpu.cfs_{name}_us")) for name in ("quota", "period"))
        return quota / period if quota and period else None

    def _blocks(self) -> Iterator[tuple[str, int]]:
        """(Read or Write, bytes) of each device: lines such as `254:0 Read 4096`."""
        text = self._files.read("blkio", "blkio.throttle.io_service_bytes_recursive")
        for line in (text or "").splitlines():
            device, *rest = line.split()
            if ":" in device and len(rest) == 2:  # noqa: PLR2004 - the last line is the total
                yield rest[0], int(rest[1])

    def freeze(self, *, frozen: bool) -> bool:
        """Stop all processes of the group where they are, or let them go on; False where it is impossible."""
        state = "FROZEN" if frozen else "THAWED"
        try:
            for _ in range(_PATIENCE):
                # Who forks while it is being frozen can keep it FREEZING: saying it again helps (as runc does it).
                self._files.write("freezer", "freezer.state", state)
                if (self._files.read("freezer", "freezer.state") or "").strip() == state:
                    return True
                time.sleep(0.001)
            self._files.write("freezer", "freezer.state", "THAWED")
        except OSError:
            return False
        return False

    def kill(self) -> bool:
        """There is no file for it."""
        return False

    def oom_kills(self) -> int:
        """How many of its processes the kernel killed for lack of memory."""
        return pairs(self._files.read("memory", "memory.oom_control")).get("oom_kill", 0)

    def watch(self) -> OomWatch:
        """Hear of lack of memory; raises OSError."""
        place = self._files.places["memory"]
        return OomWatch.by_event_control(place / "memory.oom_control", place / "cgroup.event_control")

    def restrict_devices(self, rules: Iterable[DeviceRule]) -> None:
        """Forbid all devices but these; raises OSError."""
        # That empties the list, whatever was inherited: what follows is all that is allowed (devices.rst).
        self._files.write("devices", "devices.deny", "a")
        self._files.write("devices", "devices.allow", *(rule.text() for rule in rules))
