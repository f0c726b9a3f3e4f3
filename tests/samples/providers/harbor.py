"""Harbor: projects, robots, a catalog for the system's administrator alone, and not by token.

Source: goharbor.io/docs, project and system robot accounts (prefix robot$, then PROJECT+NAME); goharbor/harbor,
src/server/middleware/v2auth (a HEAD without papers is refused; a refused login, and the catalog, are answered by a
Basic challenge, a project that is not there by none) and security (Basic opens what a token does),
src/server/registry/catalog.go (`last` has to exist); google/go-containerregistry#1493.
"""

from samples.providers.double import Answer, Request, as_json, refusal
from samples.providers.tokens import TokenDouble


class Harbor(TokenDouble):
    """harbor.example.org."""

    hosts = ("harbor.example.org",)
    realm, service = "https://harbor.example.org/service/token", "harbor-registry"

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {"admin": "Harbor12345", "alice": "s3cret", "robot$lab+builder": "ROBOT1"}
        self.projects = {"lab"}

    def may(self, user: str, name: str, action: str) -> bool:
        """By membership of the project."""
        project = name.partition("/")[0]
        is_robot_of_another = user.startswith("robot$") and not user.startswith(f"robot${project}+")
        return (name in self.public and action == "pull") or (bool(user) and not is_robot_of_another)

    def admit(self, request: Request, name: str, action: str) -> Answer | None:
        """By a token, or by user and password; what is in no project is refused without a way to get in."""
        project, login = name.partition("/")[0], request.basic
        if name and request.method == "HEAD" and not request.authorization[0]:
            return self.challenge(name, action)
        if name and project not in self.projects:
            return refusal(401, "UNAUTHORIZED", f"project {project} not found", WWW_Authenticate="")
        if login is not None and self.is_user(*login) and (not name or self.may(login[0], name, action)):
            return None
        return super().admit(request, name, action)

    def no_access(self, request: Request, name: str, action: str) -> Answer:
        """To who had come with something: a Basic challenge."""
        return _basic() if request.authorization[0] else super().no_access(request, name, action)

    def catalog(self, request: Request) -> Answer:
        """Basic, and only the administrator."""
        login = request.basic
        if login is None or not self.is_user(*login) or login[0] != "admin":
            return _basic()
        count, last = int(request.query.get("n", "2")), request.query.get("last", "")
        names = sorted(self.repositories)
        if last and last not in names:
            return refusal(400, "BAD_REQUEST", f"the last repository {last} is not found")
        rest = [name for name in names if name > last]
        document = {"repositories": rest[:count]}
        if len(rest) <= count:
            return as_json(document)
        return as_json(document, Link=f'</v2/_catalog?last={rest[count - 1]}&n={count}>; rel="next"')

    def elsewhere(self, request: Request) -> Answer:
        """The search."""
        if request.path != "/api/v2.0/search":
            return super().elsewhere(request)
        found = [name for name in sorted(self.repositories) if request.query["q"] in name and name in self.public]
        rows = [
            {"project_name": name.partition("/")[0], "repository_name": name, "pull_count": 7, "artifact_count": 1}
            for name in found
        ]
        return as_json({"project": [], "repository": rows, "chart": []})


def _basic() -> Answer:
    words = "unauthorized to list catalog: unauthorized to list catalog"
    return refusal(401, "UNAUTHORIZED", words, WWW_Authenticate='Basic realm="harbor"')
