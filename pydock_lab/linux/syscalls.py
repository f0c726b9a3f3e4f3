"""The system calls that Python has no name for.

A container is nothing but an ordinary process that asked the kernel for other views before it started:

    clone3(NEWPID | NEWNET | ...)     a child that counts processes from 1, with network devices of its own
    mount, pivot_root                 another tree of files becomes its "/" (mount_calls.py)
    capset, prctl, seccomp            it gives up powers, for good
    execve                            the program of the image takes the process over

Every failure is an OSError whose text names the call. Sources: the manual pages of section 2, and linux/sched.h.
"""

import ctypes
import errno
import os
import signal as _signal
import struct
from collections.abc import Set as AbstractSet
from enum import IntEnum, IntFlag

from pydock_lab.linux.journal import noted
from pydock_lab.linux.libc import LIBC, as_bytes, checked

LIBC.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]

# Calls with a number above 400 have the same one on every architecture; the others are given per architecture.
_ARM = os.uname().machine == "aarch64"
_BPF = 280 if _ARM else 321
CLONE = 220 if _ARM else 56
_SECCOMP = 277 if _ARM else 317
_KEYCTL = 219 if _ARM else 250
CLONE3, _CLOSE_RANGE, _OPENAT2, _PIDFD_GETFD = 435, 436, 437, 438


class Namespace(IntFlag):
    """The kinds of namespaces, as `clone3`, `unshare` and `setns` take them (namespaces(7))."""

    MOUNT = 0x0002_0000
    CGROUP = 0x0200_0000
    UTS = 0x0400_0000
    IPC = 0x0800_0000
    USER = 0x1000_0000
    PID = 0x2000_0000
    NET = 0x4000_0000


# How /proc/PID/ns calls them.
NAMESPACE_FILES = {
    Namespace.MOUNT: "mnt",
    Namespace.CGROUP: "cgroup",
    Namespace.UTS: "uts",
    Namespace.IPC: "ipc",
    Namespace.USER: "user",
    Namespace.PID: "pid",
    Namespace.NET: "net",
}


class Prctl(IntEnum):
    """The operations of prctl(2) that the package uses."""

    SET_PDEATHSIG = 1
    SET_DUMPABLE = 4
    SET_KEEPCAPS = 8
    SET_NAME = 15
    CAPBSET_DROP = 24
    SET_CHILD_SUBREAPER = 36
    SET_NO_NEW_PRIVS = 38


class CloneArguments(ctypes.Structure):
    """What clone3 is given (struct clone_args of clone(2))."""

    _fields_ = [
        (name, ctypes.c_uint64)
        for name in (
            "flags",
            "pidfd",
            "child_tid",
            "parent_tid",
            "exit_signal",
            "stack",
            "stack_size",
            "tls",
            "set_tid",
            "set_tid_size",
            "cgroup",
        )
    ]


_CLONE_FILES, _CLONE_PIDFD, CLONE_PARENT = 0x400, 0x1000, 0x8000
CLONE_INTO_CGROUP = 0x2_0000_0000
_SIGCHLD = 17


def clone3(
    flags: Namespace, *, as_sibling: bool = False, shares_descriptors: bool = False, group: int = -1
) -> tuple[int, int]:
    """Fork into new namespaces: (pid, pidfd) in the parent, (0, -1) in the child (clone(2)).

    Only for a process with one thread. The pidfd is closed at exec, and readable when the child has ended. With
    `as_sibling` the child is our own parent's, who alone can wait for it (CLONE_PARENT); with `shares_descriptors`
    what one of both opens or closes is so for the other, too (CLONE_FILES). `group` is the directory of a control
    group of version 2 that the child is born into (Linux 5.7). Where there is no clone3 (Docker's seccomp
    profile says so to everybody), the older call does the same, but for the group.
    """
    pidfd = ctypes.c_int(-1)
    number = int(flags) | _CLONE_PIDFD | (CLONE_PARENT if as_sibling else 0)
    number |= _CLONE_FILES if shares_descriptors else 0
    signal = 0 if as_sibling else _SIGCHLD  # a sibling's end is told as ours would be
    arguments = CloneArguments(flags=number, pidfd=ctypes.addressof(pidfd), exit_signal=signal)
    if group >= 0:
        arguments.flags |= CLONE_INTO_CGROUP
        arguments.cgroup = group
    pid = LIBC.syscall(CLONE3, ctypes.byref(arguments), ctypes.sizeof(arguments))
    if pid < 0 and ctypes.get_errno() == errno.ENOSYS and group < 0:
        pid = LIBC.syscall(CLONE, ctypes.c_ulong(number | signal), None, ctypes.byref(pidfd), None, None)
    return checked(pid, "clone3"), pidfd.value


