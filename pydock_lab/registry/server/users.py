"""Users and their passwords: given as they are, or in a file of htpasswd.

Passwords are kept as hashes with a salt each, never as they are; an unknown user costs as much time as a wrong
password, so that nobody learns the names by measuring. What was right once is right again: a hash that is slow on
purpose, at every request, would be slower than the transfers.

Source: RFC 7914 (scrypt); htpasswd(1), of which only bcrypt (`htpasswd -B`), as in CNCF Distribution.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Protocol

from pydock_lab.errors import RegistryError

_COST, _BLOCK, _PARALLEL = 1 << 14, 8, 1  # scrypt: 16 MiB and some 30 ms a try
_MAX_REMEMBERED = 1024
_BCRYPT = re.compile(r"\$2[abxy]\$(?:0[4-9]|1[0-9]|2[0-9]|3[01])\$[./A-Za-z0-9]{53}")
_BCRYPT_BYTES = 72  # what lies behind them, bcrypt never looks at


class Users(Protocol):
    """Who can log in."""

    def check(self, username: str, password: str) -> bool:
        """Whether this is the password of this user."""

    def knows(self, username: str) -> bool:
        """Whether there is such a user, still."""


class _Remembered:
    """What was found to be right, for as long as this process runs."""

    def __init__(self) -> None:
        self._key, self._known = secrets.token_bytes(32), set[bytes]()
        self._lock = Lock()

    def mark(self, *words: str) -> bytes:
        # Not the password itself in memory, and not a plain hash, which a dump of it would let somebody guess from.
        return hmac.digest(self._key, "\0".join(words).encode(), "sha256")

    def __contains__(self, mark: bytes) -> bool:
        return mark in self._known

    def add(self, mark: bytes) -> None:
        with self._lock:
            if len(self._known) >= _MAX_REMEMBERED:
                self._known.clear()
            self._known.add(mark)


class GivenUsers:
    """Names and passwords from whoever starts the registry."""

    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._hashes = {name: _hashed(password, secrets.token_bytes(16)) for name, password in passwords.items()}
        self._nobody = _hashed("", secrets.token_bytes(16))
        self._remembered = _Remembered()

    def knows(self, username: str) -> bool:
        """Whether there is such a user."""
        return username in self._hashes

    def check(self, username: str, password: str) -> bool:
        """Whether this is the password of this user."""
        mark = self._remembered.mark(username, password)
        if mark in self._remembered:
            return True
        salt, wanted = self._hashes.get(username, self._nobody)
        # The comparison takes the same time wherever the first wrong byte is.
        right = hmac.compare_digest(_hashed(password, salt)[1], wanted) and username in self._hashes
        if right:
            self._remembered.add(mark)
        return right


def _hashed(password: str, salt: bytes) -> tuple[bytes, bytes]:
    return salt, hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL)


class Htpasswd:
    """The users of a file; it is read again when it changes. Raises RegistryError for what is no such file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._remembered = _Remembered()
        self._stamp, self._hashes = self._read()

    def knows(self, username: str) -> bool:
        """Whether there is such a user, now."""
        return username in self._present()

    def check(self, username: str, password: str) -> bool:
        """Whether this is the password of this user, now."""
        import bcrypt  # noqa: PLC0415 - only who has such a file needs it

        hashes = self._present()
        wanted = hashes.get(username)
        mark = self._remembered.mark(username, password, wanted or "")
        if mark in self._remembered:
            return True
        said = password.encode()
        # Somebody's hash, and the first bytes of what is too long: so that it takes as long as a wrong password does.
        right = bcrypt.checkpw(said[:_BCRYPT_BYTES], (wanted or next(iter(hashes.values()), _ANY)).encode())
        right = right and wanted is not None and len(said) <= _BCRYPT_BYTES
        if right:
            self._remembered.add(mark)
        return right

    def _present(self) -> dict[str, str]:
        try:
            if self._stamp != _stamp(self._path):
                self._stamp, self._hashes = self._read()
        except (OSError, RegistryError):
            return self._hashes  # somebody is writing it
        return self._hashes

    def _read(self) -> tuple[tuple[int, int], dict[str, str]]:
        found = {}
        try:
            stamp, text = _stamp(self._path), self._path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", "") or "no text"
            raise RegistryError("registry.no-htpasswd", path=self._path, reason=reason) from None
        for number, line in enumerate(text.splitlines(), 1):
            name, _, hashed = line.strip().partition(":")
            if not name or name.startswith("#"):
                continue
            if not _BCRYPT.fullmatch(hashed):
                raise RegistryError("registry.not-bcrypt", path=self._path, line=number, username=name)
            found[name] = hashed
        return stamp, found


# A hash of nothing that anybody types, at the cost that htpasswd -B has by itself.
_ANY = "$2b$05$abcdefghijklmnopqrstuuQ7PZ2WsyYHxv0bCHnbGNx7ZQpsOyQFm"


def _stamp(path: Path) -> tuple[int, int]:
    about = path.stat()
    return about.st_mtime_ns, about.st_size
