"""Making, renaming and removing names."""

import os
import stat

from samples.snippets.prelude import call, look, told, write


def links() -> object:
    write("a")
    os.link("a", "b")
    os.symlink("a", "s")
    os.link("s", "t", follow_symlinks=False)
    os.mkdir("d")
    return [
        os.stat("a").st_ino == os.stat("b").st_ino,
        os.readlink("t"),
        told(lambda: os.link("d", "e")),
        told(lambda: os.link("a", "b")),
        told(lambda: os.link("none", "x")),
        told(lambda: os.link("a", "/proc/x")) in ("EXDEV", "EPERM", "ENOENT"),
    ]


def renames() -> object:
    write("a", "1")
    write("b", "2")
    os.mkdir("d")
    os.mkdir("e")
    write("e/x")
    os.symlink("d", "l")
    return [
        told(lambda: os.rename("a", "b")),
        open("b").read(),
        told(lambda: os.rename("b", "d")),
        told(lambda: os.rename("d", "e")),
        told(lambda: os.rename("d", "d/in")),
        told(lambda: os.rename("none", "x")),
        told(lambda: os.rename("d/", "f/")),
        told(lambda: os.rename(".", "x")),
        told(lambda: os.rename("/proc", "x")),
        told(lambda: os.rename("b", "l/")),
        sorted(os.listdir(".")),
    ]


def renameat2() -> object:
    write("a", "1")
    write("b", "2")
    return [
        call("renameat2", -100, b"a", -100, b"b", 1),
        call("renameat2", -100, b"a", -100, b"b", 2),
        open("a").read(),
        open("b").read(),
        call("renameat2", -100, b"a", -100, b"c", 1),
        call("renameat2", -100, b"a", -100, b"c", 9),
    ]


def removing() -> object:
    write("f")
    os.mkdir("d")
    write("d/x")
    os.mkdir("e")
    os.symlink("d", "l")
    return [
        told(lambda: os.unlink("d")),
        told(lambda: os.rmdir("d")),
        told(lambda: os.rmdir("f")),
        told(lambda: os.unlink("none")),
        told(lambda: os.unlink("f/")),
        told(lambda: os.rmdir("e/.")),
        told(lambda: os.rmdir("l")),
        told(lambda: os.rmdir("e/")),
        told(lambda: os.unlink("l")),
        told(lambda: os.rmdir("/proc")),
        told(lambda: os.unlink("f")),
        sorted(os.listdir(".")),
    ]


def making() -> object:
    os.mkdir("d")
    os.symlink("none", "l")
    return [
        told(lambda: os.mkdir("d")),
        told(lambda: os.mkdir("l")),
        told(lambda: os.mkdir("/")),
        told(lambda: os.mkdir("d/.")),
        told(lambda: os.mkdir("x/")),
        told(lambda: os.symlink("a", "d")),
        told(lambda: os.symlink("", "e")),
        told(lambda: os.mkdir("none/x")),
        sorted(os.listdir(".")),
    ]


def nodes() -> object:
    os.mknod("r", 0o100640)
    os.mknod("p", stat.S_IFIFO | 0o600)
    os.mknod("s", stat.S_IFSOCK | 0o600)
    told(lambda: os.mknod("c", stat.S_IFCHR | 0o600, os.makedev(1, 3)))
    c = os.stat("c")
    return [
        look("r"),
        look("p")[0],
        look("s")[0],
        oct(c.st_mode),
        c.st_rdev,
        told(lambda: os.mknod("d", stat.S_IFDIR | 0o600)),
        told(lambda: os.open("s", 0)),
    ]


def truncating() -> object:
    write("f", "abcdef")
    os.truncate("f", 2)
    d = os.open("f", os.O_RDWR)
    os.ftruncate(d, 5)
    return [
        open("f").read(),
        told(lambda: os.truncate(".", 0)),
        told(lambda: os.truncate("none", 0)),
        told(lambda: os.truncate("f", -1)),
    ]
