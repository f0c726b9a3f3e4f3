"""A container made by hand: one process, with as many namespaces of its own as were asked for, and no more.

    an ordinary process   no power at all, not even root's
    user                  root of a user namespace: all powers, over what is its own
    uts, ipc, net, ...    what is its own by now
    pid                   for its child, which is process 1
    root, proc            another "/", and a /proc of its own: both need a mount namespace

A program of its own (`python -m pydock_lab.runtime.by_hand WISH`), as unshare(1) is, and not a worker: it begins as the
user that one is. What is refused is refused by the kernel, and said with the call that it was. Sources: unshare(2),
user_namespaces(7), pid_namespaces(7), pivot_root(2).
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NoReturn

from pydock_lab.linux import capabilities, mount_calls, syscalls
from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.syscalls import NAMESPACE_FILES, Namespace, Prctl

REFUSED, NOT_FOUND = 126, 127  # exit statuses
_KINDS = {name: kind for kind, name in NAMESPACE_FILES.items()}
_FLAGS = {name: f"CLONE_NEW{'NS' if name == 'mnt' else name.upper()}" for name in _KINDS}
_DEVICES = ("null", "zero", "urandom", "tty")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_QUIET = MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC


def main(words: list[str]) -> int:
    """`{"own": ["user", ...], "root": PATH, "proc": true, "hostname": NAME, "facts": FD, "command": [...]}`.

    What it finds out goes to `facts`, a line of JSON each: `pid`, `namespaces`, or `refused` with the call.
    """
    hand = _Hand(json.loads(words[0]))
    return hand.begin()


class _Hand:
    """One such process, from a plain one to a program in what is its own."""

    def __init__(self, wish: dict[str, Any]) -> None:
        self._own: frozenset[str] = frozenset(wish["own"])
        self._root: str = wish["root"]
        self._proc: bool = wish["proc"]
        self._hostname: str = wish["hostname"]
        self._facts: int = wish["facts"]
        self._command: list[str] = wish["command"]

    def begin(self) -> int:
        """Take leave of what is not wanted, have a child do the rest, and end as it does: its exit status."""
        uid, gid = os.getuid(), os.getgid()
        if "user" in self._own:
            self._try("unshare(CLONE_NEWUSER)", syscalls.unshare, Namespace.USER)
            self._try("write(/proc/self/uid_map)", _map, uid, gid)
        else:
            _give_up_power()
        for name in sorted(self._own - {"user"}):
            self._try(f"unshare({_FLAGS[name]})", syscalls.unshare, _KINDS[name])
        child = os.fork()
        if child == 0:
            self._live()
        self._tell(pid=child)
        os.close(self._facts)
        # Ctrl-C is the program's to hear.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGQUIT, signal.SIG_IGN)
        return _status(os.waitpid(child, 0)[1])

    def _live(self) -> NoReturn:
        syscalls.prctl(Prctl.SET_PDEATHSIG, signal.SIGKILL)
        # Read while /proc is still the host's, or there may be none.
        names = {name: os.readlink(f"/proc/self/ns/{name}").strip(f"{name}:[]") for name in _KINDS}
        if "mnt" in self._own:
            self._try("mount(MS_PRIVATE)", mount_calls.mount, None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
        if self._hostname:  # where it is everybody's this is refused: without a user namespace there are no powers
            self._try("sethostname", syscalls.sethostname, self._hostname)
        if self._root:
            self._enter_root()
        elif self._proc:
            self._mount_proc("/proc")
        self._tell(namespaces=names)
        os.close(self._facts)
        variables = os.environ | {"PATH": _PATH, "HOME": "/root"}
        try:
            os.execvpe(self._command[0], self._command, variables)  # noqa: S606 - a list of words
        except OSError as error:
            sys.stderr.write(f"{self._command[0]}: {error.strerror}\n")
            sys.stderr.flush()
            os._exit(NOT_FOUND)

    def _enter_root(self) -> None:
        """Make the tree the root, as runtime/filesystem.py does."""
        self._try("mount(MS_BIND)", mount_calls.mount, self._root, self._root, None, MountFlag.BIND | MountFlag.REC)
        for name in _DEVICES:
            place = f"{self._root}/dev/{name}"
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "a", encoding="ascii"):
                pass
            self._try("mount(MS_BIND)", mount_calls.mount, f"/dev/{name}", place, None, MountFlag.BIND)
        if self._proc:
            os.makedirs(f"{self._root}/proc", exist_ok=True)
            self._mount_proc(f"{self._root}/proc")
        os.chdir(self._root)
        self._try("pivot_root", mount_calls.pivot_root, ".", ".")
        mount_calls.umount(".")
        os.chdir("/")

    def _mount_proc(self, place: str) -> None:
        self._try("mount(proc)", mount_calls.mount, "proc", place, "proc", _QUIET)

    def _try(self, call: str, function: Callable[..., object], *values: object) -> None:
        try:
            function(*values)
        except OSError as error:
            self._tell(refused=call, reason=os.strerror(error.errno or 0))
            os._exit(REFUSED)

    def _tell(self, **said: object) -> None:
        os.write(self._facts, json.dumps(said).encode() + b"\n")


def _give_up_power() -> None:
    """Root is to be somebody like others here, or a first lesson would change the machine's host name."""
    if os.geteuid() == 0:
        # First: it takes CAP_SETPCAP, which goes with the others.
        capabilities.limit_bounding(Capability(0))
    syscalls.capset(0, 0)
    syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)


def _map(uid: int, gid: int) -> None:
    """Be root here, which is this user outside; nobody else is anybody (user_namespaces(7))."""
    # In this order: without privilege gid_map can be written only once setgroups(2) is denied (since Linux 3.19).
    for name, content in (("uid_map", f"0 {uid} 1"), ("setgroups", "deny"), ("gid_map", f"0 {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(content)


def _status(found: int) -> int:
    status = os.waitstatus_to_exitcode(found)
    return 128 - status if status < 0 else status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
