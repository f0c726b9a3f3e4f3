import pytest

from pydock_lab.dockerfile.ports import parse_ports
from pydock_lab.errors import DockerfileError


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("80", ("80/tcp",)),
        ("53/UDP", ("53/udp",)),
        ("8000-8002", ("8000/tcp", "8001/tcp", "8002/tcp")),
        ("127.0.0.1:8080:80", ("80/tcp",)),
        ("[::1]:8080:80/sctp", ("80/sctp",)),
        ("8000-8009:80", ("80/tcp",)),
        ("0080", ("80/tcp",)),
    ],
)
def test_ports(text: str, ports: tuple[str, ...]) -> None:
    assert parse_ports([text]) == ports


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "port-missing"),
        ("http", "port-container"),
        ("65536", "port-container"),
        ("9-8", "port-container"),
        ("x:80", "port-host"),
        ("1-2:80-82", "port-ranges"),
        ("80/icmp", "port-protocol"),
        ("host:1:80", "port-address"),
        ("[::1:1:80", "port-bracket"),
    ],
)
def test_wrong_ports(text: str, key: str) -> None:
    with pytest.raises(DockerfileError) as caught:
        parse_ports([text])
    assert caught.value.key == f"dockerfile.{key}"
