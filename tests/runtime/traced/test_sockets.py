"""Sockets with a path in a traced container: who waits, what is carried, and what another thread cannot change."""

import json
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_FULL = """
import errno, json, os, socket, struct, threading

def told(function, *words):
    try:
        return function(*words) or "done"
    except OSError as error:
        return errno.errorcode[error.errno]

os.chdir("/tmp")
server = socket.socket(socket.AF_UNIX)
server.bind("stream")
server.listen(0)
first, second, third = (socket.socket(socket.AF_UNIX) for _ in range(3))
first.connect("stream")
second.setblocking(False)
found = [told(second.connect, "stream")]
waiting = threading.Thread(target=third.connect, args=("stream",))
waiting.start()
os.stat("/tmp")  # the supervisor answers others meanwhile
waiting.join(0.3)
found.append(waiting.is_alive())
one = server.accept()[0]
other = server.accept()[0]
waiting.join()
third.sendall(b"late")
found.append(other.recv(9).decode())
found += [struct.unpack("=3i", one.getsockopt(1, 17, 12))[0] == os.getpid() for one in (one, other)]

child = os.fork()
if not child:
    client = socket.socket(socket.AF_UNIX)
    client.connect("stream")
    client.recv(1)
    os._exit(0)
third_one = server.accept()[0]
found.append(struct.unpack("=3i", third_one.getsockopt(1, 17, 12))[0] == child)
third_one.sendall(b"x")
os.waitpid(child, 0)
print(json.dumps(found))
"""


def test_who_connects_waits_alone_and_is_known(inside: Callable[..., str]) -> None:
    assert json.loads(inside(_FULL)) == ["EAGAIN", True, "late", True, True, True]


_MESSAGES = """
import array, errno, json, os, socket, stat, threading

os.chdir("/tmp")
server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
os.umask(0o027)
server.bind("datagrams")
client = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
reader, writer = os.pipe()
files = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writer, reader]))]
found = [oct(stat.S_IMODE(os.stat("datagrams").st_mode)), client.sendmsg([b"ab", b"cde"], files, 0, "datagrams")]
data, control, _, _ = server.recvmsg(99, 99)
numbers = array.array("i", control[0][2])
os.write(numbers[0], b"through")
found += [data.decode(), os.read(numbers[1], 99).decode()]
found += [client.sendto(b"", "/tmp/datagrams"), server.recv(9).decode()]

sent = 0
try:
    while True:
        sent += client.sendto(b"x", socket.MSG_DONTWAIT, "datagrams")
except BlockingIOError:
    found.append("full")
waiting = threading.Thread(target=client.sendto, args=(b"last", "datagrams"))
waiting.start()
waiting.join(0.3)
found.append(waiting.is_alive())
for _ in range(sent):
    server.recv(9)
found.append(server.recv(9).decode())
waiting.join()
pair = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
found += [pair[0].sendmsg([b"paired"]), pair[1].recv(9).decode()]
client.connect("datagrams")
found += [client.sendmsg([b"connected"]), server.recv(9).decode()]
for words in (([b"x"], [], 0, "none"), ([b"x" * 10_000_000], [], 0, "datagrams")):
    try:
        client.sendmsg(*words)
    except OSError as error:
        found.append(errno.errorcode[error.errno])
print(json.dumps(found))
"""


def test_messages_to_a_path(inside: Callable[..., str]) -> None:
    carried = ["0o750", 5, "abcde", "through", 0, ""]
    waited = ["full", True, "last"]
    others = [6, "paired", 9, "connected", "ENOENT", "EMSGSIZE"]
    assert json.loads(inside(_MESSAGES)) == [*carried, *waited, *others]


_CALLED = """
import ctypes, os, socket, threading, time

os.chdir("/tmp")
server = socket.socket(socket.AF_UNIX)
server.bind("stream")
server.listen(0)
first, second = (socket.socket(socket.AF_UNIX) for _ in range(2))
first.connect("stream")
waiting = threading.Thread(target=second.connect, args=("stream",))
waiting.start()
time.sleep(0.3)
words = open(f"/proc/self/task/{waiting.native_id}/syscall").read().split()
given, stack = int(words[2], 16), int(words[-2], 16)
print(ctypes.string_at(given + 2).decode(), b"/fd/" in ctypes.string_at(stack - 1024, 1024))
server.accept(), server.accept()
waiting.join()
"""


def test_nothing_that_decides_lies_where_another_thread_could_change_it(inside: Callable[..., str]) -> None:
    assert inside(_CALLED).split() == ["stream", "False"]


