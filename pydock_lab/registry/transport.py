"""One HTTP exchange: sent, timed, shown as an event, its redirects followed safely, its failures in plain words.

    GET registry/v2/app/blobs/sha256:..   307, Location: https://cdn.example/...?signature=..
    GET cdn.example/...                   200: without our Authorization, which is for the registry alone

Nothing here reads proxies, netrc or cookies from the environment: a forgotten `~/.netrc` would give passwords to
whomever a redirect points to (CVE-2018-18074).
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

from pydock_lab import locale
from pydock_lab.errors import RegistryError
from pydock_lab.events import Exchange, OnEvent, Role
from pydock_lab.registry.hosts import Endpoint, Origin

if TYPE_CHECKING:
    import requests


class Source(Protocol):
    """What a body is read from: a file, or one that is watched."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes."""

    def close(self) -> None:
        """No more is wanted."""


Content = bytes | Callable[[], Source] | None  # a callable: a request that is sent again starts at the beginning

_TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two bytes of an answer
_SLOW = (10.0, 600.0)  # a registry may hash a large blob before it answers
_MAX_HOPS = 5
_BLOCK = 1 << 18  # bytes a write: the default of 16 KiB costs half of the speed
_CONNECTIONS = 8
# What may be shown of a query: parameters of the specification, of Docker's, of token servers and of searches.
_SHOWN = frozenset(
    {"digest", "digest-algorithm", "mount", "from", "n", "last", "tag", "artifactType", "ns"}
    | {"service", "scope", "account", "client_id", "offline_token"}
    | {"q", "query", "page", "page_size"}
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Transport:
    """Sends requests for a client of `endpoint`."""

    def __init__(self, endpoint: Endpoint, on_event: OnEvent) -> None:
        self._endpoint, self._on_event = endpoint, on_event
        self._session = _session()

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        content: Content = None,
        for_token: str | None = None,
    ) -> "requests.Response":
        """The answer, its body still to be read; raises RegistryError where there is none.

        Redirects are followed for GET and HEAD only: what is sent must not be sent to somebody else. Nor are they where
        it is `for_token`, the scope of one: the address of the token server was checked, what it points to was not.
        """
        response = self._exchange(method, url, headers, content, for_token=for_token)
        for _ in range(_MAX_HOPS):
            if for_token is not None or response.status_code not in _REDIRECTS or method not in ("GET", "HEAD"):
                return response
            response.close()
            target = self._endpoint.next(url, response.headers.get("Location", ""))
            # The papers are for the origin that they were made out for.
            if Origin.of(target) != Origin.of(url):
                headers = {name: value for name, value in headers.items() if name.lower() != "authorization"}
            url = target
            response = self._exchange(method, url, headers, None)
        if response.status_code in _REDIRECTS:
            raise RegistryError("registry.many-redirects", host=self._endpoint.host)
        return response

    def _exchange(
        self, method: str, url: str, headers: Mapping[str, str], content: Content, *, for_token: str | None = None
    ) -> "requests.Response":
        began = time.monotonic()
        data: Any = content() if callable(content) else content
        try:
            response = self._session.request(
                method,
                url,
                headers=dict(headers),
                data=data,
                stream=True,
                allow_redirects=False,
                timeout=_SLOW if content is not None else _TIMEOUT,
                verify=self._trusted(url),
            )
        except (OSError, ValueError) as error:  # those of requests are both, bad URLs the second
            raise self._failure(error, url, sends=content is not None) from None
        finally:
            if callable(content):
                data.close()
        self._emit(method, url, response, time.monotonic() - began, for_token)
        return response

    def _trusted(self, url: str) -> str | bool:
        """The registry's own authority, for itself and nobody else; else whom this machine trusts.

        Behind a proxy that opens TLS $SSL_CERT_FILE says whose certificates are good, as to OpenSSL, curl and Go.
        """
        authority = self._endpoint.authority
        if authority and Origin.of(url) == self._endpoint.origin:
            return str(authority)
        return os.environ.get("SSL_CERT_FILE") or True

    def _emit(self, method: str, url: str, response: "requests.Response", seconds: float, scope: str | None) -> None:
        role = Role.REGISTRY if Origin.of(url) == self._endpoint.origin else Role.STORAGE
        role = role if scope is None else Role.TOKENS
        length = response.headers.get("Content-Length", "")
        event = Exchange(
            method=method,
            url=_shown(url, role),
            status=response.status_code,
            seconds=seconds,
            note=_note(response),
            role=role,
            scope=scope or "",
            size=int(length) if length.isdecimal() and method != "HEAD" else 0,
        )
        self._on_event(event)

    def _failure(self, error: Exception, url: str, *, sends: bool) -> RegistryError:
        """The error in plain words: what is broken is deep down in what requests raises."""
        host = urlsplit(url).netloc
        causes = list(_causes(error))
        kinds = {type(cause).__name__ for cause in causes}
        if sends and "SSLEOFError" in kinds:  # the connection was secure, and was ended
            return RegistryError("registry.hung-up", host=host)
        if kinds & {"SSLError", "SSLCertVerificationError", "CertificateError"}:
            return RegistryError("registry.tls", host=host, reason=_last(causes))
        if any(isinstance(cause, socket.gaierror) for cause in causes) or "NameResolutionError" in kinds:
            return RegistryError("registry.no-such-host", host=host)
        if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
            return RegistryError("registry.nothing-listens", host=host)
        if kinds & {"ConnectTimeout", "ReadTimeout", "ConnectTimeoutError", "ReadTimeoutError", "TimeoutError"}:
            return RegistryError("registry.timeout", host=host)
        return RegistryError("registry.unreachable", host=host, reason=_last(causes))


