"""What a program needs to start: its dynamic linker, and the libraries that this one will look for.

    ELF header ──> program headers ──> PT_INTERP    "/lib64/ld-linux-x86-64.so.2"
                                   ├─> PT_LOAD      which bytes of the file stand at which address
                                   └─> PT_DYNAMIC   DT_NEEDED "libc.so.6" ...  DT_RUNPATH "$ORIGIN/../lib"

`ldd` tells the same by running the program; here it is only read, so a file of any origin is harmless. 64-bit
little-endian files, as on x86-64 and ARM64.

Source: System V ABI, chapter 5; ld.so(8), "Dynamic string tokens" and the order of the search.
"""

import glob
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

_IDENTITY = b"\x7fELF\x02\x01"  # 64 bits, little-endian
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_DYNAMIC = struct.Struct("<QQ")


class _Segment(IntEnum):
    LOAD = 1
    DYNAMIC = 2
    INTERP = 3


class _Tag(IntEnum):
    NEEDED = 1
    STRINGS = 5
    RPATH = 15
    RUNPATH = 29


@dataclass(frozen=True, kw_only=True, slots=True)
class Elf:
    """A program or library: `interpreter` is empty for libraries and static programs.

    `rpath` also holds for the libraries of its libraries, `runpath` only for its own.
    """

    interpreter: str = ""
    needed: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    runpath: tuple[str, ...] = ()


def read(path: str) -> Elf | None:
    """What the file at `path` needs, or None where it is no ELF file that we know. Raises OSError."""
    with open(path, "rb") as file:
        if file.read(len(_IDENTITY)) != _IDENTITY:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            try:
                return _parse(content)
            except (struct.error, ValueError, OverflowError):  # cut off, or made up
                return None


def _parse(content: mmap.mmap) -> Elf:
    offset = struct.unpack_from("<Q", content, 32)[0]
    size, count = struct.unpack_from("<HH", content, 54)
    interpreter, dynamic, loads = "", (0, 0), []
    for number in range(count):
        kind, _, start, address, _, length, _, _ = _PROGRAM_HEADER.unpack_from(content, offset + number * size)
        if kind == _Segment.LOAD:
            loads.append((address, start, length))
        elif kind == _Segment.DYNAMIC:
            dynamic = (start, length)
        elif kind == _Segment.INTERP:
            interpreter = content[start : start + length].rstrip(b"\0").decode()
    values = list(_dynamic(content, *dynamic))
    # Addresses, as at run time: the segments say where in the file they are.
    table = next((value for tag, value in values if tag == _Tag.STRINGS), 0)
    strings = next((start + table - at for at, start, length in loads if at <= table < at + length), 0)

    def texts(wanted: _Tag) -> tuple[str, ...]:
        places = [strings + value for tag, value in values if tag == wanted]
        return tuple(_text(content, place) for place in places)

    def paths(wanted: _Tag) -> tuple[str, ...]:
        return tuple(path for text in texts(wanted) for path in text.split(":") if path)

    needed, runpath = texts(_Tag.NEEDED), paths(_Tag.RUNPATH)
    # ld.so(8): an RPATH beside a RUNPATH is ignored.
    return Elf(interpreter=interpreter, needed=needed, runpath=runpath, rpath=() if runpath else paths(_Tag.RPATH))


def _text(content: mmap.mmap, place: int) -> str:
    end = content.find(b"\0", place)
    if not 0 < place < end:
        raise ValueError(place)
    return content[place:end].decode()


def _dynamic(content: mmap.mmap, start: int, length: int) -> Iterator[tuple[int, int]]:
    for at in range(start, start + length, _DYNAMIC.size):
        tag, value = _DYNAMIC.unpack_from(content, at)
        if tag == 0:
            return
        yield tag, value


class Linker:
    """Finds libraries as the host's dynamic linker does: the file's own paths, then the system's directories.

    What it has looked at once it knows: a hundred programs need the same few libraries.
    """

    def __init__(self) -> None:
        self.directories = tuple(dict.fromkeys((*_configured("/etc/ld.so.conf"), *_defaults())))
        self._read = cache(read)
        self._realpath = cache(os.path.realpath)
        self._exists = cache(os.path.exists)

    def find(self, name: str, paths: tuple[str, ...], origin: str) -> str | None:
        """The path of the library `name`, needed by a file in the directory `origin`; None where there is none."""
        # A name with a slash is a path (ld.so(8)), and is not searched for.
        if "/" in name:
            return name if self._exists(name) else None
        own = (path.replace("$ORIGIN", origin).replace("${ORIGIN}", origin) for path in paths)
        for directory in (*own, *self.directories):
            path = os.path.join(directory, name)
            if self._exists(path):
                return path
        return None

    def closure(self, start: str) -> Iterator[str]:
        """All files that the file `start` needs to run, without itself; those that are not found are left out."""
        waiting: list[tuple[str, tuple[str, ...]]] = [(start, ())]
        seen = {start}
        while waiting:
            path, inherited = waiting.pop()
            elf = self._read(path)
            # A linker script (`libc.so` of the -dev packages), or 32 bits: nothing more to follow.
            if elf is None:
                continue
            # Handed down to the libraries of libraries, which a RUNPATH is not.
            rpath = (*elf.rpath, *inherited)
            origin = os.path.dirname(self._realpath(path))
            found = [self.find(name, (*rpath, *elf.runpath), origin) for name in elf.needed]
            for library in (elf.interpreter, *found):
                if library and library not in seen:
                    seen.add(library)
                    waiting.append((library, rpath))
                    yield library


def _configured(path: str) -> Iterator[str]:
    """The directories of ld.so.conf(5), with the files that it includes."""
    with suppress(OSError):
        for line in Path(path).read_text(encoding="utf-8", errors="replace").splitlines():
            words = line.partition("#")[0].split()
            if words[:1] == ["include"]:
                for pattern in words[1:]:
                    for included in sorted(glob.glob(os.path.join("/etc", pattern))):
                        yield from _configured(included)
            elif words:
                yield words[0]


def _defaults() -> Iterator[str]:
    """Where linkers look without being told: Debian's directories of the architecture, then everybody's."""
    machine = os.uname().machine
    for name in (f"{machine}-linux-gnu", "arm-linux-gnueabihf"):
        for directory in (f"/lib/{name}", f"/usr/lib/{name}"):
            if os.path.isdir(directory):
                yield directory
    yield from ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")
