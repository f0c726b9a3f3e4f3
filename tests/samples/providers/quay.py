"""Quay: organisations, robots of theirs, a catalog for who is logged in, whose pages go on by a word of its own.

Source: docs.redhat.com, managing robot accounts (ORGANISATION+ROBOT); quay/quay, endpoints/v2/catalog.py,
endpoints/api/search.py, auth/credential_consts.py ($oauthtoken, $app, $token).
"""

from samples.providers.double import Answer, Request, as_json, refusal
from samples.providers.tokens import TokenDouble


class Quay(TokenDouble):
    """quay.io."""

    hosts = ("quay.io", "cdn01.quay.io")
    storage = "cdn01.quay.io"
    storage_takes_no_papers = False  # being below quay.io it gets those of all clients written in Go
    realm, service = "https://quay.io/v2/auth", "quay.io"

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {"alice": "s3cret", "alice+builder": "ROBOT1", "$oauthtoken": "OAUTH1", "$app": "APP1"}

    def may(self, user: str, name: str, action: str) -> bool:
        """A robot acts for its organisation, an application's token for whoever made it."""
        owner = "alice" if user.startswith("$") else user.partition("+")[0]
        return super().may(owner, name, action)

    def wrong_password(self) -> Answer:
        """In its words."""
        return as_json({"errors": [{"code": "UNAUTHORIZED", "detail": {}, "message": "Could not find robot"}]}, 401)

    def catalog(self, request: Request) -> Answer:
        """What one may see; n is brought into bounds."""
        if not self.user_of(request):
            words = f'Bearer realm="{self.realm}",service="{self.service}",scope="registry:catalog:*"'
            return refusal(
                401, "UNAUTHORIZED", "access to the requested resource is not authorized", WWW_Authenticate=words
            )
        count = max(1, min(int(request.query.get("n", "50")), 2))
        start = int(request.query.get("next_page", "gAAAA0").removeprefix("gAAAA"))
        names = sorted(self.repositories)
        document = {"repositories": names[start : start + count]}
        if start + count >= len(names):
            return as_json(document)
        return as_json(document, Link=f'</v2/_catalog?n={count}&next_page=gAAAA{start + count}>; rel="next"')

    def elsewhere(self, request: Request) -> Answer:
        """The search."""
        if request.path != "/api/v1/find/repositories":
            return super().elsewhere(request)
        found = [name for name in sorted(self.repositories) if request.query["query"] in name and name in self.public]
        rows = [
            {
                "kind": "repository",
                "namespace": {"kind": "organization", "name": name.partition("/")[0]},
                "name": name.partition("/")[2],
                "description": f"About {name}",
                "is_public": True,
                "stars": 3,
            }
            for name in found
        ]
        return as_json({"results": rows, "has_additional": False, "page": 1, "page_size": 10, "start_index": 0})
