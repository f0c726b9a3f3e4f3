"""What comes in on a port of the host goes on to one in another network namespace."""

import contextlib
import os
import resource
import signal
import socket
import threading
from collections.abc import Iterator

import pytest

from pydock_lab.network import ports
from pydock_lab.network.forwarding import Forwarder
from pydock_lab.network.supply import Supply
from pydock_lab.network.watcher import Watcher
from pydock_lab.oci.runtime_spec import PublishedPort


def forward(
    listeners: list[ports.Listener], namespace: int, *, descriptors: int = 1024, address: str = "127.0.0.1"
) -> int:
    """A process that forwards as a shim does, with so many descriptors at most: its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            keep_only({2, namespace, *(one.socket.fileno() for one in listeners)})
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
            watcher = Watcher()
            Forwarder(watcher, Supply(namespace), address).serve(listeners)
            while True:
                watcher.turn(-1)
        finally:
            os._exit(1)
    return pid


def keep_only(wanted: set[int]) -> None:
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in wanted:
            with contextlib.suppress(OSError):
                os.close(int(name))


@pytest.fixture
def forwarded(namespace: int) -> Iterator[dict[str, int]]:
    """The host ports by protocol, and one that leads to a port where nobody listens."""
    wanted = {"tcp": (7, "tcp"), "udp": (7, "udp"), "dead": (9, "tcp"), "tcp6": (7, "tcp")}
    hosts = {"tcp6": "::1"}
    listeners = {
        name: ports.listen(PublishedPort(container_port=port, protocol=protocol, host_ip=hosts.get(name, "127.0.0.1")))
        for name, (port, protocol) in wanted.items()
    }
    pid = forward(list(listeners.values()), namespace)
    yield {name: one.port.host_port for name, one in listeners.items()}
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for one in listeners.values():
        one.socket.close()


def test_datagrams_come_back_to_whom_they_belong(forwarded: dict[str, int]) -> None:
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for number, end in enumerate(ends):
        end.settimeout(5)
        end.sendto(f"client {number}".encode(), ("127.0.0.1", forwarded["udp"]))
    assert [end.recv(100) for end in ends] == [b"CLIENT 0", b"CLIENT 1", b"CLIENT 2"]
    for end in ends:
        end.close()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", "tcp"), ("::1", "tcp6")])
def test_bytes_flow_both_ways_and_ends_are_passed_on(forwarded: dict[str, int], host: str, port: str) -> None:
    with socket.create_connection((host, forwarded[port]), timeout=5) as end:
        for text in (b"hello", b"again"):
            end.sendall(text)
            assert end.recv(100) == text.upper()
        end.shutdown(socket.SHUT_WR)
        assert end.recv(100) == b""


def test_a_reader_that_is_slow_loses_nothing_and_holds_up_nobody(forwarded: dict[str, int]) -> None:
    """More is sent than all buffers hold, before anything is read; meanwhile others are served."""
    content = os.urandom(1 << 20) * 24
    with socket.create_connection(("127.0.0.1", forwarded["tcp"]), timeout=20) as slow:
        sender = threading.Thread(target=lambda: (slow.sendall(content), slow.shutdown(socket.SHUT_WR)))
        sender.start()
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", forwarded["tcp"]), timeout=5) as quick:
                quick.sendall(b"quick")
                assert quick.recv(100) == b"QUICK"
        received = bytearray()
        while chunk := slow.recv(1 << 20):
            received += chunk
        sender.join()
    assert received == content.upper()


def test_many_connections_one_after_the_other_and_at_once(forwarded: dict[str, int]) -> None:
    ends = [socket.create_connection(("127.0.0.1", forwarded["tcp"]), timeout=5) for _ in range(150)]
    for number, end in enumerate(ends):
        end.sendall(b"number %d" % number)
    assert [end.recv(100) for end in ends] == [b"NUMBER %d" % number for number in range(150)]
    for end in ends:
        end.close()


def test_a_container_that_does_not_listen_refuses(forwarded: dict[str, int]) -> None:
    end = socket.create_connection(("127.0.0.1", forwarded["dead"]), timeout=5)
    with end, contextlib.suppress(ConnectionResetError):  # a reset says the same in another way
        assert end.recv(10) == b""


def test_who_cannot_be_led_anywhere_is_let_go(namespace: int) -> None:
    listener = ports.listen(PublishedPort(container_port=7))
    pid = forward([listener], namespace, descriptors=64, address="192.0.2.1")
    for _ in range(70):  # more than there would be descriptors for, if they were kept
        end = socket.create_connection(("127.0.0.1", listener.port.host_port), timeout=5)
        with end, contextlib.suppress(ConnectionResetError):
            assert end.recv(10) == b""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    listener.socket.close()


def test_without_descriptors_who_knocks_waits(namespace: int) -> None:
    """Connections beyond the limit are served once others have gone."""
    listener = ports.listen(PublishedPort(container_port=7))
    pid = forward([listener], namespace, descriptors=96)
    ends = [socket.create_connection(("127.0.0.1", listener.port.host_port), timeout=5) for _ in range(60)]
    for end in ends:
        end.sendall(b"x")
        # Those that are not served yet wait for those that are: each goes as soon as it has its answer.
        assert end.recv(10) == b"X"
        end.close()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    listener.socket.close()
