"""Opening files."""

import ctypes
import errno
import fcntl
import os
import resource
import struct

from samples.snippets.prelude import call, libc, look, told, write


def flags_of_open() -> object:
    write("f", "abc")
    os.symlink("f", "l")
    os.symlink("nowhere", "d")
    os.mkdir("folder")
    flags = {
        n: getattr(os, n)
        for n in ("O_CREAT", "O_EXCL", "O_NOFOLLOW", "O_DIRECTORY", "O_PATH", "O_TRUNC", "O_WRONLY", "O_RDWR")
    }

    def one(path, *names):
        f = 0
        for n in names:
            f |= flags[n]

        def go():
            d = os.open(path, f, 0o600)
            s = os.fstat(d)
            os.close(d)
            return [oct(s.st_mode), s.st_size]

        return told(go)

    return [
        one("f"),
        one("f", "O_CREAT", "O_EXCL"),
        one("l", "O_NOFOLLOW"),
        one("l", "O_NOFOLLOW", "O_PATH"),
        one("l", "O_CREAT", "O_EXCL"),
        one("d"),
        one("d", "O_CREAT", "O_EXCL", "O_WRONLY"),
        one("folder", "O_WRONLY"),
        one("folder", "O_DIRECTORY"),
        one("f", "O_DIRECTORY"),
        one("folder", "O_CREAT"),
        one("new/", "O_CREAT"),
        one("none/new", "O_CREAT"),
        one("f/new", "O_CREAT"),
        one("f", "O_TRUNC", "O_WRONLY"),
        one("d", "O_CREAT", "O_WRONLY"),
        sorted(os.listdir(".")),
    ]


def modes_and_umask() -> object:
    os.umask(0o027)
    os.close(os.open("f", os.O_CREAT | os.O_RDWR, 0o666))
    os.mkdir("d", 0o777)
    os.mkfifo("p", 0o666)
    os.umask(0o777)
    os.close(os.open("closed", os.O_CREAT | os.O_WRONLY, 0o644))
    os.mkdir("shut", 0o755)
    old = os.umask(0)
    return [look("f"), look("d")[0], look("p")[0], look("closed"), look("shut")[0], oct(old)]


def files_of_mode_nothing() -> object:
    write("f", "secret", 0)
    os.mkdir("d", 0o755)
    write("d/g")
    os.chmod("d", 0)
    return [
        open("f").read(),
        look("f"),
        look("d")[0],
        look("d/g"),
        os.listdir("d"),
        told(lambda: write("d/h")),
        look("d")[0],
    ]


def temporary_files() -> object:
    d = os.open(".", os.O_TMPFILE | os.O_RDWR, 0o640)
    os.write(d, b"abc")
    return [
        oct(os.fstat(d).st_mode),
        call("linkat", -100, b"/proc/self/fd/%d" % d, -100, b"named", 0x400),
        look("named"),
        os.listdir("."),
    ]


def openat2() -> object:
    os.makedirs("base/in")
    write("base/f")
    os.symlink("/f", "base/absolute")
    os.symlink("../../etc/passwd", "base/out")
    os.symlink("f", "base/link")
    b = os.open("base", os.O_RDONLY)

    def one(path, resolve, flags=0):
        how = struct.pack("QQQ", flags, 0, resolve)
        d = libc.syscall(437, b, path.encode(), how, 24)
        return errno.errorcode[ctypes.get_errno()] if d < 0 else os.readlink("/proc/self/fd/%d" % d)

    return [
        one(p, f)
        for f in (0, 2, 4, 8, 16)
        for p in ("f", "link", "in/../f", "absolute", "out", "../base/f", "/f", "/etc/passwd")
    ] + [one("f", 64), one("f", 0, 1 << 40)]


def reopening() -> object:
    write("f", "abc")
    d = os.open("f", os.O_RDONLY)
    e = os.open("/proc/self/fd/%d" % d, os.O_RDWR)
    os.write(e, b"X")
    os.rename("f", "g")
    x = open("/proc/self/fd/%d" % d).read()
    os.unlink("g")
    y = open("/dev/fd/%d" % d).read()
    return [x, y, os.readlink("/proc/self/fd/%d" % d).rpartition("/")[2]]


def descriptors() -> object:
    resource.setrlimit(resource.RLIMIT_NOFILE, (20, 20))
    held = []

    def many():
        while True:
            held.append(os.open("/etc/passwd", 0))

    x = told(many)
    os.close(held[0])
    n = os.open("/etc/group", 0)
    return [x, n == held[0], fcntl.fcntl(n, fcntl.F_GETFD), oct(fcntl.fcntl(n, fcntl.F_GETFL))]
