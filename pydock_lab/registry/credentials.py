"""Who we are for which registry: Docker's own config.json, and the helper programs that it may name.

    DOCKER_AUTH_CONFIG        an environment variable with the same JSON, for CI
    credHelpers[host]         docker-credential-<name>, a program that keeps secrets in the system's own store
    credsStore                the same program for every host
    auths[host].auth          base64 of user:password: encoded, not hidden; so the file is for its owner only (0600)

The first that knows the host wins. What is stored here, `docker` and `skopeo` find too, and the other way round.

Source: docker/cli, docs/reference/commandline/login.md; docker/docker-credential-helpers, README.
"""

import base64
import binascii
import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydock_lab.errors import RegistryError
from pydock_lab.oci.reference import DEFAULT_DOMAIN

_HUB_KEY = "https://index.docker.io/v1/"  # Docker Hub's key since before registries had version 2
_SUFFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*")  # part of a program's name: no path
_PATIENCE = 30  # seconds that a helper program may take: it may ask its user something
_TOKEN_USER = "<token>"  # noqa: S105 - what helpers say instead of a name where the secret is an identity token


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user and password, or an identity token in place of the password."""

    username: str
    password: str
    identity_token: str = ""

    def __repr__(self) -> str:
        return f"Login(username={self.username!r}, password=***)"  # tracebacks are shown, and shared


class Credentials:
    """The logins that the file `path` knows, or leads to."""

    def __init__(self, path: Path, environment: str = "") -> None:
        self._path, self._environment = path, environment

    @classmethod
    def default(cls) -> "Credentials":
        """Those of Docker: `$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`."""
        folder = os.environ.get("DOCKER_CONFIG")
        path = (Path(folder) if folder else Path.home() / ".docker") / "config.json"
        return cls(path, os.environ.get("DOCKER_AUTH_CONFIG", ""))

    def get(self, host: str) -> Login | None:
        """The login for `host`, None for anonymous; raises RegistryError where file or helper are broken."""
        from_environment = _from_auths(self._document(self._environment), host) if self._environment else None
        if from_environment:
            return from_environment
        document = self._read()
        helper = _helper(document, host)
        return _ask_helper(helper, host) if helper else _from_auths(document, host)

    def store(self, host: str, login: Login) -> Path | None:
        """Keep a login, in the helper's store where there is one; raises RegistryError.

        The file, where the password can be read in it by whoever can read the file.
        """
        token = login.identity_token
        document = self._read()
        helper = _helper(document, host)
        if helper:
            username = _TOKEN_USER if token else login.username
            secret = {"ServerURL": _key(host), "Username": username, "Secret": token or login.password}
            _run_helper(helper, "store", json.dumps(secret))
            return None
        encoded = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
        entry = {"auth": encoded} | ({"identitytoken": token} if token else {})
        document["auths"] = _other_auths(document, host) | {_key(host): entry}
        self._write(document)
        return self._path

    def erase(self, host: str) -> bool:
        """Forget a login; whether there was one."""
        document = self._read()
        helper = _helper(document, host)
        # Both places: a login from before the helper may still stand in the file.
        known = helper is not None and _ask_helper(helper, host) is not None
        if helper and known:
            _run_helper(helper, "erase", _key(host))
        rest = _other_auths(document, host)
        if len(rest) != len(_auths(document)):
            document["auths"] = rest
            self._write(document)
            return True
        return known

    def _read(self) -> dict[str, Any]:
        try:
            return self._document(self._path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, UnicodeDecodeError) as error:
            raise RegistryError("registry.config-file", path=str(self._path), reason=str(error)) from None

    def _document(self, text: str) -> dict[str, Any]:
        try:
            document = json.loads(text or "{}")
        except (ValueError, RecursionError) as error:
            raise RegistryError("registry.config-file", path=str(self._path), reason=str(error)) from None
        if not isinstance(document, dict):
            raise RegistryError("registry.config-file", path=str(self._path), reason="not a JSON object")
        return document

    def _write(self, document: Mapping[str, Any]) -> None:
        # Where the file is a link into somebody's dotfiles, the file is replaced and the link stays.
        target = Path(os.path.realpath(self._path))
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp makes it 0600 from the start: there is no moment in which others could read it.
        fd, name = tempfile.mkstemp(dir=target.parent, prefix=".config.json-")
        try:
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(document, file, indent="\t")
            os.replace(name, target)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise


class NoCredentials(Credentials):
    """Anonymous everywhere."""

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    def get(self, host: str) -> None:
        """Nothing."""


class OneLogin(NoCredentials):
    """One login, for whichever host is asked about: to try it before it is stored."""

    def __init__(self, login: Login) -> None:
        super().__init__()
        self._login = login

    def get(self, host: str) -> Login:  # type: ignore[override] # noqa: ARG002 - it is meant for the client's only host
        """The login."""
        return self._login


# ---- config.json


def _key(host: str) -> str:
    return _HUB_KEY if host == DEFAULT_DOMAIN else host


def _names(key: str, host: str) -> bool:
    """Whether a key of `auths` means `host`: older ones are URLs."""
    bare = re.sub(r"^https?://", "", key).partition("/")[0]
    return bare in ("docker.io", "index.docker.io", "registry-1.docker.io") if host == DEFAULT_DOMAIN else bare == host


def _auths(document: Mapping[str, Any]) -> dict[str, Any]:
    found = document.get("auths")
    return found if isinstance(found, dict) else {}


def _other_auths(document: Mapping[str, Any], host: str) -> dict[str, Any]:
    return {key: entry for key, entry in _auths(document).items() if not _names(key, host)}


def _from_auths(document: Mapping[str, Any], host: str) -> Login | None:
    found = [(key, entry) for key, entry in _auths(document).items() if _names(key, host) and isinstance(entry, dict)]
    # The key as we would write it before an older form of it.
    for _, entry in sorted(found, key=lambda pair: pair[0] != _key(host)):
        username, password = _decoded(str(entry.get("auth") or ""))
        token = str(entry.get("identitytoken") or "")
        if token or username:
            return Login(username=username, password=password, identity_token=token)
    return None


def _decoded(auth: str) -> tuple[str, str]:
    try:
        username, _, password = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    # Docker once padded passwords with zero bytes, and files from then are still around.
    return username, password.rstrip("\0")


# ---- helper programs


def _helper(document: Mapping[str, Any], host: str) -> str | None:
    """The suffix of the helper program in charge of `host`; raises RegistryError where it is no suffix."""
    helpers = document.get("credHelpers")
    suffix = (helpers.get(_key(host)) or helpers.get(host) if isinstance(helpers, dict) else None) or document.get(
        "credsStore"
    )
    if not suffix:
        return None
    if not isinstance(suffix, str) or not _SUFFIX.fullmatch(suffix):
        raise RegistryError("registry.helper-name", name=str(suffix)[:80])
    return suffix


def _ask_helper(suffix: str, host: str) -> Login | None:
    # A config.json may have come from another machine: without its helper we are anonymous.
    if shutil.which(f"docker-credential-{suffix}") is None:
        return None
    answer = _run_helper(suffix, "get", _key(host))
    if answer is None:
        return None
    try:
        document = json.loads(answer)
        username, secret = str(document["Username"]), str(document["Secret"])
    except (ValueError, KeyError, TypeError):
        raise RegistryError("registry.helper-failed", helper=suffix, reason="no JSON answer") from None
    if username == _TOKEN_USER:
        return Login(username="", password="", identity_token=secret)
    return Login(username=username, password=secret) if secret else None


def _run_helper(suffix: str, verb: str, question: str) -> str | None:
    """What the helper answered; None where it does not know the host."""
    program = f"docker-credential-{suffix}"
    # The question goes through a pipe: arguments of a program can be read by every user of the machine.
    try:
        done = subprocess.run(
            [program, verb], input=question, capture_output=True, text=True, timeout=_PATIENCE, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError) as error:
        raise RegistryError("registry.helper-failed", helper=suffix, reason=str(error)) from None
    if done.returncode == 0:
        return done.stdout
    said = done.stdout.strip() or done.stderr.strip()
    if verb == "get" and "credentials not found" in said:
        return None
    raise RegistryError("registry.helper-failed", helper=suffix, reason=said[:200] or str(done.returncode))
