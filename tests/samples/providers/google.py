"""Google's Artifact Registry, and the names of the Container Registry that it serves now.

Source: cloud.google.com/artifact-registry/docs/docker/authentication (oauth2accesstoken with a token of an hour,
_json_key, _json_key_base64), .../transition/setup-gcr-repo.
"""

import base64
import json
from typing import ClassVar

from samples.providers.double import Answer, Repository, Request, as_json, refusal
from samples.providers.tokens import TokenDouble

_KEY = json.dumps({"type": "service_account", "project_id": "lab", "private_key_id": "1"})
_PARTS = 3  # project, repository, image


class ArtifactRegistry(TokenDouble):
    """LOCATION-docker.pkg.dev/PROJECT/REPOSITORY/IMAGE: the repository is made before, images come with the push."""

    hosts: ClassVar[tuple[str, ...]] = ("europe-west9-docker.pkg.dev",)
    realm: ClassVar[str] = "https://europe-west9-docker.pkg.dev/v2/token"
    service: ClassVar[str] = "europe-west9-docker.pkg.dev"

    def __init__(self) -> None:
        super().__init__()
        encoded = base64.b64encode(_KEY.encode()).decode()
        self.passwords = {"oauth2accesstoken": "ya29.1", "_json_key": _KEY, "_json_key_base64": encoded}
        self.folders = {"lab/images"}

    def may(self, user: str, name: str, action: str) -> bool:
        """All three users are ways to show who one is in the project."""
        return (name in self.public and action == "pull") or (bool(user) and name.startswith("lab/"))

    def check_name(self, name: str) -> Answer | None:
        """Three parts, and a repository that is there."""
        if len(name.split("/")) < _PARTS:
            return refusal(400, "NAME_INVALID", "Request contains an invalid argument.")
        folder = "/".join(name.split("/")[:2])
        if folder not in self.folders:
            return refusal(404, "NAME_UNKNOWN", f'Repository "{folder.partition("/")[2]}" not found')
        return super().check_name(name)

    def list_tags(self, request: Request, name: str, repository: Repository) -> Answer:
        """With more than anybody asked for: what is below this name, and all manifests."""
        answer = super().list_tags(request, name, repository)
        said = {
            digest: {
                "imageSizeBytes": str(len(content)),
                "layerId": "",
                "mediaType": media_type,
                "tag": [tag for tag, meant in repository.tags.items() if meant == digest],
                "timeCreatedMs": "1767647213506",
                "timeUploadedMs": "1767647213506",
            }
            for digest, (media_type, content) in repository.manifests.items()
        }
        more = as_json(json.loads(answer.body) | {"child": [], "manifest": said})
        return Answer(status=200, body=more.body, headers={**answer.headers, **more.headers})


class ContainerRegistry(ArtifactRegistry):
    """gcr.io/PROJECT/IMAGE, served by the Artifact Registry since March 2025."""

    hosts = ("gcr.io",)
    realm, service = "https://gcr.io/v2/token", "gcr.io"

    def check_name(self, name: str) -> Answer | None:
        """Two parts are enough: the repository is the host's name."""
        return None if "/" in name else refusal(400, "NAME_INVALID", "Request contains an invalid argument.")
