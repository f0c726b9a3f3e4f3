"""The filter of a traced container: which system calls run as they are, which are answered, which are changed.

    read, write, mmap, futex ...     run: the kernel does not even ask (Linux 5.11)
    openat, stat, chown, getuid ...  ASK: the supervisor answers (answering.py)
    execve, chdir, accept ...        TRACE: the tracer changes their words (tracing.py)
    mount, unshare ...               refused: nothing of it can work here, and it would lead out of the view
    what came after this was written ENOSYS: nobody translates its paths

Source: seccomp(2); the kinds of calls are those of Docker's default profile.
"""

import errno
import os
from collections.abc import Iterable

from pydock_lab.linux.seccomp import Comparison, Condition, Policy, Rule, Verdict, deny
from pydock_lab.linux.seccomp.pretences import NAMESPACE_BITS

_CLONE_UNTRACED = 0x0080_0000
_REFUSED = (
    *("mount", "umount2", "move_mount", "open_tree", "open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick"),
    *("mount_setattr", "pivot_root", "unshare", "setns", "open_by_handle_at", "userfaultfd", "swapon", "swapoff"),
    *("acct", "quotactl", "quotactl_fd", "fanotify_init", "fanotify_mark", "lookup_dcookie", "uselib", "reboot"),
    *("sethostname", "setdomainname", "bpf", "perf_event_open", "kexec_load", "kexec_file_load", "init_module"),
    *("finit_module", "delete_module", "add_key", "request_key", "keyctl", "statmount", "listmount"),
)
# A ring of calls that no filter sees, a clone whose flags none can, and calls by path that nobody translates.
_ABSENT = (
    *("io_uring_setup", "io_uring_enter", "io_uring_register", "clone3"),
    *("setxattrat", "getxattrat", "listxattrat", "removexattrat", "file_getattr", "file_setattr"),
)
# ioctl(2) on a file that is open for reading changes it all the same: FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR, verity.
_CHANGES_BY_IOCTL = (0x4008_6602, 0x401C_5820, 0x4080_6685)
_PR_SCHED_CORE = 62
SETS_OWNER = F_SETOWN, F_SETOWN_EX = (8, 15)
SETS_OWNER_BY_IOCTL = (0x8901, 0x8902)  # FIOSETOWN, SIOCSPGRP
_HALF = 0xFFFF_FFFF
OF_A_PROCESS = (
    *("prlimit64", "sched_setaffinity", "sched_setparam", "sched_setscheduler", "sched_setattr", "get_robust_list"),
    *("process_vm_readv", "process_vm_writev", "move_pages", "migrate_pages"),
)
"""Calls whose first argument is the number of a process; 0 is whoever calls."""


def policy(*, asked: Iterable[str], traced: Iterable[str], cookie: int) -> Policy:
    """The filter; `cookie` is the sixth argument by which the tracer's own calls of openat are known."""
    ours = Condition(argument=5, comparison=Comparison.EQUAL, value=cookie)
    rules = [
        Rule(names=("openat",), verdict=Verdict.ALLOW, conditions=(ours,)),
        # A place is no open file, and cannot be handed over: the program opens it itself (entering.py).
        Rule(names=("openat",), verdict=Verdict.TRACE, conditions=(Condition(argument=2, mask=os.O_PATH),)),
        Rule(names=("open",), verdict=Verdict.TRACE, conditions=(Condition(argument=1, mask=os.O_PATH),)),
        # Where it is looked at only when there is an address, nothing else is asked.
        Rule(names=("sendto",), verdict=Verdict.ALLOW, conditions=(_is(4, 0),)),
        Rule(names=OF_A_PROCESS, verdict=Verdict.ALLOW, conditions=(_is(0, 0, _HALF),)),
        Rule(names=("accept", "accept4"), verdict=Verdict.ALLOW, conditions=(_is(1, 0),)),
        Rule(names=("clone",), verdict=deny(errno.EPERM), conditions=(Condition(argument=0, mask=_OUT),)),
        *[
            Rule(names=("ioctl",), verdict=deny(errno.EOPNOTSUPP), conditions=(_is(1, number, _HALF),))
            for number in _CHANGES_BY_IOCTL
        ],
        *[Rule(names=("fcntl",), verdict=Verdict.ASK, conditions=(_is(1, number, _HALF),)) for number in SETS_OWNER],
        *[Rule(names=("ioctl",), verdict=Verdict.ASK, conditions=(_is(1, one, _HALF),)) for one in SETS_OWNER_BY_IOCTL],
        # It shares processors with any other process of the user; a kernel without core scheduling says so.
        Rule(names=("prctl",), verdict=deny(errno.EINVAL), conditions=(_is(0, _PR_SCHED_CORE, _HALF),)),
        *[Rule(names=("prctl",), verdict=Verdict.ASK, conditions=(_is(0, number, _HALF),)) for number in PRCTL],
        Rule(names=("getsockopt",), verdict=Verdict.ASK, conditions=(_is(1, 1, _HALF), _is(2, 17, _HALF))),
        # Behind their exceptions above: the first rule that fits decides.
        Rule(names=("open", "openat"), verdict=Verdict.ASK),
        Rule(names=tuple(name for name in asked if name not in _SOMETIMES), verdict=Verdict.ASK),
        Rule(names=tuple(name for name in traced if name not in _SOMETIMES), verdict=Verdict.TRACE),
        Rule(names=_REFUSED, verdict=deny(errno.EPERM)),
        # As on an overlay: a handle is for open_by_handle_at(2), which nobody here may call.
        Rule(names=("name_to_handle_at",), verdict=deny(errno.EOPNOTSUPP)),
        Rule(names=_ABSENT, verdict=deny(errno.ENOSYS)),
    ]
    # Foreign are calls of 32-bit programs: their numbers and structures are others, and nobody here reads them.
    return Policy(rules=tuple(rules), foreign=deny(errno.ENOSYS), newer=deny(errno.ENOSYS))


_SOMETIMES = ("prctl", "getsockopt", "open", "openat", "fcntl", "ioctl")  # what is done depends on the arguments
_OUT = NAMESPACE_BITS | _CLONE_UNTRACED
# PR_GET_DUMPABLE, PR_SET_DUMPABLE, PR_GET_KEEPCAPS, PR_SET_KEEPCAPS, PR_CAPBSET_READ, PR_CAPBSET_DROP,
# PR_GET_SECUREBITS, PR_SET_SECUREBITS, PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_CAP_AMBIENT
PRCTL = (3, 4, 7, 8, 23, 24, 27, 28, 38, 39, 47)


def _is(argument: int, value: int, mask: int = 2**64 - 1) -> Condition:
    return Condition(argument=argument, mask=mask, comparison=Comparison.EQUAL, value=value)
