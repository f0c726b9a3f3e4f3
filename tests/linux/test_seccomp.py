"""The BPF programs, judged by a small interpreter of classic BPF, and once by the kernel itself."""

import errno
import os
import struct
from collections.abc import Iterator

import pytest

from pydock_lab.linux import seccomp, syscalls
from pydock_lab.linux.capabilities import DEFAULT, Capability
from pydock_lab.linux.seccomp import ALLOW, Policy, assemble, container_policy, deny, ownership_policy
from pydock_lab.linux.syscall_numbers import NUMBERS
from pydock_lab.linux.syscalls import Prctl
from pydock_lab.linux.tiers import attempt

X86, ARM = 0xC000003E, 0xC00000B7
MACHINES = {"x86_64": (X86, 0), "aarch64": (ARM, 1)}


def judge(program: bytes, number: int, *arguments: int, architecture: int = X86) -> int:
    """What the kernel would return: a direct reading of Documentation/networking/filter.rst."""
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    instructions = list(struct.iter_unpack("=HBBI", program))
    accumulator = position = 0
    while True:
        code, if_true, if_false, value = instructions[position]
        position += 1
        match code:
            case 0x20:
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x54:
                accumulator &= value
            case 0x15:
                position += if_true if accumulator == value else if_false
            case 0x35:
                position += if_true if accumulator >= value else if_false
            case 0x45:
                position += if_true if accumulator & value else if_false
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(hex(code))


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def verdicts(policy: Policy, machine: str, names: list[str]) -> Iterator[tuple[str, int]]:
    architecture, column = MACHINES[machine]
    program = assemble(policy, machine)
    for name in names:
        number = NUMBERS[name][column]
        if number is not None:
            yield name, judge(program, number, architecture=architecture)


def test_a_container_may_not_mount_nor_load_modules(machine: str) -> None:
    names = ["mount", "umount2", "pivot_root", "init_module", "reboot", "bpf", "keyctl", "setns", "unshare"]
    found = dict(verdicts(container_policy(DEFAULT), machine, names))
    assert found
    assert set(found.values()) == {deny(errno.EPERM)}


def test_ordinary_calls_are_allowed(machine: str) -> None:
    names = ["fchown", "setuid", "capset", "mknodat", "clone", "chroot"]
    assert set(dict(verdicts(container_policy(DEFAULT), machine, names)).values()) == {ALLOW}


@pytest.mark.parametrize(
    ("power", "name"),
    [
        (Capability.SYS_ADMIN, "mount"),
        (Capability.SYS_BOOT, "reboot"),
        (Capability.SYS_MODULE, "init_module"),
        (Capability.SYS_TIME, "clock_settime"),
    ],
)
def test_a_capability_brings_its_calls_back(power: Capability, name: str) -> None:
    for capabilities, expected in ((DEFAULT, deny(errno.EPERM)), (DEFAULT | power, ALLOW)):
        assert dict(verdicts(container_policy(capabilities), "x86_64", [name])) == {name: expected}


@pytest.mark.parametrize(
    ("flags", "expected"),
    [(0, ALLOW), (0x11, ALLOW), (0x1000_0000, deny(errno.EPERM)), (0x4000_0000 | 0x11, deny(errno.EPERM))],
)
def test_clone_may_not_make_namespaces(flags: int, expected: int) -> None:
    program = assemble(container_policy(DEFAULT), "x86_64")
    assert judge(program, 56, flags) == expected
    assert judge(program, 435) == deny(errno.ENOSYS)


def test_other_architectures_are_no_way_around() -> None:
    program = assemble(container_policy(DEFAULT), "x86_64")
    i386 = 0x4000_0003
    assert judge(program, 1, architecture=i386) == 0x8000_0000
    assert judge(program, 0x4000_0000 | 165) == deny(errno.EPERM)


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("chown", (), deny(0)),
        ("setgroups", (), deny(0)),
        ("mknod", (0, 0o020644), deny(0)),
        ("mknod", (0, 0o060644), deny(0)),
        ("mknod", (0, 0o010644), ALLOW),
        ("mknodat", (0, 0, 0o020644), deny(0)),
        ("unshare", (), ALLOW),
    ],
)
def test_ownership_is_pretended(name: str, arguments: tuple[int, ...], expected: int) -> None:
    number = NUMBERS[name][0]
    assert number is not None
    assert judge(assemble(ownership_policy(), "x86_64"), number, *arguments) == expected


def test_the_kernel_agrees() -> None:
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