@noted("unshare")
def unshare(flags: Namespace) -> None:
    """Leave the present namespaces for new ones (unshare(2)); a user namespace needs a single thread."""
    checked(LIBC.unshare(int(flags)), "unshare")


@noted("setns")
def setns(descriptor: int, flags: Namespace) -> None:
    """Enter the namespaces of a process (a pidfd) or the one behind a /proc/PID/ns file (setns(2))."""
    checked(LIBC.setns(descriptor, int(flags)), "setns")


@noted("prctl")
def prctl(operation: Prctl, argument: int | bytes = 1) -> None:
    """Change an attribute of this process (prctl(2))."""
    if isinstance(argument, bytes):
        text = ctypes.create_string_buffer(argument)
        argument = ctypes.addressof(text)  # it is here for as long as the call takes
    if LIBC.prctl(operation, argument, 0, 0, 0) < 0:
        checked(-1, f"prctl {operation.name}")


def populate(address: int, length: int) -> bool:
    """Make pages ready to be written to, as writing would (madvise(2), Linux 5.14); whether that was possible."""
    populate_write = 23
    return not LIBC.madvise(ctypes.c_void_p(address), ctypes.c_size_t(length), populate_write)


def timer() -> int:
    """A descriptor that can be read once the time that `set_timer` says has passed (timerfd_create(2))."""
    clock_monotonic, flags = 1, os.O_NONBLOCK | os.O_CLOEXEC
    return checked(LIBC.timerfd_create(clock_monotonic, flags), "timerfd_create")


def set_timer(descriptor: int, seconds: float) -> None:
    """Have a timer go off once, in so many seconds; 0 stops it (timerfd_settime(2))."""
    whole, part = divmod(int(seconds * 1e9), 10**9)
    checked(LIBC.timerfd_settime(descriptor, 0, struct.pack("@4l", 0, 0, whole, part), None), "timerfd_settime")


@noted("sethostname")
def sethostname(name: str) -> None:
    """Name the host of this UTS namespace (sethostname(2))."""
    encoded = os.fsencode(name)
    checked(LIBC.sethostname(encoded, ctypes.c_size_t(len(encoded))), "sethostname")


@noted("setdomainname")
def setdomainname(name: str) -> None:
    """Name the NIS domain of this UTS namespace (setdomainname(2))."""
    encoded = os.fsencode(name)
    checked(LIBC.setdomainname(encoded, ctypes.c_size_t(len(encoded))), "setdomainname")


def _find_command_line() -> tuple[int, int]:
    """Where the kernel finds our command line in our memory: address and length (proc_pid_stat(5), fields 48, 49)."""
    try:
        with open("/proc/self/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return int(fields[45]), int(fields[46]) - int(fields[45])
    except (OSError, IndexError):
        return 0, 0


_COMMAND_LINE = _find_command_line()


def set_title(title: str) -> None:
    """What `ps` shows for this process, as its name (15 characters) and its command line."""
    prctl(Prctl.SET_NAME, os.fsencode(title))
    address, length = _COMMAND_LINE
    if address:
        words = os.fsencode(title)[: length - 1]
        ctypes.memset(address, 0, length)
        ctypes.memmove(address, words, len(words))


_CAPABILITY_VERSION_3 = 0x2008_0522


def capget() -> tuple[int, int]:
    """The (effective, permitted) capabilities of this process, one bit each (capget(2))."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)()
    checked(LIBC.capget(header, data), "capget")
    return data[0] | data[3] << 32, data[1] | data[4] << 32


@noted("capset")
def capset(effective: int, permitted: int, inheritable: int = 0) -> None:
    """Set the capabilities of this process, one bit each; powers given up never come back (capset(2))."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (effective, permitted, inheritable)
    low, high = [value & 0xFFFF_FFFF for value in sets], [value >> 32 for value in sets]
    checked(LIBC.capset(header, (ctypes.c_uint32 * 6)(*low, *high)), "capset")


@noted("seccomp")
def install_seccomp(program: bytes, *, listen: bool = False) -> int:
    """Put every later system call of this process and its children through a BPF program (seccomp(2)).

    Each instruction has 8 bytes. Needs no_new_privs or CAP_SYS_ADMIN. With `listen` it gives a descriptor on which
    another process hears of the calls that the program does not decide itself (seccomp_unotify(2)), else 0.
    """
    set_mode_filter, new_listener, wait_killable = 1, 8, 32
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code))
    if listen:
        # Whose call is being answered waits, and no signal but a deadly one interrupts it (Linux 5.19).
        listener = LIBC.syscall(_SECCOMP, set_mode_filter, new_listener | wait_killable, header)
        if listener >= 0 or ctypes.get_errno() != errno.EINVAL:
            return checked(listener, "seccomp")
    return checked(LIBC.syscall(_SECCOMP, set_mode_filter, new_listener if listen else 0, header), "seccomp")


