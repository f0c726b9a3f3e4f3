"""A tree of control groups, version 2, that behaves as the kernel's does, with its rules and its error numbers.

`tests/vm` does the same things to a real one and to this one, and compares what they answer (`cgroup2_operations.py`).

Sources: Documentation/admin-guide/cgroup-v2.rst of Linux; kernel/cgroup/cgroup.c.
"""

import errno
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ALL = ("cpuset", "cpu", "io", "memory", "pids")
_PAGE = 4096
_DEFAULTS = {
    "memory": {"memory.max": "max", "memory.low": "0", "memory.high": "max", "memory.swap.max": "max"},
    "cpu": {"cpu.max": "max 100000", "cpu.weight": "100"},
    "pids": {"pids.max": "max"},
    "io": {"io.weight": "default 100"},
    "cpuset": {"cpuset.cpus": "", "cpuset.mems": ""},
}
_NO_PRESSURE = "avg10=0.00 avg60=0.00 avg300=0.00 total=0"
# What is told and cannot be set.
_TOLD = {
    "": {"cpu.stat": "usage_usec 0\n"},
    "memory": {
        "memory.current": "0\n",
        "memory.stat": "anon 0\ninactive_file 0\n",
        "memory.events": "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n",
        "memory.pressure": f"some {_NO_PRESSURE}\nfull {_NO_PRESSURE}\n",
    },
    "pids": {"pids.current": "0\n"},
    "io": {"io.stat": ""},
}
# Controllers that threads of one process can be in different groups of; the others know whole processes (domains).
_THREADED = {"cpu", "cpuset", "pids"}
# Files that belong to whom a group was handed over (delegated); the rest stays with root.
_HANDED_OVER = ("", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control")


def _fail(code: int) -> OSError:
    return OSError(code, os.strerror(code))


@dataclass
class Group:
    """One directory."""

    parent: "Group | None"
    user: str
    processes: set[int] = field(default_factory=set)
    handed_down: set[str] = field(default_factory=set)
    children: dict[str, "Group"] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)
    frozen: bool = False

    def below(self) -> Iterator["Group"]:
        yield self
        for child in self.children.values():
            yield from child.below()

    def kind(self) -> str:
        """What cgroup.type says."""
        if any(group.is_thread_root() for group in list(self.ancestors())[1:]):
            return "domain invalid"
        return "domain threaded" if self.is_thread_root() else "domain"

    def is_thread_root(self) -> bool:
        return self.parent is not None and bool(self.processes) and bool(self.handed_down & _THREADED)

    def ancestors(self) -> Iterator["Group"]:
        group: Group | None = self
        while group:
            yield group
            group = group.parent


