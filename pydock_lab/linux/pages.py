"""Pages of memory that a process will write to, made its own ahead of time.

    fork ---> all pages are shared ---> the first write to one copies it: 3 microseconds, a thousand times

A Python program writes to whatever it looks at (reference counts). So those who are made to wait for work, each a copy
of the same process, write to the same pages when it comes. The first who have done it say which pages these were
(`touched`), and all who are made after that have them copied while they wait (`touch`). Of each kind of process there
is one list; who forks `learns` it, and so all that it forks know it.

Sources: Documentation/admin-guide/mm/pagemap.rst; madvise(2), MADV_POPULATE_WRITE (Linux 5.14).
"""

import array
import mmap
from collections.abc import Iterable, Iterator, Sequence

from pydock_lab.linux import syscalls

Ranges = list[tuple[int, int]]  # address, length; both in bytes

# Bits of an entry that everybody may see (Linux 4.2); the frame numbers are 0 without CAP_SYS_ADMIN.
_PRESENT, _EXCLUSIVE = 1 << 63, 1 << 56
_ENTRY = 8  # bytes for each page in /proc/PID/pagemap

_LESSONS = 3  # the work of one is not quite that of another
_known: dict[str, tuple[int, Ranges]] = {}


def has_to_learn(kind: str) -> bool:
    """Whether it is still of use to say what one of this kind has written to."""
    return _known.get(kind, (0, []))[0] < _LESSONS


def learn(kind: str, found: Iterable[Sequence[int]]) -> None:
    """What one of this kind has written to, besides what is known: `Ranges`, or what has become of them on the way."""
    lessons, before = _known.get(kind, (0, []))
    _known[kind] = lessons + 1, list(_merged([*before, *((address, length) for address, length in found)]))


def _merged(ranges: Ranges) -> Iterator[tuple[int, int]]:
    first, end = 0, 0
    for address, length in sorted(ranges):
        if address > end:
            if end:
                yield first, end - first
            first = address
        end = max(end, address + length)
    if end:
        yield first, end - first


def touched() -> Ranges:
    """Which pages nobody else has any more: what has been written to since this process was made, the heap only.

    Nothing where the kernel does not say.
    """
    found: Ranges = []
    try:
        with open("/proc/self/pagemap", "rb", buffering=0) as pagemap:
            for start, end in _writable():
                pagemap.seek(start // mmap.PAGESIZE * _ENTRY)
                entries = array.array("Q", pagemap.read((end - start) // mmap.PAGESIZE * _ENTRY))
                found += _runs(start, entries)
    except (OSError, ValueError):
        return []
    return found


def _writable() -> Iterator[tuple[int, int]]:
    """Where private memory is that can be written to; not the stack, which is where it is deep only now."""
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as file:
        for line in file:
            place, mode, *rest = line.split()
            if mode == "rw-p" and rest[-1] != "[stack]":
                start, _, end = place.partition("-")
                yield int(start, 16), int(end, 16)


def _runs(start: int, entries: "array.array[int]") -> Iterator[tuple[int, int]]:
    wanted, first = _PRESENT | _EXCLUSIVE, -1
    for number, entry in enumerate((*entries, 0)):
        if entry & wanted == wanted:
            first = number if first < 0 else first
        elif first >= 0:
            yield start + first * mmap.PAGESIZE, (number - first) * mmap.PAGESIZE
            first = -1


def touch(kind: str) -> None:
    """Have the pages that one of this kind will write to; what is not there, or cannot be had so, is left."""
    for address, length in _known.get(kind, (0, []))[1]:
        syscalls.populate(address, length)
