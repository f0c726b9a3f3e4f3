"""The client against our own server, and against registries that lie, stop in the middle, or never end."""

import json
import socket
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pydock_lab.errors import InvalidDocument, PydockError, RegistryError
from pydock_lab.events import Event, Noted, ignore
from pydock_lab.oci import Descriptor, Digest, Index, MediaType
from pydock_lab.registry import downloads
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.hosts import Endpoint
from pydock_lab.registry.server import RegistryServer
from pydock_lab.registry.transport import Transport
from pydock_lab.registry.uploads import Sent
from pydock_lab.store import Store

CONTENT = bytes(range(256)) * 40
BLOB = Descriptor.of(CONTENT, MediaType.LAYER)
PATH = f"/v2/lab/app/blobs/{BLOB.digest}"
MANIFEST = json.dumps({"schemaVersion": 2, "config": BLOB.to_json(), "layers": []}).encode()
DIGEST = Digest.of(MANIFEST)
TYPE = str(MediaType.MANIFEST)


@pytest.fixture
def client(server: RegistryServer) -> RegistryClient:
    return RegistryClient(server.address)


@pytest.fixture
def victim(hostile: Any) -> RegistryClient:
    """A client of the hostile server."""
    return RegistryClient(hostile.address)


def key_of(function: Callable[..., object], *arguments: Any) -> str:
    with pytest.raises(RegistryError) as caught:
        function(*arguments)
    for language in ("en", "fr"):
        assert caught.value.message(language)
    return caught.value.key.removeprefix("registry.")


# ---- against our own server


def test_what_is_there_and_what_is_not(client: RegistryClient, put_image: Any, store: Store) -> None:
    digest, content = put_image("1", BLOB.media_type.encode())
    client.ping()
    assert client.manifest("lab/app", "1") == client.manifest("lab/app", digest) == (content, TYPE)
    head = client.head_manifest("lab/app", "1")
    assert head == Descriptor(media_type=TYPE, digest=digest, size=len(content))
    assert client.head_manifest("lab/app", "2") is None
    assert (client.tags("lab/app"), client.catalog()) == (("1",), ("lab/app",))
    assert client.has_blob("lab/app", Digest.of(b"no")) is False
    assert key_of(client.manifest, "lab/app", "2") == "no-manifest"
    assert key_of(client.get_blob, "lab/app", BLOB, store.blobs) == "no-blob"
    assert key_of(client.tags, "lab/nothing") == "no-repository"


def test_delete(client: RegistryClient, put_image: Any) -> None:
    digest, _ = put_image("1", b"layer")
    client.delete_manifest("lab/app", "1")
    assert client.tags("lab/app") == ()
    client.delete_manifest("lab/app", digest)
    client.delete_blob("lab/app", Digest.of(b"layer"))
    assert client.has_blob("lab/app", Digest.of(b"layer")) is False
    assert key_of(client.delete_manifest, "lab/app", digest) == "no-manifest"


def test_referrers(client: RegistryClient, put_image: Any) -> None:
    digest, content = put_image("1")
    subject = Descriptor.of(content, MediaType.MANIFEST)
    signature, _ = put_image("", b"sig", subject=subject, artifact_type="a/signature")
    assert [one.digest for one in client.referrers("lab/app", digest)] == [signature]
    assert client.referrers("lab/app", digest, "a/other") == ()


def test_the_tag_for_what_refers_to_a_long_digest_is_none_too_long(hostile: Any, victim: RegistryClient) -> None:
    subject = Digest.of(b"subject", "sha512")
    signature = Descriptor.of(b"signature", MediaType.MANIFEST)
    body = Index(manifests=(signature,)).to_bytes()
    tag = f"sha512-{subject.hex[:64]}"
    hostile.serve(f"/v2/lab/app/manifests/{tag}", body, Content_Type=str(MediaType.INDEX))
    assert victim.referrers("lab/app", subject) == (signature,)


