"""Looks around in a container, and says as JSON what it may and sees; runs in any engine's, on x86-64.

Each system call is made by a child of its own with arguments that mean nothing (-1): a call that a filter refuses says
EPERM or ENOSYS, one that is let through complains about them. What may hang or end the caller ends that child.
"""

import contextlib
import ctypes
import errno
import json
import os
import select
import signal
import sys

# Beyond the last of Linux 6.18 (470), and what x32 has of its own: what there is not yet is to be refused as well.
LAST_CALL = 600
X32_BIT = 0x4000_0000
# Of 32-bit programs: number in eax, all arguments -1, int 0x80.
CALL_OF_I386 = "53 55 89f8 bbffffffff b9ffffffff baffffffff beffffffff bfffffffff bdffffffff cd80 5d 5b c3"
ENDS = 255  # the child was ended, by the call or by us
FIELDS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Uid", "Gid", "Groups")
PATHS = (
    *("/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/sched_debug", "/proc/latency_stats", "/proc/acpi"),
    *("/proc/scsi", "/proc/interrupts", "/sys/firmware", "/sys/dev/block", "/proc/sysrq-trigger", "/proc/sys/kernel"),
    *("/proc/bus", "/proc/fs", "/proc/irq", "/sys/fs/cgroup", "/sys/kernel", "/dev/mem", "/dev/kmsg", "/dev/fuse"),
)
OPTIONS = ("ro", "nosuid", "nodev", "noexec")


def native(number):
    """The errno of a system call of the machine's own, or 0."""
    libc = ctypes.CDLL(None, use_errno=True)
    minus = ctypes.c_long(-1)
    result = libc.syscall(ctypes.c_long(number), minus, minus, minus, minus, minus, minus)
    return ctypes.get_errno() if result == -1 else 0


def i386(number):
    """The errno of a system call as 32-bit programs make it, or 0."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    place = libc.mmap(None, 4096, 7, 0x62, -1, 0)  # MAP_32BIT | MAP_ANONYMOUS | MAP_PRIVATE
    code = bytes.fromhex(CALL_OF_I386)
    ctypes.memmove(place, code, len(code))
    return max(-ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(place)(number), 0)


def said(make, number):
    """What a system call says: an errno, 0, or ENDS."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        for descriptor in (0, 1, 2):  # some calls write over their caller's stack, and some leave a child behind
            os.dup2(os.open(os.devnull, os.O_RDWR), descriptor)
        os._exit(make(number) & 0xFF)
    end = os.pidfd_open(pid)
    select.select([end], [], [], 2)  # an alarm could be blocked, which sigsuspend(2) may do
    os.close(end)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else ENDS


def refused(make, bit=0):
    """The numbers of the calls that are refused, with what they say."""
    found = {number: said(make, bit | number) for number in range(LAST_CALL + 1)}
    return {number: errno.errorcode[code] for number, code in found.items() if code in (errno.EPERM, errno.ENOSYS)}


def status():
    with open("/proc/self/status", encoding="ascii", errors="replace") as file:
        lines = dict(line.rstrip("\n").split(":", 1) for line in file)
    return {field: " ".join(lines[field].split()) for field in FIELDS if field in lines}


def mounts():
    """What is mounted where: its kind, and those of its options that keep something from being done."""
    found = {}
    with open("/proc/self/mounts", encoding="utf-8") as file:
        for line in file:
            _, target, kind, options = line.split()[:4]
            found[target] = " ".join([kind, *(one for one in OPTIONS if one in options.split(","))])
    return found


def kind(path):
    """What a path is to us: missing, empty, unreadable, readable, writable."""
    if not os.path.exists(path):
        return "missing"
    try:
        if os.path.isdir(path):
            return (
                "writable"
                if os.access(path, os.W_OK) and os.listdir(path)
                else ("filled" if os.listdir(path) else "empty")
            )
        with open(path, "rb") as file:
            return "readable" if file.read(1) else "empty"
    except OSError:
        return "unreadable"


def limits():
    with open("/proc/self/limits", encoding="ascii") as file:
        return {line[:25].strip(): line[25:].split()[:2] for line in file.readlines()[1:]}


def is_root_of_groups():
    with open("/proc/self/cgroup", encoding="ascii") as file:
        return all(line.rstrip().endswith(":/") for line in file)


def all_of_it():
    return {
        "status": status(),
        "limits": limits(),
        "refused": refused(native),
        "refused-x32": refused(native, X32_BIT),
        "refused-i386": refused(i386),
        "mounts": mounts(),
        "paths": {path: kind(path) for path in PATHS},
        "environment": sorted(os.environ),
        "descriptors": len(os.listdir("/proc/self/fd")) - 1,
        "cgroup": is_root_of_groups(),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(all_of_it()))
