"""GitHub's container registry: names in small letters, a token even for what is public, no catalog, no search.

Source: docs.github.com, working-with-the-container-registry; what it says to a catalog: oras-project/oras#1128; what
its token server says to nobody about what is private (401): openai/tunnel-client#75.
"""

from samples.providers.double import Answer, Request, refusal
from samples.providers.tokens import TokenDouble


class GitHub(TokenDouble):
    """ghcr.io."""

    hosts = ("ghcr.io", "pkg-containers.githubusercontent.com")
    storage = "pkg-containers.githubusercontent.com"
    realm, service = "https://ghcr.io/token", "ghcr.io"

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {"alice": "ghp_1"}

    def wrong_password(self) -> Answer:
        """In its words."""
        return refusal(403, "DENIED", "denied")

    def catalog(self, request: Request) -> Answer:
        """The scope of its challenge is none that could be wanted; the one that is wanted it denies."""
        del request
        words = f'Bearer realm="{self.realm}",service="{self.service}",scope="repository:user/image:pull"'
        return refusal(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=words)

    def token(self, request: Request) -> Answer:
        """None at all for what may not be had, in place of one that allows nothing."""
        login = request.basic
        scopes = " ".join(request.scopes).split()
        if any(one.startswith("registry:") for one in scopes):
            return refusal(403, "DENIED", "requested access to the resource is denied")
        names = [one.split(":")[1] for one in scopes]
        if login is None and any(name != "user/image" and name not in self.public for name in names):
            return refusal(401, "UNAUTHORIZED", "authentication required")
        return super().token(request)
