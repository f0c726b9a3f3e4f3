"""Searching: the specification knows no such thing, so it goes by what each registry has of its own.

nginx                  Docker Hub, by the address that `docker search` itself asks (moby, daemon/pkg/registry)
quay.io/nginx          Quay's own (quay/quay, endpoints/api/search.py)
localhost:5000/app     the catalog, looked through; where there is none, Harbor's own (/api/v2.0/search)
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from pydock_lab.errors import RegistryError
from pydock_lab.events import OnEvent, ignore
from pydock_lab.oci.reference import DEFAULT_DOMAIN
from pydock_lab.registry.answers import plain, read_json, refusal
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.hosts import Endpoint
from pydock_lab.registry.transport import Transport

_HUB, _QUAY = "index.docker.io", "quay.io"
_MAX = 100  # what Docker Hub gives at most
_OFFLINE = frozenset({"registry.unreachable", "registry.no-such-host", "registry.nothing-listens", "registry.timeout"})
_Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A repository that was found; `description` is somebody else's text, on one line."""

    name: str
    description: str = ""
    stars: int = 0
    official: bool = False


def search(
    term: str, limit: int = 25, *, open_client: Callable[[str], RegistryClient], on_event: OnEvent = ignore
) -> tuple[Hit, ...]:
    """What a registry finds for a word, `HOST/WORD`, without a host Docker Hub; raises RegistryError."""
    host, _, word = term.partition("/")
    # As in names of images: what has neither dot nor port is the name of a user of Docker Hub.
    if not word or not ("." in host or ":" in host or host == "localhost"):
        host, word = DEFAULT_DOMAIN, term
    if host == DEFAULT_DOMAIN:
        query = {"q": word, "n": min(max(limit, 1), _MAX)}
        rows = _ask(_HUB, "/v1/search", query, "results", on_event)
        hits: Iterator[Hit] = (_hub_hit(row) for row in rows if row.get("name"))
    elif host == _QUAY:
        rows = _ask(host, "/api/v1/find/repositories", {"query": word}, "results", on_event)
        hits = (_quay_hit(row) for row in rows if row.get("name"))
    else:
        hits = _in_catalog(host, word, open_client, on_event)
    return tuple(hits)[:limit]


def _in_catalog(host: str, word: str, open_client: Callable[[str], RegistryClient], on_event: OnEvent) -> Iterator[Hit]:
    try:
        names = open_client(host).catalog()
    except RegistryError as error:
        if error.key not in ("registry.no-catalog", "registry.login-needed"):
            raise
        try:
            rows = _ask(host, "/api/v2.0/search", {"q": word}, "repository", on_event)
        except RegistryError:
            raise error from None  # it is no Harbor: what its catalog said counts
        names = tuple(plain(str(row.get("repository_name"))) for row in rows if row.get("repository_name"))
    return (Hit(name=f"{host}/{name}") for name in names if word in name)


def _ask(host: str, path: str, query: _Row, field: str, on_event: OnEvent) -> tuple[_Row, ...]:
    """The rows of an answer; raises RegistryError, also for being offline."""
    endpoint = Endpoint.of(host)
    term = query.get("q") or query["query"]
    try:
        url = f"{endpoint.base}{path}?{urlencode(query)}"
        response = Transport(endpoint, on_event).send("GET", url, headers={"Accept": "application/json"})
    except RegistryError as error:
        # Its own words: what helps who cannot search is another thing than what helps who cannot pull.
        if error.key in _OFFLINE:
            raise RegistryError("registry.search-offline", host=host, term=term) from error
        raise
    if response.status_code != HTTPStatus.OK:
        raise refusal(response, host=host, what=term, missing="registry.refused")
    rows = read_json(response).get(field)
    return tuple(row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _hub_hit(row: _Row) -> Hit:
    return Hit(
        name=plain(str(row["name"])),
        description=plain(str(row.get("description") or "")),
        stars=_number(row.get("star_count")),
        official=row.get("is_official") is True,
    )


def _quay_hit(row: _Row) -> Hit:
    namespace = row.get("namespace")
    owner = str(namespace.get("name") or "") if isinstance(namespace, dict) else ""
    return Hit(
        name=plain(f"{_QUAY}/{owner}/{row['name']}"),
        description=plain(str(row.get("description") or "")),
        stars=_number(row.get("stars")),
    )


def _number(said: object) -> int:
    return said if isinstance(said, int) else 0
