"""Seccomp: a small program in the kernel that judges every system call of a container (seccomp(2)).

    the program calls mount(...)
        -> the filter sees: architecture, number of the call, six arguments (never what a pointer points to)
        -> ALLOW, or an error number, without the call ever being tried

A `Policy` is a list of rules, of which the first that fits decides, and a default. `container_policy` is a list of
what is denied: the calls that Docker's profile keeps from containers, each given back with the capability that
makes it legitimate. An allow-list is the same shape with the default turned round.

`ownership_policy` is another use of the same means: where a user namespace has a single id, chown(2) cannot work,
and package managers give up. The filter answers 0, "done", and nothing is done (the way of Charliecloud's `ch-run
--seccomp`). It is a pretence, and the engine says so. With `asked` it lets another process answer chown, which can
write down who should own the file (runtime/owners.py).
"""

import errno
import os
import struct
from dataclasses import dataclass

from pydock_lab.linux.capabilities import Capability
from pydock_lab.linux.syscall_numbers import NUMBERS

ALLOW = 0x7FFF_0000
_ERRNO = 0x0005_0000
_KILL_PROCESS = 0x8000_0000
ASK = 0x7FC0_0000  # whoever listens decides

# AUDIT_ARCH_* of linux/audit.h, and the column of each architecture in NUMBERS.
_ARCHITECTURES = {"x86_64": (0xC000_003E, 0), "aarch64": (0xC000_00B7, 1)}
_X32_BIT = 0x4000_0000

# Where struct seccomp_data keeps its members, in bytes.
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16

# Classic BPF: load a word, mask it, jump, return (linux/bpf_common.h).
_LOAD, _AND, _JUMP_EQUAL, _JUMP_FROM, _JUMP_ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06


def deny(code: int) -> int:
    """The verdict "fail with this errno" (0: pretend success)."""
    return _ERRNO | code


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """On the low 32 bits of one argument: any bit of `mask` set, or, with `equals`, the masked value itself."""

    argument: int
    mask: int
    equals: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A verdict for some system calls, by name; names that an architecture lacks are left out."""

    names: tuple[str, ...]
    verdict: int
    condition: Condition | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The first rule that fits decides, else `default`; `foreign` is for system calls of another architecture."""

    rules: tuple[Rule, ...]
    default: int = ALLOW
    foreign: int = _KILL_PROCESS


