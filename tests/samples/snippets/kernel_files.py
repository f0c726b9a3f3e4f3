"""/proc and /dev, and the host's name."""

import os
import socket

from samples.snippets.prelude import told, write


def own_proc() -> object:
    os.symlink("/proc/self", "me")
    return [
        os.readlink("/proc/self") == str(os.getpid()),
        os.readlink("/proc/self/cwd"),
        os.readlink("/proc/self/root"),
        os.listdir("me/cwd"),
        open("/proc/self/cwd/../../etc/passwd").readline(),
        os.path.realpath("/proc/self/root/etc/../etc"),
        os.readlink("/proc/thread-self").split("/")[1:2],
    ]


def own_maps() -> object:
    return [
        any(
            (line.rstrip().endswith("/libc.so.6") and " /lib" in line) or " /usr/lib" in line
            for line in open("/proc/self/maps")
        ),
        "/merged/" in open("/proc/self/maps").read(),
    ]


def files_of_proc_are_the_same_when_they_are_open() -> object:
    def same(path: str) -> bool:
        with open(path, "rb") as file:
            seen, opened = os.stat(path), os.fstat(file.fileno())
        kinds = ("st_dev", "st_ino", "st_mode", "st_uid", "st_size")
        return all(getattr(seen, kind) == getattr(opened, kind) for kind in kinds)

    own = os.memfd_create("account:/etc/passwd")
    os.write(own, b"four")
    paths = ("mounts", "self/mountinfo", "self/status", "self/maps", "sys/kernel/hostname", "cpuinfo")
    return [*(same(f"/proc/{path}") for path in paths), os.fstat(own).st_size]


def devices() -> object:
    return [
        os.path.exists("/dev/" + n)
        for n in ("null", "zero", "full", "random", "urandom", "tty", "ptmx", "shm", "sda", "kmsg", "mem")
    ] + [
        told(lambda: os.write(os.open("/dev/full", os.O_WRONLY), b"x")),
        len(os.read(os.open("/dev/zero", 0), 10)),
        oct(os.stat("/dev/shm").st_mode),
        told(lambda: write("/dev/shm/x")),
        os.readlink("/dev/stdin"),
    ]


def the_name_of_the_host() -> object:
    return [
        os.uname().nodename,
        socket.gethostname(),
        open("/proc/sys/kernel/hostname").read(),
        open("/etc/hostname").read(),
        told(lambda: socket.sethostname("x")),
    ]
