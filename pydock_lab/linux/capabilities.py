"""Capabilities: the power of root, cut into pieces that a process can give up one by one (capabilities(7)).

    root on the host        all 41 pieces
    root in a container     Docker's 14: enough to install packages and to bind port 80,
                            not enough to mount, to load kernel modules or to set the clock
    a user in a container   none

The *bounding* set limits what any program started later can ever get back: it is cut first.
"""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntFlag
from functools import cache

from pydock_lab.errors import ContainerError
from pydock_lab.linux import syscalls
from pydock_lab.linux.syscalls import Prctl

_MOST_NUMBERS = 64  # capget(2) has two words of them


class Capability(IntFlag):
    """One bit a capability, numbered as in linux/capability.h."""

    CHOWN = 1 << 0
    DAC_OVERRIDE = 1 << 1
    DAC_READ_SEARCH = 1 << 2
    FOWNER = 1 << 3
    FSETID = 1 << 4
    KILL = 1 << 5
    SETGID = 1 << 6
    SETUID = 1 << 7
    SETPCAP = 1 << 8
    LINUX_IMMUTABLE = 1 << 9
    NET_BIND_SERVICE = 1 << 10
    NET_BROADCAST = 1 << 11
    NET_ADMIN = 1 << 12
    NET_RAW = 1 << 13
    IPC_LOCK = 1 << 14
    IPC_OWNER = 1 << 15
    SYS_MODULE = 1 << 16
    SYS_RAWIO = 1 << 17
    SYS_CHROOT = 1 << 18
    SYS_PTRACE = 1 << 19
    SYS_PACCT = 1 << 20
    SYS_ADMIN = 1 << 21
    SYS_BOOT = 1 << 22
    SYS_NICE = 1 << 23
    SYS_RESOURCE = 1 << 24
    SYS_TIME = 1 << 25
    SYS_TTY_CONFIG = 1 << 26
    MKNOD = 1 << 27
    LEASE = 1 << 28
    AUDIT_WRITE = 1 << 29
    AUDIT_CONTROL = 1 << 30
    SETFCAP = 1 << 31
    MAC_OVERRIDE = 1 << 32
    MAC_ADMIN = 1 << 33
    SYSLOG = 1 << 34
    WAKE_ALARM = 1 << 35
    BLOCK_SUSPEND = 1 << 36
    AUDIT_READ = 1 << 37
    PERFMON = 1 << 38
    BPF = 1 << 39
    CHECKPOINT_RESTORE = 1 << 40


ALL = ~Capability(0)

# What Docker leaves to root in a container (moby, oci/caps/defaults.go).
DEFAULT = (
    Capability.CHOWN
    | Capability.DAC_OVERRIDE
    | Capability.FSETID
    | Capability.FOWNER
    | Capability.MKNOD
    | Capability.NET_RAW
    | Capability.SETGID
    | Capability.SETUID
    | Capability.SETFCAP
    | Capability.SETPCAP
    | Capability.NET_BIND_SERVICE
    | Capability.SYS_CHROOT
    | Capability.KILL
    | Capability.AUDIT_WRITE
)


def parse(name: str) -> Capability:
    """The capability called `NET_ADMIN`, `cap_net_admin` or `ALL`; raises ContainerError for another word."""
    word = name.upper().removeprefix("CAP_")
    if word == "ALL":
        return ALL
    try:
        return Capability[word]
    except KeyError:
        raise ContainerError("linux.unknown-capability", name=name) from None


def parse_all(names: Iterable[str]) -> Capability:
    """The union of the named capabilities; raises ContainerError for an unknown name."""
    union = Capability(0)
    for name in names:
        union |= parse(name)
    return union


def adjust(base: Capability, *, add: Iterable[str] = (), drop: Iterable[str] = ()) -> Capability:
    """What `--cap-add` and `--cap-drop` make of `base`: `ALL` first, then the single names, as Docker does."""
    added, dropped = list(add), list(drop)
    if any(parse(name) == ALL for name in added):
        base = ALL
    if any(parse(name) == ALL for name in dropped):
        base = Capability(0)
    single_added = parse_all(name for name in added if parse(name) != ALL)
    single_dropped = parse_all(name for name in dropped if parse(name) != ALL)
    return (base | single_added) & ~single_dropped


@cache
def names(capabilities: Capability) -> tuple[str, ...]:
    """The OCI names (`CAP_CHOWN`), in the kernel's order."""
    return tuple(f"CAP_{one.name}" for one in Capability if one in capabilities)


def limit_bounding(keep: Capability) -> None:
    """Cut the bounding set down to `keep`."""
    kept = int(keep)  # plain numbers: arithmetic with flags is slow, and there are forty
    # It takes CAP_SETPCAP (prctl(2)): so it has to come before `hold`, which may give that up.
    drop = Prctl.CAPBSET_DROP
    # Up to the kernel's last one, not ours: what a newer kernel has is cut as well. It is the kernel itself that says
    # where its numbers end: the /proc that is in sight may be an image's, and say what it likes.
    for number in range(_MOST_NUMBERS):
        if kept >> number & 1:
            continue
        try:
            syscalls.prctl(drop, number)
        except OSError as error:
            if error.errno != errno.EINVAL or not number:
                raise
            return


def renounce() -> None:
    """Give up every capability for good, for this process and all that it starts.

    Who may not cut the bounding set (CAP_SETPCAP) needs no_new_privs as well: with it execve(2) gives nothing back.
    """
    effective, _ = syscalls.capget()
    if effective & Capability.SETPCAP:
        limit_bounding(Capability(0))
    # The ambient ones go with those that are permitted and inheritable (capabilities(7)).
    syscalls.capset(0, 0)


@contextmanager
def set_aside() -> Iterator[None]:
    """For the moment, do what is done without any capability that is in force; not for a process with threads."""
    effective, permitted = syscalls.capget()
    if not effective:
        yield
        return
    syscalls.capset(0, permitted)
    try:
        yield
    finally:
        syscalls.capset(effective, permitted)


def hold(keep: Capability) -> Capability:
    """Keep only those capabilities of `keep` that are permitted now, and return them."""
    _, permitted = syscalls.capget()
    kept = int(keep) & permitted
    # None is inheritable: a program whose file has inheritable ones would get them, whoever starts it (CVE-2022-24769).
    syscalls.capset(kept, kept)
    return Capability(kept)
