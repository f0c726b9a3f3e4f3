"""Tokens: the registry's own token server, which checks a password once and gives out a paper for a few minutes.

    GET  /v2/lab/app/manifests/1          401, Bearer realm="http://.../token", scope="repository:lab/app:pull"
    GET  /token?service=&scope=           with user and password, or with neither: a token for what they may do
    GET  /v2/lab/app/manifests/1          with the token: 200
    POST /token  grant_type=refresh_token a new one, without the password

A token says what it is good for (`access`), for whom, and until when, and is signed with a key that only this registry
has. A scope that somebody may not have is left out, and no error: the registry refuses the request then.

Source: distribution/distribution, docs/spec/auth/{token,oauth,scope,jwt}.md; RFC 7519.
"""

import os
import secrets
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydock_lab.registry.server.rights import Action, Rights

SERVICE = "pydock-registry"
_ISSUER, _ALGORITHM, _KEY_BYTES = "pydock_lab", "HS256", 32
_SECONDS, _REFRESH_SECONDS = 300, 30 * 24 * 3600
_FOR_TOKENS = f"{SERVICE}/token"  # whom a refresh token is for: a registry never takes one
CATALOG = ("registry", "catalog", "*")
_WORDS = {Action.PULL: "pull", Action.PUSH: "push", Action.DELETE: "delete"}

Accesses = frozenset[tuple[str, str, str]]  # type, name, action


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """What a valid token says: who it is for, and each access that it gives."""

    username: str
    access: Accesses

    def gives(self, repository: str, action: Action) -> bool:
        """Whether it is good for this."""
        return ("repository", repository, _WORDS[action]) in self.access


def scope_of(repository: str, action: Action) -> str:
    """The scope that a challenge names for this: who pushes looks first at what is there."""
    words = {Action.PUSH: "pull,push"}.get(action) or _WORDS[action]
    return f"repository:{repository}:{words}"


def granted(scopes: Iterable[str], rights: Rights, username: str) -> Accesses:
    """What is given of the `scopes` that were asked for: each a text, or several with spaces between them."""
    found = set()
    for scope in (one for text in scopes for one in text.split()):
        kind, _, rest = scope.partition(":")
        name, _, words = rest.rpartition(":")
        if kind == "repository":
            asked = set(_WORDS.values()) if words == "*" else set(words.split(","))
            actions = [action for action, word in _WORDS.items() if word in asked]
            found |= {(kind, name, _WORDS[one]) for one in actions if rights.allow(username, name, one)}
        elif (kind, name, words) == CATALOG and username:
            found.add(CATALOG)
    return frozenset(found)


class Tokens:
    """Makes and reads tokens with the key in `folder`, which is made at first, and outlives the server."""

    def __init__(self, folder: Path, *, seconds: int = _SECONDS) -> None:
        self.seconds = seconds
        self._key = _key(folder / "token.key")

    def issue(self, username: str, access: Accesses) -> str:
        """A token for these accesses."""
        named: dict[tuple[str, str], list[str]] = {}
        for kind, name, action in sorted(access):
            named.setdefault((kind, name), []).append(action)
        said = [{"type": kind, "name": name, "actions": actions} for (kind, name), actions in named.items()]
        return self._signed(SERVICE, self.seconds, username, access=said)

    def issue_refresh(self, username: str) -> str:
        """What a user may get new tokens for, without the password, for a month."""
        return self._signed(_FOR_TOKENS, _REFRESH_SECONDS, username)

    def read(self, token: str) -> Paper | None:
        """What a token says; None unless it is ours, for this registry, and of now."""
        said = self._verified(token, SERVICE)
        if said is None:
            return None
        entries = [one for one in said.get("access", ()) if isinstance(one, Mapping)]
        access = {(one["type"], one["name"], action) for one in entries for action in one["actions"]}
        return Paper(username=said["sub"], access=frozenset(access))

    def read_refresh(self, token: str) -> str | None:
        """Whose refresh token it is; None unless it is one of ours, and of now."""
        said = self._verified(token, _FOR_TOKENS)
        return said["sub"] if said else None

    def _signed(self, audience: str, seconds: int, username: str, **more: Any) -> str:
        import jwt  # noqa: PLC0415 - only who gives out tokens needs it

        now = int(time.time())
        said = {"iss": _ISSUER, "aud": audience, "sub": username, "iat": now, "nbf": now, "exp": now + seconds}
        return jwt.encode(said | {"jti": secrets.token_hex(8)} | more, self._key, algorithm=_ALGORITHM)

    def _verified(self, token: str, audience: str) -> dict[str, Any] | None:
        import jwt  # noqa: PLC0415 - see _signed

        # Algorithm and key are ours to say: a token that names its own (`alg: none`, `jwk`) is not asked.
        try:
            found: dict[str, Any] = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=audience,
                issuer=_ISSUER,
                options={"require": ["exp", "nbf", "iat", "sub", "aud", "iss"]},
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        return found


def _key(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        # Whole under its name, or not there: two servers that start at once have one key.
        fresh = path.with_name(f".{path.name}-{os.getpid()}")
        descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with open(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_KEY_BYTES))
        try:
            os.link(fresh, path)
        finally:
            os.unlink(fresh)
    return path.read_bytes()
