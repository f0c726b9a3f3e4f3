"""Our registry and everybody's client, our client and everybody's registry: the same digests come out."""

import base64
import gzip
import io
import json
import socket
import subprocess
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.oci import ContainerConfig, Descriptor, Digest, ImageConfig, Manifest, MediaType, Platform, Reference
from pydock_lab.registry.attaching import Part, attach
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.credentials import Credentials, Login, OneLogin
from pydock_lab.registry.server import RegistryServer
from pydock_lab.registry.transfer import pull, push
from pydock_lab.registry.tree import Explorer
from pydock_lab.registry.uploads import Sent
from pydock_lab.store import Store

pytestmark = pytest.mark.peers

AMD64 = Platform(os="linux", architecture="amd64")
ALICE = OneLogin(Login(username="alice", password="s3cret"))
PLAIN = {"source": "--src-tls-verify=false", "target": "--dest-tls-verify=false"}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


def tar_of(name: str, content: bytes) -> bytes:
    """An archive of one file."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def descriptor(store: Store) -> Descriptor:
    """An image `app:1` in the store; its layers are gzip already, so that nobody compresses them again."""
    diff_ids, layers = [], []
    for number in range(3):
        tar = tar_of(f"file{number}", bytes([number]) * 10240)
        diff_ids.append(Digest.of(tar))
        layer = gzip.compress(tar, mtime=0)
        store.blobs.put(layer)
        layers.append(Descriptor.of(layer, MediaType.LAYER_GZIP))
    config = ImageConfig(platform=AMD64, config=ContainerConfig(cmd=("sh",)), diff_ids=tuple(diff_ids)).to_bytes()
    store.blobs.put(config)
    manifest = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=tuple(layers)).to_bytes()
    store.blobs.put(manifest)
    found = Descriptor.of(manifest, MediaType.MANIFEST)
    store.layout.tag(Reference.parse("app:1"), found)
    return found


def digest_in(layout: Path) -> str:
    """The digest of the only image of an OCI layout."""
    (entry,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    return str(entry["digest"])


# ---- everybody's client, our registry


KINDS: dict[str, dict[str, Any]] = {
    "open": {},
    "users": {"users": {"alice": "s3cret"}},
    "tokens": {"users": {"alice": "s3cret"}, "tokens": True, "grants": ["alice:lab/*:push"]},
    "tls": {"tls": True},
    "tokens over tls": {"users": {"alice": "s3cret"}, "tokens": True, "tls": True},
}


@dataclass(frozen=True)
class Served:
    """A registry of ours, and what skopeo and podman must be told: who they are, and what they are to trust."""

    server: RegistryServer
    has_users: bool

    @property
    def address(self) -> str:
        return self.server.address

    def words(self, side: str = "") -> list[str]:
        login = [f"--{side}creds", "alice:s3cret"] if self.has_users else []
        if self.server.certificate is None:
            return [f"--{side}tls-verify=false", *login]
        assert self.server.certificate.authority is not None
        return [f"--{side}cert-dir", str(self.server.certificate.authority.parent), *login]


@pytest.fixture(params=KINDS)
def ours(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Served]:
    """Our registry: open to all, with users, with a token server, over TLS."""
    kind = KINDS[request.param]
    with RegistryServer(tmp_path / "registry", **kind) as server:
        yield Served(server, has_users="users" in kind)


@pytest.mark.parametrize("program", ["podman", "buildah"])
def test_there_and_back_by(
    program: str, ours: Served, command: Callable[..., str], store: Store, descriptor: Descriptor
) -> None:
    """It pulls from ours, and pushes to it under another name: the manifest is the same, byte for byte."""
    address = ours.address
    command("skopeo", "copy", *ours.words("dest-"), f"oci:{store.root}:app:1", f"docker://{address}/lab/app:1")
    with tempfile.TemporaryDirectory(prefix="podman-") as place:  # the path that it takes is 50 letters at most
        words = (program, "--root", f"{place}/p", "--runroot", f"{place}/q", "--storage-driver", "vfs")
        target = f"docker://{address}/lab/back:1" if program == "buildah" else f"{address}/lab/back:1"
        command(*words, "pull", "--quiet", *ours.words(), f"{address}/lab/app:1")
        command(*words, "push", "--quiet", *ours.words(), f"{address}/lab/app:1", target)
    raw = [
        command("skopeo", "inspect", "--raw", *ours.words(), f"docker://{address}/lab/{name}:1")
        for name in ("app", "back")
    ]
    assert Digest.of(raw[0].encode()) == descriptor.digest
    assert raw[0] == raw[1]


def test_skopeo_there_and_back(
    ours: Served, command: Callable[..., str], store: Store, descriptor: Descriptor, tmp_path: Path
) -> None:
    image = f"docker://{ours.address}/lab/app:1"
    command("skopeo", "copy", *ours.words("dest-"), f"oci:{store.root}:app:1", image)
    command("skopeo", "copy", *ours.words("src-"), image, f"oci:{tmp_path / 'back'}:app:1")
    assert digest_in(tmp_path / "back") == descriptor.digest
    blobs = [{path.name for path in root.glob("blobs/*/*")} for root in (tmp_path / "back", store.root)]
    assert blobs[0] == blobs[1]


def test_skopeo_looks_and_deletes(
    command: Callable[..., str], store: Store, descriptor: Descriptor, tmp_path: Path
) -> None:
    with RegistryServer(tmp_path / "registry") as server:
        image = f"docker://{server.address}/lab/app"
        for tag in ("1", "2"):
            command("skopeo", "copy", PLAIN["target"], f"oci:{store.root}:app:1", f"{image}:{tag}")
        found = json.loads(command("skopeo", "list-tags", "--tls-verify=false", image))
        raw = command("skopeo", "inspect", "--raw", "--tls-verify=false", f"{image}:1")
        command("skopeo", "delete", "--tls-verify=false", f"{image}:1")
        assert RegistryClient(server.address).tags("lab/app") == ()
    assert (found["Tags"], raw.encode()) == (["1", "2"], store.blobs.read(descriptor))


@pytest.mark.usefixtures("descriptor")
def test_skopeo_copies_within_our_registry(command: Callable[..., str], store: Store, tmp_path: Path) -> None:
    with RegistryServer(tmp_path / "registry") as server:
        first, second = (f"docker://{server.address}/lab/{name}:1" for name in ("app", "web"))
        command("skopeo", "copy", PLAIN["target"], f"oci:{store.root}:app:1", first)
        command("skopeo", "copy", PLAIN["source"], PLAIN["target"], first, second)
        digests = {RegistryClient(server.address).head_manifest(f"lab/{name}", "1") for name in ("app", "web")}
    assert len(digests) == 1
    assert None not in digests


def test_docker_media_types(command: Callable[..., str], store: Store, descriptor: Descriptor, tmp_path: Path) -> None:
    """Docker's own kind of manifest comes back as it was pushed, and we read it."""
    with RegistryServer(tmp_path / "registry") as server:
        image = f"{server.address}/lab/app:1"
        words = ("--format", "v2s2", PLAIN["target"], f"oci:{store.root}:app:1", f"docker://{image}")
        command("skopeo", "copy", *words)
        found = pull(RegistryClient(server.address), Reference.parse(image), store.blobs, platform=AMD64)
        raw = command("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{image}")
    assert found.media_type == MediaType.DOCKER_MANIFEST
    assert found.digest == Digest.of(raw.encode()) != descriptor.digest


