"""Docker's config.json and its helper programs, as `docker login` leaves them."""

import base64
import json
import os
import stat
import sys
from pathlib import Path
from typing import Any

import pytest

from pydock_lab.errors import RegistryError
from pydock_lab.registry.credentials import Credentials, Login


def auth(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


def credentials(tmp_path: Path, document: Any, environment: str = "") -> Credentials:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(document))
    return Credentials(path, environment)


@pytest.mark.parametrize(
    ("key", "host", "found"),
    [
        ("localhost:5000", "localhost:5000", True),
        ("https://localhost:5000/v2/", "localhost:5000", True),
        ("localhost:5000", "localhost:5001", False),
        ("localhost", "localhost:5000", False),
        ("https://index.docker.io/v1/", "docker.io", True),
        ("docker.io", "docker.io", True),
        ("ghcr.io", "docker.io", False),
        ("ghcr.io", "evil.ghcr.io", False),
    ],
)
def test_whose_login_it_is(tmp_path: Path, key: str, host: str, found: bool) -> None:  # noqa: FBT001 - a table
    login = credentials(tmp_path, {"auths": {key: auth("alice:a:b")}}).get(host)
    assert login == (Login(username="alice", password="a:b") if found else None)


def test_an_identity_token(tmp_path: Path) -> None:
    document = {"auths": {"a.io": auth("00000000:") | {"identitytoken": "token"}}}
    login = credentials(tmp_path, document).get("a.io")
    assert login == Login(username="00000000", password="", identity_token="token")


def test_the_environment_comes_first(tmp_path: Path) -> None:
    said = json.dumps({"auths": {"a.io": auth("ci:token")}})
    known = credentials(tmp_path, {"auths": {host: auth("alice:pw") for host in ("a.io", "b.io")}}, said)
    assert [known.get(host).username for host in ("a.io", "b.io")] == ["ci", "alice"]  # type: ignore[union-attr]


def test_default_is_docker_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.delenv("DOCKER_AUTH_CONFIG", raising=False)
    credentials(tmp_path, {"auths": {"a.io": auth("alice:pw")}})
    assert Credentials.default().get("a.io") == Login(username="alice", password="pw")
    assert Credentials.default().get("b.io") is None


def test_store_and_erase_leave_the_rest_alone(tmp_path: Path) -> None:
    others = {"auths": {"b.io": auth("bob:pw")}, "psFormat": "table", "HttpHeaders": {"a": "b"}}
    known = credentials(tmp_path, others)
    known.store("docker.io", Login(username="alice", password="pä:ss"))
    written = json.loads((tmp_path / "config.json").read_text())
    assert written == others | {"auths": others["auths"] | {"https://index.docker.io/v1/": auth("alice:pä:ss")}}
    assert known.get("docker.io") == Login(username="alice", password="pä:ss")
    assert (known.erase("docker.io"), known.erase("docker.io")) == (True, False)
    assert json.loads((tmp_path / "config.json").read_text()) == others


