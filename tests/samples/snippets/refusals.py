"""What a container may not do."""

import ctypes
import fcntl
import mmap
import os
import struct

from samples.snippets.prelude import call, told, write


def refused() -> object:
    b = ctypes.create_string_buffer(100)
    return {
        n: call("syscall", *a)
        for n, a in {
            "mount": (165, b"x", b"/tmp", b"tmpfs", 0, 0),
            "umount2": (166, b"/proc", 0),
            "pivot_root": (155, b"/", b"/tmp"),
            "unshare": (272, 0x10000000),
            "setns": (308, 0, 0),
            "swapon": (167, b"/x", 0),
            "open_by_handle_at": (304, 0, b, 0),
            "bpf": (321, 0, 0, 0),
            "userfaultfd": (323, 0),
            "keyctl": (250, 1, 0),
            "reboot": (169, 0, 0, 0),
        }.items()
    }


def rings() -> object:
    return call("syscall", 425, 1, 0) in ("ENOSYS", "EPERM")


def handles() -> object:
    write("f")
    b = ctypes.create_string_buffer(struct.pack("I", 100), 200)
    m = ctypes.c_int()
    return call("name_to_handle_at", -100, b"f", b, ctypes.byref(m), 0)


def locks() -> object:
    write("f")
    d = os.open("f", os.O_RDWR)
    fcntl.flock(d, fcntl.LOCK_EX)
    e = os.open("f", os.O_RDWR)
    return [told(lambda: fcntl.flock(e, fcntl.LOCK_EX | fcntl.LOCK_NB)), told(lambda: fcntl.lockf(d, fcntl.LOCK_EX))]


def memory_of_files() -> object:
    write("f", "a" * 5000)
    f = open("f", "r+b")
    m = mmap.mmap(f.fileno(), 0)
    m[4999:5000] = b"z"
    m.flush()
    return open("f").read()[-2:]
