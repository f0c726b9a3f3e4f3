"""Processes as /proc shows them: who is in a namespace, and what each is and uses.

Source: proc_pid_stat(5), proc_pid_cmdline(5), namespaces(7).
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGESIZE")
_PSEUDO_TERMINALS = range(136, 144)  # major numbers of /dev/pts/N
_CONSOLES = 4  # that of /dev/ttyN


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessFacts:
    """One process. Times in seconds (`started` since 1970), sizes in bytes; `terminal` is `pts/0`, or "?"."""

    pid: int
    parent: int
    group: int
    session: int
    uid: int
    gid: int
    state: str
    terminal: str
    cpu_seconds: float
    started: float
    nice: int
    threads: int
    virtual_size: int
    resident_size: int
    name: str
    arguments: tuple[str, ...]

    @property
    def command(self) -> str:
        """Its command line, or its name in brackets where it has none (proc_pid_cmdline(5): it is a zombie)."""
        return " ".join(self.arguments) or f"[{self.name}]"


def in_namespace(kind: str, inode: int) -> list[int]:
    """The processes that live in the namespace of that kind (`pid`, `mnt` ...) and inode, zombies left out."""
    return [pid for pid in _pids() if _lives_in(pid, kind, inode)]


def below(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have, zombies left out."""
    children: dict[int, list[int]] = {}
    for one in filter(None, map(read, _pids())):
        if one.state not in ("Z", "X"):
            children.setdefault(one.parent, []).append(one.pid)
    found, pending = [], [pid]
    while pending:
        here = children.get(pending.pop(), [])
        found += here
        pending += here
    return sorted(found)


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir("/proc") if name.isdigit())


def _lives_in(pid: int, kind: str, inode: int) -> bool:
    try:
        return os.stat(f"/proc/{pid}/ns/{kind}").st_ino == inode and _state(pid) not in ("Z", "X")
    except OSError:
        return False


def is_alive(pid: int | str) -> bool:
    """Whether there is such a process; one that has ended, and that nobody has buried yet, is none."""
    try:
        return _state(pid) not in ("Z", "X")
    except OSError:
        return False


def _state(pid: int | str) -> str:
    with open(f"/proc/{pid}/stat", "rb") as file:
        # A program may choose a name with blanks and brackets in it: the last bracket ends it (proc_pid_stat(5)).
        return file.read().rpartition(b")")[2].split()[0].decode()


def read(pid: int) -> ProcessFacts | None:
    """What a process is; None if it has ended."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            head, _, tail = file.read().rpartition(b")")
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            words = file.read().rstrip(b"\0").split(b"\0")
        # The folder has the effective ids even where the process is undumpable, and the files in it are root's.
        owner = os.stat(f"/proc/{pid}")
    except OSError:
        return None
    # The numbers below are those of proc_pid_stat(5), less the three that stand before (pid, name, and one for zero).
    fields = tail.split()
    return ProcessFacts(
        pid=pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        uid=owner.st_uid,
        gid=owner.st_gid,
        state=fields[0].decode(),
        terminal=_terminal(int(fields[4])),
        cpu_seconds=(int(fields[11]) + int(fields[12])) / _TICKS,
        started=_boot_time() + int(fields[19]) / _TICKS,
        nice=int(fields[16]),
        threads=int(fields[17]),
        virtual_size=int(fields[20]),
        resident_size=int(fields[21]) * _PAGE,
        name=head.partition(b"(")[2].decode("utf-8", "replace"),
        arguments=tuple(word.decode("utf-8", "replace") for word in words if word),
    )


def _terminal(number: int) -> str:
    major, minor = os.major(number), os.minor(number)
    if major in _PSEUDO_TERMINALS:
        return f"pts/{minor + (major - _PSEUDO_TERMINALS.start) * 256}"
    return f"tty{minor}" if major == _CONSOLES else "?"


@cache
def _boot_time() -> float:
    # The clock that start times are of: it goes on while the machine sleeps, CLOCK_MONOTONIC does not.
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
