"""Docker Hub: five names for one registry.

A catalog it does not give; pulls are counted by manifest GET (HEAD is free); blobs are at a CDN.

Source: docs.docker.com/docker-hub/usage/pulls, docs.docker.com/reference/api/hub/latest (paginated_tags: page_size 10,
at most 100; count, next, results with name, full_size, last_updated, images); moby, daemon/pkg/registry/search.go.
"""

from samples.providers.double import Answer, Repository, Request, as_json, refusal
from samples.providers.tokens import TokenDouble

_API = "https://hub.docker.com"
_WINDOW = 21600  # seconds


class DockerHub(TokenDouble):
    """`limit` is how many pulls nobody in particular has, `used` how many there were."""

    hosts = (
        "registry-1.docker.io",
        "auth.docker.io",
        "index.docker.io",
        "hub.docker.com",
        "production.cloudfront.docker.com",
    )
    storage = "production.cloudfront.docker.com"
    realm, service = "https://auth.docker.io/token", "registry.docker.io"

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {"alice": "dckr_pat_1"}
        self.limit, self.used = 100, 0

    def catalog(self, request: Request) -> Answer:
        """Asks for a token that it never gives."""
        words = f'Bearer realm="{self.realm}",service="{self.service}",scope="registry:catalog:*"'
        if request.authorization[0] == "bearer":
            words += ',error="insufficient_scope"'
        return refusal(401, "UNAUTHORIZED", "authentication required", WWW_Authenticate=words)

    def _manifest(self, request: Request, name: str, repository: Repository, reference: str) -> Answer:
        answer = super()._manifest(request, name, repository, reference)
        if request.method == "PUT" or self.user_of(request):
            return answer
        if request.method == "GET":
            if self.used >= self.limit:
                return refusal(429, "TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit.")
            self.used += 1
        said = {
            "ratelimit-limit": f"{self.limit};w={_WINDOW}",
            "ratelimit-remaining": f"{self.limit - self.used};w={_WINDOW}",
            "docker-ratelimit-source": "127.0.0.1",
        }
        return Answer(status=answer.status, body=answer.body, headers={**answer.headers, **said})

    def elsewhere(self, request: Request) -> Answer:
        """The search, and the list of tags with sizes."""
        if request.host == "index.docker.io" and request.path == "/v1/search":
            return self._search(request)
        parts = request.path.strip("/").split("/")
        if request.host == "hub.docker.com" and parts[:2] == ["v2", "namespaces"] and parts[3:4] == ["repositories"]:
            return self._tags(request, f"{parts[2]}/{parts[4]}")
        return super().elsewhere(request)

    def _search(self, request: Request) -> Answer:
        found = [
            {
                "name": name.removeprefix("library/"),
                "description": f"About {name}",
                "star_count": len(repository.tags),
                "is_official": name.startswith("library/"),
            }
            for name, repository in self.repositories.items()
            if request.query["q"] in name and name in self.public
        ]
        return as_json({"results": found[: int(request.query.get("n", "25"))]})

    def _tags(self, request: Request, name: str) -> Answer:
        repository = self.repositories.get(name)
        if repository is None or name not in self.public:
            return as_json({"message": "object not found", "errinfo": {"namespace": name}}, 404)
        size, page = min(int(request.query.get("page_size", "10")), 100), int(request.query.get("page", "1"))
        names = sorted(repository.tags, reverse=True)
        shown = names[(page - 1) * size : page * size]
        where = f"{_API}/v2/namespaces/{name.replace('/', '/repositories/', 1)}/tags?page_size={size}&page="
        return as_json(
            {
                "count": len(names),
                "next": f"{where}{page + 1}" if page * size < len(names) else None,
                "previous": f"{where}{page - 1}" if page > 1 else None,
                "results": [self._tag(repository, tag) for tag in shown],
            }
        )

    def _tag(self, repository: Repository, tag: str) -> dict[str, object]:
        digest = repository.tags[tag]
        size = sum(map(len, repository.blobs.values()))
        image = {"architecture": "amd64", "os": "linux", "variant": None, "size": size, "digest": digest}
        return {
            "name": tag,
            "full_size": size,
            "digest": digest,
            "last_updated": "2026-01-05T21:06:53.506400Z",
            "tag_status": "active",
            "images": [image | {"status": "active", "last_pushed": "2026-01-05T21:06:53.506400Z"}],
        }
