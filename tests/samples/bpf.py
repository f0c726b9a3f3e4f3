"""A reading of classic BPF that owes nothing to the assembler: what the kernel would return for a system call.

Source: Documentation/networking/filter.rst of Linux, and struct seccomp_data of linux/seccomp.h.
"""

import struct
from dataclasses import dataclass
from functools import cache

X86_64, I386, AARCH64, ARM = 0xC000003E, 0x40000003, 0xC00000B7, 0x40000028


@dataclass(frozen=True, slots=True)
class Judgement:
    """The value returned, and how many instructions it took."""

    verdict: int
    steps: int


@cache
def _read(program: bytes) -> tuple[tuple[int, int, int, int], ...]:
    return tuple(struct.iter_unpack("=HBBI", program))


def judge(program: bytes, number: int, *arguments: int, architecture: int = X86_64) -> int:
    return follow(program, number, *arguments, architecture=architecture).verdict


def follow(program: bytes, number: int, *arguments: int, architecture: int = X86_64) -> Judgement:
    padded = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=IIQ6Q", number, architecture, 0, *padded)
    code = _read(program)
    accumulator = position = steps = 0
    while True:
        operation, if_true, if_false, value = code[position]
        position += 1
        steps += 1
        match operation:
            case 0x20:  # ld [k]: whole words of what there is
                assert value % 4 == 0
                (accumulator,) = struct.unpack_from("=I", data, value)
            case 0x54:  # and #k
                accumulator &= value
            case 0x05:  # ja
                position += value
            case 0x15:  # jeq
                position += if_true if accumulator == value else if_false
            case 0x25:  # jgt
                position += if_true if accumulator > value else if_false
            case 0x35:  # jge
                position += if_true if accumulator >= value else if_false
            case 0x45:  # jset
                position += if_true if accumulator & value else if_false
            case 0x06:  # ret #k
                return Judgement(value, steps)
            case _:
                raise AssertionError(hex(operation))