class FakeCgroup2:
    """The tree at `root`, with all processes in its root group; `user` is who asks ("": root)."""

    def __init__(self, root: Path, offered: tuple[str, ...] = ALL, user: str = "", *, read_only: bool = False) -> None:
        self.root, self.offered, self.user, self.read_only = root, offered, user, read_only
        self.top = Group(parent=None, user="")
        self.killed: list[int] = []

    # ---- what tests prepare and look at

    def group(self, path: str = "") -> Group:
        return self._group(self.root / path)

    def hand_over(self, path: str, user: str) -> None:
        """As `chown user DIR DIR/cgroup.procs DIR/cgroup.subtree_control`."""
        self.group(path).user = user

    def tell(self, path: str, name: str, text: str) -> None:
        self.group(path).told[name] = text

    # ---- what the kernel offers

    def read(self, path: Path) -> str:
        group, name = self._file(path)
        special = {
            "cgroup.procs": lambda: "".join(f"{pid}\n" for pid in sorted(group.processes)),
            "cgroup.controllers": lambda: _line(self._controllers(group)),
            "cgroup.subtree_control": lambda: _line(group.handed_down),
            "cgroup.events": lambda: self._events(group),
            "cgroup.freeze": lambda: f"{int(group.frozen)}\n",
            "cgroup.type": lambda: f"{group.kind()}\n",
        }
        if name == "cgroup.kill":
            raise self._never()
        if name in special:
            return special[name]()
        if name in group.told:
            return group.told[name]
        text = group.values.get(name, self._default(group, name))
        return f"{text}\n"

    def write(self, path: Path, *words: str) -> None:
        for text in words:
            self._write(path, text)

    def _write(self, path: Path, text: str) -> None:
        group, name = self._file(path)
        if self.read_only:
            raise _fail(errno.EROFS)
        if not self._may(group, name):
            raise _fail(errno.EACCES)
        if name in ("cgroup.controllers", "cgroup.events") or self._is_told(name):
            raise self._never()
        special: dict[str, Callable[[Group, str], None]] = {
            "cgroup.procs": self._move,
            "cgroup.subtree_control": self._hand_down,
            "cgroup.freeze": self._freeze,
            "cgroup.kill": self._kill_all,
        }
        if name in special:
            special[name](group, text)
        else:
            group.values[name] = _checked(name, text)

    def make(self, path: Path) -> None:
        parent = self._group(path.parent)
        if path.name in parent.children:
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
        if self.read_only:
            raise _fail(errno.EROFS)
        if not self._may(parent, ""):
            raise _fail(errno.EACCES)
        parent.children[path.name] = Group(parent=parent, user=self.user)

    def remove(self, path: Path) -> None:
        group = self._group(path)
        if group.processes or group.children:
            raise _fail(errno.EBUSY)
        parent = group.parent
        if parent is None or not self._may(parent, ""):
            raise _fail(errno.EBUSY if parent is None else errno.EACCES)
        del parent.children[path.name]

    def children(self, path: Path) -> tuple[str, ...]:
        return tuple(self._group(path).children)

    def may_write(self, path: Path) -> bool:
        try:
            group, name = self._file(path)
        except OSError:
            return False
        return not self.read_only and self._may(group, name)

    def kill(self, pid: int) -> None:
        self.killed.append(pid)
        for group in self.top.below():
            group.processes.discard(pid)

    # ---- rules

    def _group(self, path: Path) -> Group:
        group = self.top
        for part in path.relative_to(self.root).parts:
            if part not in group.children:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            group = group.children[part]
        return group

    def _file(self, path: Path) -> tuple[Group, str]:
        """A group and one of its files; "" is its directory."""
        try:
            return self._group(path), ""
        except FileNotFoundError:
            group, name = self._group(path.parent), path.name
        if name in self._names(group):
            return group, name
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    def _controllers(self, group: Group) -> set[str]:
        return set(self.offered) if group.parent is None else group.parent.handed_down

    def _names(self, group: Group) -> set[str]:
        names = {"cgroup.procs", "cgroup.threads", "cgroup.controllers", "cgroup.subtree_control", "cpu.stat"}
        if group.parent is None:
            return names
        names |= {"cgroup.events", "cgroup.freeze", "cgroup.kill", "cgroup.type"} | group.told.keys()
        for controller in self._controllers(group):
            names |= _DEFAULTS[controller].keys() | _TOLD.get(controller, {}).keys()
        return names

    def _default(self, group: Group, name: str) -> str:
        for controller in ("", *ALL):
            told = _TOLD.get(controller, {})
            if name in told:
                current = {"pids.current": str(sum(len(one.processes) for one in group.below()))}
                return current.get(name, told[name].removesuffix("\n"))
        return next(values[name] for values in _DEFAULTS.values() if name in values)

    def _is_told(self, name: str) -> bool:
        return any(name in told for told in _TOLD.values())

    def _never(self) -> OSError:
        """What a file has no operation for: the modes of the file forbid it, and root finds that out only then."""
        return _fail(errno.EACCES if self.user else errno.EINVAL)

    def _may(self, group: Group, name: str) -> bool:
        if not self.user:
            return True
        made_by_user = group.parent is not None and group.parent.user == self.user
        return group.user == self.user and (name in _HANDED_OVER or made_by_user)

    def _move(self, target: Group, text: str) -> None:
        if not re.fullmatch(r"\d+", text.strip()):
            raise _fail(errno.EINVAL)
        pid = int(text) or os.getpid()
        source = next((one for one in self.top.below() if pid in one.processes), None)
        if source is None:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        above = set(map(id, source.ancestors()))
        common = next(one for one in target.ancestors() if id(one) in above)
        if not self._may(common, "cgroup.procs"):
            raise _fail(errno.EACCES)
        if target.kind() == "domain invalid":
            raise _fail(errno.EOPNOTSUPP)
        if target.parent is not None and target.handed_down:  # no internal processes
            raise _fail(errno.EBUSY)
        source.processes.discard(pid)
        target.processes.add(pid)

    def _hand_down(self, group: Group, text: str) -> None:
        words = text.split()
        if any(word[:1] not in "+-" or word[1:] not in ALL for word in words):
            raise _fail(errno.EINVAL)
        for word in words:
            name = word[1:]
            if word[0] == "-":
                if any(name in child.handed_down for child in group.children.values()):
                    raise _fail(errno.EBUSY)
                group.handed_down.discard(name)
                continue
            if name not in self._controllers(group):
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
            is_new = name not in group.handed_down | _THREADED
            if group.parent is not None and group.processes and is_new:
                raise _fail(errno.EBUSY)
            group.handed_down.add(name)

    def _freeze(self, group: Group, text: str) -> None:
        number = _integer(text)
        if number not in (0, 1):
            raise _fail(errno.ERANGE)
        for one in group.below():
            one.frozen = bool(number)

    def _kill_all(self, group: Group, text: str) -> None:
        if _integer(text) != 1:
            raise _fail(errno.ERANGE)
        for one in group.below():
            self.killed += sorted(one.processes)
            one.processes.clear()

    def _events(self, group: Group) -> str:
        populated = any(one.processes for one in group.below())
        return f"populated {int(populated)}\nfrozen {int(group.frozen)}\n"


def _line(words: set[str]) -> str:
    return " ".join(name for name in ALL if name in words) + ("\n" if words else "")


def _integer(text: str) -> int:
    if not re.fullmatch(r"-?\d+", text.strip()):
        raise _fail(errno.EINVAL)
    return int(text)


def _checked(name: str, text: str) -> str:
    """The value as it is read back; what the kernel refuses raises OSError."""
    text = text.strip()
    match name:
        case "memory.max" | "memory.low" | "memory.high" | "memory.swap.max":
            return "max" if text == "max" else str(_natural(text) // _PAGE * _PAGE)
        case "pids.max":
            return "max" if text == "max" else str(_natural(text))
        case "cpu.weight":
            return str(_in_range(_natural(text), 1, 10000))
        case "io.weight":
            return f"default {_in_range(_natural(text.removeprefix('default ')), 1, 10000)}"
        case "cpu.max":
            quota, _, period = text.partition(" ")
            length = _natural(period) if period else 100000
            if not 1000 <= length <= 1_000_000 or (quota != "max" and _natural(quota) < 1000):
                raise _fail(errno.EINVAL)
            return f"{quota} {length}"
        case "cpuset.cpus" | "cpuset.mems":
            if not re.fullmatch(r"(\d+(-\d+)?(,\d+(-\d+)?)*)?", text):
                raise _fail(errno.EINVAL)
            return text
    raise _fail(errno.EINVAL)


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise _fail(errno.EINVAL)
    return int(text)


def _in_range(value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise _fail(errno.ERANGE)
    return value