def _instruction(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _check(number: int, rule: Rule) -> bytes:
    """The instructions for one call; they begin and end with its number in the accumulator."""
    verdict = _instruction(_RETURN, rule.verdict)
    if rule.condition is None:
        return _instruction(_JUMP_EQUAL, number, 0, 1) + verdict
    load = _instruction(_LOAD, _ARGUMENTS + 8 * rule.condition.argument)
    if rule.condition.equals is None:
        test = _instruction(_JUMP_ANY_BIT, rule.condition.mask, 0, 1)
    else:
        test = _instruction(_AND, rule.condition.mask)
        test += _instruction(_JUMP_EQUAL, rule.condition.equals, 0, 1)
    body = load + test + verdict + _instruction(_LOAD, _NUMBER)
    return _instruction(_JUMP_EQUAL, number, 0, len(body) // 8) + body


def assemble(policy: Policy, machine: str = "") -> bytes:
    """The BPF program of a policy, 8 bytes an instruction, for `machine` (default: this one).

    Raises KeyError for an architecture or a name that is not in the tables.
    """
    architecture, column = _ARCHITECTURES[machine or os.uname().machine]
    program = _instruction(_LOAD, _ARCHITECTURE)
    program += _instruction(_JUMP_EQUAL, architecture, 1, 0) + _instruction(_RETURN, policy.foreign)
    program += _instruction(_LOAD, _NUMBER)
    if column == 0:
        # x32 reaches the same calls of an x86-64 kernel under other numbers: a way around every rule.
        program += _instruction(_JUMP_FROM, _X32_BIT, 0, 1) + _instruction(_RETURN, deny(errno.EPERM))
    for rule in policy.rules:
        for name in rule.names:
            number = NUMBERS[name][column]
            if number is not None:
                program += _check(number, rule)
    return program + _instruction(_RETURN, policy.default)


# Never for a container (what Docker's profile leaves out, profiles/seccomp/default.json).
_FORBIDDEN = (
    *("add_key", "get_mempolicy", "io_uring_enter", "io_uring_register", "io_uring_setup", "kexec_file_load"),
    *("kexec_load", "keyctl", "move_pages", "nfsservctl", "personality", "request_key", "swapoff", "swapon"),
    *("sysfs", "_sysctl", "userfaultfd", "uselib", "ustat"),
)
# For containers that were given the capability.
_GUARDED = {
    Capability.SYS_ADMIN: (
        *("bpf", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount", "mount_setattr"),
        *("move_mount", "open_tree", "perf_event_open", "pivot_root", "quotactl", "quotactl_fd", "setns"),
        *("umount2", "unshare"),
    ),
    Capability.DAC_READ_SEARCH: ("name_to_handle_at", "open_by_handle_at"),
    Capability.SYS_BOOT: ("reboot",),
    Capability.SYS_CHROOT: ("chroot",),
    Capability.SYS_MODULE: ("delete_module", "finit_module", "init_module"),
    Capability.SYS_NICE: ("mbind", "set_mempolicy", "set_mempolicy_home_node"),
    Capability.SYS_PACCT: ("acct",),
    Capability.SYS_PTRACE: ("kcmp",),
    Capability.SYS_RAWIO: ("ioperm", "iopl"),
    Capability.SYSLOG: ("syslog",),
    Capability.SYS_TIME: ("adjtimex", "clock_adjtime", "clock_settime", "settimeofday"),
    Capability.SYS_TTY_CONFIG: ("vhangup",),
}
# All CLONE_NEW* bits: a user namespace would bring the given-up capabilities back.
_NAMESPACE_BITS = 0x7E02_0000


def container_policy(capabilities: Capability) -> Policy:
    """What a container with these capabilities may not call; every denied call fails with EPERM."""
    guarded = [name for power, names in _GUARDED.items() if power not in capabilities for name in names]
    rules = [Rule(names=(*_FORBIDDEN, *guarded), verdict=deny(errno.EPERM))]
    if Capability.SYS_ADMIN not in capabilities:
        new_namespaces = Condition(argument=0, mask=_NAMESPACE_BITS)
        rules.append(Rule(names=("clone",), verdict=deny(errno.EPERM), condition=new_namespaces))
        # clone3 keeps its flags behind a pointer, where no filter can look: "no such call" makes
        # the C library fall back to clone.
        rules.append(Rule(names=("clone3",), verdict=deny(errno.ENOSYS)))
    return Policy(rules=tuple(rules))


CHOWN = ("chown", "fchown", "lchown", "fchownat")
_IDENTITY = (
    *("setuid", "setgid", "setreuid", "setregid", "setresuid"),
    *("setresgid", "setfsuid", "setfsgid", "setgroups", "capset"),
)
_FILE_TYPE, _CHARACTER_DEVICE, _BLOCK_DEVICE = 0o170000, 0o020000, 0o060000


def ownership_policy(*, asked: bool = False) -> Policy:
    """Answer "done" to everything that would change an owner or an identity, and to device nodes.

    With `asked` who listens answers what would change an owner.
    """
    rules = [Rule(names=CHOWN, verdict=ASK if asked else deny(0)), Rule(names=_IDENTITY, verdict=deny(0))]
    for kind in (_CHARACTER_DEVICE, _BLOCK_DEVICE):
        for name, mode in (("mknod", 1), ("mknodat", 2)):
            device = Condition(argument=mode, mask=_FILE_TYPE, equals=kind)
            rules.append(Rule(names=(name,), verdict=deny(0), condition=device))
    return Policy(rules=tuple(rules), foreign=ALLOW)


def own_numbers(names: tuple[str, ...]) -> dict[int, str]:
    """The names of these system calls by their numbers on this machine."""
    if os.uname().machine not in _ARCHITECTURES:
        return {}
    _, column = _ARCHITECTURES[os.uname().machine]
    numbers = ((NUMBERS[name][column], name) for name in names)
    return {number: name for number, name in numbers if number is not None}


def isolation_forbidden_policy() -> Policy:
    """What a process sees in a Docker container with the default profile: no namespaces, no mounts.

    The tests stand on such a machine with it, and a lesson can.
    """
    names = ("unshare", "mount", "umount2", "setns", "pivot_root", "open_tree", "fsopen", "move_mount")
    new_namespaces = Condition(argument=0, mask=_NAMESPACE_BITS)
    return Policy(
        rules=(
            Rule(names=names, verdict=deny(errno.EPERM)),
            Rule(names=("clone",), verdict=deny(errno.EPERM), condition=new_namespaces),
            Rule(names=("clone3",), verdict=deny(errno.ENOSYS)),
        )
    )
