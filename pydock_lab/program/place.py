"""Where a command stands, as far as it decides what it may do: a server's child must stand on the same ground.

What can be handed over (directory, environment, umask, files) is no matter. What cannot is compared, word by word:
Python and its settings, as the command says them; and its ground, namely user and groups, namespaces, root, control
group, limits, powers, filters, processors, which the server looks up itself. So nobody gets out of a cell by asking.

Source: proc_pid_status(5), namespaces(7), getrlimit(2).
"""

import contextlib
import os
import sys

from pydock_lab.sandbox.sockets import socket_directory

_SWITCH = "PYDOCK_SERVER"
# They belong to a terminal, or a life, of their own.
_NEVER_SERVED = ("lab", "registry")
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")
_STATUS = (b"Uid", b"Gid", b"Groups", b"SigBlk", b"Cap", b"NoNewPrivs", b"Seccomp", b"Cpus_allowed", b"Mems_allowed")
_WAYS_IN = ("-c", "-m")
_SIGNALS = 32  # signal(7); those above are for real time
_FIRST_FREE = 3  # after the standard three
# What Python looks at when it starts.
_SETTINGS = ("PYTHON", "LC_", "LANG")

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Place:
    """Where a command stands: `settings`, `ground`, its open `files`, the `socket` in `folder` of a server for it."""

    def __init__(self, folder: str, files: list[int]) -> None:
        self.files = files
        self.settings, self.ground = b"\n".join(_settings()), ground()
        # Only a name: who stands elsewhere and has the same is told so by the server.
        self.socket = f"{folder}/commands-{_checksum(self.settings + self.ground):08x}.sock"

    def start_server(self) -> None:
        """Have a server for the commands that come after this one; it comes up by itself, and nobody waits for it."""
        boot = f"import sys; sys.path[:] = {sys.path!r}; from pydock_lab.program.server import main; main(sys.argv[1])"
        environment = {name: value for name, value in os.environ.items() if name == "PATH" or _is_setting(name)}
        null = os.open(os.devnull, os.O_RDWR)
        actions = (
            *((os.POSIX_SPAWN_DUP2, null, number) for number in range(_FIRST_FREE)),
            *((os.POSIX_SPAWN_CLOSE, number) for number in self.files if number >= _FIRST_FREE),
        )
        # No signal is ignored by a server: which ones a command ignores, it is told.
        words, signals = [sys.executable, "-c", boot, self.socket], range(1, _SIGNALS)
        with contextlib.suppress(OSError):  # then the next command is slow as well
            os.posix_spawn(sys.executable, words, environment, file_actions=actions, setsigdef=signals)
        os.close(null)


def find() -> Place | None:
    """Where this process stands; None where no server could do its work."""
    if os.environ.get(_SWITCH) == "off" or sys.platform != "linux" or "".join(sys.argv[1:2]) in _NEVER_SERVED:
        return None
    if "".join(sys.orig_argv[1:2]).startswith("-") and sys.orig_argv[1] not in _WAYS_IN:
        return None  # Python itself was told something
    try:
        files = open_files()
        if files[:_FIRST_FREE] != [0, 1, 2] or _is_in_background():
            return None
        return Place(socket_directory(), files)
    except OSError:  # no /proc, no folder for sockets ...
        return None


def open_files() -> list[int]:
    """The open files of this process that a program started by it would have."""
    with os.scandir("/proc/self/fd") as found:
        numbers = sorted(int(one.name) for one in found)
    return [number for number in numbers if _is_inherited(number)]


def _is_inherited(number: int) -> bool:
    try:
        return os.get_inheritable(number)
    except OSError:  # that of the folder itself
        return False


def _is_in_background() -> bool:
    """Whether the kernel would stop this process if it read from its terminal; it would not stop a server's child."""
    try:
        return os.isatty(0) and os.tcgetpgrp(0) != os.getpgrp()
    except OSError:
        return False  # a terminal, but not that of our session: nobody is stopped


def ground(pid: int = 0) -> bytes:
    """What a process stands on, ourselves by default; raises OSError where we may not know, or it has ended."""
    return b"\n".join(_ground(pid))


def _settings() -> "Iterator[bytes]":
    yield repr((__file__, sys.executable, sys.version)).encode()
    for name, value in sorted(os.environ.items()):
        if _is_setting(name):
            yield os.fsencode(f"{name}={value}")


def _ground(pid: int) -> "Iterator[bytes]":
    process = f"/proc/{pid or 'self'}"
    for name in _NAMESPACES:
        yield _link(f"{process}/ns/{name}")
    root = os.stat(f"{process}/root/")
    yield repr((root.st_dev, root.st_ino, os.getpriority(os.PRIO_PROCESS, pid))).encode()
    yield b"".join(line for line in _read(f"{process}/status").splitlines(keepends=True) if line.startswith(_STATUS))
    for name in ("cgroup", "limits", "oom_score_adj"):
        yield _read(f"{process}/{name}")


def _is_setting(name: str) -> bool:
    return name.startswith(_SETTINGS)


def _link(path: str) -> bytes:
    try:
        return os.readlink(path).encode()
    except FileNotFoundError:  # a kernel without such namespaces
        return b""


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _checksum(text: bytes) -> int:
    import binascii  # noqa: PLC0415 - a module in C, which hashlib is not

    return binascii.crc32(text)
