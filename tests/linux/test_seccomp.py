"""Docker's default profile as a table of what a container may call; and filters that the kernel itself runs."""

import ctypes
import errno
import mmap
import os
import socket
from collections.abc import Callable

import pytest
from samples.bpf import judge

from pydock_lab.linux import seccomp, syscalls
from pydock_lab.linux.capabilities import ALL, DEFAULT, Capability
from pydock_lab.linux.seccomp import (
    ALLOW,
    ASK,
    Host,
    Policy,
    Rule,
    Verdict,
    assemble,
    container_policy,
    default_profile,
    deny,
    ownership_policy,
)
from pydock_lab.linux.syscall_numbers import Architecture, numbers
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import attempt

EPERM, ENOSYS = deny(errno.EPERM), deny(errno.ENOSYS)
AF_ALG, AF_VSOCK, AF_MAX = 38, 40, 46


def verdict(
    capabilities: Capability, name: str, *arguments: int, machine: str = "x86_64", kernel: tuple[int, int] = (6, 1)
) -> int:
    policy = default_profile().policy(Host(capabilities=capabilities, machine=machine, kernel=kernel))
    architecture = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}[machine]
    number = numbers(Architecture(machine))[name]
    return judge(assemble(policy, machine), number, *arguments, architecture=architecture)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, ALLOW) for name in ("read", "execve", "setuid", "capset", "mknodat", "chroot", "ptrace", "seccomp")),
        *((name, EPERM) for name in ("mount", "umount2", "pivot_root", "move_mount", "unshare", "setns")),
        *((name, EPERM) for name in ("init_module", "kexec_load", "reboot", "bpf", "swapon", "perf_event_open")),
        *((name, EPERM) for name in ("keyctl", "add_key", "request_key", "userfaultfd", "open_by_handle_at")),
        *((name, EPERM) for name in ("io_uring_setup", "io_uring_enter", "io_uring_register", "settimeofday", "acct")),
        *((name, EPERM) for name in ("syslog", "sethostname", "fanotify_init", "kcmp", "process_madvise", "mbind")),
        ("clone3", ENOSYS),
        ("open_tree_attr", ENOSYS),  # newer than the profile
    ],
)
def test_what_a_container_may_call(name: str, expected: int, machine: str) -> None:
    assert verdict(DEFAULT, name, machine=machine) == expected


@pytest.mark.parametrize(
    ("power", "names"),
    [
        (Capability.DAC_READ_SEARCH, "open_by_handle_at"),
        (Capability.SYS_ADMIN, "mount umount2 unshare setns clone3 bpf sethostname setdomainname quotactl fsopen"),
        (Capability.SYS_BOOT, "reboot"),
        (Capability.SYS_CHROOT, "chroot"),
        (Capability.SYS_MODULE, "init_module finit_module delete_module"),
        (Capability.SYS_PACCT, "acct"),
        (Capability.SYS_PTRACE, "kcmp pidfd_getfd process_madvise"),
        (Capability.SYS_RAWIO, "ioperm iopl"),
        (Capability.SYS_TIME, "clock_settime settimeofday"),
        (Capability.SYS_TTY_CONFIG, "vhangup"),
        (Capability.SYS_NICE, "mbind set_mempolicy get_mempolicy set_mempolicy_home_node"),
        (Capability.SYSLOG, "syslog"),
        (Capability.BPF, "bpf"),
        (Capability.PERFMON, "perf_event_open"),
    ],
)
def test_a_capability_brings_its_calls_along(power: Capability, names: str) -> None:
    for name in names.split():
        assert verdict(Capability(0), name) in (EPERM, ENOSYS)
        assert verdict(power, name) == ALLOW
        assert verdict(ALL & ~power, name) != ALLOW or name in ("bpf", "syslog", "perf_event_open")


@pytest.mark.parametrize("name", ["pivot_root", "keyctl", "swapon", "kexec_load", "userfaultfd", "io_uring_setup"])
def test_some_calls_are_for_nobody(name: str) -> None:
    assert verdict(ALL, name) == EPERM


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("clone", (0,), ALLOW),
        ("clone", (0x0120_0011,), ALLOW),
        ("clone", (0x1000_0000,), EPERM),
        ("clone", (0x4000_0011,), EPERM),
        ("clone", (0x1_0000_0011,), ALLOW),  # no flag of clone(2) is up there
        ("personality", (0xFFFF_FFFF,), ALLOW),
        ("personality", (0x2_0008,), ALLOW),
        ("personality", (0x0004_0000,), EPERM),  # ADDR_NO_RANDOMIZE
        ("personality", (2**64 - 1,), EPERM),
        ("socket", (socket.AF_UNIX,), ALLOW),
        ("socket", (socket.AF_INET6,), ALLOW),
        ("socket", (socket.AF_NETLINK,), ALLOW),
        ("socket", (socket.AF_PACKET,), ALLOW),
        ("socket", (AF_ALG,), EPERM),
        ("socket", (AF_VSOCK,), EPERM),
        ("socket", (AF_MAX,), EPERM),
        ("socket", (2**32 + socket.AF_INET,), EPERM),
    ],
)
def test_calls_that_depend_on_their_arguments(name: str, arguments: tuple[int, ...], expected: int) -> None:
    assert verdict(DEFAULT, name, *arguments) == expected