def test_an_identity_token_in_place_of_a_password(tmp_path: Path) -> None:
    """In Docker's form: docker and skopeo find it, too."""
    login = Login(username="alice", password="", identity_token="abc")
    known = credentials(tmp_path, {})
    known.store("a.io", login)
    entry = json.loads((tmp_path / "config.json").read_text())["auths"]["a.io"]
    assert entry == auth("alice:") | {"identitytoken": "abc"}
    assert known.get("a.io") == login


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_file_is_its_owner_s_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.json"
    Credentials(path).store("a.io", Login(username="alice", password="pw"))
    path.chmod(0o644)
    Credentials(path).store("b.io", Login(username="alice", password="pw"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert os.listdir(path.parent) == ["config.json"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "dotfiles.json").write_text("{}")
    (tmp_path / "config.json").symlink_to("dotfiles.json")
    Credentials(tmp_path / "config.json").store("a.io", Login(username="alice", password="pw"))
    assert (tmp_path / "config.json").is_symlink()
    assert "a.io" in (tmp_path / "dotfiles.json").read_text()


@pytest.mark.parametrize("text", ["{", "[]", '"x"', "[" * 100_000, b"\xff"])
def test_a_broken_file(tmp_path: Path, text: Any) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RegistryError) as caught:
        Credentials(path).get("a.io")
    assert caught.value.key == "registry.config-file"


@pytest.mark.parametrize("entry", [{"auth": "!!"}, {"auth": ""}, {}, "x", None, {"auth": 5}])
def test_entries_that_say_nothing(tmp_path: Path, entry: Any) -> None:
    assert credentials(tmp_path, {"auths": {"a.io": entry}}).get("a.io") is None


def test_no_password_in_a_traceback() -> None:
    assert "s3cret" not in repr(Login(username="alice", password="s3cret", identity_token="s3cret"))


# ---- helper programs


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`docker-credential-lab` on the PATH: keeps what it is given in a file; its folder."""
    program = tmp_path / "bin" / "docker-credential-lab"
    program.parent.mkdir()
    program.write_text(
        f"""#!{sys.executable}
import json, pathlib, sys
kept = pathlib.Path({str(tmp_path / "kept.json")!r})
known = json.loads(kept.read_text()) if kept.exists() else {{}}
said = sys.stdin.read()
if sys.argv[1] == "store":
    document = json.loads(said)
    known[document["ServerURL"]] = document
elif sys.argv[1] == "erase":
    known.pop(said)
elif said == "broken.io":
    print("junk")
elif said == "locked.io":
    sys.exit("the keyring is locked")
elif said not in known:
    print("credentials not found in native keychain")
    sys.exit(1)
else:
    print(json.dumps(known[said]))
kept.write_text(json.dumps(known))
"""
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=os.pathsep)
    return tmp_path


@pytest.mark.parametrize("document", [{"credsStore": "lab"}, {"credHelpers": {"a.io": "lab"}, "credsStore": "other"}])
def test_a_helper_keeps_the_logins(helper: Path, document: Any) -> None:
    known = credentials(helper, document)
    assert known.get("a.io") is None
    known.store("a.io", Login(username="alice", password="s3cret"))
    assert known.get("a.io") == Login(username="alice", password="s3cret")
    assert "s3cret" not in (helper / "config.json").read_text()
    assert (known.erase("a.io"), known.erase("a.io"), known.get("a.io")) == (True, False, None)


def test_a_helper_with_an_identity_token(helper: Path) -> None:
    known = credentials(helper, {"credsStore": "lab"})
    known.store("a.io", Login(username="alice", password="", identity_token="abc"))
    assert known.get("a.io") == Login(username="", password="", identity_token="abc")


@pytest.mark.parametrize(("host", "reason"), [("broken.io", "no JSON"), ("locked.io", "the keyring is locked")])
def test_a_helper_that_fails(helper: Path, host: str, reason: str) -> None:
    with pytest.raises(RegistryError) as caught:
        credentials(helper, {"credsStore": "lab"}).get(host)
    assert caught.value.key == "registry.helper-failed"
    assert reason in caught.value.message("en")


@pytest.mark.parametrize("name", ["../lab", "lab/../lab", "/bin/sh", "a b", "", ".", "lab;x", 5])
def test_a_helper_s_name_is_no_path(helper: Path, name: Any) -> None:
    known = credentials(helper, {"credHelpers": {"a.io": name or " "}})
    with pytest.raises(RegistryError) as caught:
        known.get("a.io")
    assert caught.value.key == "registry.helper-name"


def test_without_its_helper_a_file_from_elsewhere_means_anonymous(tmp_path: Path) -> None:
    known = credentials(tmp_path, {"credsStore": "absent-here"})
    assert known.get("a.io") is None
    with pytest.raises(RegistryError):
        known.store("a.io", Login(username="alice", password="pw"))
