"""The server's blobs: read whole and in part, pushed in every way that the specification has, removed."""

from pathlib import Path
from typing import Any

import pytest

from pydock_lab.oci import Digest
from pydock_lab.registry.server import RegistryServer

CONTENT = b"0123456789"
DIGEST = Digest.of(CONTENT)
OTHER = Digest.of(b"something else")
UPLOADS = "/v2/lab/app/blobs/uploads/"
BLOB = f"/v2/lab/app/blobs/{DIGEST}"


# ---- end-1, end-2


@pytest.mark.parametrize("path", ["/v2", "/v2/"])
def test_ping(ask: Any, path: str) -> None:
    reply = ask("GET", path)
    assert (reply.status, reply.json) == (200, {})
    assert reply.headers["docker-distribution-api-version"] == "registry/2.0"


def test_a_blob_is_read(ask: Any, put_blob: Any) -> None:
    put_blob(CONTENT)
    reply = ask("GET", BLOB)
    assert (reply.status, reply.body, reply.headers["docker-content-digest"]) == (200, CONTENT, DIGEST)
    head = ask("HEAD", BLOB)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", "10")


@pytest.fixture
def here(put_blob: Any) -> None:
    put_blob(CONTENT)


@pytest.mark.parametrize(
    ("said", "status", "body", "content_range"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=7-99", 206, b"789", "bytes 7-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=-99", 206, CONTENT, "bytes 0-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
        ("bytes=0-1,4-5", 200, CONTENT, None),
        ("bytes=5-2", 200, CONTENT, None),
        ("bytes=-", 200, CONTENT, None),
        ("lines=1-2", 200, CONTENT, None),
    ],
)
@pytest.mark.usefixtures("here")
def test_ranges(ask: Any, said: str, status: int, body: Any, content_range: Any) -> None:
    reply = ask("GET", BLOB, Range=said)
    assert (reply.status, reply.headers.get("content-range")) == (status, content_range)
    assert body is None or reply.body == body


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (BLOB, 404, "BLOB_UNKNOWN"),
        ("/v2/lab/app/blobs/sha256:..%2F..%2Fetc", 404, "UNSUPPORTED"),  # %2F is a slash: no such path
        ("/v2/lab/app/blobs/sha256:abc", 400, "DIGEST_INVALID"),
        (f"/v2/lab/app/blobs/{DIGEST.upper()}", 400, "DIGEST_INVALID"),
        (f"/v2/lab/app/blobs/md5:{'0' * 32}", 400, "DIGEST_INVALID"),
        (f"/v2/LAB/blobs/{DIGEST}", 400, "NAME_INVALID"),
        (f"/v2/a/../../b/blobs/{DIGEST}", 400, "NAME_INVALID"),
        (f"/v2/a//b/blobs/{DIGEST}", 400, "NAME_INVALID"),
        (f"/v2/_catalog/x/blobs/{DIGEST}", 400, "NAME_INVALID"),
        (f"/v2/a:b/blobs/{DIGEST}", 400, "NAME_INVALID"),
        (f"/v2/{'a' * 256}/blobs/{DIGEST}", 400, "NAME_INVALID"),
        ("/v1/search", 404, "UNSUPPORTED"),
    ],
)
def test_what_is_no_blob(ask: Any, path: str, status: int, code: str) -> None:
    reply = ask("GET", path)
    assert (reply.status, reply.code) == (status, code)


# ---- end-4, end-5, end-6


def test_in_one_request(ask: Any) -> None:
    reply = ask("POST", f"{UPLOADS}?digest={DIGEST}", CONTENT)
    assert (reply.status, reply.headers["location"], reply.headers["docker-content-digest"]) == (201, BLOB, DIGEST)
    assert ask("GET", BLOB).body == CONTENT


@pytest.mark.parametrize("path", [UPLOADS, UPLOADS.rstrip("/")])
def test_post_then_put(ask: Any, path: str) -> None:
    begun = ask("POST", path)
    assert (begun.status, begun.headers["range"]) == (202, "0-0")
    assert ask("PUT", f"{begun.headers['location']}?digest={DIGEST}", CONTENT).status == 201
    assert ask("GET", BLOB).body == CONTENT


def test_in_chunks(ask: Any) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    first = ask("PATCH", location, CONTENT[:4], Content_Range="0-3")
    assert (first.status, first.headers["range"]) == (202, "0-3")
    status = ask("GET", location)
    assert (status.status, status.headers["range"], status.headers["location"]) == (204, "0-3", location)
    done = ask("PUT", f"{location}?digest={DIGEST}", CONTENT[4:], Content_Range="4-9")
    assert (done.status, ask("GET", BLOB).body) == (201, CONTENT)


def test_as_a_stream_without_a_length(ask: Any) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    assert ask("PATCH", location, iter([b"01234", b"56789"]), Transfer_Encoding="chunked").status == 202
    assert ask("PUT", f"{location}?digest={DIGEST.replace(':', '%3A')}").status == 201
    assert ask("GET", BLOB).body == CONTENT


