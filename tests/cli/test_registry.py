"""`pydock registry`: a registry on this machine, and what keeps it small."""

import os
import time

import bcrypt
import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Digest
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.credentials import Login, NoCredentials, OneLogin
from pydock_lab.registry.server.tls import own_certificate


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A store with the registries of this test, and what clients trust."""
    monkeypatch.setenv("PYDOCK_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def serving(docker):
    """`serving(*words, answers=)`: the registry that a command line means, which answers until the test is over."""
    servers = []

    def serve(*words, answers=()):
        docker("registry", "serve", "--port", "0", *words, answers=answers)
        servers.append(docker.face.server.start())
        return servers[-1]

    yield serve
    for server in servers:
        server.stop()


def client(server, name="", password="pw"):
    login = OneLogin(Login(username=name, password=password)) if name else NoCredentials()
    return RegistryClient(server.address, credentials=login)


def may(server, name=""):
    """What somebody may do in lab/app: see, and push to it."""
    found = set()
    for action, do in (("pull", client(server, name).has_blob), ("push", client(server, name).delete_blob)):
        try:
            do("lab/app", Digest.of(b""))
            found.add(action)
        except RegistryError as error:
            if error.key == "registry.no-blob":
                found.add(action)
    return found


def test_everybody_may_everything_by_itself(serving, docker, home):
    server = serving()
    assert may(server) == {"pull", "push"}
    assert f"{home}/registries/0" in docker.face.written
    assert "GET /v2/ 200" in logged(docker, server)


def logged(docker, server):
    client(server).ping()
    return docker.face.written


def test_users_grants_and_tokens(serving, docker):
    words = ("--user", "alice:pw", "--user", "bob", "--allow", "alice:lab/*:all", "--allow", "bob:lab/*:pull")
    server = serving(*words, "--tokens", "--public", answers=("pw",))
    assert "stays in the shell" in docker.face.noted
    found = {name: may(server, name) for name in ("", "alice", "bob")}
    assert found == {"": {"pull"}, "alice": {"pull", "push"}, "bob": {"pull"}}


def test_a_file_of_users(serving, tmp_path):
    file = tmp_path / "htpasswd"
    file.write_text(f"alice:{bcrypt.hashpw(b'pw', bcrypt.gensalt(4)).decode()}\n")
    server = serving("--htpasswd", str(file), "--quiet")
    assert (may(server), may(server, "alice")) == (set(), {"pull", "push"})


def test_tls_is_trusted_while_it_serves(serving, docker, home):
    server = serving("--tls")
    client(server).ping()
    assert "/etc/docker/certs.d/" in docker.face.written
    trusted = home / "certs.d" / server.address
    assert trusted.is_dir()
    server.stop()
    assert not trusted.exists()


def test_a_certificate_that_is_given(serving, tmp_path):
    made = own_certificate(tmp_path, ())
    server = serving("--certificate", str(made.certificate), "--key", str(made.key))
    with pytest.raises(RegistryError) as caught:
        RegistryClient(server.address, insecure=False).ping()
    assert caught.value.key == "registry.tls"


def test_what_it_takes(serving):
    for words in (("--read-only",), ("--no-delete",)):
        with pytest.raises(RegistryError) as caught:
            client(serving(*words)).delete_blob("lab/app", Digest.of(b""))
        assert caught.value.fields["code"] == "UNSUPPORTED"
    with pytest.raises(RegistryError) as caught:
        client(serving("--quota", "1k")).put_manifest("lab/app", "1", b"x" * 2000, "a/b")
    assert caught.value.fields["code"] == "DENIED"


@pytest.mark.parametrize(
    ("words", "key"),
    [
        (["--tokens"], "cli.rights-without-users"),
        (["--public"], "cli.rights-without-users"),
        (["--user", "a:b", "--htpasswd", "x"], "cli.users-twice"),
        (["--key", "x"], "cli.certificate-and-key"),
        (["--certificate", "x", "--key", "y"], "registry.bad-certificate"),
        (["--user", "a:b", "--allow", "a"], "registry.bad-grant"),
        (["--htpasswd", "/nowhere"], "registry.no-htpasswd"),
        (["--quota", "much"], "cli.bad-size"),
    ],
)
def test_command_lines_that_mean_nothing(fails, words, key):
    assert fails("registry", "serve", "--port", "0", *words) == key


def test_garbage(docker, serving, home, fails):
    assert fails("registry", "gc", "--port", "1") == "cli.no-registry-here"
    serving()
    place = home / "registries/0"
    digest = Digest.of(b"lost")
    for path in (place / "blobs/sha256" / digest.hex, place / "repositories/lab/app/_blobs/sha256" / digest.hex):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"lost")
        os.utime(path, (time.time() - 7200,) * 2)
    words = ("registry", "gc", "--port", "0")
    assert docker(*words, "--dry-run") == f"lab/app@{digest}\nWould reclaim: 4B\n"
    assert docker(*words) == f"lab/app@{digest}\nTotal reclaimed space: 4B\n"
    assert docker(*words, "--untagged") == "Total reclaimed space: 0B\n"
