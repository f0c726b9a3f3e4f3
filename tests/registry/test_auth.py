"""How the client gets in, and where it refuses to take a password."""

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.events import Event, Exchange
from pydock_lab.registry import auth
from pydock_lab.registry.auth import Authenticator, read_token
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.credentials import Login, NoCredentials, OneLogin
from pydock_lab.registry.hosts import Endpoint
from pydock_lab.registry.server import RegistryServer

ALICE = OneLogin(Login(username="alice", password="s3cret"))
BASIC = "Basic " + base64.b64encode(b"alice:s3cret").decode()
TAGS = "/v2/lab/app/tags/list"
PULL = "repository:lab/app:pull"


@pytest.fixture
def tokens(hostile: Any) -> Any:
    """A registry that wants a token, and its token server at the same address; the token is `T1`, then `T2` ..."""
    realm = f'Bearer realm="http://{hostile.address}/token?tenant=1",service="lab & co"'
    hostile.lifetime, given = 300, []

    def token(handler: Any) -> None:
        given.append(f"T{len(given) + 1}")
        reply(handler, 200, {"token": given[-1], "expires_in": hostile.lifetime})

    def tags(handler: Any) -> None:
        if given and handler.headers.get("Authorization") == f"Bearer {given[-1]}":
            reply(handler, 200, {"name": "lab/app", "tags": ["1"]})
        else:
            reply(handler, 401, {}, {"WWW-Authenticate": realm})

    hostile.answers["GET", "/token"] = hostile.answers["POST", "/token"] = token
    for path in (TAGS, "/v2/lab/web/tags/list", "/v2/"):
        hostile.answers["GET", path] = tags
    return hostile


def reply(handler: Any, status: int, document: Any, headers: Any = None) -> None:
    body = json.dumps(document).encode()
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def asked_for_tokens(script: Any) -> list[dict[str, list[str]]]:
    return [parse_qs(urlsplit(path).query) for _, path, _ in script.asked if path.startswith("/token")]


# ---- Bearer


def test_anonymous(tokens: Any) -> None:
    assert RegistryClient(tokens.address).tags("lab/app") == ("1",)
    assert asked_for_tokens(tokens) == [{"tenant": ["1"], "service": ["lab & co"], "scope": [PULL]}]
    assert "Authorization" not in tokens.seen("/token")[0]
    assert [headers.get("Authorization") for headers in tokens.seen(TAGS)] == [None, "Bearer T1"]


def test_with_a_login(tokens: Any) -> None:
    RegistryClient(tokens.address, credentials=ALICE).tags("lab/app")
    assert asked_for_tokens(tokens)[0]["account"] == ["alice"]
    assert tokens.seen("/token")[0]["Authorization"] == BASIC
    # The password is for the token server; the registry sees the token only.
    assert BASIC not in [headers.get("Authorization") for headers in tokens.seen(TAGS)]


def test_a_token_is_kept_for_its_scope_and_for_no_other(tokens: Any) -> None:
    client = RegistryClient(tokens.address)
    client.tags("lab/app")
    client.tags("lab/app")
    assert len(asked_for_tokens(tokens)) == 1
    client.tags("lab/web")
    assert asked_for_tokens(tokens)[1]["scope"] == ["repository:lab/web:pull"]
    assert "Authorization" not in tokens.seen("/v2/lab/web/tags/list")[0]


def test_a_token_that_has_expired_is_renewed(tokens: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, now = RegistryClient(tokens.address), [0.0]
    monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: now[0]))
    client.tags("lab/app")
    now[0] = tokens.lifetime - 5.0  # in a moment it would be too late
    client.tags("lab/app")
    assert [headers.get("Authorization") for headers in tokens.seen(TAGS)] == [None, "Bearer T1", None, "Bearer T2"]


def test_an_identity_token_is_posted(tokens: Any) -> None:
    login = OneLogin(Login(username="", password="", identity_token="refresh"))
    RegistryClient(tokens.address, credentials=login).tags("lab/app")
    method, path, headers = next(one for one in tokens.asked if one[1].startswith("/token"))
    assert (method, path) == ("POST", "/token?tenant=1")
    assert "Authorization" not in headers


def test_one_refusal_leads_to_one_login(tokens: Any) -> None:
    tokens.serve("/token", b'{"token": "useless"}')
    with pytest.raises(RegistryError) as caught:
        RegistryClient(tokens.address).tags("lab/app")
    assert caught.value.key == "registry.unauthorized"
    assert len(tokens.seen(TAGS)) == 2


@pytest.mark.parametrize(
    ("status", "body", "key"),
    [
        (200, b"{}", "registry.no-token"),
        (200, b'{"token": ""}', "registry.no-token"),
        (200, b'{"token": "a\\r\\nX-Evil: 1"}', "registry.no-token"),
        (200, b"<html>", "registry.not-json"),
        (200, b"[]", "registry.not-json"),
        (401, b"", "registry.login-refused"),
        (429, b"", "registry.rate-limited"),
        (500, b"", "registry.server-error"),
    ],
)
def test_token_servers_that_give_none(tokens: Any, status: int, body: bytes, key: str) -> None:
    tokens.serve("/token", body, status)
    with pytest.raises(RegistryError) as caught:
        RegistryClient(tokens.address, credentials=ALICE).tags("lab/app")
    assert caught.value.key == key


