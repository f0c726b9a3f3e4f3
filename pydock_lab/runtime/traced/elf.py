"""What is read of a program before it starts: which loader it wants, and what goes where in memory (elf(5))."""

import errno
import os
import struct
from dataclasses import dataclass

from pydock_lab.runtime.traced.refusal import failed

PAGE = 4096
_HEADER = struct.Struct("<16xHHIQQQI2xHH")  # type, machine, version, entry, phoff, shoff, flags, phentsize, phnum
_SEGMENT = struct.Struct("<IIQQQQQQ")  # type, flags, offset, address, physical, in file, in memory, align
_MACHINES = {"x86_64": 62, "aarch64": 183}
_MOVABLE, _FIXED = 3, 2
_LOAD, _INTERPRETER = 1, 3
_MOST_SEGMENTS = 64


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """A part of the file that belongs into memory; `protection` as mmap(2) takes it."""

    protection: int
    offset: int
    address: int
    in_file: int
    in_memory: int
    align: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Elf:
    """A program for this machine; addresses are relative to where it is put, if it `is_movable`."""

    is_movable: bool
    entry: int
    headers: int
    header_count: int
    interpreter: bytes
    segments: tuple[Segment, ...]

    @property
    def span(self) -> tuple[int, int]:
        """The first and the last page that it takes."""
        first = min(one.address for one in self.segments) // PAGE * PAGE
        last = max(one.address + one.in_memory for one in self.segments)
        return first, (last + PAGE - 1) // PAGE * PAGE

    @property
    def header_address(self) -> int:
        """Where its program headers are in memory."""
        for one in self.segments:
            if one.offset <= self.headers < one.offset + one.in_file:
                return self.headers - one.offset + one.address
        return 0


def read(descriptor: int, head: bytes) -> Elf:
    """The program in an open file that begins with `head`; raises OSError (ENOEXEC) for any other."""
    if head[:6] != b"\x7fELF\x02\x01" or len(head) < _HEADER.size:
        raise failed(errno.ENOEXEC)
    kind, machine, _, entry, headers, _, _, size, count = _HEADER.unpack_from(head)
    if machine != _MACHINES.get(os.uname().machine) or kind not in (_MOVABLE, _FIXED):
        raise failed(errno.ENOEXEC)
    if size != _SEGMENT.size or not 0 < count <= _MOST_SEGMENTS:
        raise failed(errno.ENOEXEC)
    table = _part(descriptor, head, headers, size * count)
    interpreter, segments = b"", []
    for place in range(0, len(table), size):
        what, flags, offset, address, _, in_file, in_memory, align = _SEGMENT.unpack_from(table, place)
        if what == _INTERPRETER:
            interpreter = _part(descriptor, head, offset, min(in_file, PAGE)).rstrip(b"\0")
        elif what == _LOAD:
            segments.append(
                Segment(
                    protection=_protection(flags),
                    offset=offset,
                    address=address,
                    in_file=in_file,
                    in_memory=in_memory,
                    align=align,
                )
            )
    if not segments:
        raise failed(errno.ENOEXEC)
    return Elf(
        is_movable=kind == _MOVABLE,
        entry=entry,
        headers=headers,
        header_count=count,
        interpreter=interpreter,
        segments=tuple(segments),
    )


def _part(descriptor: int, head: bytes, offset: int, length: int) -> bytes:
    found = head[offset : offset + length]
    return found if len(found) == length else os.pread(descriptor, length, offset)


def _protection(flags: int) -> int:
    """From PF_X, PF_W, PF_R to PROT_READ, PROT_WRITE, PROT_EXEC: the same bits, the other way round."""
    return (flags >> 2 & 1) | (flags & 2) | (flags & 1) << 2