@pytest.mark.parametrize("said", ["5-9", "0-3", "3-6"])
def test_chunks_out_of_order(ask: Any, said: str) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    ask("PATCH", location, CONTENT[:4], Content_Range="0-3")
    reply = ask("PATCH", location, CONTENT[:4], Content_Range=said)
    assert (reply.status, reply.headers["range"], reply.headers["location"]) == (416, "0-3", location)


@pytest.mark.parametrize(("said", "code"), [("0-9", "SIZE_INVALID"), ("x", "BLOB_UPLOAD_INVALID"), ("3-0", None)])
def test_a_chunk_that_lies_leaves_nothing(ask: Any, said: str, code: str | None) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    reply = ask("PATCH", location, b"1234", Content_Range=said)
    assert (reply.status, reply.code) == (400, code or "BLOB_UPLOAD_INVALID")
    assert ask("PUT", f"{location}?digest={Digest.of(b'')}").status == 201


def test_sha512(ask: Any) -> None:
    digest = Digest.of(CONTENT, "sha512")
    location = ask("POST", f"{UPLOADS}?digest-algorithm=sha512").headers["location"]
    assert ask("PUT", f"{location}?digest={digest}", CONTENT).status == 201
    assert ask("GET", f"/v2/lab/app/blobs/{digest}").body == CONTENT


def test_another_algorithm_than_the_one_announced(ask: Any) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    ask("PATCH", location, CONTENT[:5])
    assert ask("PUT", f"{location}?digest={Digest.of(CONTENT, 'sha512')}", CONTENT[5:]).status == 201


@pytest.mark.parametrize("query", [f"digest={OTHER}", "digest=sha256:abc", "digest=", "x=1"])
def test_a_digest_that_is_not_the_content_s(ask: Any, tmp_path: Path, query: str) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    reply = ask("PUT", f"{location}?{query}", CONTENT)
    assert (reply.status, reply.code) == (400, "DIGEST_INVALID")
    assert ask("GET", f"/v2/lab/app/blobs/{OTHER}").status == 404
    assert not list((tmp_path / "registry").glob("blobs/*/*"))


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
@pytest.mark.parametrize("session", ["0" * 32, "..%5C..", "x"])
def test_no_such_upload(ask: Any, method: str, session: str) -> None:
    reply = ask(method, f"{UPLOADS}{session}?digest={DIGEST}")
    assert (reply.status, reply.code) == (404, "BLOB_UPLOAD_UNKNOWN")


def test_an_upload_of_another_repository(ask: Any) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    assert ask("PATCH", location.replace("lab/app", "lab/web"), CONTENT).status == 404


def test_a_cancelled_upload_is_gone(ask: Any, tmp_path: Path) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    assert ask("DELETE", location).status == 204
    assert ask("GET", location).status == 404
    assert not list((tmp_path / "registry" / "uploads").glob("*/*"))


def test_an_upload_goes_on_after_a_restart(asking: Any, tmp_path: Path) -> None:
    with RegistryServer(tmp_path / "r") as first:
        ask = asking(first.address)
        location = ask("POST", UPLOADS).headers["location"]
        ask("PATCH", location, CONTENT[:4])
    with RegistryServer(tmp_path / "r") as second:
        ask = asking(second.address)
        assert ask("GET", location).headers["range"] == "0-3"
        assert ask("PUT", f"{location}?digest={DIGEST}", CONTENT[4:]).status == 201


# ---- end-11: mount


def test_mount(ask: Any, put_blob: Any) -> None:
    put_blob(CONTENT, "lab/base")
    reply = ask("POST", f"{UPLOADS}?mount={DIGEST}&from=lab/base")
    assert (reply.status, reply.headers["location"], ask("GET", BLOB).body) == (201, BLOB, CONTENT)


@pytest.mark.parametrize("query", [f"mount={DIGEST}&from=lab/web", f"mount={DIGEST}", f"mount={OTHER}&from=lab/base"])
def test_what_cannot_be_mounted_is_an_upload(ask: Any, put_blob: Any, query: str) -> None:
    put_blob(CONTENT, "lab/base")
    reply = ask("POST", f"{UPLOADS}?{query}")
    assert reply.status == 202
    assert ask("PUT", f"{reply.headers['location']}?digest={DIGEST}", CONTENT).status == 201


# ---- end-10, and whose blob it is


def test_a_blob_belongs_to_the_repositories_it_was_pushed_to(ask: Any, put_blob: Any) -> None:
    put_blob(CONTENT, "lab/secret")
    assert ask("GET", BLOB).code == "BLOB_UNKNOWN"


def test_a_deleted_blob_is_gone_here_and_stays_elsewhere(ask: Any, put_blob: Any, tmp_path: Path) -> None:
    for repository in ("lab/app", "lab/web"):
        put_blob(CONTENT, repository)
    assert ask("DELETE", BLOB).status == 202
    assert [ask("GET", path).status for path in (BLOB, BLOB.replace("app", "web"))] == [404, 200]
    assert ask("DELETE", BLOB).code == "BLOB_UNKNOWN"
    ask("DELETE", BLOB.replace("app", "web"))
    assert not list((tmp_path / "registry").glob("blobs/*/*"))
