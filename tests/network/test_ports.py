"""Ports of the host: opened, chosen from a range, refused."""

import os
import socket
from collections.abc import Iterator

import pytest

from pydock_lab.errors import ContainerError
from pydock_lab.locale import LANGUAGES
from pydock_lab.network import ports
from pydock_lab.network.ports import Listener
from pydock_lab.oci.runtime_spec import PublishedPort


@pytest.fixture
def opened() -> Iterator[list[Listener]]:
    found: list[Listener] = []
    yield found
    for one in found:
        one.socket.close()


@pytest.mark.parametrize(
    ("host", "protocol"),
    [("127.0.0.1", "tcp"), ("127.0.0.1", "udp"), ("0.0.0.0", "tcp"), ("::1", "tcp"), ("::", "udp"), ("", "tcp")],
)
def test_any_free_port(host: str, protocol: str, opened: list[Listener]) -> None:
    opened.append(ports.listen(PublishedPort(container_port=7, host_ip=host, protocol=protocol)))
    found = opened[0].port
    assert found.host_port == opened[0].socket.getsockname()[1] > 0
    assert (found.container_port, found.host_ip, found.protocol) == (7, host, protocol)


def test_a_range_gives_the_first_port_that_is_free(opened: list[Listener]) -> None:
    first = next(number for number in range(20000, 60000, 10) if all(map(_is_free, range(number, number + 3))))
    wanted = PublishedPort(container_port=7, host_port=first, last_host_port=first + 2)
    opened += [ports.listen(wanted) for _ in range(3)]
    assert [one.port.host_port for one in opened] == [first, first + 1, first + 2]
    assert {one.port.last_host_port for one in opened} == {0}
    with pytest.raises(ContainerError) as caught:
        ports.listen(wanted)
    assert (caught.value.key, caught.value.fields["port"]) == ("network.port-taken", f"{first}-{first + 2}")


def _is_free(port: int) -> bool:
    with socket.socket() as end:
        return end.connect_ex(("127.0.0.1", port)) != 0


def test_the_same_port_of_ipv4_and_ipv6_are_two(opened: list[Listener]) -> None:
    opened.append(ports.listen(PublishedPort(container_port=7, host_ip="::")))
    port = opened[0].port.host_port
    opened.append(ports.listen(PublishedPort(container_port=7, host_ip="0.0.0.0", host_port=port)))
    assert opened[1].port.host_port == port


@pytest.mark.parametrize(
    ("port", "key"),
    [
        (PublishedPort(container_port=1, protocol="sctp"), "network.bad-protocol"),
        (PublishedPort(container_port=1, host_ip="192.0.2.77"), "network.port-refused"),
        (PublishedPort(container_port=1, host_ip="nowhere.invalid"), "network.port-refused"),
    ],
)
def test_what_cannot_be_opened(port: PublishedPort, key: str) -> None:
    with pytest.raises(ContainerError) as caught:
        ports.listen(port)
    assert caught.value.key == key


@pytest.mark.usefixtures("as_root")
def test_a_low_port_without_privilege_names_the_limit_and_the_remedy() -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.setresuid(65534, 65534, 65534)
            ports.listen(PublishedPort(container_port=80, host_port=79))
        except ContainerError as error:
            os.write(writer, "\n".join([error.key, *map(error.hint, LANGUAGES)]).encode())
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    key, *hints = os.read(reader, 10_000).decode().splitlines()
    assert key == "network.port-privileged"
    assert all("-p 8080:80" in hint and "ip_unprivileged_port_start=79" in hint for hint in hints)
    os.close(reader)
    os.close(writer)
