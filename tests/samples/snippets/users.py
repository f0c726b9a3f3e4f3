"""Who a program is, and what it may do as another user."""

import ctypes
import os
import shutil
import stat
import struct
import threading

from samples.snippets.prelude import be, child, libc, look, sh, told, write


def identity() -> object:
    return [os.getresuid(), os.getresgid(), os.getgroups(), sh("id")[1]]


def another_user() -> object:
    def go():
        be(1000, 1001, [5, 7])
        return [
            os.getresuid(),
            os.getresgid(),
            os.getgroups(),
            told(lambda: os.setuid(0)),
            told(lambda: os.setgroups([])),
            sh("id -u; id -g; id -G")[1],
        ]

    return child(go)


def a_user_and_files() -> object:
    write("f", mode=0o600)
    write("g", mode=0o640)
    os.chown("g", 0, 7)
    write("o", mode=0o604)
    os.mkdir("shut", 0o700)
    write("shut/x")
    os.mkdir("open", 0o777)
    os.mkdir("sticky")
    os.chmod("sticky", 0o1777)
    write("sticky/theirs")

    def go():
        be(1000, 1000, [7])
        return [
            told(lambda: open("f").read()),
            told(lambda: open("g").read()),
            told(lambda: open("g", "a")),
            told(lambda: open("o").read()),
            told(lambda: os.stat("shut/x")),
            told(lambda: os.listdir("shut")),
            told(lambda: write("new")),
            told(lambda: write("open/new")),
            look("open/new"),
            told(lambda: os.unlink("sticky/theirs")),
            told(lambda: write("sticky/mine")),
            told(lambda: os.unlink("sticky/mine")),
            told(lambda: os.chmod("f", 0)),
            told(lambda: os.chown("open/new", 0, 0)),
            told(lambda: os.chown("open/new", -1, 7)),
            told(lambda: os.utime("f")),
            told(lambda: os.utime("o", (1, 1))),
            told(lambda: os.mkdir("open/d")),
            look("open/d"),
            told(lambda: os.symlink("a", "open/l")),
            look("open/l", follow_symlinks=False)[1:3],
            told(lambda: os.access("f", 4)),
            told(lambda: os.chdir("shut")),
            told(lambda: os.setxattr("f", "user.a", b"")),
            told(lambda: os.truncate("f", 0)),
            told(lambda: os.rename("f", "open/f")),
            told(lambda: os.link("open/new", "open/second")),
            told(lambda: os.chroot("open")),
            told(lambda: os.mknod("open/c", stat.S_IFCHR, 0)),
        ]

    return child(go)


def a_closed_way() -> object:
    os.makedirs("a/b/c")
    write("a/b/c/f")
    os.chmod("a", 0o700)

    def go():
        be(1000)
        return told(lambda: open("a/b/c/f").read())

    one = child(go)
    os.chmod("a", 0o755)
    two = child(go)
    os.chmod("a/b", 0o644)
    return [one, two, child(go)]


def programs_of_root() -> object:
    shutil.copy("/usr/bin/id", "id")
    os.chmod("id", 0o4755)
    shutil.copy("/usr/bin/id", "gid")
    os.chown("gid", 0, 8)
    os.chmod("gid", 0o2755)
    write("no", mode=0o644)

    def go():
        be(1000)
        return [sh("./id")[1], sh("./gid")[1], told(lambda: os.execv("./no", ["no"]))]

    return child(go)


def saved_ids() -> object:
    def go():
        os.setresuid(1, 2, 3)
        return [
            told(lambda: os.seteuid(3)),
            os.getresuid(),
            told(lambda: os.seteuid(0)),
            told(lambda: os.setreuid(3, 1)),
            os.getresuid(),
            told(lambda: os.setuid(7)),
        ]

    return child(go)


def threads_have_ids_of_their_own() -> object:
    seen = []

    def go():
        libc.syscall(117, 9, 9, 9)
        seen.append(libc.syscall(102))

    t = threading.Thread(target=go)
    t.start()
    t.join()
    return [seen, libc.syscall(102)]


def capability_sets() -> object:
    return [
        [line for line in open("/proc/self/status") if line.startswith(("Cap", "NoNew", "Uid", "Gid"))],
        libc.prctl(23, 21, 0, 0, 0),
        libc.prctl(23, 0, 0, 0, 0),
        libc.prctl(7, 0, 0, 0, 0),
        libc.prctl(39, 0, 0, 0, 0),
    ]


def dropping_capabilities() -> object:
    def go():
        libc.prctl(24, 6, 0, 0, 0)
        libc.prctl(8, 1, 0, 0, 0)
        os.setuid(1000)
        h = struct.pack("II", 0x20080522, 0)
        d = ctypes.create_string_buffer(24)
        libc.capget(h, d)
        low = struct.unpack_from("=3I", d)
        return [libc.prctl(23, 6, 0, 0, 0), [hex(n) for n in low], told(lambda: os.setgid(5))]

    return child(go)
