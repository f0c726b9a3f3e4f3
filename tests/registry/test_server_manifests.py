"""The server's manifests, tags, referrers and lists."""

import json
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.oci import Descriptor, Digest, Index, MediaType
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.server import RegistryServer

MANIFESTS = "/v2/lab/app/manifests"
EMPTY = Descriptor.of(b"{}", MediaType.EMPTY)


# ---- end-3, end-7


def test_a_manifest_is_kept_byte_for_byte(ask: Any, put_image: Any) -> None:
    _, content = put_image("1")
    loose = json.dumps(json.loads(content), indent=3).encode() + b"\n"
    pushed = ask("PUT", f"{MANIFESTS}/2", loose, Content_Type=f"{MediaType.MANIFEST}; charset=utf-8")
    digest = Digest.of(loose)
    assert (pushed.status, pushed.headers["docker-content-digest"]) == (201, digest)
    assert pushed.headers["location"] == f"{MANIFESTS}/{digest}"
    for reference in ("2", digest):
        reply = ask("GET", f"{MANIFESTS}/{reference}")
        assert (reply.body, reply.headers["content-type"]) == (loose, MediaType.MANIFEST)


def test_head_says_it_all(ask: Any, put_image: Any) -> None:
    digest, content = put_image("1")
    reply = ask("HEAD", f"{MANIFESTS}/1")
    assert (reply.status, reply.body, reply.headers["content-length"]) == (200, b"", str(len(content)))
    assert reply.headers["docker-content-digest"] == digest


def test_a_tag_moves(ask: Any, put_image: Any) -> None:
    first, _ = put_image("latest", b"one")
    second, _ = put_image("latest", b"two")
    assert ask("HEAD", f"{MANIFESTS}/latest").headers["docker-content-digest"] == second
    assert ask("HEAD", f"{MANIFESTS}/{first}").status == 200


def test_by_digest_with_tags_beside_it(ask: Any, put_image: Any) -> None:
    digest, content = put_image("1")
    reply = ask("PUT", f"{MANIFESTS}/{digest}?tag=a&tag=B", content, Content_Type=str(MediaType.MANIFEST))
    assert (reply.status, reply.headers["oci-tag"]) == (201, "a, B")
    assert ask("GET", "/v2/lab/app/tags/list").json["tags"] == ["1", "B", "a"]


def test_sha512_of_a_manifest(ask: Any, put_image: Any) -> None:
    _, content = put_image("1")
    digest = Digest.of(content, "sha512")
    ask("PUT", f"{MANIFESTS}/{digest}", content, Content_Type=str(MediaType.MANIFEST))
    assert ask("GET", f"{MANIFESTS}/{digest}").body == content


def test_a_manifest_in_chunks_without_a_type(ask: Any, put_image: Any) -> None:
    _, content = put_image("1")
    assert ask("PUT", f"{MANIFESTS}/2", iter([content]), Transfer_Encoding="chunked").status == 201


@pytest.mark.parametrize("media_type", [MediaType.DOCKER_MANIFEST, MediaType.DOCKER_LIST, MediaType.INDEX])
def test_the_other_kinds(ask: Any, put_image: Any, media_type: MediaType) -> None:
    digest, content = put_image("1")
    child = {"mediaType": MediaType.MANIFEST, "digest": digest, "size": len(content)}
    many = {"schemaVersion": 2, "mediaType": media_type, "manifests": [child]}
    one = json.loads(content) | {"mediaType": media_type}
    document = json.dumps(one if media_type is MediaType.DOCKER_MANIFEST else many).encode()
    assert ask("PUT", f"{MANIFESTS}/2", document, Content_Type=str(media_type)).status == 201
    assert ask("GET", f"{MANIFESTS}/2").headers["content-type"] == media_type


def broken(content: bytes, **more: Any) -> bytes:
    return json.dumps(json.loads(content) | more).encode()


@pytest.mark.parametrize(
    ("change", "media_type", "code"),
    [
        (lambda _: b"{", MediaType.MANIFEST, "MANIFEST_INVALID"),
        (lambda _: b"[" * 100_000, MediaType.MANIFEST, "MANIFEST_INVALID"),
        (lambda _: b"", MediaType.MANIFEST, "MANIFEST_INVALID"),
        (lambda content: broken(content, manifests=[]), MediaType.MANIFEST, "MANIFEST_INVALID"),
        (lambda content: broken(content, schemaVersion=1), MediaType.MANIFEST, "MANIFEST_INVALID"),
        (lambda content: content, MediaType.DOCKER_MANIFEST, "MANIFEST_INVALID"),
        (lambda content: content, MediaType.INDEX, "MANIFEST_INVALID"),
        (lambda content: content, "application/vnd.docker.distribution.manifest.v1+json", "MANIFEST_INVALID"),
        (lambda content: content, "text/html", "MANIFEST_INVALID"),
    ],
)
def test_what_is_no_manifest(ask: Any, put_image: Any, change: Any, media_type: str, code: str) -> None:
    _, content = put_image("1")
    reply = ask("PUT", f"{MANIFESTS}/2", change(content), Content_Type=str(media_type))
    assert (reply.status, reply.code) == (400, code)
    assert ask("GET", f"{MANIFESTS}/2").code == "MANIFEST_UNKNOWN"