def test_a_token_server_s_redirect_is_not_followed(tokens: Any, scripted: Callable[[], Any]) -> None:
    other = scripted()
    tokens.serve("/token", b"", 307, Location=f"http://{other.address}/token")
    with pytest.raises(RegistryError):
        RegistryClient(tokens.address, credentials=ALICE).tags("lab/app")
    assert other.asked == []


# ---- where passwords go


def check(host: str, realm: str, *, anonymous: bool = False) -> None:
    credentials = NoCredentials() if anonymous else ALICE
    Authenticator(Endpoint.of(host), credentials, cast("Any", None))._check_realm(realm)


@pytest.mark.parametrize(
    ("host", "realm"),
    [
        ("a.io", "https://a.io/token"),
        ("a.io", "https://a.io:8443/token"),
        ("docker.io", "https://auth.docker.io/token"),
        ("registry.gitlab.com", "https://gitlab.com/jwt/auth"),
        ("localhost:5000", "http://localhost:5001/token"),
        ("trusted.io", "https://named.io/token"),
    ],
)
def test_realms_that_get_the_password(host: str, realm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYDOCK_TRUSTED_REALMS", "named.io, other.io")
    check(host, realm)


@pytest.mark.parametrize(
    ("host", "realm", "key"),
    [
        ("a.io", "http://a.io/token", "realm-refused"),
        ("a.io", "https://169.254.169.254/latest", "realm-refused"),
        ("a.io", "https://10.0.0.1/", "realm-refused"),
        ("a.io", "https://localhost/", "realm-refused"),
        ("a.io", "https://[::1]/", "realm-refused"),
        ("localhost:5000", "http://169.254.169.254/", "realm-refused"),
        ("a.io", "https://evil.io/token", "realm-untrusted"),
        ("a.io", "https://a.io.evil.io/token", "realm-untrusted"),
        ("a.io", "https://auth.docker.io/token", "realm-untrusted"),
        ("a.io", "https://a.io@evil.io/token", "bad-url"),
        ("a.io", "file:///etc/passwd", "bad-url"),
        ("a.io", "", "bad-url"),
    ],
)
def test_realms_that_do_not(host: str, realm: str, key: str) -> None:
    with pytest.raises(RegistryError) as caught:
        check(host, realm)
    assert caught.value.key == f"registry.{key}"


def test_who_has_no_password_may_ask_for_a_token_elsewhere() -> None:
    check("a.io", "https://tokens.b.io/token", anonymous=True)
    with pytest.raises(RegistryError):
        check("a.io", "https://10.0.0.1/token", anonymous=True)


# ---- Basic, against our own server


@pytest.fixture
def private(tmp_path: Path) -> Any:
    with RegistryServer(tmp_path / "private", users={"alice": "s3cret"}) as server:
        yield server


def test_basic_is_asked_for_once(private: RegistryServer) -> None:
    client = RegistryClient(private.address, credentials=ALICE)
    client.ping()
    client.ping()
    assert [one.status for one in private.log] == [401, 200, 200]


def test_logins(private: RegistryServer) -> None:
    client = RegistryClient(private.address)
    client.check_login("alice", "s3cret")
    for username, password in (("alice", "wrong"), ("bob", "s3cret"), ("", "")):
        with pytest.raises(RegistryError):
            client.check_login(username, password)
    with pytest.raises(RegistryError) as caught:
        client.ping()
    assert caught.value.key == "registry.login-needed"


def test_no_event_tells_a_secret(private: RegistryServer, tokens: Any) -> None:
    events: list[Event] = []
    RegistryClient(private.address, credentials=ALICE, on_event=events.append).ping()
    RegistryClient(tokens.address, credentials=ALICE, on_event=events.append).tags("lab/app")
    assert [event.status for event in events if isinstance(event, Exchange)] == [401, 200, 401, 200, 200]
    told = repr(events)
    assert not [secret for secret in ("s3cret", BASIC.split()[1], "T1") if secret in told]


def test_a_login_that_stops_working_is_named(private: RegistryServer) -> None:
    wrong = OneLogin(Login(username="alice", password="old"))
    client = RegistryClient(private.address, credentials=wrong)
    for _ in range(2):
        with pytest.raises(RegistryError) as caught:
            client.tags("lab/app")
    assert caught.value.key == "registry.login-refused"


def test_no_access_names_the_repository(hostile: Any) -> None:
    hostile.serve(TAGS, b"", 401)
    with pytest.raises(RegistryError) as caught:
        RegistryClient(hostile.address).tags("lab/app")
    assert caught.value.fields["what"] == f"{hostile.address}/lab/app"


@pytest.mark.parametrize("said", [10**400, -1, 0, None, "300", float("nan"), float("inf")])
def test_a_lifetime_that_is_none_is_that_of_the_specification(said: object) -> None:
    until = read_token({"token": "abc", "expires_in": said}, "registry.test").until
    assert 30 <= until - time.monotonic() <= 60
