"""What a program in a traced container can do to processes that are not its container's: they are not there."""

import errno
import json
import os
import subprocess
from collections.abc import Callable, Iterator

import pytest

_CALLS = """
import ctypes, errno, json, os, signal

libc = ctypes.CDLL(None, use_errno=True)
ours = os.fork()
if not ours:
    signal.pause()
numbers = dict(prlimit64=302, sched_setaffinity=203, sched_setparam=142, sched_setscheduler=144, sched_setattr=314,
               process_vm_readv=310, process_vm_writev=311, move_pages=279, migrate_pages=256, get_robust_list=274,
               kcmp=312, ptrace=101, setpriority=141, ioprio_set=251)
room = ctypes.create_string_buffer(256)
limit = (ctypes.c_ulong * 2)(4096, 4096)
mask = ctypes.c_ulong(1)
vector = (ctypes.c_ulong * 2)(ctypes.addressof(room), 8)
attributes = (ctypes.c_uint * 14)(56)
SEIZE = 0x4206
words = dict(
    prlimit64=lambda pid: (pid, 4, limit, None),
    sched_setaffinity=lambda pid: (pid, 8, ctypes.byref(mask)),
    sched_setparam=lambda pid: (pid, room),
    sched_setscheduler=lambda pid: (pid, 3, room),
    sched_setattr=lambda pid: (pid, attributes, 0),
    process_vm_readv=lambda pid: (pid, vector, 1, vector, 1, 0),
    process_vm_writev=lambda pid: (pid, vector, 1, vector, 1, 0),
    move_pages=lambda pid: (pid, 0, None, None, None, 0),
    migrate_pages=lambda pid: (pid, 8, ctypes.byref(mask), ctypes.byref(mask)),
    get_robust_list=lambda pid: (pid, room, room),
    kcmp=lambda pid: (os.getpid(), pid, 0, 0, 0),
    ptrace=lambda pid: (SEIZE, pid, None, None),
    setpriority=lambda pid: (0, pid, 5),
    ioprio_set=lambda pid: (1, pid, 3 << 13),
)

def told(name, *given):
    ctypes.set_errno(0)
    failed = libc.syscall(numbers[name], *given) < 0
    return errno.errorcode[ctypes.get_errno()] if failed else "done"

found = {name: [told(name, *make(pid)) for pid in (int(given[0]), 0, ours)] for name, make in words.items()}
found["ptrace"][1] = found["kcmp"][1] = ""  # nothing is meant by 0
group, user = int(given[1]), 54321  # nobody: were it not refused, nothing would happen
found["groups"] = [told("setpriority", 1, group, 5), told("ioprio_set", 2, group, 3 << 13),
                   told("setpriority", 1, 0, 5), told("ioprio_set", 2, os.getpgid(0), 3 << 13)]
found["users"] = [told("setpriority", 2, user, 5), told("ioprio_set", 3, user, 3 << 13)]
found["nothing"] = [told("setpriority", 7, 0, 5), told("ioprio_set", 0, 0, 3 << 13)]
os.kill(ours, signal.SIGKILL)
print(json.dumps(found))
"""


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process of the same user."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield process.pid
    process.kill()
    process.wait()


def test_strangers_are_not_there(inside: Callable[..., str], stranger: int) -> None:
    priority, affinity = os.getpriority(os.PRIO_PROCESS, stranger), os.sched_getaffinity(stranger)
    found = json.loads(inside(_CALLS, stranger, stranger))
    rest = {name: found.pop(name) for name in ("groups", "users", "nothing")}
    # These are refused by Docker's filter in any case: the stricter of two answers holds.
    assert {found.pop(name)[0] for name in ("kcmp", "move_pages", "migrate_pages")} <= {"ESRCH", "EPERM"}
    assert {name: answers[0] for name, answers in found.items()} == dict.fromkeys(found, "ESRCH")
    assert rest == {"groups": ["ESRCH"] * 2 + ["done"] * 2, "users": ["EPERM"] * 2, "nothing": ["EINVAL"] * 2}
    assert (os.getpriority(os.PRIO_PROCESS, stranger), os.sched_getaffinity(stranger)) == (priority, affinity)


def test_its_own_are(inside: Callable[..., str], stranger: int) -> None:
    found = json.loads(inside(_CALLS, stranger, stranger))
    tried = ("prlimit64", "sched_setaffinity", "sched_setparam", "sched_setscheduler", "get_robust_list")
    assert {name: found[name][1:] for name in tried} == dict.fromkeys(tried, ["done"] * 2)
    assert found["setpriority"][1:] == found["ioprio_set"][1:] == ["done"] * 2
    assert found["process_vm_writev"][2] == "done"
    assert found["ptrace"][2] == errno.errorcode[errno.EPERM]