@noted("keyctl")
def join_session_keyring() -> None:
    """Have a new, empty session keyring instead of the parent's (keyctl_join_session_keyring(3))."""
    join_anonymous = 1
    checked(LIBC.syscall(_KEYCTL, join_anonymous, None), "keyctl")


def signal_descriptor(numbers: AbstractSet[int]) -> int:
    """A descriptor to read signals from: this process gets them in no other way from now on (signalfd(2))."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, numbers)
    mask = sum(1 << number - 1 for number in numbers).to_bytes(128, "little")
    return checked(LIBC.signalfd(-1, mask, os.O_CLOEXEC | os.O_NONBLOCK), "signalfd")


def watch(descriptor: int, path: bytes, mask: int) -> int:
    """Have an inotify descriptor tell of what happens at a path: the number of the watch (inotify_add_watch(2))."""
    return checked(LIBC.inotify_add_watch(descriptor, path, ctypes.c_uint32(mask)), "inotify_add_watch")


def take_descriptor(pidfd: int, number: int) -> int:
    """A copy of a descriptor of another process, closed at exec (pidfd_getfd(2), Linux 5.6)."""
    return checked(LIBC.syscall(_PIDFD_GETFD, pidfd, number, 0), "pidfd_getfd")


def chown_at(descriptor: int, uid: int, gid: int) -> None:
    """Change the owner of what a descriptor of any kind is of, be it a link; -1 leaves one alone (fchownat(2))."""
    empty_path = 0x1000
    checked(LIBC.fchownat(descriptor, b"", uid, gid, empty_path), "fchownat")


def open_in_root(root: int, path: bytes, *, follow_last: bool) -> int:
    """A descriptor for a place (O_PATH), with `root` being "/" on all of the way (openat2(2), Linux 5.6)."""
    resolve_in_root = 0x10
    flags = os.O_PATH | os.O_CLOEXEC | (0 if follow_last else os.O_NOFOLLOW)
    how = struct.pack("=QQQ", flags, 0, resolve_in_root)
    return checked(LIBC.syscall(_OPENAT2, root, path, how, len(how)), "openat2")


def close_on_exec(first: int) -> None:
    """Let no descriptor from this one on get into the next program, whoever opened it how (close_range(2), Linux 5.11).

    An error of a kernel that is older is ENOSYS or EINVAL.
    """
    highest, cloexec = 2**32 - 1, 4
    checked(LIBC.syscall(_CLOSE_RANGE, ctypes.c_uint(first), ctypes.c_uint(highest), cloexec), "close_range")


def watch_file(path: str) -> int:
    """A descriptor that becomes readable whenever the file changes, and does not block (inotify(7))."""
    modify = 2
    descriptor = checked(LIBC.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC), "inotify_init1")
    try:
        checked(LIBC.inotify_add_watch(descriptor, as_bytes(path), modify), "inotify_add_watch", path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def load_device_program(program: bytes) -> int:
    """A program in eBPF that judges the use of devices, 8 bytes an instruction: its descriptor (bpf(2))."""
    load, cgroup_device = 5, 15
    code = ctypes.create_string_buffer(program, len(program))
    licence = ctypes.create_string_buffer(b"BSD")
    attributes = struct.pack(
        "=IIQQ", cgroup_device, len(program) // 8, ctypes.addressof(code), ctypes.addressof(licence)
    )
    return _bpf(load, attributes)


def attach_device_program(group: int, program: int) -> None:
    """Let a program judge what is done in a control group, besides those that are there (bpf(2))."""
    attach, cgroup_device, allow_multi = 8, 6, 2
    _bpf(attach, struct.pack("=IIII", group, program, cgroup_device, allow_multi))


def _bpf(command: int, attributes: bytes) -> int:
    # The kernel reads as much as it is told; what is not there counts as zeros.
    return checked(LIBC.syscall(_BPF, command, attributes, len(attributes)), "bpf")
