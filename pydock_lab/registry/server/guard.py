"""At the door: who is it (Basic, or a token), and may they do this?

Over plain http a password can be read on the way: the server listens on loopback unless it is told otherwise.

Source: RFC 7617 (Basic), RFC 6750 (Bearer); distribution/distribution, docs/spec/auth.
"""

import base64
import binascii
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import parse_qs

from pydock_lab.registry.server import tokens
from pydock_lab.registry.server.messages import ErrorCode, Refusal, Request, Response
from pydock_lab.registry.server.rights import Action, Rights, Visitor
from pydock_lab.registry.server.tokens import Paper, Tokens
from pydock_lab.registry.server.users import Users

TOKEN_PATH = "/token"  # noqa: S105 - a path
_BASIC = 'Basic realm="pydock registry", charset="UTF-8"'
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?")
_FORM_BYTES = 1 << 16
_CHANGING = (Action.PUSH, Action.DELETE)


class Guard:
    """Lets requests in, or says how to get in. Without `users` nobody has a name; with `tokens` they log in there."""

    def __init__(
        self, users: Users | None, rights: Rights, *, issuer: Tokens | None = None, read_only: bool = False
    ) -> None:
        self._users, self._rights, self._issuer, self._read_only = users, rights, issuer, read_only
        self.scheme, self.address = "http", ""

    def admit(self, request: Request, action: Action) -> Visitor:
        """Who asks; raises Refusal unless they may do it."""
        username, paper = self._who(request, action)

        def may(repository: str, wanted: Action) -> bool:
            if paper is not None and not paper.gives(repository, wanted):
                return False
            return self._rights.allow(username, repository, wanted)

        visitor = Visitor(username=username, may=may, sees=lambda name: self._rights.allow(username, name, Action.PULL))
        if not self._is_admitted(visitor, paper, request, action):
            # A token gets 401, so that the client asks for a wider one; a password cannot be any wider: 403.
            if username and paper is None:
                raise Refusal(ErrorCode.DENIED, "this user may not do that here")
            raise self._challenge(request, action, problem="insufficient_scope" if paper else "")
        if self._read_only and action in _CHANGING:
            raise Refusal(ErrorCode.UNSUPPORTED, "this registry is read-only")
        return visitor

    def _is_admitted(self, visitor: Visitor, paper: Paper | None, request: Request, action: Action) -> bool:
        if action is Action.PING:
            return bool(visitor.username or paper) or self._users is None
        if action is Action.LIST:
            return self._users is None or (tokens.CATALOG in paper.access if paper else bool(visitor.username))
        return visitor.may(request.parts["name"], action)

    def _who(self, request: Request, action: Action) -> tuple[str, Paper | None]:
        said = request.headers.get("Authorization", "")
        if self._users is None or not said:
            return "", None
        if self._issuer is not None and said[:7].lower() == "bearer ":
            paper = self._issuer.read(said[7:].strip())
            # A user who is gone has no papers any more, whatever their date.
            if paper is None or (paper.username and not self._users.knows(paper.username)):
                raise self._challenge(request, action, problem="invalid_token")
            return paper.username, paper
        username, password = _basic(said)
        if not username or not self._users.check(username, password):
            raise self._challenge(request, action)
        return username, None

    def _challenge(self, request: Request, action: Action, problem: str = "") -> Refusal:
        return Refusal(
            ErrorCode.UNAUTHORIZED,
            "authentication required",
            headers={"WWW-Authenticate": self._ways_in(request, action, problem)},
        )

    def _ways_in(self, request: Request, action: Action, problem: str) -> str:
        if self._issuer is None:
            return _BASIC
        # By the name that the client has found us by: behind a proxy, or a port that is published, it is not ours.
        host = request.headers.get("Host", "")
        address = host if _HOST.fullmatch(host) else self.address
        parameters = {"realm": f"{self.scheme}://{address}{TOKEN_PATH}", "service": tokens.SERVICE}
        if action is Action.LIST:
            parameters["scope"] = ":".join(tokens.CATALOG)
        elif action is not Action.PING:
            parameters["scope"] = tokens.scope_of(_quotable(request.parts["name"]), action)
        if problem:
            parameters["error"] = problem
        return "Bearer " + ",".join(f'{name}="{value}"' for name, value in parameters.items())

    # ---- the token server

    def token(self, request: Request) -> Response:
        """A token: by GET with Basic, by POST with a password or a refresh token; raises Refusal."""
        if self._issuer is None or self._users is None:
            raise Refusal(ErrorCode.UNSUPPORTED, "no such endpoint", status=HTTPStatus.NOT_FOUND)
        if request.method == "POST":
            said: Mapping[str, list[str]] = parse_qs(_form(request))
            username, keeps = self._by_form(said), _first(said, "access_type") == "offline"
        elif request.method == "GET":
            said = request.query
            username, keeps = self._by_header(request), _first(said, "offline_token") == "true"
        else:
            raise Refusal(ErrorCode.UNSUPPORTED, "GET or POST", headers={"Allow": "GET, POST"})
        token = self._issuer.issue(username, tokens.granted(said.get("scope", ()), self._rights, username))
        answer: dict[str, object] = {
            "token": token,
            "access_token": token,
            "expires_in": self._issuer.seconds,
            "issued_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        if keeps and username:
            answer["refresh_token"] = self._issuer.issue_refresh(username)
        return Response.json(answer, {"Cache-Control": "no-store"})

    def _by_header(self, request: Request) -> str:
        said = request.headers.get("Authorization", "")
        if not said:
            return ""  # anonymous: for what is everyone's
        username, password = _basic(said)
        assert self._users is not None  # noqa: S101 - for mypy; see token
        if not self._users.check(username, password):
            raise Refusal(ErrorCode.UNAUTHORIZED, "wrong name or password", headers={"WWW-Authenticate": _BASIC})
        return username

    def _by_form(self, said: Mapping[str, list[str]]) -> str:
        assert self._users is not None  # noqa: S101 - for mypy; see token
        assert self._issuer is not None  # noqa: S101 - for mypy; see token
        kind = _first(said, "grant_type")
        if kind == "password":
            username = _first(said, "username")
            if self._users.check(username, _first(said, "password")):
                return username
        elif kind == "refresh_token":
            owner = self._issuer.read_refresh(_first(said, "refresh_token"))
            if owner and self._users.knows(owner):
                return owner
        else:
            raise Refusal(
                ErrorCode.UNSUPPORTED, "grant_type is password or refresh_token", status=HTTPStatus.BAD_REQUEST
            )
        raise Refusal(ErrorCode.UNAUTHORIZED, "wrong name, password or refresh token")


def _form(request: Request) -> str:
    content = bytearray()
    while len(content) <= _FORM_BYTES and (piece := request.body.read(_FORM_BYTES + 1 - len(content))):
        content += piece
    if len(content) > _FORM_BYTES:
        raise Refusal(ErrorCode.SIZE_INVALID, "too long", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return content.decode("utf-8", "replace")


def _first(said: Mapping[str, list[str]], name: str) -> str:
    return next(iter(said.get(name, ())), "")


def _quotable(text: str) -> str:
    """A name for a header; what is none is refused by its endpoint, in its own words."""
    return "".join(letter for letter in text[:255] if letter.isalnum() or letter in "._/-")


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
