"""TLS: certificates of the registry's own, those that are given, and who trusts them."""

import socket
import ssl
from pathlib import Path

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Descriptor, MediaType
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.hosts import Endpoint
from pydock_lab.registry.server import RegistryServer
from pydock_lab.registry.server.tls import Certificate, own_certificate
from pydock_lab.store import Store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store, and a home directory, in which nobody is trusted yet."""
    monkeypatch.setenv("PYDOCK_HOME", str(tmp_path / "store"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path


def trust(place: Path, server: RegistryServer) -> None:
    folder = place / server.address
    folder.mkdir(parents=True)
    assert server.certificate is not None
    assert server.certificate.authority is not None
    (folder / "ca.crt").write_bytes(server.certificate.authority.read_bytes())


@pytest.mark.parametrize("place", ["store/certs.d", "home/.config/containers/certs.d", "home/.config/docker/certs.d"])
def test_who_trusts_the_authority_gets_in(home: Path, place: str) -> None:
    with RegistryServer(home / "r", tls=True) as server:
        with pytest.raises(RegistryError):
            RegistryClient(server.address).ping()  # this machine, so http
        with pytest.raises(RegistryError) as caught:
            RegistryClient(server.address, insecure=False).ping()
        assert caught.value.key == "registry.tls"
        trust(home / place, server)
        RegistryClient(server.address).ping()
        assert Endpoint.of(server.address).base == f"https://{server.address}"


def test_the_authority_of_one_registry_is_none_for_another(home: Path) -> None:
    with RegistryServer(home / "a", tls=True) as one, RegistryServer(home / "b", tls=True) as other:
        trust(home / "store/certs.d", one)
        (home / "store/certs.d" / one.address).rename(home / "store/certs.d" / other.address)
        with pytest.raises(RegistryError) as caught:
            RegistryClient(other.address).ping()
    assert caught.value.key == "registry.tls"


def test_the_certificate_stays_until_it_lacks_a_name(tmp_path: Path) -> None:
    first = own_certificate(tmp_path, ("127.0.0.1",))
    before = first.certificate.read_bytes()
    assert own_certificate(tmp_path, ("localhost", "127.0.0.1")).certificate.read_bytes() == before
    assert own_certificate(tmp_path, ("lab.example",)).certificate.read_bytes() != before
    assert first.key.stat().st_mode & 0o077 == 0
    first.certificate.write_text("nonsense")
    own_certificate(tmp_path, ())
    assert first.certificate.read_bytes().count(b"BEGIN CERTIFICATE") == 2


def test_certificates_that_are_given(home: Path) -> None:
    made = own_certificate(home / "made", ())
    with RegistryServer(home / "r", tls=Certificate(certificate=made.certificate, key=made.key)) as server:
        context = ssl.create_default_context(cafile=made.authority)
        host, _, port = server.address.rpartition(":")
        with (
            socket.create_connection((host, int(port)), 5) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            assert connection.version() in ("TLSv1.2", "TLSv1.3")
    other = own_certificate(home / "other", ())
    for key in (other.key, home / "none", other.certificate):
        with pytest.raises(RegistryError) as caught:
            RegistryServer(home / "x", tls=Certificate(certificate=made.certificate, key=key))
        assert caught.value.key == "registry.bad-certificate"


def test_who_says_nothing_keeps_nobody_waiting(home: Path) -> None:
    with RegistryServer(home / "r", tls=True) as server:
        trust(home / "store/certs.d", server)
        host, _, port = server.address.rpartition(":")
        with socket.create_connection((host, int(port)), 5), socket.create_connection((host, int(port)), 5) as second:
            second.sendall(b"GET /v2/ HTTP/1.1\r\n\r\n")  # not even TLS
            RegistryClient(server.address).ping()


@pytest.mark.parametrize("megabytes", [2, 9])
def test_who_is_refused_in_the_middle_of_a_blob_hears_why(home: Path, megabytes: int) -> None:
    blobs = Store.open(home / "client").blobs
    content = bytes(megabytes << 20)
    blob = Descriptor.of(content, MediaType.LAYER_GZIP)
    blobs.put(content)
    with RegistryServer(home / "r", tls=True, quota=1 << 20) as server:
        trust(home / "store/certs.d", server)
        with pytest.raises(RegistryError) as caught:
            RegistryClient(server.address).put_blob("lab/app", blob, blobs)
    assert "the registry is full" in str(caught.value)


def test_who_is_cut_off_while_sending_is_not_told_of_certificates(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydock_lab.registry.server.handler._DRAINED_TLS", 1)
    blobs = Store.open(home / "client").blobs
    content = bytes(64 << 20)
    blob = Descriptor.of(content, MediaType.LAYER_GZIP)
    blobs.put(content)
    with RegistryServer(home / "r", tls=True, quota=1 << 20) as server:
        trust(home / "store/certs.d", server)
        with pytest.raises(RegistryError) as caught:
            RegistryClient(server.address).put_blob("lab/app", blob, blobs)
    assert caught.value.key in ("registry.hung-up", "registry.unreachable", "registry.denied")