def test_a_manifest_waits_for_what_it_names(ask: Any, put_image: Any) -> None:
    _, content = put_image("1", repository="lab/web")
    reply = ask("PUT", f"{MANIFESTS}/1", content, Content_Type=str(MediaType.MANIFEST))
    assert (reply.status, reply.code, len(reply.json["errors"][0]["detail"])) == (404, "MANIFEST_BLOB_UNKNOWN", 2)


def test_layers_that_are_kept_elsewhere_are_not_asked_for(ask: Any, put_image: Any) -> None:
    _, content = put_image("1")
    foreign = Descriptor.of(b"windows", "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip").to_json()
    urls = ["http://169.254.169.254/latest/meta-data"]
    changed = broken(content, layers=[foreign | {"urls": urls}])
    assert ask("PUT", f"{MANIFESTS}/1", changed, Content_Type=str(MediaType.MANIFEST)).status == 201


@pytest.mark.parametrize("size", [4 * 1024 * 1024 + 1, 40 * 1024 * 1024])
@pytest.mark.parametrize("coding", ["length", "chunked"])
def test_a_manifest_that_is_too_large(server: RegistryServer, asking: Any, size: int, coding: str) -> None:
    sent = (
        iter([b" " * (1 << 20)] * (size >> 20) + [b" " * (size % (1 << 20) or 1)])
        if coding == "chunked"
        else b" " * size
    )
    try:
        reply = asking(server.address)("PUT", f"{MANIFESTS}/1", sent, Content_Type=str(MediaType.MANIFEST))
    except (BrokenPipeError, ConnectionResetError):  # the server hung up while we were still sending
        assert server.log[-1].status == 413
        assert server.log[-1].received < 8 * 1024 * 1024
        return
    assert (reply.status, reply.code) == (413, "SIZE_INVALID")


def test_four_mebibytes_are_not_too_many(ask: Any, put_image: Any) -> None:
    _, content = put_image("1")
    filler = "x" * (4 * 1024 * 1024 - len(broken(content, annotations={"a": ""})))
    large = broken(content, annotations={"a": filler})
    assert len(large) == 4 * 1024 * 1024
    assert ask("PUT", f"{MANIFESTS}/2", large, Content_Type=str(MediaType.MANIFEST)).status == 201


@pytest.mark.parametrize(
    ("method", "reference", "status", "code"),
    [
        ("GET", "missing", 404, "MANIFEST_UNKNOWN"),
        ("GET", ".hidden", 404, "MANIFEST_UNKNOWN"),
        ("GET", Digest.of(b"x"), 404, "MANIFEST_UNKNOWN"),
        ("GET", "sha256:abc", 400, "DIGEST_INVALID"),
        ("DELETE", "missing", 404, "MANIFEST_UNKNOWN"),
        ("DELETE", Digest.of(b"x"), 404, "MANIFEST_UNKNOWN"),
        ("PUT", ".hidden", 400, "TAG_INVALID"),
        ("PUT", "t" * 129, 400, "TAG_INVALID"),
        ("PUT", Digest.of(b"x"), 400, "DIGEST_INVALID"),
        ("PUT", "sha256:abc", 400, "DIGEST_INVALID"),
    ],
)
def test_references_that_mean_nothing(ask: Any, method: str, reference: str, status: int, code: str) -> None:
    body = Index(manifests=()).to_bytes() if method == "PUT" else None
    reply = ask(method, f"{MANIFESTS}/{reference}", body, Content_Type=str(MediaType.INDEX))
    assert (reply.status, reply.code) == (status, code)


# ---- end-9


def test_a_tag_is_deleted_and_its_manifest_stays(ask: Any, put_image: Any) -> None:
    digest, _ = put_image("1")
    assert ask("DELETE", f"{MANIFESTS}/1").status == 202
    assert [ask("GET", f"{MANIFESTS}/{reference}").status for reference in ("1", digest)] == [404, 200]