# ---- our client, Debian's docker-registry


def there_and_back(client: RegistryClient, address: str, store: Store, descriptor: Descriptor, other: Store) -> None:
    reference = Reference.parse(f"{address}/lab/app:1")
    assert push(store.blobs, descriptor, client, reference) == descriptor.digest
    assert pull(client, reference, other.blobs, platform=AMD64) == descriptor
    assert set(other.blobs) == set(store.blobs)


def test_docker_registry(docker_registry: str, store: Store, descriptor: Descriptor, tmp_path: Path) -> None:
    client, other = RegistryClient(docker_registry), Store.open(tmp_path / "other")
    there_and_back(client, docker_registry, store, descriptor, other)
    assert (client.tags("lab/app"), client.catalog()) == (("1",), ("lab/app",))
    (found,) = Explorer(client, store.blobs.has).view().repositories
    assert all(layer.local for layer in found.manifests[0].layers)
    layer = Manifest.from_bytes(store.blobs.read(descriptor)).layers[0]
    assert client.put_blob("lab/web", layer, store.blobs, mount_from=("lab/app",)) is Sent.MOUNTED
    client.delete_manifest("lab/app", descriptor.digest)
    assert client.head_manifest("lab/app", "1") is None


def test_docker_registry_in_chunks(
    docker_registry: str, store: Store, descriptor: Descriptor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pydock_lab.registry.uploads.Upload._in_one_piece", lambda *_: False)
    monkeypatch.setattr("pydock_lab.registry.uploads._CHUNK", 20)
    client = RegistryClient(docker_registry)
    reference = Reference.parse(f"{docker_registry}/lab/app:1")
    assert push(store.blobs, descriptor, client, reference) == descriptor.digest


def test_skopeo_pulls_what_we_pushed(
    docker_registry: str, command: Callable[..., str], store: Store, descriptor: Descriptor, tmp_path: Path
) -> None:
    image = f"{docker_registry}/lab/app:1"
    push(store.blobs, descriptor, RegistryClient(docker_registry), Reference.parse(image))
    command("skopeo", "copy", PLAIN["source"], f"docker://{image}", f"oci:{tmp_path / 'back'}:app:1")
    assert digest_in(tmp_path / "back") == descriptor.digest


@contextmanager
def registry(need: Callable[[str], str], folder: Path, port: int, auth: str) -> Iterator[str]:
    """Debian's docker-registry on loopback with this `auth` section: its address."""
    (folder / "config.yml").write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
        f"auth: {auth}\nhttp: {{addr: '127.0.0.1:{port}'}}\n"
    )
    with (folder / "log").open("wb") as log:
        words = [need("docker-registry"), "serve", str(folder / "config.yml")]
        process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        yield _answering(f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def with_htpasswd(need: Callable[[str], str], tmp_path: Path, free_port: int) -> Iterator[str]:
    """docker-registry for alice alone."""
    words = [need("htpasswd"), "-Bbc", str(tmp_path / "htpasswd"), "alice", "s3cret"]
    subprocess.run(words, check=True, capture_output=True)
    auth = f"{{htpasswd: {{realm: lab, path: {tmp_path}/htpasswd}}}}"
    with registry(need, tmp_path, free_port, auth) as address:
        yield address


def _answering(address: str) -> str:
    """The address, as soon as somebody listens there."""
    host, _, port = address.rpartition(":")
    until = time.monotonic() + 20
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return address


def test_docker_registry_with_a_login(with_htpasswd: str, store: Store, descriptor: Descriptor, tmp_path: Path) -> None:
    there_and_back(
        RegistryClient(with_htpasswd, credentials=ALICE), with_htpasswd, store, descriptor, Store.open(tmp_path / "o")
    )
    stranger = RegistryClient(with_htpasswd)
    with pytest.raises(RegistryError) as caught:
        stranger.tags("lab/app")
    assert caught.value.key == "registry.login-needed"
    with pytest.raises(RegistryError) as caught:
        stranger.check_login("alice", "wrong")
    assert caught.value.key == "registry.login-refused"


def test_skopeo_and_we_share_the_logins(with_htpasswd: str, command: Callable[..., str], tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    login = ["--authfile", str(path), "--tls-verify=false", "-u", "alice", "-p", "s3cret", with_htpasswd]
    command("skopeo", "login", *login)
    known = Credentials(path)
    assert known.get(with_htpasswd) == Login(username="alice", password="s3cret")
    known.erase(with_htpasswd)
    known.store(with_htpasswd, Login(username="alice", password="s3cret"))
    command("skopeo", "login", "--authfile", path, "--tls-verify=false", "--get-login", with_htpasswd)


# ---- tokens: Docker's own scheme, verified by Docker's own registry


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class TokenServer:
    """Signs what alice asks for with RS256; who is nobody may pull from public/."""

    def __init__(self, openssl: str, folder: Path) -> None:
        self._openssl, self._key, self._certificate = openssl, folder / "k.pem", folder / "c.pem"
        words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=lab"]
        files = ["-keyout", str(self._key), "-out", str(self._certificate)]
        subprocess.run([openssl, *words, *files], check=True, capture_output=True)
        self._x5c = "".join(line for line in self._certificate.read_text().splitlines() if "---" not in line)

    def token(self, scopes: list[str], user: str) -> str:
        access = []
        for scope in scopes:
            kind, name, actions = scope.split(":")
            allowed = [one for one in actions.split(",") if user or (one == "pull" and name.startswith("public/"))]
            access.append({"type": kind, "name": name, "actions": allowed})
        now = int(time.time())
        claims = {"iss": "lab", "sub": user, "aud": "lab-registry", "exp": now + 300, "nbf": now - 10, "iat": now}
        head = {"typ": "JWT", "alg": "RS256", "x5c": [self._x5c]}
        parts = (head, claims | {"jti": str(now), "access": access})
        signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
        words = [self._openssl, "dgst", "-sha256", "-sign", str(self._key)]
        return (
            f"{signed}.{encoded(subprocess.run(words, input=signed.encode(), capture_output=True, check=True).stdout)}"
        )


@pytest.fixture
def token_server(need: Callable[[str], str], tmp_path: Path) -> Iterator[str]:
    """The address of a token server."""
    tokens = TokenServer(need("openssl"), tmp_path)
    alice = "Basic " + base64.b64encode(b"alice:s3cret").decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = self.headers.get("Authorization")
            user = "alice" if said == alice else ""
            content = json.dumps({"token": tokens.token(parse_qs(urlsplit(self.path).query).get("scope", []), user)})
            self.send_response(401 if said and not user else 200)
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def with_tokens(need: Callable[[str], str], token_server: str, tmp_path: Path, free_port: int) -> Iterator[str]:
    """docker-registry that believes that token server."""
    words = f"realm: 'http://{token_server}/token', service: lab-registry, issuer: lab"
    auth = f"{{token: {{{words}, rootcertbundle: {tmp_path}/c.pem}}}}"
    with registry(need, tmp_path, free_port, auth) as address:
        yield address


def test_docker_registry_with_tokens(with_tokens: str, store: Store, descriptor: Descriptor, tmp_path: Path) -> None:
    alice, stranger = RegistryClient(with_tokens, credentials=ALICE), RegistryClient(with_tokens)
    there_and_back(alice, with_tokens, store, descriptor, Store.open(tmp_path / "o"))
    layer = Manifest.from_bytes(store.blobs.read(descriptor)).layers[0]
    # Two scopes in one token: read there, write here.
    assert alice.put_blob("public/app", layer, store.blobs, mount_from=("lab/app",)) is Sent.MOUNTED
    alice.check_login("alice", "s3cret")
    assert stranger.has_blob("public/app", layer.digest)
    for refused in (lambda: stranger.tags("lab/app"), lambda: stranger.check_login("alice", "wrong")):
        with pytest.raises(RegistryError) as caught:
            refused()
        assert caught.value.key in ("registry.unauthorized", "registry.login-refused")


# ---- artifacts, as oras handles them


@pytest.mark.parametrize("where", ["ours", "theirs"])
def test_an_artifact_from_push_to_discovery(
    *, where: str, tmp_path: Path, docker_registry: str, store: Store, descriptor: Descriptor, command: Any
) -> None:
    """What `oras attach`, `discover`, `copy` do: with referrers, and with the tag that stands for them."""
    with RegistryServer(tmp_path / "registry") as server:
        address = server.address if where == "ours" else docker_registry
        client, reference = RegistryClient(address), Reference.parse(f"{address}/lab/app:1")
        push(store.blobs, descriptor, client, reference)
        report = tmp_path / "report.json"
        report.write_text('{"packages": []}')
        parts = [Part.of(report, "application/spdx+json")]
        digest = attach(client, "lab/app", descriptor, parts, artifact_type="application/spdx+json")
        (found,) = client.referrers("lab/app", descriptor.digest, "application/spdx+json")
        assert (found.digest, found.artifact_type) == (digest, "application/spdx+json")
        assert client.referrers("lab/app", descriptor.digest, "text/other") == ()
        # skopeo sees the same bytes, and whoever knows nothing of referrers finds them by the tag.
        raw = command("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{address}/lab/app@{digest}")
        document = json.loads(raw)
        assert Digest.of(raw.encode()) == digest
        assert document["subject"]["digest"] == descriptor.digest
        assert document["layers"][0]["annotations"]["org.opencontainers.image.title"] == "report.json"
        fallback = descriptor.digest.replace(":", "-")
        assert (fallback in client.tags("lab/app")) is (where == "theirs")
        content = client.read_blob("lab/app", Manifest.from_bytes(raw.encode()).layers[0])
        assert content == report.read_bytes()
        client.delete_manifest("lab/app", digest)
        with pytest.raises(RegistryError):
            client.manifest("lab/app", digest)
