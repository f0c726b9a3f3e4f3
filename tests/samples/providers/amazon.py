"""Amazon's registries: a private one of each account and region (Basic alone), and the public one (tokens).

Source: docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html; google/go-containerregistry#681 (n at most
1000); aws/containers-roadmap#1262 (tags of the public one come in no order); kreuzwerker/terraform-provider-docker#666
(the public one takes no Basic); its token server without scopes: appgate/sdpctl#404.
"""

import base64

from samples.providers.double import Answer, Double, Repository, Request, as_json, refusal
from samples.providers.tokens import TokenDouble

_ACCOUNT = "123456789012"
_MOST = 1000


class AmazonPrivate(Double):
    """One account's, in one region: repositories are there before the first push, or the push is refused."""

    hosts = (
        f"{_ACCOUNT}.dkr.ecr.eu-west-3.amazonaws.com",
        "prod-eu-west-3-starport-layer-bucket.s3.eu-west-3.amazonaws.com",
    )
    storage = hosts[1]
    creates_repositories = False
    password = "eyJwYXlsb2FkIjoi"  # of 12 hours, from `aws ecr get-login-password`

    def admit(self, request: Request, name: str, action: str) -> Answer | None:
        """By user AWS, and a password that IAM gave out."""
        del name, action
        login = request.basic
        if login is None:
            words = f'Basic realm="https://{self.hosts[0]}/",service="ecr.amazonaws.com"'
            return Answer(status=401, body=b"Not Authorized\n", headers={"WWW-Authenticate": words})
        if login != ("AWS", self.password):
            said = "Your authorization token is invalid or has expired. Reauthenticate and try again."
            return refusal(403, "DENIED", said)
        return None

    def missing_repository(self, name: str) -> Answer:
        """In its words."""
        said = f"The repository with name '{name}' does not exist in the registry with id '{_ACCOUNT}'"
        return refusal(404, "NAME_UNKNOWN", said)

    def list_tags(self, request: Request, name: str, repository: Repository) -> Answer:
        """Its pages go on by a word that only it can read, and it does not say that this is JSON."""
        count = int(request.query.get("n", self.page))
        if count > _MOST:
            said = "Invalid parameter at 'maxResults' failed to satisfy constraint: "
            return refusal(405, "UNSUPPORTED", said + "'Member must have value less than or equal to 1000'")
        start = int(base64.b64decode(request.query["last"])) if "last" in request.query else 0
        names = sorted(repository.tags)
        answer = as_json({"name": name, "tags": names[start : start + count]})
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        if start + count < len(names):
            last = base64.b64encode(b"%d" % (start + count)).decode()
            where = f"https://{self.hosts[0]}/v2/{name}/tags/list?n={count}&last={last}"
            headers["Link"] = f'<{where}>; rel="next"'
        return Answer(status=200, body=answer.body, headers=headers)


class AmazonPublic(TokenDouble):
    """public.ecr.aws: what everybody may pull, and what belongs to an alias."""

    hosts = ("public.ecr.aws", "d5l0dvt14r5h8.cloudfront.net")
    storage = hosts[1]
    realm, service = "https://public.ecr.aws/token/", "public.ecr.aws"
    creates_repositories = False

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {"AWS": "eyJwdWJsaWMi"}
        self.aliases = {"AWS": "a1b2c3d4"}

    def may(self, user: str, name: str, action: str) -> bool:
        """Everything in it is public; one's own is below one's alias."""
        return action == "pull" or name.startswith(f"{self.aliases.get(user, '?')}/")

    def scope(self, name: str, action: str) -> str:
        """It wants none."""
        del name, action
        return "aws"

    def admit(self, request: Request, name: str, action: str) -> Answer | None:
        """Not by user and password."""
        if request.authorization[0] == "basic":
            return refusal(403, "DENIED", "Your Authorization Token is invalid.")
        return super().admit(request, name, action)

    def wrong_password(self) -> Answer:
        """In its words."""
        return refusal(
            403, "DENIED", "Your Authorization Token has expired. Please run 'aws ecr-public get-login-password'"
        )

    def list_tags(self, request: Request, name: str, repository: Repository) -> Answer:
        """In no order that could be told, but in pages."""
        count, start = int(request.query.get("n", self.page)), int(request.query.get("next_token", "0"))
        names = sorted(repository.tags, key=lambda tag: tag[::-1])
        document = {"name": name, "tags": names[start : start + count]}
        if start + count >= len(names):
            return as_json(document)
        return as_json(document, Link=f'</v2/{name}/tags/list?n={count}&next_token={start + count}>; rel="next"')
