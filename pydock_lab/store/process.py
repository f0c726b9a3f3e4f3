"""Who wrote this, and does it still run? A process told apart from all others, ever, that share a home directory.

    boot id      another one: the machine was started again, or it is another machine
    namespace    another one: a pid there means nothing here (two pods, one home)
    pid, start   the same pid with another start time is another process

Source: proc(5), /proc/[pid]/stat field 22; pid_namespaces(7); random(4), boot_id.
"""

import os
import platform
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from pathlib import Path
from typing import Self


class Liveness(Enum):
    """Whether a process runs; UNKNOWN where this machine, or this namespace, cannot see it."""

    ALIVE = auto()
    DEAD = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """One process; `started` in clock ticks since the machine was booted, 0 where the system does not say."""

    boot: str
    namespace: int
    pid: int
    started: int
    host: str

    @classmethod
    def current(cls) -> Self:
        """This process."""
        pid = os.getpid()
        started = _own_start(pid, _namespace())
        return cls(boot=_boot(), namespace=_namespace(), pid=pid, started=started, host=platform.node())

    @classmethod
    def of(cls, pid: int) -> Self:
        """The process `pid` of this namespace."""
        return cls(boot=_boot(), namespace=_namespace(), pid=pid, started=_started(pid) or 0, host=platform.node())

    @classmethod
    def parse(cls, token: str) -> Self | None:
        """The process that `token` says, or None where it is no token."""
        parts = token.split("~")
        if len(parts) != 5 or not all(part.isdigit() for part in parts[1:4]):  # noqa: PLR2004 - the five fields
            return None
        return cls(boot=parts[0], namespace=int(parts[1]), pid=int(parts[2]), started=int(parts[3]), host=parts[4])

    def __str__(self) -> str:
        return f"{self.boot}~{self.namespace}~{self.pid}~{self.started}~{self.host}"

    def liveness(self) -> Liveness:
        """Whether it still runs, as far as can be seen from here."""
        # Without /proc nobody can be told from a later process of the same pid.
        if not _boot() or not self.boot:
            return Liveness.ALIVE if self == Process.current() else Liveness.UNKNOWN
        if self.boot != _boot():
            # The same name booted again: a restart ended it. Another name: another machine, with the same home.
            return Liveness.DEAD if self.host == platform.node() != "localhost" else Liveness.UNKNOWN
        # Our own kernel, but another numbering: its pid 7 may be anybody here.
        if self.namespace != _namespace():
            return Liveness.UNKNOWN
        return Liveness.ALIVE if _started(self.pid) == self.started else Liveness.DEAD


@cache
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:  # not Linux
        return ""


def _namespace() -> int:
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return 0


@cache
def _own_start(pid: int, _namespace: int) -> int:
    """When this process started: it is the same for as long as it has this pid, there."""
    return _started(pid) or 0


def _started(pid: int) -> int | None:
    """When `pid` started; None where there is no such process, or only its unread exit status."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    # The name, in parentheses, may itself hold spaces and parentheses.
    fields = status.rpartition(b")")[2].split()
    # The first one left is field 3, the state, so field 22 is number 19. Z and X are the states of the dead.
    return None if fields[0] in (b"Z", b"X") else int(fields[19])