_RACE = """
import ctypes, os, socket, struct, sys, threading, time

target = given[0].encode() + b"\\0"
libc = ctypes.CDLL(None, use_errno=True)
sys.setswitchinterval(1e-6)
address = ctypes.create_string_buffer(struct.pack("=H", socket.AF_UNIX) + b"/none\\0", 110)
stack = int(open("/proc/thread-self/syscall").read().split()[-2], 16)
ends = time.monotonic() + 2
done = threading.Event()
nobody = socket.socket(socket.AF_UNIX)
nobody.bind("/none")

def change():
    # What a supervisor would put there for the kernel is changed as soon as it is there.
    while not done.is_set():
        text = ctypes.string_at(stack - 4096, 8192)
        for prefix in (b"/proc/", b"./none"):
            at = text.find(prefix)
            if at >= 0 and b"/fd/" in text[at:at + 24]:
                ctypes.memmove(stack - 4096 + at, target, len(target))
        ctypes.memmove(ctypes.addressof(address) + 2, target, len(target))
        ctypes.memmove(ctypes.addressof(address) + 2, b"/none\\0", 6)

thread = threading.Thread(target=change)
thread.start()
found = "refused"
while time.monotonic() < ends:
    client = socket.socket(socket.AF_UNIX)
    if libc.connect(client.fileno(), address, 110) == 0:
        found = "connected"
        break
    client.close()
done.set()
thread.join()
print(found)
"""


@pytest.fixture
def outside() -> Iterator[Path]:
    """The path of a socket of the host."""
    folder = tempfile.mkdtemp(prefix="o", dir="/var/tmp")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{folder}/s")
        server.listen(100)
        yield Path(folder, "s")
    shutil.rmtree(folder)


def alone(program: str, given: object, folder: Path) -> str:
    """What a program writes that nobody watches."""
    words = [sys.executable, "-c", f"given = [{str(given)!r}]\n{program}"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=True).stdout.strip()


def test_the_kernel_reads_an_address_that_another_thread_changes(outside: Path, tmp_path: Path) -> None:
    """Who looks at it first, and lets the kernel go on, has looked at another one: so it was done."""
    assert alone(_RACE.replace("/none", "./non"), outside, tmp_path) == "connected"


def test_another_thread_cannot_change_where_a_connection_goes(inside: Callable[..., str], outside: Path) -> None:
    assert inside(_RACE, outside).strip() == "refused"


_EXCHANGED = """
import ctypes, os, socket, struct, sys, threading, time

libc = ctypes.CDLL(None, use_errno=True)
sys.setswitchinterval(1e-6)
path = given[0].encode()
address = struct.pack("=H", socket.AF_UNIX) + path + b"\\0"
unix, plain, used = socket.socket(socket.AF_UNIX), socket.socket(), socket.socket()
number, done, ends = used.fileno(), threading.Event(), time.monotonic() + 2

def change():
    while not done.is_set():
        for one in (unix, plain):
            libc.dup2(one.fileno(), number)

thread = threading.Thread(target=change)
thread.start()
found = "refused"
while time.monotonic() < ends:
    if libc.connect(number, address, len(address)) == 0:
        found = "connected"
        break
done.set()
thread.join()
print(found)
"""


def test_the_kernel_takes_the_socket_that_is_there_by_then(outside: Path, tmp_path: Path) -> None:
    assert alone(_EXCHANGED, outside, tmp_path) == "connected"


def test_another_thread_cannot_exchange_the_socket(inside: Callable[..., str], outside: Path) -> None:
    assert inside(_EXCHANGED, outside).strip() == "refused"


_INTERNET = """
import errno, json, os, socket, threading

def told(function, *words):
    try:
        return function(*words) or "done"
    except OSError as error:
        return errno.errorcode[error.errno]

def conversations():
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    other = server.accept()[0]
    other.sendall(b"tcp")
    one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    one.bind(("127.0.0.1", 0))
    found = [client.recv(9).decode(), two.sendto(b"udp", one.getsockname()), one.recv(9).decode()]
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))
    found.append(told(socket.create_connection, closed.getsockname()))
    line = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    line.bind((0, 0))
    # RTM_GETLINK of all, and RTM_DELLINK of one that is not there: for who has the power, ENODEV.
    asked = [bytes.fromhex("2000000012000103010000000000000000000000" + "00" * 12),
             bytes.fromhex("2000000011000500020000000000000000000000ffffff7f" + "00" * 8)]
    line.sendto(asked[0], (0, 0))
    found.append(line.recv(9999)[4])
    while line.recv(99999)[4] != 3:
        pass
    line.sendto(asked[1], (0, 0))
    answer = line.recv(999)
    found += [answer[4], errno.errorcode[-int.from_bytes(answer[16:20], "little", signed=True)]]
    return found

alone = conversations()
waiting = threading.Event()
threading.Thread(target=waiting.wait).start()
shared = conversations()
waiting.set()
print(json.dumps([alone, shared]))
"""


def test_other_sockets_are_as_ever(inside: Callable[..., str]) -> None:
    alone, shared = json.loads(inside(_INTERNET))
    assert alone == ["tcp", 3, "udp", "ECONNREFUSED", 16, 2, "EPERM"]
    assert shared == alone


_LOW = """
import os, socket
for _ in range(2):
    server = socket.socket()
    try:
        server.bind(("127.0.0.1", 821))
        print("bound")
    except OSError as error:
        print(error.strerror)
    server.close()
    os.setuid(33)
"""


def test_root_may_have_a_low_port(inside: Callable[..., str]) -> None:
    low = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 821
    assert inside(_LOW).splitlines() == ["bound", "bound" if low else "Permission denied"]
