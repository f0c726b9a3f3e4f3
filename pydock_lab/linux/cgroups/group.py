"""The group of one container, whichever of the two interfaces the machine has."""

import contextlib
import errno
import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from pydock_lab.linux import processes
from pydock_lab.linux.cgroups import v1, v2
from pydock_lab.linux.cgroups.devices import DeviceRule
from pydock_lab.linux.cgroups.directories import Directories
from pydock_lab.linux.cgroups.hierarchy import Hierarchy, Version
from pydock_lab.linux.cgroups.tree import Tree
from pydock_lab.linux.cgroups.values import Pressure, Unmet, Usage, pressure
from pydock_lab.linux.cgroups.watch import OomWatch
from pydock_lab.oci.runtime_spec import Limits

_PATIENCE = 200  # milliseconds for the last process to leave
_NO_LIMITS = Limits()
_RESOURCES = ("memory", "cpu", "io")


class _Interface(Protocol):
    """What differs between the versions."""

    door: str

    def limit(self, limits: Limits) -> tuple[Unmet, ...]: ...
    def usage(self) -> Usage: ...
    def freeze(self, *, frozen: bool) -> bool: ...
    def kill(self) -> bool: ...
    def oom_kills(self) -> int: ...
    def watch(self) -> OomWatch: ...
    def restrict_devices(self, rules: Iterable[DeviceRule]) -> None: ...


class ControlGroup:
    """The group of one container, made by `create`; `unmet` are the limits that the kernel did not take at last.

    `keeps_devices` tells whether it keeps its processes from devices (`restrict_devices`).
    """

    def __init__(self, hierarchy: Hierarchy, name: str) -> None:
        self._hierarchy, self.name = hierarchy, name
        self._places = {controller: parent / name for controller, parent in hierarchy.parents}
        self._files = Directories(hierarchy.tree, self._places)
        self._interface: _Interface = v2.Interface(self._files)
        if hierarchy.version is Version.V1:
            self._files = Directories(hierarchy.tree, v1.from_the_start(self._places))
            self._interface = v1.Interface(self._files, hierarchy, name)
        self.unmet: tuple[Unmet, ...] = ()
        self.keeps_devices = False

    @classmethod
    def create(cls, hierarchy: Hierarchy, name: str, limits: Limits = _NO_LIMITS) -> "ControlGroup":
        """Make the directories and write the limits; raises OSError where no group can be made (see `unmet`)."""
        make = v1.make if hierarchy.version is Version.V1 else v2.make
        make(hierarchy, name)
        group = cls(hierarchy, name)
        group.limit(limits)
        return group

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "ControlGroup":
        """The group that `to_json` was asked of, for another process; nothing is made or looked for."""
        tops = tuple((controller, Path(top)) for controller, top in document["tops"].items())
        hierarchy = Hierarchy(version=Version(document["version"]), tops=tops, path=document["path"])
        group = cls(hierarchy, document["name"])
        group.keeps_devices = document["keeps_devices"]
        group._files.places.update({controller: group._places[controller] for controller in document["joined"]})
        return group

    def to_json(self) -> dict[str, Any]:
        """Where it is, as plain data."""
        return {
            "version": self._hierarchy.version.value,
            "tops": {controller: str(top) for controller, top in self._hierarchy.tops},
            "path": self._hierarchy.path,
            "name": self.name,
            "joined": list(self._files.places),
            "keeps_devices": self.keeps_devices,
        }

    @classmethod
    def sweep(cls, hierarchy: Hierarchy, prefix: str) -> None:
        """Remove the groups called `prefix` and a pid of which no such process is left."""
        tree = hierarchy.tree
        for parent in dict.fromkeys(place for _, place in hierarchy.parents):
            with contextlib.suppress(OSError):  # there are none
                for name in tree.children(parent):
                    pid = name.removeprefix(prefix).partition("-")[0]
                    if name.startswith(prefix) and not processes.is_alive(pid):
                        with contextlib.suppress(OSError):  # somebody in it lives on, or it is gone already
                            _remove(tree, parent / name)

    def add(self, pid: int) -> None:
        """Move a process into it; raises OSError."""
        for directory in self._files.each():
            self._files.tree.write(directory / "cgroup.procs", str(pid))

    def open_doors(self) -> tuple[int, ...]:
        """One descriptor a directory: who has a single thread and writes `0` to all of them is in the group."""
        places, door = self._files.each(), self._interface.door
        return tuple(os.open(one / door, os.O_WRONLY | os.O_CLOEXEC) for one in places)

    def open_directory(self) -> int:
        """For clone3(2), whose child is born into the group; -1 in version 1, which has doors only. Raises OSError."""
        if self._hierarchy.version is Version.V1:
            return -1
        return os.open(self._files.each()[0], os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def limit(self, limits: Limits) -> tuple[Unmet, ...]:
        """Write the limits that are not None, at any time; gives those that are not in force."""
        self.unmet = self._interface.limit(limits)
        return self.unmet

    def restrict_devices(self, rules: Iterable[DeviceRule]) -> None:
        """Forbid all devices but these, once, before anybody is in it; raises OSError (EPERM: only real root may)."""
        self._interface.restrict_devices(rules)
        self.keeps_devices = True

    def usage(self) -> Usage:
        """What the group uses now."""
        return self._interface.usage()

    def pressure(self) -> dict[str, Pressure]:
        """How long its processes waited, for `memory`, `cpu` and `io`; empty where the kernel does not tell."""
        found = {name: pressure(self._files.read(name, f"{name}.pressure")) for name in _RESOURCES}
        return {name: one for name, one in found.items() if one is not None}

    def processes(self) -> tuple[int, ...]:
        """Who is in it; 0 for each process that this pid namespace does not show."""
        return self._files.processes()

    def freeze(self, *, frozen: bool) -> bool:
        """Stop all processes of the group where they are, or let them go on; False where it is impossible."""
        return self._interface.freeze(frozen=frozen)

    def kill(self) -> bool:
        """Kill all processes of the group, frozen or not; False if some are left after a while."""
        at_once = self._interface.kill()
        for _ in range(_PATIENCE):
            if not at_once:
                self._kill_each()
            if not self.processes():
                return True
            time.sleep(0.001)
        return False

    def _kill_each(self) -> None:
        """While all stand still, nobody can fork, or end and leave its number to another."""
        self.freeze(frozen=True)
        for pid in self.processes():
            if pid:  # 0 would be us
                self._files.tree.kill(pid)
        self.freeze(frozen=False)

    def oom_kills(self) -> int:
        """How many of its processes the kernel killed for lack of memory."""
        return self._interface.oom_kills()

    def was_out_of_memory(self) -> bool:
        """Whether the kernel killed a process of the group for lack of memory."""
        return self.oom_kills() > 0

    def watch(self) -> OomWatch:
        """Hear of lack of memory as it happens; raises OSError."""
        return self._interface.watch()

    def remove(self) -> None:
        """Remove the directories; the last process may take an instant to leave."""
        for directory in dict.fromkeys(self._places.values()):
            for _ in range(_PATIENCE):
                try:
                    _remove(self._files.tree, directory)
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.001)
                else:
                    break


def _remove(tree: Tree, directory: Path) -> None:
    """Remove a group and those that a container made in it; raises OSError."""
    try:
        tree.remove(directory)
    except OSError as error:
        # EBUSY: groups in it, or processes; which of the two the kernel does not say.
        if error.errno != errno.EBUSY:
            raise
        for name in tree.children(directory):
            _remove(tree, directory / name)
        tree.remove(directory)
