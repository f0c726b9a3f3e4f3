"""The server's connections, who is let in, and what it does with requests that are none."""

import base64
import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from samples.waiting import wait_until

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Digest
from pydock_lab.registry.server import Access, RegistryServer, listener

PING = b"GET /v2/ HTTP/1.1\r\nHost: x\r\n\r\n"
UPLOADS = "/v2/lab/app/blobs/uploads/"


def talk(address: str, sent: bytes, *, hang_up: bool = True) -> bytes:
    """All that comes back for some bytes."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), 5) as connection:
        connection.sendall(sent)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


# ---- requests


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET /v2/ HTTP/9.9\r\n\r\n", b"505"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b"414"),
        (b"GET /v2/ HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b"431"),
        (b"BREW /v2/ HTTP/1.1\r\n\r\n", b"501"),
        (b"POST /v2/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", b"400"),
        (b"POST /v2/ HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"POST /v2/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
        (b"POST /v2/ HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"400"),
    ],
)
def test_what_is_no_request(server: RegistryServer, sent: bytes, status: bytes) -> None:
    answer = talk(server.address, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split()[1] == status
    assert b"Connection: close" in head
    assert body.startswith(b'{"errors": [{"code": ')


@pytest.mark.parametrize(
    "chunks", [b"x\r\n", b"5\r\nab", b"2\r\nabXX", b"0\r\n" + b"a: b\r\n" * 100, b"F" * 17 + b"\r\n"]
)
def test_broken_chunks_end_the_connection(server: RegistryServer, ask: Any, chunks: bytes) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    head = f"PATCH {location} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    answer = talk(server.address, head + chunks + PING)
    assert answer.split()[1] == b"400"
    assert answer.count(b"HTTP/1.1") == 1


def test_methods_that_mean_nothing_here(ask: Any) -> None:
    reply = ask("PATCH", "/v2/lab/app/manifests/1")
    assert (reply.status, reply.code, reply.headers["allow"]) == (405, "UNSUPPORTED", "DELETE, GET, HEAD, PUT")


def test_one_connection_serves_many_requests(server: RegistryServer) -> None:
    answer = talk(server.address, PING * 3)
    assert answer.count(b"HTTP/1.1 200") == 3


def test_a_body_that_nobody_read_is_not_the_next_request(server: RegistryServer) -> None:
    inner = b"DELETE /v2/a/manifests/1 HTTP/1.1\r\n\r\n"
    head = b"PUT /v2/ HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(inner)
    answer = talk(server.address, head + inner + PING)
    assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"405", b"200"]


def test_what_came_before_a_broken_connection_is_kept(server: RegistryServer, ask: Any) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    talk(server.address, f"PATCH {location} HTTP/1.1\r\nContent-Length: 10\r\n\r\n01234".encode())
    assert ask("GET", location).headers["range"] == "0-4"


def test_a_part_with_a_range_is_whole_or_absent(server: RegistryServer, ask: Any) -> None:
    location = ask("POST", UPLOADS).headers["location"]
    head = f"PATCH {location} HTTP/1.1\r\nContent-Range: 0-9\r\nContent-Length: 10\r\n\r\n01234"
    talk(server.address, head.encode())
    assert ask("PUT", f"{location}?digest={Digest.of(b'')}").status == 201


def test_a_defect_is_an_answer_too(put_image: Any, ask: Any, tmp_path: Path) -> None:
    digest, _ = put_image("1")
    (tmp_path / "registry/blobs/sha256" / digest.hex).unlink()
    reply = ask("GET", "/v2/lab/app/manifests/1")
    assert (reply.status, reply.code) == (500, "UNKNOWN")
    assert ask("GET", "/v2/").status == 200


# ---- the log, the ports


def test_the_log(tmp_path: Path, asking: Any) -> None:
    heard: list[Access] = []
    with RegistryServer(tmp_path / "r", on_access=heard.append) as server:
        asking(server.address)("POST", f"{UPLOADS}?digest={Digest.of(b'1234')}", b"1234")
        asking(server.address)("GET", f"/v2/lab/app/blobs/{Digest.of(b'1234')}")
    assert [(one.method, one.status, one.received, one.sent) for one in heard] == [
        ("POST", 201, 4, 0),
        ("GET", 200, 0, 4),
    ]
    assert server.log == tuple(heard)


def test_a_port_that_is_taken(server: RegistryServer, tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as caught:
        RegistryServer(tmp_path / "second", port=server.port)
    assert caught.value.key == "registry.cannot-listen"


def test_stop_hangs_up(server: RegistryServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(PING)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        server.stop()
        began = time.monotonic()
        while connection.recv(65536):
            pass
        assert time.monotonic() - began < 2


# ---- who is let in


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@pytest.fixture(params=[False, True], ids=["private", "public"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RegistryServer]:
    users = {"alice": "s3cret", "bob": "é" * 100}
    with RegistryServer(tmp_path / "r", users=users, public=request.param) as server:
        server.is_public = request.param  # type: ignore[attr-defined]
        yield server


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (basic("alice", "s3cret"), 200),
        (basic("bob", "é" * 100), 200),
        (basic("bob", "é" * 99), 401),
        (basic("alice", "wrong"), 401),
        (basic("mallory", "s3cret"), 401),
        (basic("", ""), 401),
        ("", 401),
        ("Basic !!!", 401),
        ("Basic /////w==", 401),
        ("Bearer abc", 401),
    ],
)
def test_logins(guarded: RegistryServer, asking: Any, authorization: str, status: int) -> None:
    for _ in range(2):
        reply = asking(guarded.address)("GET", "/v2/", Authorization=authorization)
        assert reply.status == status
    assert status == 200 or reply.headers["www-authenticate"].startswith("Basic realm=")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", UPLOADS),
        ("PUT", "/v2/lab/app/manifests/1"),
        ("DELETE", "/v2/lab/app/manifests/1"),
        ("GET", "/v2/_catalog"),
    ],
)
def test_only_users_change_anything(guarded: RegistryServer, asking: Any, method: str, path: str) -> None:
    reply = asking(guarded.address)(method, path)
    assert (reply.status, reply.code) == (401, "UNAUTHORIZED")


def test_who_may_pull(guarded: RegistryServer, asking: Any) -> None:
    reply = asking(guarded.address)("GET", "/v2/lab/app/manifests/1")
    assert reply.status == (404 if guarded.is_public else 401)  # type: ignore[attr-defined]


def test_the_log_names_the_user_and_never_the_password(guarded: RegistryServer, asking: Any) -> None:
    asking(guarded.address)("GET", "/v2/", Authorization=basic("alice", "s3cret"))
    assert guarded.log[-1].username == "alice"
    assert "s3cret" not in repr(guarded.log)


@pytest.mark.parametrize("origin", ["http://evil.io", "null"])
def test_web_pages_are_no_clients(ask: Any, origin: str) -> None:
    reply = ask("POST", f"{UPLOADS}?digest={Digest.of(b'x')}", b"x", Origin=origin)
    assert (reply.status, reply.code) == (403, "DENIED")


def test_serve_forever_ends_where_another_thread_says_so(tmp_path: Path) -> None:
    server = RegistryServer(tmp_path / "r")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    assert talk(server.address, PING).startswith(b"HTTP/1.1 200")
    server.stop()
    thread.join(5)
    assert not thread.is_alive()


def test_a_server_that_never_served_stops_too(tmp_path: Path) -> None:
    RegistryServer(tmp_path / "r").stop()


# ---- too many connections


def opened(address: str, sent: bytes) -> socket.socket:
    """A connection on which that was sent."""
    host, _, port = address.rpartition(":")
    connection = socket.create_connection((host, int(port)), 10)
    connection.sendall(sent)
    return connection


def answered(connection: socket.socket) -> bool:
    """Whether a whole answer to PING comes."""
    received = b""
    while not received.endswith(b"\r\n\r\n{}"):
        piece = connection.recv(65536)
        if not piece:
            return False
        received += piece
    return b"200 OK" in received


@pytest.fixture
def three_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RegistryServer]:
    """A registry that serves three connections at once."""
    monkeypatch.setattr(listener, "_MAX_CONNECTIONS", 3)
    with RegistryServer(tmp_path / "registry") as running:
        yield running


def waits(server: RegistryServer, connection: socket.socket) -> None:
    """Until the server knows that this one waits: its answer is there a moment before."""
    known = server._listener._waiting
    wait_until(lambda: [one.getpeername() for one in list(known)][-1:] == [connection.getsockname()])


def test_who_waits_longest_makes_room(three_places: RegistryServer) -> None:
    """Clients keep connections for later: those must not keep others out."""
    with contextlib.ExitStack() as ends:
        waiting = []
        for _ in range(3):
            waiting.append(ends.enter_context(opened(three_places.address, PING)))
            assert answered(waiting[-1])
            waits(three_places, waiting[-1])
        waiting[0].sendall(PING)  # the second is now the one that waits longest
        assert answered(waiting[0])
        waits(three_places, waiting[0])
        assert answered(ends.enter_context(opened(three_places.address, PING)))
        assert waiting[1].recv(1) == b""
        for one in (waiting[0], waiting[2]):
            one.sendall(PING)
            assert answered(one)


def test_who_is_being_served_stays(three_places: RegistryServer) -> None:
    half = b"POST " + UPLOADS.encode() + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345"
    busy = [opened(three_places.address, half) for _ in range(3)]
    time.sleep(0.2)
    with opened(three_places.address, PING) as another:
        assert another.recv(1) == b""  # refused, after a moment of hope
    for one in busy:
        one.sendall(b"67890")
        assert b"HTTP/1.1 " in one.recv(65536)
        one.close()
