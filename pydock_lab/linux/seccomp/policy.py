"""Policies: which system calls are answered how, as values (seccomp(2))."""

from dataclasses import dataclass
from enum import Enum, IntEnum

from pydock_lab.linux.syscall_numbers import Architecture


class Verdict(IntEnum):
    """What the kernel does with a call: the upper half of what a filter returns (linux/seccomp.h).

    The lower half is a number that goes with it: the errno, or what a tracer reads.
    """

    # Of several filters' answers the strictest counts: KILL_PROCESS first, the others in this order (seccomp(2)).
    KILL_THREAD = 0x0000_0000
    KILL_PROCESS = 0x8000_0000
    TRAP = 0x0003_0000
    ERRNO = 0x0005_0000
    ASK = 0x7FC0_0000
    TRACE = 0x7FF0_0000
    LOG = 0x7FFC_0000
    ALLOW = 0x7FFF_0000


ALLOW = Verdict.ALLOW
ASK = Verdict.ASK  # whoever listens decides


def deny(code: int) -> int:
    """The verdict "fail with this errno" (0: pretend success)."""
    return Verdict.ERRNO | code


class Comparison(Enum):
    """How an argument is compared with a value, both being numbers of 64 bits without a sign."""

    EQUAL = "=="
    NOT_EQUAL = "!="
    LESS = "<"
    LESS_OR_EQUAL = "<="
    GREATER = ">"
    GREATER_OR_EQUAL = ">="


ALL_BITS = 2**64 - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """`argument & mask` compared with `value`, arguments counted from 0; by default: any bit of `mask` is set."""

    argument: int
    mask: int = ALL_BITS
    comparison: Comparison = Comparison.NOT_EQUAL
    value: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A verdict for some system calls where all conditions hold; names that an architecture lacks are left out."""

    names: tuple[str, ...]
    verdict: int
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The first rule that fits decides, else `default`.

    `also` are architectures, besides the machine's own, that the rules hold for as well; calls that come in by any
    other way meet `foreign`. `newer`, where it is not None, is for calls with a higher number than any that the rules
    speak of: who wrote them did not know these.
    """

    rules: tuple[Rule, ...]
    default: int = ALLOW
    foreign: int = Verdict.KILL_PROCESS
    also: tuple[Architecture, ...] = ()
    newer: int | None = None
