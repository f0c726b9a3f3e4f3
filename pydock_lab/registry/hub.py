"""Searching Docker Hub, the one registry that most people mean by "the" registry.

The specification has no search: this is the address that `docker search` itself asks (moby, daemon/pkg/registry).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from pydock_lab.errors import RegistryError
from pydock_lab.events import OnEvent, ignore
from pydock_lab.registry.answers import plain, read_json, refusal
from pydock_lab.registry.hosts import Endpoint
from pydock_lab.registry.transport import Transport

_HOST = "index.docker.io"
_MAX = 100  # what Docker Hub gives at most
_OFFLINE = frozenset({"registry.unreachable", "registry.no-such-host", "registry.nothing-listens", "registry.timeout"})


@dataclass(frozen=True, kw_only=True, slots=True)
class HubHit:
    """A repository that was found; `description` is somebody else's text, on one line."""

    name: str
    description: str
    stars: int
    official: bool


def search(term: str, limit: int = 25, *, host: str = _HOST, on_event: OnEvent = ignore) -> tuple[HubHit, ...]:
    """What Docker Hub finds for a word, its most popular first; raises RegistryError, also for being offline."""
    endpoint = Endpoint.of(host)
    query = urlencode({"q": term, "n": min(max(limit, 1), _MAX)})
    try:
        head = {"Accept": "application/json"}
        response = Transport(endpoint, on_event).send("GET", f"{endpoint.base}/v1/search?{query}", headers=head)
    except RegistryError as error:
        # Its own words: what helps who cannot search is another thing than what helps who cannot pull.
        if error.key in _OFFLINE:
            raise RegistryError("registry.search-offline", host=host, term=term) from error
        raise
    if response.status_code != HTTPStatus.OK:
        raise refusal(response, host=host, what=term, missing="registry.refused")
    return tuple(_hits(read_json(response)))[:limit]


def _hits(document: dict[str, object]) -> Iterator[HubHit]:
    results = document.get("results")
    for row in results if isinstance(results, list) else ():
        if isinstance(row, dict) and row.get("name"):
            stars = row.get("star_count")
            yield HubHit(
                name=plain(str(row["name"])),
                description=plain(str(row.get("description") or "")),
                stars=stars if isinstance(stars, int) else 0,
                official=row.get("is_official") is True,
            )
