"""The forwarder between a port of the host and one in another network namespace."""

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from ipaddress import IPv4Address

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.linux import netlink, syscalls
from pydock_lab.linux.syscalls import Namespace
from pydock_lab.network import ports
from pydock_lab.oci.runtime_spec import PublishedPort


def serve(parent: socket.socket) -> None:
    """An echo over UDP and over TCP, port 7 of a network of its own."""
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
        while content := end.recv(65535):
            end.sendall(content.upper())
        end.close()


@pytest.fixture
def namespace(request: pytest.FixtureRequest) -> Iterator[int]:
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


@pytest.fixture
def forwarded(namespace: int) -> Iterator[dict[str, int]]:
    """The host ports by protocol."""
    listeners = [ports.listen(PublishedPort(container_port=7, protocol=one)) for one in ("tcp", "udp")]
    pid = ports.forward(listeners, namespace, IPv4Address("127.0.0.1"))
    yield {one.port.protocol: one.port.host_port for one in listeners}
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    for one in listeners:
        one.socket.close()


def test_datagrams_come_back_to_whom_they_belong(forwarded: dict[str, int]) -> None:
    ends = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3)]
    for number, end in enumerate(ends):
        end.settimeout(5)
        end.sendto(f"client {number}".encode(), ("127.0.0.1", forwarded["udp"]))
    assert [end.recv(100) for end in ends] == [b"CLIENT 0", b"CLIENT 1", b"CLIENT 2"]
    for end in ends:
        end.close()


def test_bytes_flow_both_ways_and_ends_are_passed_on(forwarded: dict[str, int]) -> None:
    with socket.create_connection(("127.0.0.1", forwarded["tcp"]), timeout=5) as end:
        for text in (b"hello", b"again"):
            end.sendall(text)
            assert end.recv(100) == text.upper()
        end.shutdown(socket.SHUT_WR)
        assert end.recv(100) == b""


def test_much_at_once(forwarded: dict[str, int]) -> None:
    content = b"abcdefgh" * 100_000
    with socket.create_connection(("127.0.0.1", forwarded["tcp"]), timeout=5) as end:
        received = bytearray()
        for start in range(0, len(content), 100_000):
            part = content[start : start + 100_000]
            end.sendall(part)
            while len(received) < start + len(part):
                received += end.recv(1 << 20)
    assert received == content.upper()


def test_a_container_that_does_not_listen_refuses(namespace: int) -> None:
    listener = ports.listen(PublishedPort(container_port=9))
    pid = ports.forward([listener], namespace, IPv4Address("127.0.0.1"))
    end = socket.create_connection(("127.0.0.1", listener.port.host_port), timeout=5)
    with end, contextlib.suppress(ConnectionResetError):  # a reset says the same in another way
        assert end.recv(10) == b""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    listener.socket.close()


@pytest.mark.parametrize(
    ("port", "key"),
    [
        (PublishedPort(container_port=1, protocol="sctp"), "network.bad-protocol"),
        (PublishedPort(container_port=1, host_ip="192.0.2.77"), "network.port-refused"),
    ],
)
def test_what_cannot_be_opened(port: PublishedPort, key: str) -> None:
    with pytest.raises(ContainerError) as caught:
        ports.listen(port)
    assert caught.value.key == key
