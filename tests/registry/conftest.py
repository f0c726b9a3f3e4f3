"""A registry of our own, questions to it without our client, and registries that misbehave on purpose."""

import http.client
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.oci import ContainerConfig, Descriptor, Digest, ImageConfig, Manifest, MediaType, Platform
from pydock_lab.registry.server import RegistryServer
from pydock_lab.store import Store

AMD64 = Platform(os="linux", architecture="amd64")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "registry") as running:
        yield running


@dataclass(frozen=True)
class Reply:
    """What came back: status, headers by their small names, body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The code of the first error."""
        return str(json.loads(self.body)["errors"][0]["code"])

    @property
    def json(self) -> Any:
        return json.loads(self.body)


Ask = Callable[..., Reply]


def _asking(address: str) -> Ask:
    """`ask(method, path, body, **headers)`: one request on a connection of its own."""

    def ask(method: str, path: str, body: Any = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection(address, timeout=10)
        try:
            chunked = body is not None and not isinstance(body, bytes)
            head = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, head, encode_chunked=chunked)
            answer = connection.getresponse()
            lowered = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, lowered, answer.read())
        finally:
            connection.close()

    return ask


@pytest.fixture
def asking() -> Callable[[str], Ask]:
    """`asking(address)`: the `ask` of another server."""
    return _asking


@pytest.fixture
def ask(server: RegistryServer) -> Ask:
    """`ask` of `server`."""
    return _asking(server.address)


PutBlob = Callable[..., Digest]


@pytest.fixture
def put_blob(ask: Ask) -> PutBlob:
    """`put_blob(content, repository)`: a blob in the registry; its digest."""

    def put(content: bytes, repository: str = "lab/app") -> Digest:
        digest = Digest.of(content)
        reply = ask("POST", f"/v2/{repository}/blobs/uploads/?digest={digest}", content)
        assert reply.status == 201, reply
        return digest

    return put


PutImage = Callable[..., tuple[Digest, bytes]]


@pytest.fixture
def put_image(ask: Ask, put_blob: PutBlob) -> PutImage:
    """`put_image(reference, layer)`: a small image in the registry; its digest and its manifest."""

    def put(reference: str, layer: bytes = b"layer", repository: str = "lab/app", **more: Any) -> tuple[Digest, bytes]:
        config = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}'
        for blob in (config, layer):
            put_blob(blob, repository)
        layers = (Descriptor.of(layer, MediaType.LAYER),)
        content = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=layers, **more).to_bytes()
        target = reference or Digest.of(content)
        reply = ask("PUT", f"/v2/{repository}/manifests/{target}", content, Content_Type=str(MediaType.MANIFEST))
        assert reply.status == 201, reply
        return Digest.of(content), content

    return put


# ---- our side


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "store")


@pytest.fixture
def other_store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "other")


MakeImage = Callable[..., Descriptor]


@pytest.fixture
def image(store: Store) -> MakeImage:
    """`image(layer, ...)`: an image with these layers in the store."""

    def make(*layers: bytes, platform: Platform = AMD64) -> Descriptor:
        diff_ids = tuple(map(Digest.of, layers))
        settings = ContainerConfig(cmd=("true",))
        config = ImageConfig(platform=platform, config=settings, diff_ids=diff_ids, created="2024-01-01T00:00:00Z")
        content = config.to_bytes()
        for blob in (content, *layers):
            store.blobs.put(blob)
        parts = tuple(Descriptor.of(layer, MediaType.LAYER) for layer in layers)
        manifest = Manifest(config=Descriptor.of(content, MediaType.CONFIG), layers=parts).to_bytes()
        store.blobs.put(manifest)
        return Descriptor.of(manifest, MediaType.MANIFEST)

    return make


# ---- registries that misbehave


@dataclass
class Script:
    """What a hostile server answers: `answers[method, path]`, path without its query, and what it was asked.

    An answer is (status, headers, body), or a function of the handler for what is no proper answer at all.
    """

    address: str = ""
    answers: dict[tuple[str, str], Any] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def seen(self, path: str) -> list[Mapping[str, str]]:
        """The headers of every request for a path."""
        return [headers for _, asked, headers in self.asked if asked.partition("?")[0] == path]

    def serve(self, path: str, body: bytes, status: int = 200, method: str = "GET", **headers: str) -> None:
        self.answers[method, path] = (status, {name.replace("_", "-"): text for name, text in headers.items()}, body)


class _Scripted(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: Script

    def _answer(self) -> None:
        self.script.asked.append((self.command, self.path, dict(self.headers.items())))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        found = self.script.answers.get((self.command, self.path.partition("?")[0]), (404, {}, b""))
        if callable(found):
            found(self)
            return
        status, headers, body = found
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - http.server's names

    def log_message(self, *args: object) -> None:
        """Nothing."""


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what these tests are about."""


@pytest.fixture
def scripted() -> Iterator[Callable[[], Script]]:
    """`scripted()`: one more server on loopback that answers what its script says."""
    servers = []

    def start() -> Script:
        script = Script()
        running = _Quiet(("127.0.0.1", 0), type("Handler", (_Scripted,), {"script": script}))
        threading.Thread(target=running.serve_forever, args=(0.05,), daemon=True).start()
        script.address = f"127.0.0.1:{running.server_address[1]}"
        servers.append(running)
        return script

    yield start
    for running in servers:
        running.shutdown()
        running.server_close()


@pytest.fixture
def hostile(scripted: Callable[[], Script]) -> Script:
    return scripted()
