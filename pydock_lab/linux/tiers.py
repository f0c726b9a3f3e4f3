"""How much isolation this machine gives to this user: six grounds that containers can stand on, best first.

    root                    everything the kernel has
    rootless                a user namespace with a range of ids: root in it is nobody outside
    rootless-single         a user namespace with one id: a file's owner cannot be changed, only said to be
    nested                  the same, in a container that hides parts of /proc: containers see the outer one's /proc
    traced                  no namespaces: a supervisor answers for files and ids. A view, not a boundary
    none                    not even that: images can be built without RUN, nothing can be run

It is never assumed: a forked trial does what a container would do, and what fails is kept as a `Refusal`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydock_lab.linux import mount_calls, syscalls
from pydock_lab.linux.mount_calls import MountFlag
from pydock_lab.linux.syscalls import Namespace


class Tier(StrEnum):
    """The ground that containers stand on, best first."""

    ROOT = "root"
    ROOTLESS = "rootless"
    ROOTLESS_SINGLE = "rootless-single"
    NESTED = "nested"
    TRACED = "traced"
    NONE = "none"

    @property
    def in_user_namespace(self) -> bool:
        """Whether root in a container is an ordinary user outside."""
        return self in (Tier.ROOTLESS, Tier.ROOTLESS_SINGLE, Tier.NESTED)

    @property
    def has_single_id(self) -> bool:
        """Whether a filter of the kernel pretends that owners and users change: there is one id only."""
        return self in (Tier.ROOTLESS_SINGLE, Tier.NESTED)

    @property
    def has_namespaces(self) -> bool:
        """Whether containers live in namespaces of their own."""
        return self not in (Tier.TRACED, Tier.NONE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """What a trial was refused: which call or program, the errno (0 where there is none)."""

    tier: str
    call: str
    code: int


def attempt(action: Callable[[], None]) -> OSError | None:
    """Do `action` in a forked child, and give the OSError that it ended with, or None.

    Whatever the action does to its process (namespaces, mounts, limits) goes away with the child. Only for a
    process with one thread.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _act(action, writer)
    os.close(writer)
    with open(reader, "rb") as pipe:
        report = pipe.read().decode()
    os.waitpid(pid, 0)
    if report == "done":
        return None
    code, _, text = report.partition(" ")
    return OSError(int(code or 0), text or "the trial was killed")


def _act(action: Callable[[], None], writer: int) -> None:
    report = "0 the trial did not end"
    try:
        action()
        report = "done"
    except OSError as error:
        report = f"{error.errno or 0} {error.strerror}"
    finally:
        os.write(writer, report.encode())
        os._exit(0)


def try_container(*, binds_proc: bool = False) -> None:
    """Do what the start of a container does first; raises the OSError that a container would meet.

    With `binds_proc` it is content with the /proc that there is.
    """
    wanted = Namespace.MOUNT | Namespace.PID | Namespace.UTS | Namespace.IPC
    pid, pidfd = syscalls.clone3(Namespace(0))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(pidfd)
    syscalls.unshare(wanted)
    # Where mounts are shared, as systemd makes them, the host would get what is mounted next (mount_namespaces(7)).
    mount_calls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
    # Ubuntu 24.04 lets anybody make a user namespace, but one without powers: only a mount shows it.
    mount_calls.mount("trial", "/tmp", "tmpfs", MountFlag.NOSUID | MountFlag.NODEV)  # noqa: S108 - a mount point
    # The pid namespace is that of children.
    error = attempt(_bind_proc if binds_proc else _mount_proc)
    if error is not None:
        raise error


_PROC = MountFlag.NOSUID | MountFlag.NODEV | MountFlag.NOEXEC


def _mount_proc() -> None:
    """Where somebody hides a part of /proc, the kernel gives no other that would show it."""
    os.mkdir("/tmp/proc")  # noqa: S108 - the trial's own /tmp
    mount_calls.mount("proc", "/tmp/proc", "proc", _PROC)  # noqa: S108 - see above


def _bind_proc() -> None:
    os.mkdir("/tmp/proc")  # noqa: S108 - the trial's own /tmp
    mount_calls.mount("/proc", "/tmp/proc", None, MountFlag.BIND | MountFlag.REC)  # noqa: S108 - see above