def _session() -> "requests.Session":
    import requests  # noqa: PLC0415 - 40 ms that only who talks to a registry pays
    from requests.adapters import HTTPAdapter  # noqa: PLC0415
    from requests.cookies import RequestsCookieJar  # noqa: PLC0415
    from urllib3.util import Retry  # noqa: PLC0415

    session = requests.Session()
    session.trust_env = False
    session.cookies = _no_cookies(RequestsCookieJar())
    # `identity`: a blob is verified as it is, and never unpacked on the way (a bomb would go off there).
    session.headers.clear()
    session.headers.update({"User-Agent": "pydock_lab", "Accept-Encoding": "identity"})
    # One try more where an idle connection had been closed by the other end meanwhile.
    # What an answer says is for `patience` to read.
    retry = Retry(
        total=1,
        connect=0,
        read=1,
        redirect=0,
        status=0,
        other=0,
        allowed_methods=("GET", "HEAD"),
        respect_retry_after_header=False,
    )
    adapter = HTTPAdapter(max_retries=retry)
    adapter.init_poolmanager(_CONNECTIONS, _CONNECTIONS, blocksize=_BLOCK)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _no_cookies(jar: Any) -> Any:
    from http.cookiejar import DefaultCookiePolicy  # noqa: PLC0415 - see _session

    jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return jar


def _shown(url: str, role: Role) -> str:
    """The URL for people: of its query what the protocol knows; all else may be a key (states, signatures)."""
    parts = urlsplit(url)
    if role is Role.STORAGE:
        return parts._replace(query="..." if parts.query else "").geturl()
    said = [(name, value if name in _SHOWN else "...") for name, value in parse_qsl(parts.query)]
    return parts._replace(query=urlencode(said, safe="/:,.*"), fragment="").geturl()


def _note(response: "requests.Response") -> str:
    status = response.status_code
    if status in _REDIRECTS:
        return locale.text("registry.note-redirect")
    if status == HTTPStatus.UNAUTHORIZED:
        return locale.text("registry.note-challenge")
    if status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE):
        return locale.text("registry.note-busy")
    left = response.headers.get("ratelimit-remaining", "").partition(";")[0]
    return locale.text("registry.note-rate", left=left) if left.isdecimal() else ""


def _causes(error: BaseException) -> "list[BaseException]":
    """The error and all that led to it, also where libraries keep the cause in an argument."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, BaseException) and not any(current is known for known in found):
            found.append(current)
            waiting += [*current.args, getattr(current, "reason", None), current.__cause__, current.__context__]
    return found


def _last(causes: "list[BaseException]") -> str:
    """The words of the deepest cause that has any."""
    for cause in reversed(causes):
        said = getattr(cause, "strerror", None) or str(cause)
        if said:
            return str(said)[:200]
    return type(causes[0]).__name__
