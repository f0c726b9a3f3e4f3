"""Modes, owners, times and attributes of files."""

import os
import struct
import time

from samples.snippets.prelude import call, look, sh, told, write


def chmod() -> object:
    write("f")
    os.mkdir("d")
    os.symlink("f", "l")
    os.chmod("l", 0o4711)
    d = os.open("f", 0)
    x = look("f")[0]
    os.fchmod(d, 0o2600)
    os.chmod("d", 0o1777)
    return [
        x,
        look("f")[0],
        look("d")[0],
        told(lambda: os.chmod("none", 0)),
        told(lambda: os.fchmod(99, 0)),
        call("syscall", 452, -100, b"l", 0o600, 0x100),
    ]


def chown() -> object:
    write("f", mode=0o6755)
    os.symlink("f", "l")
    os.chown("f", 33, 50)
    a = look("f")
    os.chown("f", -1, 60)
    b = look("f")
    os.lchown("l", 5, 6)
    d = os.open("f", 0)
    os.fchown(d, 70, -1)
    return [
        a,
        b,
        look("f"),
        look("l", follow_symlinks=False)[1:3],
        told(lambda: os.chown("none", 0, 0)),
        sh("stat -c %u:%g f")[1],
    ]


def times() -> object:
    write("f")
    os.symlink("f", "l")
    os.utime("f", (1, 2))
    a = [os.stat("f").st_atime, os.stat("f").st_mtime]
    os.utime("l", ns=(10, 2000000003), follow_symlinks=False)
    os.utime("f")
    now = abs(time.time() - os.stat("f").st_mtime) < 60
    d = os.open("f", 0)
    os.utime(d, (5, 6))
    return [
        a,
        os.lstat("l").st_mtime_ns,
        now,
        os.stat("f").st_mtime,
        told(lambda: os.utime("none")),
        sh("touch -d @77 f; stat -c %Y f")[1],
    ]


def attributes() -> object:
    write("f")
    os.setxattr("f", "user.a", b"1")
    os.setxattr("f", "user.b", b"22")
    d = os.open("f", 0)
    return [
        sorted(os.listxattr("f")),
        os.getxattr("f", "user.b").decode(),
        told(lambda: os.getxattr("f", "user.none")),
        told(lambda: os.setxattr("f", "user.a", b"", os.XATTR_CREATE)),
        os.getxattr(d, "user.a").decode(),
        told(lambda: os.removexattr("f", "user.a")),
        os.listxattr(d),
        told(lambda: os.setxattr("none", "user.a", b"")),
        os.listxattr("/etc/passwd"),
    ]


def capabilities_of_files() -> object:
    write("f", mode=0o755)
    v = struct.pack("<IIIII", 0x02000000, 1 << 13, 0, 0, 0)
    os.setxattr("f", "security.capability", v)
    a = [os.getxattr("f", "security.capability") == v, os.listxattr("f")]
    os.removexattr("f", "security.capability")
    return [a, os.listxattr("f")]


def groups_from_folders() -> object:
    os.mkdir("d")
    os.chown("d", 3, 50)
    os.chmod("d", 0o2775)
    write("d/f")
    os.mkdir("d/e")
    os.symlink("x", "d/l")
    return [look("d/f"), look("d/e"), look("d/l", follow_symlinks=False)[2]]
