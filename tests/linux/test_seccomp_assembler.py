"""Programs against the rules that they were made from, and against libseccomp's programs for the same rules."""

import errno
import os
import struct
from collections.abc import Callable

import pytest
from hypothesis import given
from samples.bpf import AARCH64, ARM, I386, X86_64, follow, judge
from samples.libseccomp import LibSeccomp
from samples.policies import agreed_policies, arguments_near, expected, mentioned, policies

from pydock_lab.errors import ContainerError, IsolationError
from pydock_lab.linux.capabilities import ALL, DEFAULT, Capability
from pydock_lab.linux.seccomp import (
    ALLOW,
    Comparison,
    Condition,
    Host,
    Policy,
    Rule,
    Verdict,
    assemble,
    default_profile,
    deny,
    own_numbers,
    ways,
)
from pydock_lab.linux.seccomp.bpf import Code
from pydock_lab.linux.syscall_numbers import X32_BIT, Architecture, numbers

# How each way into a kernel is shown to a filter.
SHOWN = {
    Architecture.X86_64: X86_64,
    Architecture.X32: X86_64,
    Architecture.I386: I386,
    Architecture.AARCH64: AARCH64,
    Architecture.ARM: ARM,
}
HOSTS = [
    pytest.param(machine, capabilities, id=f"{machine}-{name}")
    for machine in ("x86_64", "aarch64")
    for name, capabilities in (
        ("none", Capability(0)),
        ("docker", DEFAULT),
        ("admin", DEFAULT | Capability.SYS_ADMIN),
        ("all", ALL),
    )
]


@pytest.fixture(scope="module")
def library(need: Callable[[str], str]) -> LibSeccomp:
    need("crun")  # it comes with libseccomp
    return LibSeccomp()


@given(policies())
def test_a_program_says_what_its_rules_say(policy: Policy) -> None:
    program, table = assemble(policy, "x86_64"), numbers(Architecture.X86_64)
    for name in mentioned(policy):
        for arguments in arguments_near(policy, name):
            assert judge(program, table[name], *arguments) == expected(policy, name, arguments)


@given(agreed_policies())
def test_libseccomp_reads_the_rules_alike(library: LibSeccomp, policy: Policy) -> None:
    ours, theirs = assemble(policy, "x86_64"), library.compile(policy, Architecture.X86_64)
    table = numbers(Architecture.X86_64)
    for name in mentioned(policy):
        for arguments in arguments_near(policy, name):
            assert judge(ours, table[name], *arguments) == judge(theirs, table[name], *arguments), (name, arguments)


@pytest.mark.peers
@pytest.mark.parametrize(("machine", "capabilities"), HOSTS)
def test_libseccomp_makes_the_same_of_the_default_profile(
    machine: str, capabilities: Capability, library: LibSeccomp
) -> None:
    """Every number, known or not, by every way into the kernel."""
    policy = default_profile().policy(Host(capabilities=capabilities, machine=machine, kernel=(6, 1)))
    ours, theirs = assemble(policy, machine), library.compile(policy, Architecture(machine))
    own = ways(machine)[0]
    for way in ways(machine):
        table = numbers(way)
        names = {number: name for name, number in table.items() if library.number(name, way) != -1}
        # runc's addition: calls that are newer than the profile do not exist. And what libseccomp has no name for, it
        # cannot allow.
        newest = max(table[name] for rule in policy.rules for name in rule.names if name in table)
        bit = X32_BIT if way is Architecture.X32 else 0
        for number in {bit | one for one in range(700)} | {newest, 2**30 - 1 | bit}:
            if number in table.values() and number not in names:
                continue
            for arguments in arguments_near(policy, names.get(number, "")):
                if way is not own and max(arguments) >= 2**32:
                    continue  # there are no such arguments
                our = judge(ours, number, *arguments, architecture=SHOWN[way])
                their = judge(theirs, number, *arguments, architecture=SHOWN[way])
                if names.get(number) == "socketcall" and arguments[0] == 1:
                    # Where a rule speaks of socket(2), libseccomp lets this through as well, with any family.
                    assert (our, their) == (policy.default, ALLOW)
                    continue
                assert our == (policy.newer if number > newest else their), (way, number, arguments)


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_it_is_short_and_quick_to_walk(machine: str) -> None:
    policy = default_profile().policy(Host(capabilities=DEFAULT, machine=machine, kernel=(6, 1)))
    program = assemble(policy, machine)
    assert len(program) // 8 < 500
    own = ways(machine)[0]
    plain = [number for name, number in numbers(own).items() if name not in ("socket", "personality", "clone")]
    assert max(follow(program, number, architecture=SHOWN[own]).steps for number in plain) <= 14