def test_old_kernels_let_a_tracer_step_around_a_filter() -> None:
    for kernel, expected in (((4, 7), EPERM), ((4, 8), ALLOW), ((5, 1), ALLOW)):
        assert verdict(DEFAULT, "ptrace", kernel=kernel) == expected
    assert verdict(DEFAULT | Capability.SYS_PTRACE, "ptrace", kernel=(4, 7)) == ALLOW


@pytest.mark.parametrize(
    ("name", "arguments", "asked", "expected"),
    [
        ("chown", (), False, deny(0)),
        ("chown", (), True, ASK),
        ("setgroups", (), True, deny(0)),
        ("mknod", (0, 0o020644), False, deny(0)),
        ("mknod", (0, 0o060644), False, deny(0)),
        ("mknod", (0, 0o010644), False, ALLOW),
        ("mknodat", (0, 0, 0o020644), False, deny(0)),
        ("unshare", (), False, ALLOW),
    ],
)
def test_ownership_is_pretended(name: str, arguments: tuple[int, ...], *, asked: bool, expected: int) -> None:
    program = assemble(ownership_policy(asked=asked), "x86_64")
    assert judge(program, numbers(Architecture.X86_64)[name], *arguments) == expected


# ---- run by the kernel

_libc = ctypes.CDLL(None, use_errno=True)


def answer(call: str, *arguments: int) -> int:
    """The errno of a raw system call, 0 where it succeeds."""
    number = numbers(seccomp.ways()[0]).get(call)
    assert number is not None
    ctypes.set_errno(0)
    result = _libc.syscall(ctypes.c_long(number), *(ctypes.c_ulong(argument) for argument in arguments))
    return ctypes.get_errno() if result < 0 else 0


def under(policy: Policy, action: Callable[[], int]) -> int:
    """What `action` answers in a child that lives under this policy; minus the signal that killed it."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
            syscalls.install_seccomp(assemble(policy))
            os.write(writer, str(action()).encode())
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as pipe:
        report = pipe.read()
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return code if code < 0 else int(report)


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("getpid", (), 0),
        ("unshare", (0x1000_0000,), errno.EPERM),
        ("mount", (0, 0, 0, 0, 0), errno.EPERM),
        ("keyctl", (0,), errno.EPERM),
        ("clone3", (0, 0), errno.ENOSYS),
        ("removexattrat", (0, 0, 0, 0), (errno.EINVAL, errno.EFAULT, errno.ENOSYS)),  # allowed; old kernels lack it
        ("file_getattr", (0, 0, 0, 0, 0), errno.ENOSYS),  # newer than the profile, whatever the kernel has
        ("personality", (0xFFFF_FFFF,), 0),
        ("personality", (0x0004_0000,), errno.EPERM),
        ("socket", (socket.AF_UNIX, socket.SOCK_STREAM, 0), 0),
        ("socket", (AF_ALG, socket.SOCK_SEQPACKET, 0), errno.EPERM),
        ("socket", (AF_VSOCK, socket.SOCK_STREAM, 0), errno.EPERM),
    ],
)
def test_the_kernel_runs_the_default_profile(call: str, arguments: tuple[int, ...], expected: object) -> None:
    found = under(container_policy(DEFAULT), lambda: answer(call, *arguments))
    assert found in (expected if isinstance(expected, tuple) else (expected,))


@pytest.mark.parametrize(
    ("kept", "expected"), [(Verdict.KILL_PROCESS, -31), (deny(errno.EXDEV), errno.EXDEV), (ALLOW, 0)]
)
def test_the_kernel_knows_the_verdicts(kept: int, expected: int) -> None:
    policy = Policy(rules=(Rule(names=("getppid",), verdict=kept),))
    assert under(policy, lambda: answer("getppid")) == expected


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="two ways into the kernel that only x86-64 has")
def test_the_kernel_sees_other_ways_in() -> None:
    """A call of x32, and one of i386: machine code, since nothing else makes one in a program of 64 bits."""
    x32_getpid = 0x4000_0000 | 39
    refused = Policy(rules=(), foreign=deny(errno.EXDEV))

    def x32() -> int:
        ctypes.set_errno(0)
        return ctypes.get_errno() if _libc.syscall(ctypes.c_long(x32_getpid)) < 0 else 0

    assert under(refused, x32) == errno.EPERM

    def i386() -> int:
        getpid = b"\xb8\x14\x00\x00\x00\xcd\x80\xc3"  # mov eax, 20; int 0x80; ret
        with mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC) as page:
            page.write(getpid)
            place = ctypes.c_char.from_buffer(page)
            result = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(place))()
            del place
        return -result if result < 0 else 0

    # Kernels without i386 answer by a signal, and there is nothing to close.
    assert under(Policy(rules=(), foreign=ALLOW), i386) in (0, -11)
    assert under(refused, i386) in (errno.EXDEV, -11)


def test_ownership_pretended_by_the_kernel() -> None:
    def chown_as_nobody() -> None:
        syscalls.prctl(Prctl.SET_NO_NEW_PRIVS)
        syscalls.install_seccomp(assemble(ownership_policy()))
        os.chown("/", 12345, 12345)  # done, says the filter, to anybody
        syscalls.install_seccomp(assemble(seccomp.isolation_forbidden_policy()))
        syscalls.unshare(syscalls.Namespace.USER)

    before = os.stat("/")
    error = attempt(chown_as_nobody)
    assert error is not None
    assert (error.errno, error.strerror) == (errno.EPERM, "unshare: Operation not permitted")
    assert os.stat("/").st_uid == before.st_uid
