"""Where this process may make groups.

    root on version 1     each controller's own tree         /sys/fs/cgroup/memory/pydock, /sys/fs/cgroup/pids/pydock
    root on version 2     the top of the one tree            /sys/fs/cgroup/pydock
    a user on version 2   the highest group above us that    /sys/fs/cgroup/user.slice/user-1000.slice/
                          was handed over (delegated)            user@1000.service/pydock
    a user on version 1   nowhere: nothing is handed over

A hybrid host has both: controllers in trees of version 1, and a tree of version 2 for systemd to sort processes in.
Who has the memory controller counts. Source: cgroups(7); systemd, CGROUP_DELEGATION.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from pydock_lab.linux.cgroups.tree import KERNEL, Tree

_OURS = "pydock"
CONTROLLERS_1 = ("memory", "cpu", "cpuacct", "pids", "freezer", "devices", "blkio", "cpuset")
CONTROLLERS_2 = ("memory", "cpu", "pids", "io", "cpuset")
_DECISIVE = {"memory", "cpu", "pids"}


class Version(Enum):
    """Which of the two interfaces."""

    V1 = 1
    V2 = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Hierarchy:
    """Where groups can be made: below `path` of the top of each controller (one top for all in version 2)."""

    version: Version
    tops: tuple[tuple[str, Path], ...]
    path: str = _OURS
    tree: Tree = field(default=KERNEL, repr=False, compare=False)

    def controllers(self) -> frozenset[str]:
        """What can be limited or watched here."""
        return frozenset(name for name, _ in self.tops)

    def below(self, parent: str) -> "Hierarchy":
        """The same with another parent for its groups: a path from the top of what this process may use."""
        parts = [part for part in parent.split("/") if part not in ("", ".", "..")]
        return replace(self, path="/".join(parts))

    def steps(self, name: str) -> tuple[str, ...]:
        """The directories from a top down to the group `name`."""
        return (*(part for part in self.path.split("/") if part), name)

    @property
    def parents(self) -> tuple[tuple[str, Path], ...]:
        """The directory in which the groups are made, by controller."""
        return tuple((name, top / self.path) for name, top in self.tops)


def find_hierarchy(
    mountinfo: str = "/proc/self/mountinfo", own: str = "/proc/self/cgroup", tree: Tree = KERNEL
) -> Hierarchy | None:
    """The place where this process may make groups, or None; nothing is made or changed yet."""
    tops: dict[str, Path] = {}
    unified: Path | None = None
    for kind, place, options in _cgroup_mounts(mountinfo):
        if kind == "cgroup2":
            unified = unified or place
        else:
            tops |= {name: place for name in CONTROLLERS_1 if name in options}
    usable = tuple((name, tops[name]) for name in CONTROLLERS_1 if name in tops and tree.may_write(tops[name]))
    version_1 = Hierarchy(version=Version.V1, tops=usable, tree=tree) if usable else None
    if version_1 and version_1.controllers() & _DECISIVE:
        return version_1
    return (_version_2(unified, own, tree) if unified else None) or version_1


def _cgroup_mounts(mountinfo: str) -> Iterator[tuple[str, Path, list[str]]]:
    """(file system type, mount point, options) of proc_pid_mountinfo(5)."""
    with contextlib.suppress(OSError):
        for line in Path(mountinfo).read_text().splitlines():
            # Before the dash are any number of optional fields: what is behind it cannot be counted from the start.
            before, _, after = line.partition(" - ")
            kind, _, options = (*after.split(" ", 2), "", "")[:3]
            if kind in ("cgroup", "cgroup2"):
                yield kind, Path(before.split(" ")[4]), options.split(",")


def _version_2(root: Path, own: str, tree: Tree) -> Hierarchy | None:
    """The root of the tree where it is ours, else the highest group above this process that we may divide."""
    for place in (root, *_above(root, own)):
        # What a delegation hands over (cgroup-v2.rst, "Model of Delegation").
        names = ("", "cgroup.procs", "cgroup.subtree_control")
        if all(tree.may_write(place / name) for name in names):
            offered = _words(tree, place / "cgroup.controllers")
            if offered:
                return Hierarchy(
                    version=Version.V2,
                    tops=tuple((name, place) for name in CONTROLLERS_2 if name in offered),
                    tree=tree,
                )
    return None


def _above(root: Path, own: str) -> list[Path]:
    """The group of this process and those that it is in, the highest one first, without the root."""
    lines: list[str] = []
    with contextlib.suppress(OSError):
        lines = Path(own).read_text().splitlines()
    # Version 2 has the number 0 and no controllers; trees of version 1 are numbered from 1 (cgroups(7)).
    path = next((line[3:] for line in lines if line.startswith("0::")), "/")
    parts = [part for part in path.split("/") if part]
    if ".." in parts:  # outside of what a cgroup namespace shows
        return []
    return [root.joinpath(*parts[: count + 1]) for count in range(len(parts))]


def _words(tree: Tree, path: Path) -> set[str]:
    try:
        return set(tree.read(path).split())
    except OSError:
        return set()