def test_jumps_over_more_than_255_instructions() -> None:
    """Every second call allowed: no two neighbours are alike, and half of the tree is farther away than a jump goes."""
    ways_in = {Architecture.X86_64: 0, Architecture.X32: X32_BIT}
    names = tuple(name for name, number in numbers(Architecture.X86_64).items() if number % 2)
    policy = Policy(rules=(Rule(names=names, verdict=ALLOW),), default=deny(errno.EPERM), also=(Architecture.X32,))
    program = assemble(policy, "x86_64")
    jumps = [value for code, _, _, value in struct.iter_unpack("=HBBI", program) if code == Code.JUMP]
    assert max(jumps) > 255
    for way, bit in ways_in.items():
        for name, number in numbers(way).items():
            assert judge(program, bit | number) == (ALLOW if name in names else deny(errno.EPERM))


def test_rules_on_arguments_are_shared_by_architectures() -> None:
    condition = Condition(argument=0, comparison=Comparison.EQUAL, value=3)
    rule = Rule(names=("personality",), verdict=deny(errno.EPERM), conditions=(condition,))
    alone = Policy(rules=(rule,))
    both = Policy(rules=(rule,), also=(Architecture.I386,))
    assert len(assemble(both, "x86_64")) - len(assemble(alone, "x86_64")) <= 8 * 8
    program = assemble(both, "x86_64")
    for architecture, number in ((X86_64, 135), (I386, 136)):
        verdicts = [judge(program, number, value, architecture=architecture) for value in (2, 3)]
        assert verdicts == [ALLOW, deny(errno.EPERM)]


@pytest.mark.parametrize(
    ("also", "number", "architecture", "verdict"),
    [
        ((), 39, X86_64, ALLOW),
        ((), X32_BIT | 39, X86_64, deny(errno.EPERM)),
        ((), 20, I386, Verdict.KILL_PROCESS),
        ((Architecture.I386,), 20, I386, ALLOW),
        ((Architecture.X32,), X32_BIT | 39, X86_64, ALLOW),
        ((Architecture.ARM,), 20, ARM, Verdict.KILL_PROCESS),  # this kernel has no such way
    ],
)
def test_other_architectures_are_no_way_around(
    also: tuple[Architecture, ...], number: int, architecture: int, verdict: int
) -> None:
    rule = Rule(names=("getpid",), verdict=ALLOW)
    program = assemble(Policy(rules=(rule,), default=deny(errno.EPERM), also=also), "x86_64")
    assert judge(program, number, architecture=architecture) == verdict


def test_calls_that_are_newer_than_the_rules() -> None:
    policy = Policy(rules=(Rule(names=("statx",), verdict=ALLOW),), default=deny(errno.EPERM), newer=deny(errno.ENOSYS))
    program = assemble(policy, "x86_64")
    found = [judge(program, number) for number in (331, 332, 333, X32_BIT - 1)]
    assert found == [deny(errno.EPERM), ALLOW, deny(errno.ENOSYS), deny(errno.ENOSYS)]


def test_a_machine_without_a_table_is_an_error() -> None:
    with pytest.raises(IsolationError) as raised:
        assemble(Policy(rules=()), "riscv64")
    assert (raised.value.key, raised.value.fields["machine"]) == ("linux.seccomp-machine", "riscv64")


def test_a_program_that_the_kernel_would_refuse_is_an_error() -> None:
    conditions = (Condition(argument=0, comparison=Comparison.LESS, value=2**40),)
    rules = tuple(Rule(names=("read",), verdict=deny(code % 100), conditions=conditions) for code in range(900))
    with pytest.raises(ContainerError) as raised:
        assemble(Policy(rules=rules), "x86_64")
    assert raised.value.key == "linux.seccomp-length"


def test_names_by_the_numbers_of_this_machine() -> None:
    table = numbers(ways(os.uname().machine)[0])
    assert own_numbers(("read", "_no_such_call")) == {table["read"]: "read"}
