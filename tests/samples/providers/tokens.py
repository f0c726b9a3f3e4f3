"""A registry whose 401 leads to a token server: most are.

Source: distribution/distribution, docs/content/spec/auth/{token,scope,oauth}.md.
"""

import secrets
import time
from dataclasses import dataclass
from typing import ClassVar

from samples.providers.double import Answer, Double, Request, as_json, refusal


@dataclass(frozen=True)
class Paper:
    """What a token allows: (repository, action); "" as a user is nobody."""

    user: str
    allowed: frozenset[tuple[str, str]]
    until: float


class TokenDouble(Double):
    """Gives tokens at `realm` for `service`; `passwords` of its users, and what is `public`."""

    realm: ClassVar[str]
    service: ClassVar[str]
    seconds: ClassVar[int] = 300

    def __init__(self) -> None:
        super().__init__()
        self.passwords: dict[str, str] = {}
        self.public: set[str] = set()
        self._papers: dict[str, Paper] = {}

    # ---- what providers do in their own way

    def may(self, user: str, name: str, action: str) -> bool:
        """Whether a user may do this; "" is nobody. Here: what is public, and what is below the user's own name."""
        if name in self.public and action == "pull":
            return True
        return bool(user) and name.startswith(f"{user}/")

    def is_user(self, username: str, password: str) -> bool:
        """Whether it is one of its users."""
        return self.passwords.get(username) == password

    def wrong_password(self) -> Answer:
        """What the token server says to who is none."""
        return refusal(401, "UNAUTHORIZED", "incorrect username or password")

    def no_access(self, request: Request, name: str, action: str) -> Answer:
        """To who brings a token that does not allow what he asks for."""
        return (
            self.challenge(name, action, error="insufficient_scope")
            if self._token(request)
            else self.challenge(name, action)
        )

    # ----

    def elsewhere(self, request: Request) -> Answer:
        """The token server."""
        if f"https://{request.host}{request.path}" == self.realm:
            return self.token(request)
        return super().elsewhere(request)

    def registry(self, request: Request) -> Answer:
        """The token server of some is below `/v2/`, too."""
        if f"https://{request.host}{request.path}" == self.realm:
            return self.token(request)
        return super().registry(request)

    def admit(self, request: Request, name: str, action: str) -> Answer | None:
        """By the token."""
        paper = self._token(request)
        if paper is not None and (not name or (name, action) in paper.allowed):
            return None
        return self.no_access(request, name, action)

    def challenge(self, name: str, action: str, *, error: str = "") -> Answer:
        """The way to the token server."""
        words = f'Bearer realm="{self.realm}",service="{self.service}"'
        if name:
            words += f',scope="{self.scope(name, action)}"'
        if error:
            words += f',error="{error}"'
        return refusal(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=words)

    def scope(self, name: str, action: str) -> str:
        """The scope that it asks for."""
        return f"repository:{name}:{'pull,push' if action == 'push' else action}"

    def token(self, request: Request) -> Answer:
        """A token, for who has shown who he is; for nobody without."""
        login = request.basic
        if login is not None and not self.is_user(*login):
            return self.wrong_password()
        return self.give(login[0] if login else "", request.scopes)

    def give(self, user: str, scopes: tuple[str, ...], **more: object) -> Answer:
        """A token for as much of the scopes as the user may have."""
        asked = [one.rpartition(":") for one in " ".join(scopes).split() if one.startswith("repository:")]
        wanted = {(name.partition(":")[2], action) for name, _, actions in asked for action in actions.split(",")}
        allowed = frozenset((name, action) for name, action in wanted if self.may(user, name, action))
        token = secrets.token_urlsafe(24)
        self._papers[token] = Paper(user, allowed, time.monotonic() + self.seconds)
        return as_json({"token": token, "access_token": token, "expires_in": self.seconds} | more)

    def _token(self, request: Request) -> Paper | None:
        scheme, token = request.authorization
        paper = self._papers.get(token) if scheme == "bearer" else None
        return paper if paper is not None and paper.until > time.monotonic() else None

    def user_of(self, request: Request) -> str:
        """Whose token it is; "" is nobody's."""
        paper = self._token(request)
        return paper.user if paper else ""
