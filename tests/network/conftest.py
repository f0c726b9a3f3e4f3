"""A watcher that works in this process, and servers of another network namespace."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator

import pytest

from pydock_lab.linux import netlink, syscalls
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.network.watcher import Watcher


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    found = Watcher()
    yield found
    found.close()


@pytest.fixture
def until(watcher: Watcher) -> Callable[[Callable[[], object]], None]:
    """Let the watcher work until something has come true."""

    def work(condition: Callable[[], object], seconds: float = 5) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "it did not come true"
            watcher.turn(0.05)

    return work


def serve(parent: socket.socket) -> None:
    """An echo in capital letters over UDP and over TCP, port 7 of a network of its own."""
    syscalls.unshare(Namespace.NET)
    netlink.loopback_up()
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.bind(("127.0.0.1", 7))
    streams = socket.create_server(("127.0.0.1", 7))
    socket.send_fds(parent, [b"n"], [os.open("/proc/self/ns/net", os.O_RDONLY)])
    if os.fork() == 0:
        while True:
            content, sender = datagrams.recvfrom(65535)
            datagrams.sendto(content.upper(), sender)
    while True:
        end, _ = streams.accept()
        if os.fork() == 0:
            while content := end.recv(65535):
                end.sendall(content.upper())
            os._exit(0)
        end.close()


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> Iterator[int]:
    """The network namespace (a descriptor) in which port 7 answers."""
    request.getfixturevalue("as_root")
    ours, theirs = socket.socketpair()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        try:
            serve(theirs)
        finally:
            os._exit(1)
    _, (descriptor,), _, _ = socket.recv_fds(ours, 1, 1)
    yield descriptor
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(descriptor)
    ours.close()
    theirs.close()
