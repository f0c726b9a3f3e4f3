"""Profiles in Docker's JSON form: what they mean, and what is said of a bad one."""

import errno
import json
from typing import Any

import pytest
from samples.bpf import I386, X86_64, judge

from pydock_lab.errors import ContainerError
from pydock_lab.linux.capabilities import DEFAULT, Capability
from pydock_lab.linux.seccomp import ALLOW, Host, Policy, Verdict, assemble, deny, profile_policy, read_profile
from pydock_lab.linux.seccomp.profile import kernel_version
from pydock_lab.linux.syscall_numbers import Architecture, numbers
from pydock_lab.locale import LANGUAGES

HERE = Host(capabilities=DEFAULT, machine="x86_64", kernel=(6, 1))


def profile(*entries: dict[str, Any], **members: Any) -> str:
    return json.dumps({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": list(entries), **members})


def policy(*entries: dict[str, Any], host: Host = HERE, **members: Any) -> Policy:
    return read_profile(profile(*entries, **members)).policy(host)


def verdict(name: str, *arguments: int, found: Policy) -> int:
    return judge(assemble(found, "x86_64"), numbers(Architecture.X86_64)[name], *arguments)


def allow(*names: str, **members: Any) -> dict[str, Any]:
    return {"names": list(names), "action": "SCMP_ACT_ALLOW", **members}


def test_a_profile_for_this_machine() -> None:
    found = profile_policy(profile(allow("read", "write")), DEFAULT)
    assert found.default == deny(errno.EPERM)
    assert [rule.names for rule in found.rules] == [("read", "write")]


@pytest.mark.parametrize(
    ("action", "extra", "expected"),
    [
        ("SCMP_ACT_ALLOW", {}, ALLOW),
        ("SCMP_ACT_ERRNO", {"errnoRet": 38}, deny(38)),
        ("SCMP_ACT_ERRNO", {"errnoRet": 0}, deny(0)),
        ("SCMP_ACT_KILL", {}, Verdict.KILL_THREAD),
        ("SCMP_ACT_KILL_THREAD", {}, Verdict.KILL_THREAD),
        ("SCMP_ACT_KILL_PROCESS", {}, Verdict.KILL_PROCESS),
        ("SCMP_ACT_TRAP", {}, Verdict.TRAP),
        ("SCMP_ACT_TRACE", {"errnoRet": 7}, Verdict.TRACE | 7),
        ("SCMP_ACT_TRACE", {}, Verdict.TRACE | errno.EPERM),
        ("SCMP_ACT_LOG", {}, Verdict.LOG),
    ],
)
def test_actions(action: str, extra: dict[str, int], expected: int) -> None:
    found = policy({"names": ["read"], "action": action, **extra})
    assert verdict("read", found=found) == expected
    default = {"defaultErrnoRet": extra["errnoRet"]} if extra else {}
    found = policy(defaultAction=action, **default)
    assert verdict("read", found=found) == expected or found.newer is not None
    assert found.default == expected


@pytest.mark.parametrize(
    ("operation", "value", "second", "fits", "differs"),
    [
        ("SCMP_CMP_EQ", 2**33, 0, 2**33, 0),
        ("SCMP_CMP_NE", 5, 0, 2**32 + 5, 5),
        ("SCMP_CMP_LT", 2**32, 0, 2**32 - 1, 2**32),
        ("SCMP_CMP_LE", 2**32, 0, 2**32, 2**32 + 1),
        ("SCMP_CMP_GT", 2**32, 0, 2**33, 2**32),
        ("SCMP_CMP_GE", 2**32, 0, 2**32, 2**32 - 1),
        ("SCMP_CMP_MASKED_EQ", 0xF0, 0x10, 0x1F, 0x2F),
    ],
)
def test_comparisons(operation: str, value: int, second: int, fits: int, differs: int) -> None:
    argument = {"index": 3, "value": value, "valueTwo": second, "op": operation}
    found = policy(allow("read", args=[argument]))
    assert verdict("read", 0, 0, 0, fits, found=found) == ALLOW
    assert verdict("read", 0, 0, 0, differs, found=found) == deny(errno.EPERM)


def test_conditions_on_different_arguments_hold_together_and_on_one_each_for_itself() -> None:
    both = [{"index": place, "value": 1, "op": "SCMP_CMP_EQ"} for place in (0, 1)]
    either = [{"index": 0, "value": value, "op": "SCMP_CMP_EQ"} for value in (1, 2)]
    found = policy(allow("read", args=both), allow("write", args=either))
    assert [verdict("read", *arguments, found=found) == ALLOW for arguments in ((1, 1), (1, 0))] == [True, False]
    assert [verdict("write", value, found=found) == ALLOW for value in (1, 2, 3)] == [True, True, False]


def test_an_entry_without_conditions_wins_wherever_it_stands() -> None:
    argument = {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}
    conditional = {"names": ["read"], "action": "SCMP_ACT_KILL", "args": [argument]}
    for entries in ((conditional, allow("read")), (allow("read"), conditional)):
        assert verdict("read", 1, found=policy(*entries)) == ALLOW


def test_a_second_word_for_the_default_changes_nothing() -> None:
    argument = {"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}
    same = {"names": ["read"], "action": "SCMP_ACT_ERRNO"}
    assert verdict("read", 1, found=policy(same, allow("read", args=[argument]))) == ALLOW


@pytest.mark.parametrize(
    ("demand", "expected"),
    [
        ({"includes": {"caps": ["CAP_CHOWN"]}}, True),
        ({"includes": {"caps": ["CAP_CHOWN", "CAP_SYS_ADMIN"]}}, False),
        ({"excludes": {"caps": ["CAP_CHOWN", "CAP_SYS_ADMIN"]}}, False),
        ({"excludes": {"caps": ["CAP_SYS_ADMIN"]}}, True),
        ({"includes": {"arches": ["amd64", "x32"]}}, True),
        ({"includes": {"arches": ["s390x"]}}, False),
        ({"excludes": {"arches": ["amd64"]}}, False),
        ({"includes": {"minKernel": "6.1"}}, True),
        ({"includes": {"minKernel": "6.10"}}, False),
        ({"excludes": {"minKernel": "4.8"}}, False),
        ({"includes": {}, "excludes": None}, True),
        ({"includes": {"caps": ["CAP_CHOWN"]}, "excludes": {"minKernel": "6.0"}}, False),
    ],
)
def test_demands(demand: dict[str, Any], *, expected: bool) -> None:
    assert (verdict("read", found=policy(allow("read", **demand))) == ALLOW) is expected


@pytest.mark.parametrize(
    ("members", "seen"),
    [
        ({"architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]}, True),
        ({"archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]}]}, True),
        ({"archMap": [{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}]}, False),
        ({"archMap": [{"architecture": "SCMP_ARCH_S390X", "subArchitectures": None}]}, False),
        ({}, False),
    ],
)
def test_architectures(members: dict[str, Any], *, seen: bool) -> None:
    program = assemble(policy(allow("read"), **members), "x86_64")
    assert judge(program, 3, architecture=I386) == (ALLOW if seen else Verdict.KILL_PROCESS)
    assert judge(program, 0, architecture=X86_64) == ALLOW


@pytest.mark.parametrize("text", ["{}", '{"syscalls": []}'])
def test_an_empty_profile_forbids_nothing(text: str) -> None:
    assert verdict("mount", found=read_profile(text).policy(HERE)) == ALLOW


def test_old_and_harmless_members() -> None:
    found = policy(
        {"name": "read", "action": "SCMP_ACT_ALLOW", "comment": "x", "args": []},
        flags=["SECCOMP_FILTER_FLAG_TSYNC"],
        defaultErrno="EPERM",
        listenerPath="",
    )
    assert verdict("read", found=found) == ALLOW


def test_calls_that_nobody_knows_are_named() -> None:
    found = read_profile(profile(allow("read", "raed", "s390_pci_mmio_read")))
    assert found.unknown_names() == ("raed", "s390_pci_mmio_read")


WRONG = [
    ("[1", "profile-json", ""),
    ("[]", "profile-type", "{}"),
    ('{"defaultAktion": 1}', "profile-member", "{}"),
    ('{"syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}', "profile-missing", "{}"),
    (profile(defaultAction="ALLOW"), "profile-word", "defaultAction"),
    (profile(defaultAction="SCMP_ACT_NOTIFY"), "profile-listener", "defaultAction"),
    (profile(defaultErrnoRet=4096), "profile-number", "defaultErrnoRet"),
    (profile(listenerPath="/run/x"), "profile-listener", "listenerPath"),
    (profile(flags=["SECCOMP_FILTER_FLAG_LOG"]), "profile-word", "flags[0]"),
    (profile(architectures=["SCMP_ARCH_Z80"]), "profile-word", "architectures[0]"),
    (profile(architectures=["SCMP_ARCH_X86"], archMap=[{"architecture": "SCMP_ARCH_X86"}]), "profile-both", "{}"),
    (profile(archMap=[{}]), "profile-missing", "archMap[0]"),
    (profile(syscalls={}), "profile-type", "syscalls"),
    (profile({"names": ["read"]}), "profile-missing", "syscalls[0]"),
    (profile({"action": "SCMP_ACT_ALLOW"}), "profile-missing", "syscalls[0]"),
    (profile(allow("read", name="read")), "profile-both", "syscalls[0]"),
    (profile(allow("read"), {"names": ["a", 1], "action": "SCMP_ACT_ALLOW"}), "profile-type", "syscalls[1].names[1]"),
    (profile({"names": ["read"], "action": "SCMP_ACT_NOTIFY"}), "profile-listener", "syscalls[0].action"),
    (profile(allow("read", arg=[])), "profile-member", "syscalls[0]"),
    (profile(allow("read", args=[{"value": 1, "op": "SCMP_CMP_EQ"}])), "profile-missing", "syscalls[0].args[0]"),
    (profile(allow("read", args=[{"index": 0, "op": "=="}])), "profile-word", "syscalls[0].args[0].op"),
    (
        profile(allow("read", args=[{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}])),
        "profile-number",
        "syscalls[0].args[0].index",
    ),
    (
        profile(allow("read", args=[{"index": 0, "value": -1, "op": "SCMP_CMP_EQ"}])),
        "profile-number",
        "syscalls[0].args[0].value",
    ),
    (profile(allow("read", includes={"caps": ["CAP_ROOT"]})), "profile-word", "syscalls[0].includes.caps[0]"),
    (profile(allow("read", includes={"minKernel": "6"})), "profile-kernel", "syscalls[0].includes.minKernel"),
    (profile(allow("read", excludes={"cap": []})), "profile-member", "syscalls[0].excludes"),
]


@pytest.mark.parametrize(("text", "key", "where"), WRONG)
def test_what_is_wrong_is_said_with_its_place(text: str, key: str, where: str) -> None:
    with pytest.raises(ContainerError) as raised:
        read_profile(text)
    error = raised.value
    assert (error.key, error.fields.get("where", ""), error.exit_status) == (f"linux.{key}", where, 125)
    assert all(where in error.message(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("6.1.0-9-cloud-amd64", (6, 1)),
        ("5.10-rc1", (5, 10)),
        ("6.18.44-fc-v595", (6, 18)),
        ("4.8+", (4, 8)),
        ("7", (7, 0)),
        ("x", (0, 0)),
    ],
)
def test_versions_of_kernels(release: str, expected: tuple[int, int]) -> None:
    assert kernel_version(release) == expected


def test_a_capability_that_profiles_may_name() -> None:
    host = Host(capabilities=Capability.PERFMON, machine="x86_64", kernel=(6, 1))
    found = policy(allow("perf_event_open", includes={"caps": ["CAP_PERFMON"]}), host=host)
    assert verdict("perf_event_open", found=found) == ALLOW
