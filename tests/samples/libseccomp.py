"""libseccomp, which Docker, podman and crun make their filters with: the same policies, compiled by others."""

import ctypes
import ctypes.util
import os
import tempfile
from collections.abc import Iterator

from pydock_lab.linux.seccomp import Comparison, Policy, Rule
from pydock_lab.linux.seccomp.policy import ALL_BITS
from pydock_lab.linux.syscall_numbers import Architecture

ARCHITECTURES = {
    Architecture.X86_64: 0xC000003E,
    Architecture.I386: 0x40000003,
    Architecture.X32: 0x4000003E,
    Architecture.AARCH64: 0xC00000B7,
    Architecture.ARM: 0x40000028,
}
_COMPARISONS = {
    Comparison.NOT_EQUAL: 1,
    Comparison.LESS: 2,
    Comparison.LESS_OR_EQUAL: 3,
    Comparison.EQUAL: 4,
    Comparison.GREATER_OR_EQUAL: 5,
    Comparison.GREATER: 6,
}
_MASKED = 7
_UNKNOWN = -1
_ON_BAD_ARCHITECTURE = 2  # SCMP_FLTATR_ACT_BADARCH


class _Argument(ctypes.Structure):
    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    )


class LibSeccomp:
    """The library; raises OSError where it is not installed."""

    def __init__(self) -> None:
        self._library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
        self._library.seccomp_init.restype = ctypes.c_void_p
        self._library.seccomp_syscall_resolve_num_arch.restype = ctypes.c_void_p
        self._free = ctypes.CDLL(None).free

    def number(self, name: str, architecture: Architecture) -> int:
        """Below zero: this architecture has no such call."""
        found = self._library.seccomp_syscall_resolve_name_arch(ARCHITECTURES[architecture], name.encode())
        return int(found)

    def name(self, number: int, architecture: Architecture) -> str:
        pointer = self._library.seccomp_syscall_resolve_num_arch(ARCHITECTURES[architecture], number)
        if not pointer:
            return ""
        found = ctypes.string_at(pointer).decode()
        self._free(ctypes.c_void_p(pointer))
        return found

    def compile(self, policy: Policy, machine: Architecture) -> bytes:
        """The program of a policy of which no two rules contradict each other."""
        context = ctypes.c_void_p(self._library.seccomp_init(ctypes.c_uint32(policy.default)))
        foreign = ctypes.c_uint32(policy.foreign)
        _expect(self._library.seccomp_attr_set(context, _ON_BAD_ARCHITECTURE, foreign))
        own = Architecture(os.uname().machine)
        if own is not machine:
            _expect(self._library.seccomp_arch_add(context, ARCHITECTURES[machine]))
            _expect(self._library.seccomp_arch_remove(context, ARCHITECTURES[own]))
        for other in policy.also:
            _expect(self._library.seccomp_arch_add(context, ARCHITECTURES[other]))
        for rule in policy.rules:
            self._add(context, rule)
        with tempfile.TemporaryFile() as file:
            _expect(self._library.seccomp_export_bpf(context, file.fileno()))
            file.seek(0)
            program = file.read()
        self._library.seccomp_release(context)
        return program

    def _add(self, context: ctypes.c_void_p, rule: Rule) -> None:
        arguments = (_Argument * len(rule.conditions))(*_arguments(rule))
        for name in rule.names:
            number = self._library.seccomp_syscall_resolve_name(name.encode())
            if number != _UNKNOWN:
                verdict = ctypes.c_uint32(rule.verdict)
                _expect(self._library.seccomp_rule_add_array(context, verdict, number, len(arguments), arguments))


def _arguments(rule: Rule) -> Iterator[_Argument]:
    for one in rule.conditions:
        if one.mask != ALL_BITS:
            assert one.comparison is Comparison.EQUAL
            yield _Argument(one.argument, _MASKED, one.mask, one.value)
        else:
            yield _Argument(one.argument, _COMPARISONS[one.comparison], one.value, 0)


def _expect(result: int) -> None:
    if result < 0:
        raise OSError(-result, f"libseccomp: {os.strerror(-result)}")
