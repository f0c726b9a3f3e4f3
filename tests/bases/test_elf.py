"""Reading ELF files, real ones and made-up ones."""

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.bases import elf
from pydock_lab.bases.elf import Elf, Linker

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="ELF files of the host")


def made(needed: Any = (), runpath: Any = "", rpath: Any = "", interpreter: Any = "") -> bytes:
    """A file with only what a linker reads: three segments, at addresses that are not their offsets."""
    strings, places = b"\0", {}
    for text in (*needed, runpath, rpath):
        places[text] = len(strings)
        strings += text.encode() + b"\0"
    base, at = 0x400000, 64 + 3 * 56
    name = interpreter.encode() + b"\0"
    tags = [(1, places[text]) for text in needed]
    tags += [(29, places[runpath])] * bool(runpath) + [(15, places[rpath])] * bool(rpath)
    table = at + len(name)
    tags += [(5, base + table), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ", *tag) for tag in tags)
    start = table + len(strings)
    segments = [(1, 0, base, start), (3, at, base + at, len(name)), (2, start, base + start, len(dynamic))]
    headers = b"".join(struct.pack("<IIQQQQQQ", kind, 4, o, a, a, n, n, 1) for kind, o, a, n in segments)
    head = struct.pack("<4sBBBB8xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 3, 62, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0)
    return head + headers + name + strings + dynamic


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, Elf()),
        ({"needed": ("libc.so.6", "libm.so.6")}, Elf(needed=("libc.so.6", "libm.so.6"))),
        ({"interpreter": "/lib/ld.so"}, Elf(interpreter="/lib/ld.so")),
        ({"runpath": "$ORIGIN/../lib:/opt"}, Elf(runpath=("$ORIGIN/../lib", "/opt"))),
        ({"rpath": "/old"}, Elf(rpath=("/old",))),
        ({"rpath": "/old", "runpath": "/new"}, Elf(runpath=("/new",))),
    ],
)
def test_what_a_file_says(tmp_path: Path, fields: Any, expected: Any) -> None:
    (tmp_path / "x").write_bytes(made(**fields))
    assert elf.read(str(tmp_path / "x")) == expected


def test_what_is_no_elf_file(tmp_path: Path) -> None:
    whole = made(needed=("libc.so.6",), interpreter="/lib/ld.so")
    for cut in (0, 3, 20, 70, 200):
        (tmp_path / "x").write_bytes(whole[:cut])
        assert elf.read(str(tmp_path / "x")) is None


@pytest.mark.parametrize("place", range(32, 240, 8))
def test_damaged_files_end_quietly(tmp_path: Path, place: Any) -> None:
    whole = bytearray(made(needed=("libc.so.6",), interpreter="/lib/ld.so"))
    whole[place : place + 8] = b"\xff" * 8
    (tmp_path / "x").write_bytes(whole)
    found = elf.read(str(tmp_path / "x"))
    assert found is None or isinstance(found, Elf)


def test_libraries_are_found_from_where_the_file_stands(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib").mkdir()
    (tmp_path / "bin" / "tool").write_bytes(made(needed=("liba.so",), runpath="$ORIGIN/../lib"))
    (tmp_path / "lib" / "liba.so").write_bytes(made(needed=("libb.so",)))
    (tmp_path / "lib" / "libb.so").write_bytes(made())
    # A RUNPATH is for the file's own libraries only, so libb is not found; an RPATH would be handed down.
    assert [os.path.basename(p) for p in Linker().closure(str(tmp_path / "bin" / "tool"))] == ["liba.so"]
    (tmp_path / "bin" / "tool").write_bytes(made(needed=("liba.so",), rpath="$ORIGIN/../lib"))
    found = [os.path.realpath(p) for p in Linker().closure(str(tmp_path / "bin" / "tool"))]
    assert found == [str(tmp_path / "lib" / name) for name in ("liba.so", "libb.so")]


def test_a_ring_of_libraries_ends(tmp_path: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).write_bytes(made(needed=(other,), rpath=str(tmp_path)))
    assert list(Linker().closure(str(tmp_path / "a"))) == [str(tmp_path / "b")]


def test_a_library_of_many_programs_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    read = elf.read
    monkeypatch.setattr(elf, "read", lambda path: looked_at.append(path) or read(path))
    (tmp_path / "lib").write_bytes(made())
    programs = [str(tmp_path / name) for name in "abc"]
    for path in programs:
        Path(path).write_bytes(made(needed=("lib",), rpath="$ORIGIN"))
    linker = Linker()
    assert [list(linker.closure(path)) for path in programs] == 3 * [[str(tmp_path / "lib")]]
    assert sorted(looked_at) == [*programs, str(tmp_path / "lib")]


def test_the_same_as_ldd(need: Callable[[str], str]) -> None:
    told = subprocess.run([need("ldd"), "/bin/tar"], capture_output=True, text=True, check=True).stdout
    theirs = {os.path.realpath(word) for word in told.split() if word.startswith("/")}
    assert {os.path.realpath(path) for path in Linker().closure("/bin/tar")} == theirs
