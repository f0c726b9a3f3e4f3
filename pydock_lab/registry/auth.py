"""How to get in: Basic, or a token of the registry's token server (Bearer), and where passwords may go at all.

    GET registry/v2/...           401, Bearer realm="https://auth...", service=, scope=
    GET realm?service=&scope=     with user and password (or none: anonymous)   ->  a token for a few minutes
    GET registry/v2/...           with the token                                ->  200

The realm is a URL that the registry chose: whoever controls a registry could point it at anything and harvest the
password. So it must be https (or as open as the registry itself), no address inside our network, and passwords go to
the registry's own host, to those known to belong to it, and to those that the user named.

Source: distribution/distribution, docs/spec/auth/{token,oauth}.md; RFC 6750, RFC 7617.
"""

import base64
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from pydock_lab.errors import RegistryError
from pydock_lab.oci.reference import DEFAULT_DOMAIN
from pydock_lab.registry.answers import finish, read_json, refusal
from pydock_lab.registry.challenge import Challenge, parse
from pydock_lab.registry.credentials import Credentials, Login
from pydock_lab.registry.hosts import Endpoint, Origin, is_inside
from pydock_lab.registry.transport import Transport

if TYPE_CHECKING:
    import requests

Scopes = tuple[str, ...]

_CLIENT = "pydock_lab"
_LONGEST = 10**9  # seconds: thirty years, more than any token lives
_LIFETIME = 60.0  # seconds, where the answer says nothing
_MARGIN = 10.0  # a token that ends in a moment is no use any more
_TOKEN = re.compile(r"[!-~]+")  # what may stand in a header: no line end, no space
# Token servers that are known to belong to a registry of another name.
_REALMS = MappingProxyType({DEFAULT_DOMAIN: frozenset({"auth.docker.io"}), "registry.gitlab.com": {"gitlab.com"}})


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """A token as a header, and until when it may be used."""

    header: str
    until: float  # on the monotonic clock


