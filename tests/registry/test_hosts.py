"""Where a registry is reached, and what may be followed from there."""

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.registry.hosts import Endpoint, Origin, is_inside


@pytest.mark.parametrize(
    ("host", "insecure", "base"),
    [
        ("docker.io", None, "https://registry-1.docker.io"),
        ("ghcr.io", None, "https://ghcr.io"),
        ("localhost:5000", None, "http://localhost:5000"),
        ("127.0.0.1:5000", None, "http://127.0.0.1:5000"),
        ("127.9.9.9", None, "http://127.9.9.9"),
        ("[::1]:5000", None, "http://[::1]:5000"),
        ("lab.localhost", None, "http://lab.localhost"),
        ("localhost.evil.io", None, "https://localhost.evil.io"),
        ("192.168.0.7:5000", None, "https://192.168.0.7:5000"),
        ("192.168.0.7:5000", True, "http://192.168.0.7:5000"),
        ("localhost:5000", False, "https://localhost:5000"),
    ],
)
def test_plain_http_only_to_this_machine(host: str, insecure: bool | None, base: str) -> None:  # noqa: FBT001 - a table
    assert Endpoint.of(host, insecure=insecure).base == base


BASE = "https://a.io"


@pytest.mark.parametrize(
    ("base", "target", "url"),
    [
        (BASE, "/v2/x", "https://a.io/v2/x"),
        (BASE, "https://a.io:443/x", "https://a.io:443/x"),
        (BASE, "https://cdn.io/x?sig=1", "https://cdn.io/x?sig=1"),
        (BASE, "//cdn.io/x", "https://cdn.io/x"),
        ("http://localhost:5000", "http://localhost:5000/x", "http://localhost:5000/x"),
        ("http://localhost:5000", "https://cdn.io/x", "https://cdn.io/x"),
    ],
)
def test_what_is_followed(base: str, target: str, url: str) -> None:
    assert Endpoint(host="a.io", base=base).next(base, target) == url


@pytest.mark.parametrize(
    ("base", "target"),
    [
        (BASE, "http://a.io/x"),
        (BASE, "http://cdn.io/x"),
        (BASE, "https://user:pw@cdn.io/x"),
        (BASE, "file:///etc/passwd"),
        (BASE, "ftp://a.io/x"),
        (BASE, "https://a.io:99999/x"),
        ("http://localhost:5000", "http://localhost:5001/x"),
        ("http://localhost:5000", "http://169.254.169.254/latest"),
    ],
)
def test_what_is_not_followed(base: str, target: str) -> None:
    with pytest.raises(RegistryError):
        Endpoint(host="a.io", base=base).next(base, target)


def test_the_usual_port_is_the_same_origin() -> None:
    assert Origin.of("https://a.io/x") == Origin.of("https://A.io:443") != Origin.of("http://a.io:443")


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "127.0.0.1", "::1", "fe80::1", "localhost", "0.0.0.0"])
def test_addresses_inside(host: str) -> None:
    assert is_inside(host)
    assert not is_inside("8.8.8.8")
    assert not is_inside("auth.docker.io")
