"""What containers might leave on a machine: processes, mounts, namespaces, control groups, veths, descriptors."""

import contextlib
import ctypes
import os
import socket
import struct
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pydock_lab.linux.syscall_numbers import Architecture, numbers

_GROUPS = Path("/sys/fs/cgroup")
_libc = ctypes.CDLL(None)
_KCMP = numbers(Architecture(os.uname().machine))["kcmp"]


def processes(says: Callable[[Path], object]) -> set[int]:
    """Those of whom `says(/proc/PID)` is true."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if says(path):
                found.add(int(path.name))
    return found


def marked(mark: str) -> set[int]:
    """Processes of which a word of the command begins so."""
    begin = mark.encode()
    return processes(lambda path: any(word.startswith(begin) for word in (path / "cmdline").read_bytes().split(b"\0")))


def mounted(place: Path) -> set[int]:
    """Processes that have something of a store's containers mounted."""
    roots = (f"{place}/active".encode(), f"{place}/containers".encode())
    return processes(lambda path: any(root in (path / "mountinfo").read_bytes() for root in roots))


def groups() -> dict[int, list[str]]:
    """Control groups of containers, by the pid of the shim that looks after them."""
    found: dict[int, list[str]] = {}
    for path, folders, _ in os.walk(_GROUPS):
        for name in folders:
            kind, _, rest = name.partition("-")
            if kind == "shim" and (pid := rest.partition("-")[0]).isdigit():
                found.setdefault(int(pid), []).append(f"{path}/{name}")
    return found


def zygote(engine: Any) -> int:
    """The pid of the store's zygote; raises OSError where it does not run."""
    with contextlib.closing(engine.full.home.runtime.sandbox._connect()) as connection:
        found: tuple[int, int, int] = struct.unpack(
            "3i", connection.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        )
    return found[0]


def namespaces() -> set[str]:
    """All namespaces that a process lives in."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/ns/*"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(path))
    return found


def links(pid: int) -> int:
    """Network interfaces in the network namespaces that a process holds open, veths among them; 0 if not root."""
    found: set[str] = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(descriptor).startswith("net:"):
                command = ["nsenter", f"--net={descriptor}", "cat", "/proc/self/net/dev"]
                shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
                found.update(f"{os.readlink(descriptor)} {line.partition(':')[0]}" for line in shown.splitlines()[2:])
    return len(found)


def below(pid: int) -> set[int]:
    """The processes that descend from this one."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    level = {pid}
    while level:
        level = {child for child, parent in parents.items() if parent in level}
        found |= level
    return found


def memories(pids: Iterable[int]) -> list[int]:
    """One process for each memory that these have: a child that waits and its husk have one together.

    Who has ended has none, and stands for itself. Source: kcmp(2), KCMP_VM.
    """
    found: list[int] = []
    for pid in sorted(pids):
        if all(_libc.syscall(_KCMP, pid, other, 1, 0, 0) for other in found):
            found.append(pid)
    return found


def descriptors(pid: int | str = "self") -> int:
    """How many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def zombies() -> set[int]:
    """Processes that have ended, and whose parent has not asked how."""
    return processes(lambda path: (path / "stat").read_text().rpartition(")")[2].split()[0] == "Z")


def told(pids: Iterable[int]) -> str:
    """What these processes are and wait for, a line each."""
    lines = []
    for pid in sorted(pids):
        with contextlib.suppress(OSError):
            state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
            words = Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0 ").replace("\0", " ")
            lines.append(f"{pid}, child of {parent}: {state} {Path(f'/proc/{pid}/wchan').read_text()} {words}")
    return "\n".join(lines)