def test_a_manifest_is_deleted_with_its_tags(ask: Any, put_image: Any) -> None:
    digest, _ = put_image("1")
    put_image("2", b"another")
    put_image("3")
    assert ask("DELETE", f"{MANIFESTS}/{digest}").status == 202
    assert ask("GET", f"{MANIFESTS}/{digest}").code == "MANIFEST_UNKNOWN"
    assert ask("GET", "/v2/lab/app/tags/list").json["tags"] == ["2"]


def test_what_is_deleted_here_stays_in_another_repository(ask: Any, put_image: Any) -> None:
    digest, content = put_image("1")
    put_image("1", repository="lab/web")
    ask("DELETE", f"{MANIFESTS}/{digest}")
    assert ask("GET", f"{MANIFESTS}/{digest}").status == 404
    assert ask("GET", f"/v2/lab/web/manifests/{digest}").body == content


def test_where_nothing_may_be_deleted(asking: Any, tmp_path: Path) -> None:
    with RegistryServer(tmp_path / "r", allow_delete=False) as server:
        ask = asking(server.address)
        for path in (f"{MANIFESTS}/1", f"{MANIFESTS}/{EMPTY.digest}", f"/v2/lab/app/blobs/{EMPTY.digest}"):
            assert (ask("DELETE", path).status, ask("DELETE", path).code) == (405, "UNSUPPORTED")


# ---- end-12


def test_referrers(ask: Any, put_image: Any) -> None:
    digest, content = put_image("1")
    subject = Descriptor.of(content, MediaType.MANIFEST)
    path = f"/v2/lab/app/referrers/{digest}"
    nothing = ask("GET", path)
    assert (nothing.status, nothing.json["manifests"], nothing.headers["content-type"]) == (200, [], MediaType.INDEX)
    signature, _ = put_image("", b"sig", subject=subject, artifact_type="a/signature", annotations={"by": "me"})
    contents, _ = put_image("", b"sbom", subject=subject)
    found = {row["digest"]: row for row in ask("GET", path).json["manifests"]}
    assert set(found) == {signature, contents}
    assert (found[signature]["artifactType"], found[signature]["annotations"]) == ("a/signature", {"by": "me"})
    assert found[contents]["artifactType"] == MediaType.CONFIG
    filtered = ask("GET", f"{path}?artifactType=a/signature")
    assert [row["digest"] for row in filtered.json["manifests"]] == [signature]
    assert filtered.headers["oci-filters-applied"] == "artifactType"
    ask("DELETE", f"{MANIFESTS}/{signature}")
    assert [row["digest"] for row in ask("GET", path).json["manifests"]] == [contents]


def test_a_subject_may_come_later(ask: Any) -> None:
    subject = Descriptor.of(b"later", MediaType.MANIFEST)
    content = Index(manifests=(), subject=subject, artifact_type="a/list").to_bytes()
    pushed = ask("PUT", f"{MANIFESTS}/1", content, Content_Type=str(MediaType.INDEX))
    assert (pushed.status, pushed.headers["oci-subject"]) == (201, subject.digest)
    found = ask("GET", f"/v2/lab/app/referrers/{subject.digest}").json["manifests"]
    assert [row["artifactType"] for row in found] == ["a/list"]


def test_referrers_of_no_digest(ask: Any) -> None:
    assert ask("GET", "/v2/lab/app/referrers/sha256:abc").code == "DIGEST_INVALID"


# ---- end-8, catalog


@pytest.fixture
def five(put_image: Any) -> None:
    for tag in ("b", "a", "C", "10", "9"):
        put_image(tag)


@pytest.mark.parametrize(
    ("query", "tags", "link"),
    [
        ("", ["10", "9", "C", "a", "b"], None),
        ("?n=2", ["10", "9"], "?n=2&last=9"),
        ("?n=2&last=9", ["C", "a"], "?n=2&last=a"),
        ("?n=2&last=a", ["b"], None),
        ("?n=5", ["10", "9", "C", "a", "b"], None),
        ("?last=B", ["C", "a", "b"], None),
        ("?n=0", [], None),
        ("?n=999999999", ["10", "9", "C", "a", "b"], None),
    ],
)
@pytest.mark.usefixtures("five")
def test_tags_a_page_at_a_time(ask: Any, query: str, tags: list[str], link: str | None) -> None:
    reply = ask("GET", f"/v2/lab/app/tags/list{query}")
    assert reply.json == {"name": "lab/app", "tags": tags}
    assert reply.headers.get("link") == (f'</v2/lab/app/tags/list{link}>; rel="next"' if link else None)


@pytest.mark.parametrize("number", ["-1", "x", "1e11", "100000000000", ""])
@pytest.mark.parametrize("path", ["lab/app/tags/list", "_catalog"])
def test_pages_of_no_size(ask: Any, put_image: Any, path: str, number: str) -> None:
    put_image("1")
    reply = ask("GET", f"/v2/{path}?n={number}")
    assert (reply.status, reply.code) == (400, "PAGINATION_NUMBER_INVALID")


