"""Control groups: how much of the machine the processes of a container may use, and what they did use (cgroups(7)).

    version 1: one tree a controller             version 2: one tree
    /sys/fs/cgroup/memory/pydock/ID              /sys/fs/cgroup/pydock/ID
    /sys/fs/cgroup/pids/pydock/ID                    memory.max  pids.max  cpu.max  cgroup.procs
        memory.limit_in_bytes  cgroup.procs

A group is a directory: made by mkdir, joined by writing to `cgroup.procs`, limited by writing to its files, gone by
rmdir. Without root a part of the tree must have been delegated (systemd does it for `user@UID.service`, version 2
only). Where there is nothing to write to, a container runs without limits, and that is said.
"""

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from pydock_lab.oci.runtime_spec import Limits

_PARENT = "pydock"
_CONTROLLERS = ("memory", "cpu", "cpuacct", "pids", "freezer")
_PERIOD = 100_000  # microseconds in which `cpus` x period of processor time may be used
_PAGE = 4096


class Version(Enum):
    """Which of the two interfaces."""

    V1 = 1
    V2 = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Hierarchy:
    """Where groups can be made: the parent directory of each controller (all the same in version 2)."""

    version: Version
    parents: tuple[tuple[str, Path], ...]

    def controllers(self) -> frozenset[str]:
        """What can be limited or watched here."""
        return frozenset(name for name, _ in self.parents)

    def below(self, parent: str) -> "Hierarchy":
        """The same with another parent for its groups: a path from the top of what this process may use."""
        parts = [part for part in parent.split("/") if part not in ("", ".", "..")]
        return replace(self, parents=tuple((name, place.parent.joinpath(*parts)) for name, place in self.parents))


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a group uses: bytes, processor seconds since its start, processes. None: cannot be known here."""

    memory: int | None = None
    memory_limit: int | None = None
    cpu_seconds: float | None = None
    pids: int | None = None


def find_hierarchy(mountinfo: str = "/proc/self/mountinfo", own: str = "/proc/self/cgroup") -> Hierarchy | None:
    """The place where this process may make groups, or None; nothing is made yet."""
    version_1: dict[str, Path] = {}
    version_2: Path | None = None
    for kind, place, options in _cgroup_mounts(mountinfo):
        if kind == "cgroup2":
            version_2 = place
        else:
            version_1 |= {name: place for name in _CONTROLLERS if name in options}
    usable = tuple((name, place / _PARENT) for name, place in version_1.items() if _is_writable(place))
    if usable:
        return Hierarchy(version=Version.V1, parents=usable)
    return _version_2(version_2, own) if version_2 else None


def _cgroup_mounts(mountinfo: str) -> Iterator[tuple[str, Path, list[str]]]:
    """(file system type, mount point, options) of proc_pid_mountinfo(5)."""
    with contextlib.suppress(OSError):
        for line in Path(mountinfo).read_text().splitlines():
            before, _, after = line.partition(" - ")
            kind, _, options = (*after.split(" ", 2), "", "")[:3]
            if kind in ("cgroup", "cgroup2"):
                yield kind, Path(before.split(" ")[4]), options.split(",")


def _is_writable(place: Path) -> bool:
    return os.access(place, os.W_OK) and not os.statvfs(place).f_flag & os.ST_RDONLY


def _version_2(root: Path, own: str) -> Hierarchy | None:
    """The root of the tree where it is ours, else the highest delegated group above this process."""
    path = ""
    with contextlib.suppress(OSError):
        lines = Path(own).read_text().splitlines()
        path = next((line[3:] for line in lines if line.startswith("0::")), "")
    here = root / path.strip("/")
    ways = [root, *[one for one in reversed([here, *here.parents]) if root in one.parents]]
    for place in ways:
        if _is_writable(place) and os.access(place / "cgroup.procs", os.W_OK):
            offered = _enable(place)
            if offered:
                return Hierarchy(version=Version.V2, parents=tuple((name, place / _PARENT) for name in sorted(offered)))
    return None


def _enable(place: Path) -> set[str]:
    """Hand the controllers down to the groups below `place`; those that are handed down then."""
    wanted = {"memory", "cpu", "pids"}
    with contextlib.suppress(OSError):
        offered = set((place / "cgroup.controllers").read_text().split())
        handed_down = set((place / "cgroup.subtree_control").read_text().split())
        for name in (offered & wanted) - handed_down:
            with contextlib.suppress(OSError):  # processes in `place` itself forbid it (EBUSY)
                (place / "cgroup.subtree_control").write_text(f"+{name}")
        return set((place / "cgroup.subtree_control").read_text().split()) & wanted
    return set()


class ControlGroup:
    """The group of one container, made by `create`."""

    def __init__(self, hierarchy: Hierarchy, name: str) -> None:
        self._version = hierarchy.version
        self._directories = {controller: parent / name for controller, parent in hierarchy.parents}

    @classmethod
    def create(cls, hierarchy: Hierarchy, name: str, limits: Limits) -> "ControlGroup":
        """Make the directories and write the limits; raises OSError."""
        group = cls(hierarchy, name)
        for controller, parent in hierarchy.parents:
            parent.mkdir(exist_ok=True, parents=True)
            for place in reversed([parent, *parent.parents]) if hierarchy.version is Version.V2 else ():
                _enable(place)
            group._directories[controller].mkdir(exist_ok=True)
        group.limit(limits)
        return group

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ControlGroup":
        """The group that `to_json` was asked of, for another process; nothing is made or looked for."""
        group = cls(Hierarchy(version=Version(document["version"]), parents=()), "")
        group._directories = {controller: Path(place) for controller, place in document["places"].items()}
        return group

    def to_json(self) -> dict[str, Any]:
        """Where it is, as plain data."""
        places = {controller: str(place) for controller, place in self._directories.items()}
        return {"version": self._version.value, "places": places}

    @classmethod
    def sweep(cls, hierarchy: Hierarchy, prefix: str) -> None:
        """Remove the groups called `prefix` and a pid of which no such process is left."""
        for _, parent in hierarchy.parents:
            for directory in parent.glob(f"{prefix}*"):
                pid = directory.name.removeprefix(prefix).partition("-")[0]
                if not Path(f"/proc/{pid}").exists():
                    with contextlib.suppress(OSError):  # somebody in it lives on, or it is gone already
                        directory.rmdir()

    def add(self, pid: int) -> None:
        """Move a process into it; raises OSError."""
        for controller in self._directories:
            self._write(controller, "cgroup.procs", pid)

    def limit(self, limits: Limits) -> None:
        """Write the limits; raises OSError where the kernel does not take one."""
        write = self._write_v1 if self._version is Version.V1 else self._write_v2
        write(limits)

    def _write_v1(self, limits: Limits) -> None:
        if limits.memory is not None:
            self._write("memory", "memory.limit_in_bytes", limits.memory)
            with contextlib.suppress(OSError):  # a kernel that does not account swap
                swap = limits.memory_swap if limits.memory_swap is not None else 2 * limits.memory
                self._write("memory", "memory.memsw.limit_in_bytes", swap)
        if limits.cpus is not None:
            self._write("cpu", "cpu.cfs_period_us", _PERIOD)
            self._write("cpu", "cpu.cfs_quota_us", round(limits.cpus * _PERIOD))
        if limits.cpu_shares is not None:
            self._write("cpu", "cpu.shares", limits.cpu_shares)
        if limits.pids is not None:
            self._write("pids", "pids.max", limits.pids)

    def _write_v2(self, limits: Limits) -> None:
        if limits.memory is not None:
            self._write("memory", "memory.max", limits.memory)
            with contextlib.suppress(OSError):
                extra = limits.memory if limits.memory_swap is None else limits.memory_swap - limits.memory
                self._write("memory", "memory.swap.max", extra)
            with contextlib.suppress(OSError):
                self._write("memory", "memory.oom.group", 1)
        if limits.cpus is not None:
            self._write("cpu", "cpu.max", f"{round(limits.cpus * _PERIOD)} {_PERIOD}")
        if limits.cpu_shares is not None:
            # 2..262144 shares onto 1..10000, as runc does.
            self._write("cpu", "cpu.weight", 1 + (limits.cpu_shares - 2) * 9999 // 262142)
        if limits.pids is not None:
            self._write("pids", "pids.max", limits.pids)

    def _write(self, controller: str, name: str, value: object) -> None:
        # A controller that is absent gives ENOENT here, which the caller reports as a missing limit.
        directory = self._directories.get(controller, Path("/nonexistent"))
        descriptor = os.open(directory / name, os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, str(value).encode())
        finally:
            os.close(descriptor)

    def _read(self, controller: str, name: str) -> str | None:
        try:
            return (self._directories[controller] / name).read_text()
        except (OSError, KeyError):
            return None

    def open_doors(self) -> tuple[int, ...]:
        """One descriptor a directory: who writes `0` to all of them is in the group."""
        directories = dict.fromkeys(self._directories.values())
        return tuple(os.open(one / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for one in directories)

    def freeze(self, *, frozen: bool) -> bool:
        """Stop all processes of the group where they are, or let them go on; False where it is impossible."""
        try:
            if self._version is Version.V1:
                self._write("freezer", "freezer.state", "FROZEN" if frozen else "THAWED")
            else:
                controller = next(iter(self._directories))
                self._write(controller, "cgroup.freeze", int(frozen))
        except OSError:
            return False
        return True

    def was_out_of_memory(self) -> bool:
        """Whether the kernel killed a process of the group for lack of memory."""
        name = "memory.oom_control" if self._version is Version.V1 else "memory.events"
        words = (self._read("memory", name) or "").split()
        return dict(zip(words[::2], words[1::2], strict=False)).get("oom_kill", "0") != "0"

    def usage(self) -> Usage:
        """What the group uses now."""
        if self._version is Version.V1:
            nanoseconds = _number(self._read("cpuacct", "cpuacct.usage"))
            return Usage(
                memory=_number(self._read("memory", "memory.usage_in_bytes")),
                memory_limit=_limit(self._read("memory", "memory.limit_in_bytes")),
                cpu_seconds=None if nanoseconds is None else nanoseconds / 1e9,
                pids=_number(self._read("pids", "pids.current")),
            )
        words = (self._read("cpu", "cpu.stat") or "").split()
        microseconds = dict(zip(words[::2], words[1::2], strict=False)).get("usage_usec")
        return Usage(
            memory=_number(self._read("memory", "memory.current")),
            memory_limit=_limit(self._read("memory", "memory.max")),
            cpu_seconds=None if microseconds is None else int(microseconds) / 1e6,
            pids=_number(self._read("pids", "pids.current")),
        )

    def remove(self) -> None:
        """Remove the directories; the last process may take an instant to leave."""
        for directory in dict.fromkeys(self._directories.values()):
            for _ in range(200):
                try:
                    directory.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.001)
                else:
                    break


def _number(text: str | None) -> int | None:
    return int(text) if text and text.strip().isdigit() else None


def _limit(text: str | None) -> int | None:
    """A limit in bytes; None where there is none (version 1 says so with a number near 2**63)."""
    number = _number(text)
    return None if number is None or number >= 2**62 else number
