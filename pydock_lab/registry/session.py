"""Requests to one registry, with the papers that they need: at most one 401 leads to one login.

request -> 401 -> auth -> request again -> the answer, whatever it is; 429: wait, and again (see patience.py)
"""

import time
from collections.abc import Collection, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING

from pydock_lab import locale
from pydock_lab.errors import RegistryError
from pydock_lab.events import Noted, OnEvent
from pydock_lab.registry.answers import finish, refusal, warnings
from pydock_lab.registry.auth import Authenticator, Scopes
from pydock_lab.registry.credentials import Credentials
from pydock_lab.registry.hosts import Endpoint, Origin
from pydock_lab.registry.limits import RateLimit
from pydock_lab.registry.patience import pause
from pydock_lab.registry.transport import Content, Transport

if TYPE_CHECKING:
    import requests


_MOST_WARNINGS = 20


class Session:
    """Requests to `endpoint`, as the user that `credentials` know there."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials, on_event: OnEvent, *, keep: bool = False) -> None:
        self.endpoint, self.on_event = endpoint, on_event
        self._warned: set[str] = set()
        self.limit: RateLimit | None = None  # as the last answer had it that said something about it
        self._transport = Transport(endpoint, on_event)
        self._auth = Authenticator(endpoint, credentials, self._transport, keep=keep)

    @property
    def host(self) -> str:
        """The registry, as references write it."""
        return self.endpoint.host

    @property
    def identity_token(self) -> str:
        """What the token server gave to be kept in place of the password, where it was asked to (`keep`); or ""."""
        return self._auth.identity_token

    @property
    def has_login(self) -> bool:
        """Whether we are somebody here."""
        return self._auth.login is not None

    def request(
        self,
        method: str,
        target: str,
        *,
        scopes: Scopes = (),
        headers: Mapping[str, str] | None = None,
        content: Content = None,
    ) -> "requests.Response":
        """The answer to a request for `target`, a path below the registry or a URL that it gave; raises RegistryError.

        `scopes` are what a token would have to allow: `repository:lab/app:pull,push`.
        """
        url = self.endpoint.next(self.endpoint.base, target)
        # A URL at another host (an upload's location) gets no papers: its own query has to open it.
        ours = Origin.of(url) == self.endpoint.origin
        used = self._auth.header(scopes) if ours else ""
        response = self._send(method, url, headers, content, used)
        # Once, not until it works: a wrong password sent again and again locks accounts.
        if response.status_code == HTTPStatus.UNAUTHORIZED and ours:
            header = self._auth.answer(response, scopes, used)
            response = self._send(method, url, headers, content, header)
        self.limit = RateLimit.read(response.headers) or self.limit
        self._tell(response)
        return response

    def _tell(self, response: "requests.Response") -> None:
        """Each warning once: a registry may add it to every answer."""
        for said in warnings(response):
            if said not in self._warned and len(self._warned) < _MOST_WARNINGS:
                self._warned.add(said)
                self.on_event(Noted(text=locale.text("registry.warning", host=self.host, text=said)))

    def expect(
        self,
        response: "requests.Response",
        wanted: Collection[HTTPStatus],
        *,
        what: str,
        missing: str = "registry.refused",
    ) -> "requests.Response":
        """The response if its status is one of those `wanted`; else raises the RegistryError that it means."""
        if response.status_code in wanted:
            return response
        raise refusal(response, host=self.host, what=what, missing=missing)

    def done(self, response: "requests.Response", *wanted: HTTPStatus, what: str) -> None:
        """As `expect`, for an answer whose body says nothing."""
        finish(self.expect(response, wanted, what=what))

    def _send(
        self, method: str, url: str, headers: Mapping[str, str] | None, content: Content, authorization: str
    ) -> "requests.Response":
        head = dict(headers or {}) | ({"Authorization": authorization} if authorization else {})
        tried = 0
        while True:
            tried += 1
            response = self._transport.send(method, url, headers=head, content=content)
            seconds = pause(response, method, tried)
            if seconds is None:
                return response
            finish(response)
            time.sleep(seconds)


def repository_scope(repository: str, actions: str) -> str:
    """The scope that allows `actions` (`pull`, `pull,push`) on a repository."""
    return f"repository:{repository}:{actions}"


def wrong_digest(host: str, what: str, found: object, expected: object) -> RegistryError:
    """The error that what a registry gave is not what it, or we, said it is."""
    return RegistryError("registry.digest-differs", host=host, what=what, found=found, expected=expected)