class Authenticator:
    """The papers of one client for one registry: asked for once, kept while they last."""

    def __init__(
        self, endpoint: Endpoint, credentials: Credentials, transport: Transport, *, keep: bool = False
    ) -> None:
        self._endpoint, self._credentials, self._transport, self._keep = endpoint, credentials, transport, keep
        self.identity_token = ""  # what a token server gave us to `keep` in place of the password
        self._tokens: dict[Scopes, Token] = {}
        self._basic = ""
        self._lock = Lock()
        self._asked: tuple[Login | None] | None = None

    def header(self, scopes: Scopes) -> str:
        """The Authorization header that is known to work for these scopes; "" where none is known yet."""
        token = self._tokens.get(scopes)
        if token and token.until > time.monotonic():
            return token.header
        return self._basic

    def answer(self, response: "requests.Response", scopes: Scopes, used: str) -> str:
        """The Authorization header that a 401 asks for; raises RegistryError where there is none to be had.

        `used` is the header that was refused: where another thread got a new one meanwhile, that one is given.
        """
        what = "/".join((self.host, *(scope.split(":")[1] for scope in scopes[:1])))
        refused = refusal(response, host=self.host, what=what, missing="registry.refused")
        challenges = {one.scheme: one for one in parse(response.headers.get("WWW-Authenticate", ""), self.host)}
        # Four blobs at once get four refusals: one of them asks for a token, the others wait and share it.
        with self._lock:
            known = self.header(scopes)
            if known and known != used:
                return known
            if "bearer" in challenges:
                return self._bearer(challenges["bearer"], scopes)
            if "basic" in challenges and not used:
                return self._enter_basic()
        if "basic" in challenges and self.login is not None:
            raise login_refused(self.host, self.login)
        # Harbor says this of a project that is not there: no other papers would help, its words might.
        if not challenges and self.login is not None:
            raise RegistryError("registry.denied", **refused.fields)
        raise refused

    @property
    def host(self) -> str:
        """The registry, as references write it."""
        return self._endpoint.host

    @property
    def login(self) -> Login | None:
        """Who we are here; asked for once, because a helper program may ask its user."""
        if self._asked is None:
            self._asked = (self._credentials.get(self.host),)
        return self._asked[0]

    def _enter_basic(self) -> str:
        if self.login is None:
            raise RegistryError("registry.login-needed", host=self.host)
        self._basic = _basic(self.login)
        return self._basic

    def _bearer(self, challenge: Challenge, scopes: Scopes) -> str:
        realm = challenge.parameters.get("realm", "")
        self._check_realm(realm)
        service = challenge.parameters.get("service", "")
        # What we need, in our own words; theirs only where we know none (a ping).
        wanted = scopes or tuple(challenge.parameters.get("scope", "").split())
        document = self._ask(realm, service, wanted)
        token = read_token(document, self.host)
        self._tokens[scopes] = token
        self.identity_token = _word(document.get("refresh_token"))
        return token.header

    def _ask(self, realm: str, service: str, scopes: Scopes) -> dict[str, object]:
        # An identity token goes by POST (OAuth 2), so that it stands in no log of URLs; Docker sends passwords by GET.
        login, headers, method, form = self.login, {"Accept": "application/json"}, "GET", None
        query = [("service", service)] * bool(service)
        if login is not None and login.identity_token:
            method, headers["Content-Type"] = "POST", "application/x-www-form-urlencoded"
            form = _refresh_form(login.identity_token, service, scopes)
        else:
            query += [("scope", scope) for scope in scopes]
            if login is not None:
                query.append(("account", login.username))
                query += [("client_id", _CLIENT), ("offline_token", "true")] * self._keep
                headers["Authorization"] = _basic(login)
        url = realm if form else _with_query(realm, query)
        response = self._transport.send(method, url, headers=headers, content=form, for_token=" ".join(scopes))
        # GitHub's says 403 to a wrong password and to what one may not do: with nothing asked for, it is the one.
        refused = (HTTPStatus.UNAUTHORIZED,) if scopes else (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
        if response.status_code in refused and login is not None:
            finish(response)
            raise login_refused(self.host, login)
        if response.status_code != HTTPStatus.OK:
            raise refusal(response, host=self.host, what=urlsplit(realm).netloc, missing="registry.refused")
        return read_json(response)

    def _check_realm(self, realm: str) -> None:
        """Raise RegistryError unless tokens, and with a login the password, may be asked for there."""
        origin, ours = Origin.of(realm), self._endpoint.origin
        if origin.scheme != "https" and ours.scheme == "https":
            raise RegistryError("registry.realm-refused", host=self.host, realm=realm[:200])
        # An open door to what only we can reach: cloud metadata, the router, services of this machine.
        if is_inside(origin.host) and origin.host != ours.host:
            raise RegistryError("registry.realm-refused", host=self.host, realm=realm[:200])
        if self.login is not None and not self._is_trusted(origin, ours):
            raise RegistryError("registry.realm-untrusted", host=self.host, realm_host=origin.host)

    def _is_trusted(self, origin: Origin, ours: Origin) -> bool:
        named = os.environ.get("PYDOCK_TRUSTED_REALMS", "").replace(",", " ").split()
        return origin.host == ours.host or origin.host in _REALMS.get(self.host, ()) or origin.host in named


def login_refused(host: str, login: Login) -> RegistryError:
    """The error that a registry does not know us, or has forgotten us."""
    # Docker's files have identity tokens without a name.
    return RegistryError("registry.login-refused", host=host, username=login.username or "(token)")


def _word(said: object) -> str:
    return said if isinstance(said, str) and _TOKEN.fullmatch(said) else ""


def _basic(login: Login) -> str:
    return "Basic " + base64.b64encode(f"{login.username}:{login.password}".encode()).decode()


def _refresh_form(identity_token: str, service: str, scopes: Scopes) -> bytes:
    form = {"grant_type": "refresh_token", "service": service, "client_id": _CLIENT, "scope": " ".join(scopes)}
    return urlencode(form | {"refresh_token": identity_token}).encode()


def _with_query(url: str, query: list[tuple[str, str]]) -> str:
    parts = urlsplit(url)
    # Encoded, so that a service or scope cannot add parameters of its own; what the realm had stays before it.
    return parts._replace(query="&".join(filter(None, (parts.query, urlencode(query)))), fragment="").geturl()


def read_token(document: Mapping[str, object], host: str) -> Token:
    """The token that a token server gave; raises RegistryError where there is none in its answer."""
    # Docker's name for it, then that of OAuth 2.0: a server may use either, or both (token.md).
    token = document.get("token") or document.get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise RegistryError("registry.no-token", host=host)
    said = document.get("expires_in")
    # A server that promises nothing, or nonsense, gets the default of Docker's specification.
    is_sense = isinstance(said, int | float) and 0 < said <= _LONGEST
    seconds = float(said) if is_sense else _LIFETIME  # type: ignore[arg-type] # it is a number then
    return Token(header=f"Bearer {token}", until=time.monotonic() + max(seconds - _MARGIN, seconds / 2))