@pytest.mark.parametrize("content", [b"", b"x", CONTENT])
def test_a_blob_there_and_back(client: RegistryClient, store: Store, other_store: Store, content: bytes) -> None:
    blob, there, back = Descriptor.of(content, MediaType.LAYER), list[int](), list[int]()
    store.blobs.put(content)
    assert client.put_blob("lab/app", blob, store.blobs, on_progress=there.append) is Sent.UPLOADED
    client.get_blob("lab/app", blob, other_store.blobs, on_progress=back.append)
    assert other_store.blobs.read(blob) == content
    assert there[-1:] == back[-1:] == ([len(content)] if content else [])


def test_a_blob_is_mounted_where_it_can_be(client: RegistryClient, store: Store, server: RegistryServer) -> None:
    store.blobs.put(CONTENT)
    client.put_blob("lab/base", BLOB, store.blobs)
    assert client.put_blob("lab/app", BLOB, store.blobs, mount_from=("lab/no", "lab/base")) is Sent.MOUNTED
    assert sum(one.received for one in server.log) == BLOB.size
    assert not list((server._listener.registry.storage.root / "uploads").glob("*/*"))


def test_tags_page_by_page(hostile: Any, victim: RegistryClient) -> None:
    def page(handler: Any) -> None:
        last = handler.path.partition("last=")[2]
        tags, more = (["c", "<b>", 5], "") if last else (["a", "b"], '</v2/lab/app/tags/list?n=2&last=b>; rel="next"')
        body = json.dumps({"tags": tags}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        if more:
            handler.send_header("Link", more)
        handler.end_headers()
        handler.wfile.write(body)

    hostile.answers["GET", "/v2/lab/app/tags/list"] = page
    assert victim.tags("lab/app") == ("a", "b", "c")


# ---- registries that lie


@pytest.mark.parametrize(
    ("reference", "body", "said"),
    [
        ("1", MANIFEST, Digest.of(b"other")),
        (DIGEST, MANIFEST + b" ", None),
        (DIGEST, MANIFEST + b" ", Digest.of(MANIFEST + b" ")),
        (DIGEST, MANIFEST, Digest.of(b"other")),
        ("1", MANIFEST, "sha256:../../etc/passwd"),
        ("1", MANIFEST, "md5:00"),
    ],
)
def test_manifests_under_a_wrong_digest(
    hostile: Any, victim: RegistryClient, reference: str, body: bytes, said: str | None
) -> None:
    head = {"Docker_Content_Digest": said} if said else {}
    hostile.serve(f"/v2/lab/app/manifests/{reference}", body, Content_Type=TYPE, **head)
    assert key_of(victim.manifest, "lab/app", reference) == "digest-differs"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (MANIFEST[:-1] + b', "manifests": []}', TYPE),
        (MANIFEST, str(MediaType.INDEX)),
        (MANIFEST, str(MediaType.DOCKER_MANIFEST)),
        (MANIFEST, "text/html"),
        (b'{"schemaVersion": 1}', "application/vnd.docker.distribution.manifest.v1+prettyjws"),
        (b"[" * 100_000, TYPE),
    ],
)
def test_manifests_that_mean_two_things_or_none(
    hostile: Any, victim: RegistryClient, body: bytes, media_type: str
) -> None:
    hostile.serve("/v2/lab/app/manifests/1", body, Content_Type=media_type)
    with pytest.raises(InvalidDocument):
        victim.manifest("lab/app", "1")


