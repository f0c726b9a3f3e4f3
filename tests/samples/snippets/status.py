"""Telling about files."""

import ctypes
import errno
import os
import struct

from samples.snippets.prelude import call, libc, told, write


def statx() -> object:
    write("f", "abc")
    os.chown("f", 7, 8)
    b = ctypes.create_string_buffer(256)

    def one(at, path, flags):
        n = libc.statx(at, path, flags, 0x7FF, b)
        return (
            errno.errorcode[ctypes.get_errno()]
            if n < 0
            else [*struct.unpack_from("=II", b, 20), oct(struct.unpack_from("=H", b, 28)[0])]
        )

    os.symlink("f", "l")
    d = os.open("f", 0)
    return [
        one(-100, b"f", 0),
        one(-100, b"l", 0x100),
        one(-100, b"l", 0),
        one(d, b"", 0x1000),
        one(d, b"", 0),
        one(99, b"", 0x1000),
        one(-100, b"none", 0),
    ]


def access() -> object:
    write("f")
    write("run", mode=0o755)
    os.mkdir("d", 0o555)
    return [
        [told(lambda: os.access(p, m)) for m in (0, 1, 2, 4, 7)] for p in ("f", "run", "d", "none", "/proc", "/etc")
    ]


def file_systems() -> object:
    s = os.statvfs("/tmp")
    return [s.f_bsize > 0, s.f_namemax, told(lambda: os.statvfs("none"))]


def where_am_i() -> object:
    os.makedirs("a/b")
    os.symlink("a/b", "l")
    os.chdir("l")
    x = os.getcwd()
    os.chdir("..")
    y = os.getcwd()
    d = os.open("b", 0)
    os.fchdir(d)
    b = ctypes.create_string_buffer(4)
    return [
        x,
        y,
        os.getcwd(),
        told(lambda: os.chdir("/etc/passwd")),
        told(lambda: os.chdir("none")),
        call("syscall", 79, b, 4),
    ]
