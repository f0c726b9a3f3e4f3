"""Classic BPF, the little language that the kernel runs on every system call: instructions, and tests of arguments.

It has one register of 32 bits, jumps forward only, and no loops, so that every program ends. What it can look at is a
`struct seccomp_data`: number, architecture, instruction pointer, six arguments of 64 bits.

    argument 0 >= 0x1_0000_0005        load the upper half     > 1: holds    not 1: fails
                                       load the lower half     >= 5: holds   else: fails

Source: Documentation/networking/filter.rst of Linux; linux/bpf_common.h; linux/seccomp.h.
"""

import struct
from collections.abc import Iterable, Iterator
from enum import Enum, IntEnum
from typing import NamedTuple

from pydock_lab.linux.seccomp.policy import Comparison, Condition, Rule

# Where struct seccomp_data keeps its members, in bytes. Our machines are little endian: the lower half comes first.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
MOST = 4096  # instructions in one program (BPF_MAXINSNS)
_FARTHEST = 255  # instructions that a jump under a condition may leave out
_HALF = 2**32 - 1


class Code(IntEnum):
    """The instructions that are used."""

    LOAD = 0x20
    AND = 0x54
    JUMP = 0x05
    JUMP_EQUAL = 0x15
    JUMP_GREATER = 0x25
    JUMP_GREATER_OR_EQUAL = 0x35
    RETURN = 0x06


class Instruction(NamedTuple):
    """One instruction; jumps say how many of the next ones they leave out."""

    code: Code
    value: int
    if_true: int = 0
    if_false: int = 0


Program = list[Instruction]


def pack(program: Iterable[Instruction]) -> bytes:
    """As the kernel takes it: 8 bytes an instruction."""
    write = struct.Struct("=HBBI").pack
    return b"".join([write(code, if_true, if_false, value) for code, value, if_true, if_false in program])


def branch(test: Code, value: int, yes: Program, no: Program) -> Program:
    """Compare the register with `value`, and go on with one of two programs."""
    if len(no) <= _FARTHEST:
        return [Instruction(test, value, len(no), 0), *no, *yes]
    # Too far for the 8 bits that a condition has: a jump without one has 32.
    return [Instruction(test, value, 0, 1), Instruction(Code.JUMP, len(no)), *no, *yes]


def judge_arguments(rules: Iterable[Rule], default: int) -> Program:
    """The verdict of the first of the rules whose conditions hold, else `default`."""
    program = [instruction for rule in rules for instruction in _try(rule)]
    return [*program, Instruction(Code.RETURN, default)]


class _Way(Enum):
    """Where a test leads: to the next instruction, behind this condition, or to the next rule."""

    ON = 0
    HOLDS = 1
    FAILS = 2


class _Test(NamedTuple):
    code: Code
    value: int
    if_true: _Way = _Way.ON
    if_false: _Way = _Way.ON


def _try(rule: Rule) -> Program:
    """The verdict of the rule, or on behind it."""
    conditions = [list(_tests(one)) for one in rule.conditions]
    behind = sum(map(len, conditions)) + 1
    program: Program = []
    for tests in conditions:
        end = len(program) + len(tests)
        for code, value, if_true, if_false in tests:
            here = len(program) + 1
            ways = {_Way.ON: 0, _Way.HOLDS: end - here, _Way.FAILS: behind - here}
            program.append(Instruction(code, value, ways[if_true], ways[if_false]))
    return [*program, Instruction(Code.RETURN, rule.verdict)]


# What each comparison asks of the lower half, once the upper halves are known to be equal; whether the answer is "no".
_LOWER = {
    Comparison.EQUAL: (Code.JUMP_EQUAL, False),
    Comparison.NOT_EQUAL: (Code.JUMP_EQUAL, True),
    Comparison.GREATER: (Code.JUMP_GREATER, False),
    Comparison.LESS_OR_EQUAL: (Code.JUMP_GREATER, True),
    Comparison.GREATER_OR_EQUAL: (Code.JUMP_GREATER_OR_EQUAL, False),
    Comparison.LESS: (Code.JUMP_GREATER_OR_EQUAL, True),
}


def _tests(condition: Condition) -> Iterator[_Test]:
    """One comparison of 64 bits as two of 32."""
    place = ARGUMENTS + 8 * condition.argument
    code, is_negated = _LOWER[condition.comparison]
    yes, no = (_Way.FAILS, _Way.HOLDS) if is_negated else (_Way.HOLDS, _Way.FAILS)
    upper_mask, upper = condition.mask >> 32, condition.value >> 32
    # Else both upper halves are 0, and equal.
    if upper_mask or upper:
        yield from _load(place + 4, upper_mask)
        if code is not Code.JUMP_EQUAL:
            yield _Test(Code.JUMP_GREATER, upper, yes, _Way.ON)
        yield _Test(Code.JUMP_EQUAL, upper, _Way.ON, no)
    yield from _load(place, condition.mask & _HALF)
    yield _Test(code, condition.value & _HALF, yes, no)


def _load(place: int, mask: int) -> Iterator[_Test]:
    yield _Test(Code.LOAD, place)
    if mask != _HALF:
        yield _Test(Code.AND, mask)
