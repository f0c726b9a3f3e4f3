"""Who may do what, and what was done: Basic authentication, and the access log as values.

Passwords are kept as scrypt hashes with a salt each, never as they are; an unknown user costs as much time as a
wrong password, so that nobody learns the names by measuring. Over plain http a password can be read on the way:
the server listens on loopback unless it is told otherwise.

Source: RFC 7617 (Basic), RFC 7914 (scrypt).
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from threading import Lock

from pydock_lab.registry.server.messages import ErrorCode, Refusal

REALM = 'Basic realm="pydock registry", charset="UTF-8"'
_COST, _BLOCK, _PARALLEL = 1 << 14, 8, 1  # 16 MiB and some 30 ms a try
_MAX_REMEMBERED = 1024


class Action(Enum):
    """What an endpoint does to the registry."""

    PING = auto()
    LIST = auto()
    PULL = auto()
    PUSH = auto()
    DELETE = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """One request that was answered: bytes of both bodies, `seconds` until the answer was ready."""

    client: str
    username: str
    method: str
    path: str
    status: int
    received: int
    sent: int
    seconds: float


class Users:
    """Names and the hashes of their passwords."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._hashes = {name: _hashed(password, secrets.token_bytes(16)) for name, password in passwords.items()}
        self._nobody = _hashed("", secrets.token_bytes(16))
        # What was right once is right again: scrypt at every request would be slower than the transfers.
        self._key, self._known = secrets.token_bytes(32), set[bytes]()
        self._lock = Lock()

    def check(self, username: str, password: str) -> bool:
        """Whether this is the password of this user."""
        # Not the password itself in memory, and not a plain hash, which a dump of it would let somebody guess from.
        mark = hmac.digest(self._key, f"{username}\0{password}".encode(), "sha256")
        if mark in self._known:
            return True
        salt, wanted = self._hashes.get(username, self._nobody)
        # The comparison takes the same time wherever the first wrong byte is.
        right = hmac.compare_digest(_hashed(password, salt)[1], wanted) and username in self._hashes
        if right:
            with self._lock:
                if len(self._known) >= _MAX_REMEMBERED:
                    self._known.clear()
                self._known.add(mark)
        return right


def _hashed(password: str, salt: bytes) -> tuple[bytes, bytes]:
    return salt, hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL)


class Guard:
    """Lets requests in: everybody where there are no users; else who logs in, and with `public` whoever pulls."""

    def __init__(self, users: Mapping[str, str] | None, *, public: bool) -> None:
        self._users = Users(users) if users is not None else None
        self._public = public

    def admit(self, authorization: str, action: Action) -> str:
        """The name of the user, "" for anonymous; raises Refusal."""
        if self._users is None:
            return ""
        if not authorization and self._public and action is Action.PULL:
            return ""
        username, password = _basic(authorization)
        if not username or not self._users.check(username, password):
            challenge = {"WWW-Authenticate": REALM}
            raise Refusal(ErrorCode.UNAUTHORIZED, "authentication required", headers=challenge)
        return username


def _basic(authorization: str) -> tuple[str, str]:
    """User and password of a Basic header; both empty where it is none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        username, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return username, password
