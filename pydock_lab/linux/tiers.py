"""How much isolation this machine gives to this user: four grounds that containers can stand on.

    root                    everything the kernel has
    rootless                a user namespace with a range of ids: root in it is nobody outside
    rootless-single         a user namespace with one id: a file's owner cannot be changed, only said to be
    none                    no namespaces: images can be built without RUN, nothing can be run

It is never assumed: a forked trial does what a container would do, and what fails is kept as a `Refusal`.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import MountFlag, Namespace


class Tier(StrEnum):
    """The ground that containers stand on, best first."""

    ROOT = "root"
    ROOTLESS = "rootless"
    ROOTLESS_SINGLE = "rootless-single"
    NONE = "none"

    @property
    def in_user_namespace(self) -> bool:
        """Whether root in a container is an ordinary user outside."""
        return self in (Tier.ROOTLESS, Tier.ROOTLESS_SINGLE)


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


def try_container() -> None:
    """Do what the start of a container does first; raises the OSError that a container would meet."""
    wanted = Namespace.MOUNT | Namespace.PID | Namespace.UTS | Namespace.IPC
    pid, pidfd = syscalls.clone3(Namespace(0))
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    os.close(pidfd)
    syscalls.unshare(wanted)
    syscalls.mount(None, "/", None, MountFlag.REC | MountFlag.PRIVATE)
    # Ubuntu 24.04 lets anybody make a user namespace, but one without powers: only a mount shows it.
    syscalls.mount("trial", "/tmp", "tmpfs", MountFlag.NOSUID | MountFlag.NODEV)  # noqa: S108 - a mount point