def endless(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", TYPE)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


def test_answers_without_an_end(hostile: Any, victim: RegistryClient, store: Store) -> None:
    for path in ("/v2/lab/app/manifests/1", "/v2/lab/app/tags/list", PATH):
        hostile.answers["GET", path] = endless
    assert key_of(victim.manifest, "lab/app", "1") == "answer-too-long"
    assert key_of(victim.tags, "lab/app") == "answer-too-long"
    assert key_of(victim.get_blob, "lab/app", BLOB, store.blobs) == "blob-too-long"
    assert list(store.blobs) == []


def test_a_list_that_begins_again_and_again(hostile: Any, victim: RegistryClient) -> None:
    path = "/v2/lab/app/tags/list"
    hostile.serve(path, b'{"tags": ["a"]}', Link=f'<{path}?last=a>; rel="next"')
    assert victim.tags("lab/app") == ("a", "a")


@pytest.mark.parametrize("link", ["http://169.254.169.254/latest", "file:///etc/passwd"])
def test_a_list_that_goes_on_elsewhere(hostile: Any, victim: RegistryClient, link: str) -> None:
    hostile.serve("/v2/lab/app/tags/list", b'{"tags": ["a"]}', Link=f'<{link}>; rel="next"')
    assert key_of(victim.tags, "lab/app") in ("unsafe-redirect", "bad-url")


@pytest.mark.parametrize(
    ("body", "key"),
    [
        (CONTENT[:-1] + b"!", "digest-differs"),
        (CONTENT[:-1], "digest-differs"),
        (CONTENT + b"!", "blob-too-long"),
        (b"", "digest-differs"),
    ],
)
def test_blobs_that_are_others(hostile: Any, victim: RegistryClient, store: Store, body: bytes, key: str) -> None:
    hostile.serve(PATH, body)
    assert key_of(victim.get_blob, "lab/app", BLOB, store.blobs) == key
    assert list(store.blobs) == []
    assert not list((store.root / "ingest").iterdir())


def test_the_registry_s_words_are_shown_harmlessly(hostile: Any, victim: RegistryClient) -> None:
    message = "no \x1b[31m\r\n\u202eway" + "!" * 5000
    hostile.serve(
        "/v2/lab/app/tags/list", json.dumps({"errors": [{"code": "DENIED", "message": message}]}).encode(), 403
    )
    with pytest.raises(RegistryError) as caught:
        victim.tags("lab/app")
    text = caught.value.message("en")
    assert caught.value.key == "registry.denied"
    assert text.isprintable()
    assert len(text) < 400


@pytest.mark.parametrize(
    ("status", "body", "key"),
    [
        (404, b'{"errors": [{"code": "NAME_UNKNOWN"}]}', "no-repository"),
        (404, b"<html>", "no-manifest"),
        (403, b"", "denied"),
        (429, b'{"errors": []}', "rate-limited"),
        (503, b"[]", "server-error"),
        (418, b'{"errors": [5]}', "refused"),
        (307, b"", "bad-url"),
    ],
)
def test_refusals(hostile: Any, victim: RegistryClient, status: int, body: bytes, key: str) -> None:
    hostile.serve("/v2/lab/app/manifests/1", body, status, Location="gopher://x")
    assert key_of(victim.manifest, "lab/app", "1") == key


# ---- connections


def cut_after(count: int) -> Callable[[Any], None]:
    """A blob's answer that ends `count` bytes after where the request wanted it to begin; ranges are understood."""

    def answer(handler: Any) -> None:
        start = int(handler.headers.get("Range", "bytes=0-")[6:-1])
        handler.send_response(206 if start else 200)
        handler.send_header("Content-Length", str(len(CONTENT) - start))
        handler.send_header("Content-Range", f"bytes {start}-{len(CONTENT) - 1}/{len(CONTENT)}")
        handler.end_headers()
        handler.wfile.write(CONTENT[start : start + count])
        handler.close_connection = True

    return answer


def test_a_blob_goes_on_where_it_broke_off(
    hostile: Any, victim: RegistryClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PAUSE", 0)
    hostile.answers["GET", PATH] = cut_after(4000)
    victim.get_blob("lab/app", BLOB, store.blobs)
    assert store.blobs.read(BLOB) == CONTENT
    assert [headers.get("Range") for headers in hostile.seen(PATH)] == [None, "bytes=4000-", "bytes=8000-"]


def test_a_server_without_ranges_sends_all_of_it_again(
    hostile: Any, victim: RegistryClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PAUSE", 0)

    def answer(handler: Any) -> None:
        whole = handler.headers.get("Range") is not None
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(CONTENT)))
        handler.end_headers()
        handler.wfile.write(CONTENT if whole else CONTENT[:100])
        handler.close_connection = True

    hostile.answers["GET", PATH] = answer
    victim.get_blob("lab/app", BLOB, store.blobs)
    assert store.blobs.read(BLOB) == CONTENT


def test_a_blob_that_breaks_off_every_time(
    hostile: Any, victim: RegistryClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_PAUSE", 0)
    hostile.answers["GET", PATH] = cut_after(10)
    assert key_of(victim.get_blob, "lab/app", BLOB, store.blobs) == "broken-off"
    assert len(hostile.seen(PATH)) == 4
    assert list(store.blobs) == []


def test_nobody_there() -> None:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    assert key_of(RegistryClient(f"127.0.0.1:{port}").ping) == "nothing-listens"
    assert key_of(RegistryClient("registry.invalid").ping) == "no-such-host"


def test_https_is_not_tried_as_http(hostile: Any) -> None:
    client = RegistryClient(hostile.address, insecure=False)
    assert key_of(client.ping) in ("tls", "unreachable")
    assert hostile.asked == []


def test_a_page_that_is_no_registry(hostile: Any, victim: RegistryClient) -> None:
    hostile.serve("/v2/lab/app/tags/list", b"<html>Welcome</html>")
    assert key_of(victim.tags, "lab/app") == "not-json"


# ---- redirects


def test_a_redirect_within_the_registry(hostile: Any, victim: RegistryClient, store: Store) -> None:
    hostile.serve(PATH, b"", 307, Location="/storage/blob?sig=1")
    hostile.serve("/storage/blob", CONTENT)
    victim.get_blob("lab/app", BLOB, store.blobs)
    assert store.blobs.has(BLOB.digest)


def test_a_redirect_to_another_plain_host(hostile: Any, victim: RegistryClient, store: Store, scripted: Any) -> None:
    other = scripted()
    hostile.serve(PATH, b"", 307, Location=f"http://{other.address}/blob")
    assert key_of(victim.get_blob, "lab/app", BLOB, store.blobs) == "unsafe-redirect"
    assert other.asked == []


def test_a_redirect_in_a_circle(hostile: Any, victim: RegistryClient, store: Store) -> None:
    hostile.serve(PATH, b"", 307, Location=PATH)
    assert key_of(victim.get_blob, "lab/app", BLOB, store.blobs) == "many-redirects"
    assert len(hostile.seen(PATH)) == 6


class Recorded(Transport):
    """A transport without a network: every request but the last is redirected to the next of `targets`."""

    def __init__(self, *targets: str) -> None:
        super().__init__(Endpoint.of("a.io"), ignore)
        self.targets, self.sent = list(targets), list[tuple[str, bool]]()

    def _exchange(self, method: str, url: str, headers: Any, content: Any, **_: Any) -> Any:  # noqa: ARG002 - Transport's own
        self.sent.append((url, "Authorization" in headers))
        status = 307 if self.targets else 200
        head = {"Location": self.targets.pop(0)} if self.targets else {}
        return SimpleNamespace(status_code=status, headers=head, close=lambda: None)


@pytest.mark.parametrize(
    ("targets", "with_papers"),
    [
        (["https://a.io/x"], [True, True]),
        (["https://cdn.io/x"], [True, False]),
        (["https://a.io:8443/x"], [True, False]),
        (["https://cdn.io/x", "https://a.io/y"], [True, False, False]),
    ],
)
def test_our_papers_are_for_one_origin_only(targets: list[str], with_papers: list[bool]) -> None:
    transport = Recorded(*targets)
    transport.send("GET", "https://a.io/v2/", headers={"Authorization": "Bearer T"})
    assert [shown for _, shown in transport.sent] == with_papers


def test_what_is_sent_is_not_sent_elsewhere() -> None:
    transport = Recorded("https://cdn.io/x")
    response = transport.send("PUT", "https://a.io/v2/", headers={}, content=b"content")
    assert (response.status_code, len(transport.sent)) == (307, 1)


# ---- uploads


@pytest.mark.parametrize(
    ("location", "key"),
    [
        ("http://{other}/steal", "unsafe-redirect"),
        ("http://user:pw@{other}/steal", "bad-url"),
        ("file:///etc/passwd", "bad-url"),
        ("", "no-location"),
    ],
)
def test_an_upload_s_location(hostile: Any, store: Store, scripted: Any, location: str, key: str) -> None:
    other, victim = scripted(), RegistryClient(hostile.address)
    store.blobs.put(CONTENT)
    head = {"Location": location.format(other=other.address)} if location else {}
    hostile.serve("/v2/lab/app/blobs/uploads/", b"", 202, "POST", **head)
    assert key_of(victim.put_blob, "lab/app", BLOB, store.blobs) == key
    assert other.asked == []


def test_the_parameters_of_a_location_stay(hostile: Any, victim: RegistryClient, store: Store) -> None:
    store.blobs.put(CONTENT)
    hostile.serve("/v2/lab/app/blobs/uploads/", b"", 202, "POST", Location="/upload?_state=a%2Bb")
    hostile.serve("/upload", b"", 201, "PUT")
    victim.put_blob("lab/app", BLOB, store.blobs)
    assert hostile.asked[-1][1] == f"/upload?_state=a%2Bb&digest={BLOB.digest.replace(':', '%3A')}"
    assert hostile.asked[-1][2]["Content-Length"] == str(BLOB.size)


def test_in_chunks_where_one_piece_is_too_large(
    hostile: Any, victim: RegistryClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pydock_lab.registry.uploads._CHUNK", 4096)
    store.blobs.put(CONTENT)
    hostile.serve("/v2/lab/app/blobs/uploads/", b"", 202, "POST", Location="/upload")
    hostile.serve("/upload", b"", 202, "PATCH", Location="/upload/next")
    hostile.serve("/upload/next", b"", 202, "PATCH", Location="/upload/next")
    hostile.serve("/upload/next", b"", 201, "PUT")
    hostile.serve("/upload", b"", 413, "PUT")
    victim.put_blob("lab/app", BLOB, store.blobs)
    ranges = [headers["Content-Range"] for method, _, headers in hostile.asked if method == "PATCH"]
    assert ranges == ["0-4095", "4096-8191", "8192-10239"]


def test_what_we_do_not_have_cannot_be_pushed(client: RegistryClient, store: Store) -> None:
    with pytest.raises(PydockError):
        client.put_blob("lab/app", BLOB, store.blobs)


# ---- where a tag has pointed


def test_moves_of_a_tag(client: RegistryClient, put_image: Any, ask: Any) -> None:
    one, _ = put_image("latest", b"one")
    two, _ = put_image("latest", b"two")
    put_image("other", b"two")
    assert ask("DELETE", "/v2/lab/app/manifests/latest").status == 202
    moves = client.tag_moves("lab/app", "latest")
    assert moves is not None
    assert [move.target for move in moves] == [one, two, None]


@pytest.mark.parametrize("answer", ['{"moves": [5]}', '{"moves": [{"at": "x", "to": ""}]}', '{"moves": [{"at": 1}]}'])
def test_moves_that_make_no_sense(hostile: Any, answer: str) -> None:
    hostile.serve("/v2/lab/app/_pydock/tags/moves", answer.encode())
    with pytest.raises(RegistryError) as caught:
        RegistryClient(hostile.address).tag_moves("lab/app", "1")
    assert caught.value.key == "registry.not-json"


def test_registries_that_tell_nothing_of_moves(hostile: Any) -> None:
    assert RegistryClient(hostile.address).tag_moves("lab/app", "1") is None
    hostile.serve("/v2/lab/app/_pydock/tags/moves", b'{"moves": 7}')
    assert RegistryClient(hostile.address).tag_moves("lab/app", "1") is None


# ---- warnings


def test_warnings_are_told_once_and_cannot_touch_the_screen(hostile: Any) -> None:
    said = '299 - "old client \\"x\\"", 199 - "other", 299 - "\x1b[31mred"'
    hostile.serve("/v2/app/tags/list", b'{"tags": []}', Warning=said)
    events: list[Event] = []
    client = RegistryClient(hostile.address, on_event=events.append)
    client.tags("app")
    client.tags("app")
    noted = [event.text for event in events if isinstance(event, Noted)]
    assert noted == [f'{hostile.address} says: old client "x"', f"{hostile.address} says: [31mred"]
