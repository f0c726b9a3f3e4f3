"""Azure's registry: a token of Azure becomes one of the registry (exchange), and that one short ones (refresh).

Source: Azure/acr, docs/AAD-OAuth.md: POST /oauth2/exchange (grant_type=access_token, service, access_token), POST
/oauth2/token (grant_type=refresh_token, service, scope, refresh_token), GET /oauth2/token with Basic.
"""

import secrets
from urllib.parse import parse_qs

from samples.providers.double import Answer, Request, as_json, refusal
from samples.providers.tokens import TokenDouble

NOBODY = "00000000-0000-0000-0000-000000000000"  # the user whose password is a refresh token


class Azure(TokenDouble):
    """lab.azurecr.io: `azure_token` is what Azure itself gave out, `admin` the user that a registry may have."""

    hosts = ("lab.azurecr.io", "lab.francecentral.data.azurecr.io")
    storage = hosts[1]
    realm, service = "https://lab.azurecr.io/oauth2/token", "lab.azurecr.io"
    azure_token = "eyJ0eXAi.azure"

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {"lab": "admin+password"}
        self._refresh: set[str] = set()

    def may(self, user: str, name: str, action: str) -> bool:
        """All for who is in; nothing is public unless the registry is made so."""
        del name, action
        return bool(user)

    def is_user(self, username: str, password: str) -> bool:
        """By the admin's password, or a refresh token in place of one."""
        return password in self._refresh if username == NOBODY else super().is_user(username, password)

    def admit(self, request: Request, name: str, action: str) -> Answer | None:
        """The admin may also come without a token."""
        login = request.basic
        if login is not None and self.is_user(*login):
            return None
        return super().admit(request, name, action)

    def elsewhere(self, request: Request) -> Answer:
        """The exchange."""
        if request.path != "/oauth2/exchange":
            return super().elsewhere(request)
        form = _form(request)
        if form.get("service") != self.service or form.get("access_token") != self.azure_token:
            return refusal(401, "UNAUTHORIZED", "authentication required, invalid access token")
        return as_json({"refresh_token": self._new()})

    def token(self, request: Request) -> Answer:
        """By POST with a refresh token, or by GET with a password; who logs in gets a refresh token with it."""
        if request.method == "POST":
            form = _form(request)
            if form.get("grant_type") == "password":
                if not self.is_user(form["username"], form["password"]):
                    return self.wrong_password()
            elif form.get("refresh_token") not in self._refresh:
                return refusal(401, "UNAUTHORIZED", "authentication required, refresh token is not valid")
            return self.give("somebody", tuple(form.get("scope", "").split()))
        login = request.basic
        if login is None or not self.is_user(*login):
            return self.wrong_password()
        more = {"refresh_token": self._new()} if request.query.get("offline_token") == "true" else {}
        return self.give(login[0], request.scopes, **more)

    def catalog(self, request: Request) -> Answer:
        """For who is in; pages by n and last."""
        if not self.user_of(request):
            words = f'Bearer realm="{self.realm}",service="{self.service}",scope="registry:catalog:*"'
            return refusal(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=words)
        count, last = int(request.query.get("n", "2")), request.query.get("last", "")
        names = sorted(name for name in self.repositories if name > last)
        document = {"repositories": names[:count]}
        if len(names) <= count:
            return as_json(document)
        return as_json(document, Link=f'</v2/_catalog?last={names[count - 1]}&n={count}>; rel="next"')

    def _new(self) -> str:
        token = f"refresh.{secrets.token_urlsafe(12)}"
        self._refresh.add(token)
        return token


def _form(request: Request) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(request.body.decode()).items()}
