"""Who may do what: users, grants, tokens, mounts; read-only registries and full ones."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import bcrypt
import jwt
import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.oci import Digest
from pydock_lab.registry.challenge import parse
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.credentials import Login, OneLogin
from pydock_lab.registry.server import RegistryServer
from pydock_lab.registry.server.rights import Action, Grant, Rights
from pydock_lab.registry.server.users import Htpasswd

USERS = {"alice": "pw-a", "bob": "pw-b"}
GRANTS = ("everyone:public/*:pull", "users:shared/*:pull", "alice:*:all", "bob:team/*:push")
BLOB = b"a blob"


def basic(name: str) -> dict[str, str]:
    said = base64.b64encode(f"{name}:{USERS.get(name, 'pw')}".encode()).decode()
    return {"Authorization": f"Basic {said}"}


def upload(repository: str, content: bytes = BLOB) -> str:
    return f"/v2/{repository}/blobs/uploads/?digest={Digest.of(content)}"


@pytest.fixture(params=[False, True], ids=["basic", "tokens"])
def guarded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "r", users=USERS, grants=GRANTS, tokens=request.param) as server:
        yield server


class Visitor:
    """Somebody who asks as a client does: by Basic, or with a token for what a challenge names."""

    def __init__(self, ask: Any, name: str) -> None:
        self.ask, self.papers = ask, basic(name) if name else {}

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.ask(method, path, body)
        if reply.status != 401:
            return reply
        (challenge,) = parse(reply.headers["www-authenticate"], "here")
        if challenge.scheme == "basic":
            return self.ask(method, path, body, **self.papers) if self.papers else reply
        return self.ask(method, path, body, Authorization=f"Bearer {self.token(challenge.parameters.get('scope', ''))}")

    def token(self, *scopes: str, **more: str) -> str:
        query = urlencode([("service", "pydock-registry"), *(("scope", one) for one in scopes), *more.items()])
        return str(self.ask("GET", f"/token?{query}", **self.papers).json["token"])


@pytest.fixture
def visitors(guarded: RegistryServer, asking: Callable[[str], Any]) -> Callable[[str], Visitor]:
    return lambda name: Visitor(asking(guarded.address), name)


@pytest.mark.parametrize(
    ("name", "pulls", "pushes"),
    [
        ("", {"public/a"}, set()),
        ("alice", {"public/a", "shared/a", "team/a", "private"}, {"public/a", "shared/a", "team/a", "private"}),
        ("bob", {"public/a", "shared/a", "team/a"}, {"team/a"}),
    ],
)
def test_grants(visitors: Any, name: str, pulls: set[str], pushes: set[str]) -> None:
    somebody, places = visitors(name), ("public/a", "shared/a", "team/a", "private")
    # 404: may look, and there is nothing
    assert {one for one in places if somebody("GET", f"/v2/{one}/tags/list").status == 404} == pulls
    assert {one for one in places if somebody("POST", upload(one), BLOB).status == 201} == pushes
    refused = {somebody("POST", upload(one), BLOB).status for one in set(places) - pushes}
    assert refused <= {401, 403}


def test_a_mount_needs_the_right_to_pull_the_source(visitors: Any) -> None:
    digest = Digest.of(BLOB)
    for place in ("private", "shared/a"):
        assert visitors("alice")("POST", upload(place), BLOB).status == 201
    scopes = ("repository:team/b:pull,push", "repository:private:pull", "repository:shared/a:pull")
    bob = visitors("bob")
    gives_tokens = bob.ask("GET", "/token", **bob.papers).status == 200
    papers = {"Authorization": f"Bearer {bob.token(*scopes)}"} if gives_tokens else bob.papers
    answers = {
        place: bob.ask("POST", f"/v2/team/b/blobs/uploads/?mount={digest}&from={place}", **papers).status
        for place in ("private", "shared/a", "nowhere")
    }
    # What may not be pulled is answered as what is not there: an upload begins.
    assert answers == {"private": 202, "shared/a": 201, "nowhere": 202}


def test_the_catalog_lists_what_one_may_pull(visitors: Any, guarded: RegistryServer) -> None:
    alice = RegistryClient(guarded.address, credentials=OneLogin(Login(username="alice", password="pw-a")))
    config = b"{}"
    for place in ("private", "shared/a", "team/a"):
        visitors("alice")("POST", upload(place, config), config)
        document = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": {"mediaType": "a/b", "digest": Digest.of(config), "size": 2},
            "layers": [],
        }
        alice.put_manifest(place, "1", json.dumps(document).encode(), document["mediaType"])
    assert alice.catalog() == ("private", "shared/a", "team/a")
    assert visitors("bob")("GET", "/v2/_catalog").json == {"repositories": ["shared/a", "team/a"]}
    assert visitors("")("GET", "/v2/_catalog").status == 401


# ---- tokens


@pytest.fixture
def issuing(tmp_path: Path) -> Iterator[RegistryServer]:
    with RegistryServer(tmp_path / "r", users=USERS, grants=GRANTS, tokens=True) as server:
        yield server


@pytest.fixture
def ask_issuer(issuing: RegistryServer, asking: Callable[[str], Any]) -> Any:
    return asking(issuing.address)


def access(token: str) -> Any:
    return jwt.decode(token, options={"verify_signature": False})["access"]


def test_a_token_gives_what_was_asked_for_and_is_allowed(ask_issuer: Any) -> None:
    bob = Visitor(ask_issuer, "bob")
    given = access(bob.token("repository:team/x:pull,push,delete", "repository:private:pull repository:shared/y:*"))
    assert given == [
        {"type": "repository", "name": "shared/y", "actions": ["pull"]},
        {"type": "repository", "name": "team/x", "actions": ["pull", "push"]},
    ]
    # A name may hold a port, and what nobody understands is nobody's.
    assert access(bob.token("repository:team/x:5000/y:pull", "plugin:a:pull", "repository:", "", "registry:catalog:*"))
    assert access(Visitor(ask_issuer, "").token("registry:catalog:*", "repository:public/a:pull,push")) == [
        {"type": "repository", "name": "public/a", "actions": ["pull"]}
    ]


def test_the_challenge_names_realm_service_and_scope(ask_issuer: Any, issuing: RegistryServer) -> None:
    def challenge(method: str, path: str, **headers: str) -> Any:
        (found,) = parse(ask_issuer(method, path, **headers).headers["www-authenticate"], "x")
        return dict(found.parameters)

    realm = {"realm": f"http://{issuing.address}/token", "service": "pydock-registry"}
    assert challenge("GET", "/v2/") == realm
    assert challenge("PUT", "/v2/team/a/manifests/1") == realm | {"scope": "repository:team/a:pull,push"}
    assert challenge("GET", "/v2/_catalog") == realm | {"scope": "registry:catalog:*"}
    wrong = challenge("GET", "/v2/", Authorization="Bearer x.y.z")
    assert wrong == realm | {"error": "invalid_token"}
    token = Visitor(ask_issuer, "bob").token("repository:team/a:pull")
    short = challenge("POST", upload("team/a"), Authorization=f"Bearer {token}")
    assert short["error"] == "insufficient_scope"
    # The name that the client came by; but no text of its choice.
    assert challenge("GET", "/v2/", Host="lab.example:5000")["realm"] == "http://lab.example:5000/token"
    assert challenge("GET", "/v2/", Host='evil",scope="x')["realm"] == realm["realm"]


def test_passwords_and_refresh_tokens(ask_issuer: Any) -> None:
    def form(**said: str) -> Any:
        return ask_issuer("POST", "/token", urlencode(said).encode())

    answer = form(grant_type="password", username="bob", password="pw-b", access_type="offline").json
    assert {"token", "access_token", "expires_in", "issued_at", "refresh_token"} == answer.keys()
    again = form(grant_type="refresh_token", refresh_token=answer["refresh_token"], scope="repository:team/a:pull")
    assert access(again.json["access_token"]) == [{"type": "repository", "name": "team/a", "actions": ["pull"]}]
    assert "refresh_token" not in again.json
    # One kind is not taken for the other.
    assert form(grant_type="refresh_token", refresh_token=answer["token"]).status == 401
    assert ask_issuer("GET", "/v2/", Authorization=f"Bearer {answer['refresh_token']}").status == 401
    assert form(grant_type="password", username="bob", password="wrong").status == 401
    assert form(grant_type="device").status == 400
    assert ask_issuer("POST", "/token", b"x" * 100_000).status == 413
    assert ask_issuer("GET", "/token", **basic("bob") | {"Authorization": "Basic Ym9iOng="}).status == 401
    assert ask_issuer("DELETE", "/token").status == 405


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_forged_tokens(ask_issuer: Any, issuing: RegistryServer, tmp_path: Path) -> None:
    del issuing
    key, now = (tmp_path / "r" / "token.key").read_bytes(), int(time.time())
    assert (tmp_path / "r" / "token.key").stat().st_mode & 0o077 == 0
    said = {"iss": "pydock_lab", "aud": "pydock-registry", "sub": "alice", "iat": now, "nbf": now, "exp": now + 60}
    said["access"] = [{"type": "repository", "name": "private", "actions": ["pull", "push"]}]

    def status(token: str) -> int:
        return int(ask_issuer("GET", "/v2/private/tags/list", Authorization=f"Bearer {token}").status)

    def made(key: Any = key, algorithm: str = "HS256", **changed: Any) -> str:
        return jwt.encode({**said, **changed}, key, algorithm=algorithm)

    assert status(made()) == 404  # let in: there is nothing
    assert status(made(sub="")) == 401  # anonymous, whatever the token says
    prefix = [{"type": "repository", "name": "priv", "actions": ["pull"]}]
    refused = [
        made(b"another key of thirty-two bytes.."),
        made(None, "none"),
        made(algorithm="HS512"),
        made(aud="another"),
        made(iss="another"),
        made(exp=now - 1),
        made(nbf=now + 100),
        made(sub="carol"),
        made(access=prefix),
        jwt.encode(said, b"x" * 32, algorithm="HS256", headers={"jwk": {"kty": "oct", "k": "eHg"}}),
        jwt.encode({name: value for name, value in said.items() if name != "exp"}, key, algorithm="HS256"),
        "a.b.c",
        "",
    ]
    assert [status(one) for one in refused] == [401] * len(refused)


def test_our_client_with_tokens(issuing: RegistryServer) -> None:
    bob = RegistryClient(issuing.address, credentials=OneLogin(Login(username="bob", password="pw-b")))
    bob.ping()
    assert not bob.has_blob("team/a", Digest.of(BLOB))
    with pytest.raises(RegistryError):
        bob.tags("private")


# ---- htpasswd


def hashed(password: bytes) -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(4)).decode()


def test_a_file_of_htpasswd(tmp_path: Path, asking: Callable[[str], Any]) -> None:
    path = tmp_path / "htpasswd"
    path.write_text(f"# people\nalice:{hashed(b'pw-a')}\nbob:{hashed(b'pw-b').replace('$2b$', '$2y$')}\n")
    with RegistryServer(tmp_path / "r", users=path) as server:
        ask = asking(server.address)
        assert [ask("GET", "/v2/", **basic(name)).status for name in ("alice", "bob", "carol", "bob")] == [
            200,
            200,
            401,
            200,
        ]
        path.write_text(f"alice:{hashed(b'pw-a')}\n")  # bob is gone, at once
        assert [ask("GET", "/v2/", **basic(name)).status for name in ("alice", "bob")] == [200, 401]
        path.write_text("half a line")  # somebody is writing: what was there still counts
        assert ask("GET", "/v2/", **basic("alice")).status == 200


def test_passwords_that_bcrypt_cuts(tmp_path: Path) -> None:
    path, long = tmp_path / "htpasswd", "x" * 72
    path.write_text(f"alice:{hashed(long.encode())}\n")
    users = Htpasswd(path)
    assert users.check("alice", long)
    assert not users.check("alice", long + "y")
    assert not users.check("nobody", long + "é" * 100)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (None, "registry.no-htpasswd"),
        (b"\xff\xfe", "registry.no-htpasswd"),
        (b"alice:$apr1$x$y\n", "registry.not-bcrypt"),
        (b"alice:plain\n", "registry.not-bcrypt"),
        (b"alice:$2y$31x\n", "registry.not-bcrypt"),
    ],
)
def test_files_that_are_none(tmp_path: Path, content: bytes | None, key: str) -> None:
    path = tmp_path / "htpasswd"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RegistryError) as caught:
        RegistryServer(tmp_path / "r", users=path)
    assert caught.value.key == key


# ---- grants as text


@pytest.mark.parametrize("text", ["", "alice", "alice:x", ":x:pull", "alice::pull", "alice:x:write", "alice:x:pull,"])
def test_grants_that_are_none(text: str) -> None:
    with pytest.raises(RegistryError) as caught:
        Grant.parse(text)
    assert caught.value.key == "registry.bad-grant"


def test_what_grants_mean() -> None:
    rights = Rights.of(["alice:lab/*:push", "users:open:delete"], has_users=True, public=True)
    assert rights.allow("alice", "lab/a/b", Action.PUSH)
    assert not rights.allow("alice", "lab", Action.PUSH)
    assert not rights.allow("alice", "lab/a", Action.DELETE)
    assert rights.allow("bob", "open", Action.DELETE)
    assert not rights.allow("", "open", Action.DELETE)
    assert rights.allow("", "anything", Action.PULL)
    # Nobody gets a right by calling himself so.
    assert not rights.allow("users", "open/x", Action.DELETE)


# ---- what a registry takes


def test_read_only(tmp_path: Path, asking: Callable[[str], Any]) -> None:
    with RegistryServer(tmp_path / "r") as server:
        digest = Digest.of(BLOB)
        assert asking(server.address)("POST", upload("lab/a"), BLOB).status == 201
    with RegistryServer(tmp_path / "r", read_only=True) as server:
        ask = asking(server.address)
        assert ask("GET", f"/v2/lab/a/blobs/{digest}").body == BLOB
        for method, path in (
            ("POST", upload("lab/a")),
            ("PUT", "/v2/lab/a/manifests/1"),
            ("DELETE", f"/v2/lab/a/blobs/{digest}"),
            ("DELETE", "/v2/lab/a/manifests/1"),
        ):
            reply = ask(method, path, BLOB)
            assert (reply.status, reply.code) == (405, "UNSUPPORTED")


def test_a_quota(tmp_path: Path, asking: Callable[[str], Any]) -> None:
    with RegistryServer(tmp_path / "r", quota=1000) as server:
        ask = asking(server.address)
        assert ask("POST", upload("lab/a", b"a" * 600), b"a" * 600).status == 201
        reply = ask("POST", upload("lab/a", b"b" * 600), b"b" * 600)
        assert (reply.status, reply.code) == (403, "DENIED")
        location = ask("POST", "/v2/lab/a/blobs/uploads/").headers["location"]
        assert ask("PATCH", location, b"c" * 300).status == 202
        assert ask("PATCH", location, b"c" * 300).status == 403  # what is under way counts
        assert ask("GET", location).headers["range"] == "0-299"  # and what fits, stays
        assert ask("PUT", f"{location}?digest={Digest.of(b'c' * 300)}", b"").status == 201
        assert ask("POST", upload("lab/b", b"d"), b"d").status == 201
        assert ask("PUT", "/v2/lab/a/manifests/1", b"{" + b" " * 200 + b"}").status == 403
        digest = Digest.of(b"a" * 600)
        assert ask("DELETE", f"/v2/lab/a/blobs/{digest}").status == 202
        assert ask("POST", upload("lab/a", b"b" * 600), b"b" * 600).status == 201
