"""What root's programs have of the host's powers in a traced container: nothing; and what they can do all the same."""

import json
import subprocess
import sys
from collections.abc import Callable

_NEEDS_POWERS = """
import errno, json, os, resource, socket

def told(function, *words):
    try:
        function(*words)
    except OSError as error:
        return errno.errorcode[error.errno]
    except ValueError:  # what Python makes of EPERM
        return "EPERM"
    return "done"

def lower_niceness():
    os.setpriority(os.PRIO_PROCESS, 0, -5)

def raise_a_limit():
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 4096))

print(json.dumps([
    told(socket.socket, socket.AF_PACKET, socket.SOCK_RAW),
    told(socket.socket, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    told(lower_niceness),
    told(raise_a_limit),
]))
"""


def test_what_takes_a_power_of_the_host_is_refused(inside: Callable[..., str]) -> None:
    free = subprocess.run([sys.executable, "-c", _NEEDS_POWERS], capture_output=True, text=True, check=True)
    # Whose powers nobody has taken away; that for limits not every root has itself.
    assert json.loads(free.stdout)[:3] == ["done"] * 3
    assert json.loads(inside(_NEEDS_POWERS)) == ["EPERM", "EPERM", "EACCES", "EPERM"]


_CONTAINER_S_OWN = """
import os, stat, subprocess

os.mkdir("/d")
with open("/d/secret", "w") as file:
    file.write("kept")
os.chown("/d/secret", 33, 50)
os.chmod("/d/secret", 0)
os.chmod("/d", 0)
os.chdir("/d")
place = os.open("/d", os.O_PATH)
status = os.stat("secret", dir_fd=place)
print(status.st_uid, status.st_gid, oct(stat.S_IMODE(status.st_mode)), open("secret").read(), os.getcwd())
os.setgid(50)
os.setuid(33)
try:
    open("/d/secret")
except PermissionError:
    print("refused")
print(subprocess.run(["/bin/sh", "-c", "echo started"], cwd="/", capture_output=True, text=True).stdout.strip())
"""


def test_root_of_the_container_goes_on_as_root(inside: Callable[..., str]) -> None:
    assert inside(_CONTAINER_S_OWN).splitlines() == ["33 50 0o0 kept /d", "refused", "started"]


_KERNEL_S = """
import errno, json, os

def told(path, flags):
    try:
        os.close(os.open(path, flags))
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"

written = ["sys/net/ipv4/tcp_fin_timeout", "sys/kernel/core_pattern", "version", "self/comm", "self/oom_score_adj"]
print(json.dumps([told("/proc/" + name, os.O_WRONLY | os.O_APPEND) for name in written]
                 + [told("/proc/" + name, os.O_RDONLY) for name in ("kcore", "kmsg")]))
"""


def test_the_kernel_s_own_files_are_out_of_reach(inside: Callable[..., str]) -> None:
    written, read = (found := json.loads(inside(_KERNEL_S)))[:5], found[5:]
    assert written == ["EROFS"] * 3 + ["done"] * 2
    assert set(read) <= {"EPERM", "EACCES", "ENOENT"}