def test_the_tags_of_nothing(ask: Any, put_image: Any) -> None:
    assert ask("GET", "/v2/lab/app/tags/list").code == "NAME_UNKNOWN"
    digest, _ = put_image("1")
    ask("DELETE", f"{MANIFESTS}/{digest}")
    assert ask("GET", "/v2/lab/app/tags/list").json == {"name": "lab/app", "tags": []}
    assert ask("GET", "/v2/_catalog").json == {"repositories": []}


def test_catalog(ask: Any, put_image: Any, put_blob: Any) -> None:
    for name in ("lab/web", "lab", "lab/app/deep"):
        put_image("1", repository=name)
    put_blob(b"no manifest", "lab/nothing")
    assert ask("GET", "/v2/_catalog").json == {"repositories": ["lab", "lab/app/deep", "lab/web"]}
    page = ask("GET", "/v2/_catalog?n=1")
    assert page.headers["link"] == '</v2/_catalog?n=1&last=lab>; rel="next"'
    assert ask("GET", "/v2/_catalog?n=1&last=lab").json == {"repositories": ["lab/app/deep"]}


def test_everything_is_there_after_a_restart(asking: Any, server: RegistryServer, put_image: Any) -> None:
    digest, content = put_image("1")
    server.stop()
    folder = server._listener.registry.storage.root
    with RegistryServer(folder) as again:
        reply = asking(again.address)("GET", f"{MANIFESTS}/1")
    assert (reply.body, reply.headers["docker-content-digest"]) == (content, digest)


# ---- where tags pointed before


def test_a_tag_s_moves_are_kept(ask: Any, put_image: Any, server: RegistryServer) -> None:
    one, _ = put_image("latest", b"one")
    put_image("1.0", b"one")
    two, _ = put_image("latest", b"two")
    put_image("latest", b"two")  # once more the same is no move
    assert ask("DELETE", "/v2/lab/app/manifests/1.0").status == 202
    assert ask("DELETE", f"/v2/lab/app/manifests/{two}").status == 202
    found = ask("GET", "/v2/lab/app/_pydock/tags/moves").json
    assert found["name"] == "lab/app"
    assert [(move["tag"], move["from"], move["to"]) for move in found["moves"]] == [
        ("latest", "", one),
        ("1.0", "", one),
        ("latest", one, two),
        ("1.0", one, ""),
        ("latest", two, ""),
    ]
    times = [move["at"] for move in found["moves"]]
    assert times == sorted(times)
    only = ask("GET", "/v2/lab/app/_pydock/tags/moves?tag=1.0").json["moves"]
    assert [move["to"] for move in only] == [one, ""]
    assert ask("GET", "/v2/lab/nothing/_pydock/tags/moves").json["moves"] == []
    assert server.tags() == {"lab/app": ()}


def test_moves_survive_a_server_that_was_killed(ask: Any, put_image: Any, tmp_path: Path) -> None:
    put_image("1", b"one")
    (path,) = tmp_path.glob("registry/repositories/lab/app/_moves.jsonl")
    with path.open("ab") as file:
        file.write(b'{"at": 5, "tag": "2", "fr')
    put_image("3", b"two")
    assert [move["tag"] for move in ask("GET", "/v2/lab/app/_pydock/tags/moves").json["moves"]] == ["1", "3"]


def test_not_all_moves_are_kept_for_ever(put_image: Any, tmp_path: Path, ask: Any) -> None:
    put_image("1", b"one")
    (path,) = tmp_path.glob("registry/repositories/lab/app/_moves.jsonl")
    path.write_bytes(path.read_bytes() * 12_000)
    put_image("2", b"two")
    assert path.stat().st_size < 1 << 20
    assert [move["tag"] for move in ask("GET", "/v2/lab/app/_pydock/tags/moves").json["moves"]][-2:] == ["1", "2"]


def test_another_server_s_tags_are_seen(ask: Any, put_image: Any, tmp_path: Path) -> None:
    """What was read of a file is kept only while it is the same file."""
    put_image("1")
    assert ask("GET", "/v2/lab/app/tags/list").json["tags"] == ["1"]
    with RegistryServer(tmp_path / "registry") as other:
        client = RegistryClient(other.address)
        content, kind = client.manifest("lab/app", "1")
        client.put_manifest("lab/app", "2", content, kind)
    assert ask("GET", "/v2/lab/app/tags/list").json["tags"] == ["1", "2"]
    assert ask("HEAD", "/v2/lab/app/manifests/2").status == 200
