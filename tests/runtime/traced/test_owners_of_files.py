"""Who gets the signals of a file that is written to: a program could choose any process of its user, and the signal.

That is done on the host first, where nobody forbids it, to a stand-in.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

# What a socket's owner is set to, the signal that it gets, and what became of the call.
_CALLS = """
import ctypes, errno, json, os, signal, socket, struct, sys, time

libc = ctypes.CDLL(None, use_errno=True)
FCNTL, IOCTL, SETFL, SETOWN, SETSIG, SETOWN_EX, ASYNC = 72, 16, 4, 8, 10, 15, 0o20000

def kept(*numbers):
    return ctypes.create_string_buffer(struct.pack(f"={len(numbers)}i", *numbers))

ways = dict(
    process=lambda pid: (FCNTL, SETOWN, ctypes.c_int(pid)),
    group=lambda pid: (FCNTL, SETOWN, ctypes.c_int(-pid)),
    exact=lambda pid: (FCNTL, SETOWN_EX, kept(1, pid)),
    thread=lambda pid: (FCNTL, SETOWN_EX, kept(0, pid)),
    whole=lambda pid: (FCNTL, SETOWN_EX, kept(2, pid)),
    ioctl=lambda pid: (IOCTL, 0x8901, kept(pid)),
    older=lambda pid: (IOCTL, 0x8902, kept(-pid)),
)

def told(way, pid):
    ours, theirs = socket.socketpair()
    call, *words = ways[way](pid)
    ctypes.set_errno(0)
    result = libc.syscall(call, ours.fileno(), *words)
    code = ctypes.get_errno()
    if result == 0:
        libc.syscall(FCNTL, ours.fileno(), SETSIG, signal.SIGTERM)
        libc.syscall(FCNTL, ours.fileno(), SETFL, ASYNC)
        theirs.send(b"x")
    return errno.errorcode[code] if result else "done"

def child():
    pid = os.fork()
    if not pid:
        os.setpgid(0, 0)
        signal.pause()
        os._exit(0)
    os.setpgid(pid, pid)
    return pid

if given[0] == "own":
    found = {}
    for way in ways:
        pid = child()
        answer = told(way, pid)
        found[way] = [answer, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]
else:
    found = {way: told(way, int(given[0])) for way in given[1].split()}
print(json.dumps(found))
"""
WAYS = "process group exact thread whole ioctl older"


@pytest.fixture
def stranger() -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the same user, which leads a group."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("way", WAYS.split())
def test_the_kernel_lets_a_user_choose_any_owner(stranger: "subprocess.Popen[bytes]", way: str) -> None:
    text = f"given = [{str(stranger.pid)!r}, {way!r}]\n{_CALLS}"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == {way: "done"}
    assert stranger.wait(10) == -15


def test_a_stranger_becomes_no_owner(inside: Callable[..., str], stranger: "subprocess.Popen[bytes]") -> None:
    found = json.loads(inside(_CALLS, stranger.pid, WAYS))
    assert found == dict.fromkeys(WAYS.split(), "ESRCH")
    assert stranger.poll() is None


def test_its_own_processes_do(inside: Callable[..., str]) -> None:
    assert json.loads(inside(_CALLS, "own")) == {way: ["done", -15] for way in WAYS.split()}
