"""The endpoints that list: the version check, tags and the catalog, a page at a time (end-1, end-8)."""

import re
from bisect import bisect_right
from urllib.parse import quote

from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.messages import ErrorCode, Refusal, Request, Response

_MAX_PAGE = 1000
_KEPT = ("artifactType",)  # what a page was asked for, besides its place
_NUMBER = re.compile("[0-9]{1,9}")  # more digits mean nobody's page (CVE-2023-2253)


def ping(_registry: Registry, _request: Request) -> Response:
    """end-1: yes, a registry. Clients ask this first, to learn how to log in."""
    return Response.json({})


def tags(registry: Registry, request: Request) -> Response:
    """end-8a and end-8b: the tags of a repository, sorted."""
    name = request.name
    repository = registry.storage.repository(name)
    if not repository.exists():
        raise Refusal(ErrorCode.NAME_UNKNOWN, "repository name not known to registry", detail={"name": name})
    page, head = page_of(repository.tags.names(), request)
    return Response.json({"name": name, "tags": page}, head)


def moves(registry: Registry, request: Request) -> Response:
    """Ours: which tags went where and when, oldest first; `tag` for one alone. Named as the specification wants it.

    Source: OCI distribution specification, extensions/README.md: `_<extension>/<component>/<module>`.
    """
    wanted = request.value("tag")
    found = [
        {"at": move.at, "tag": move.tag, "from": move.source, "to": move.target}
        for move in registry.storage.repository(request.name).tags.moves()
        if wanted in (None, move.tag)
    ]
    return Response.json({"name": request.name, "moves": found[-_MAX_PAGE:]})


def catalog(registry: Registry, request: Request) -> Response:
    """Docker's own list of repositories, those that who asks may pull from; the specification has none."""
    names = [name for name in registry.storage.repositories() if request.visitor.sees(name)]
    page, head = page_of(names, request)
    return Response.json({"repositories": page}, head)


def page_of(names: list[str], request: Request, *, most: int | None = None) -> tuple[list[str], dict[str, str]]:
    """The page that `n` and `last` ask for, and a Link to the next one where there is more.

    `names` are sorted; with `most` there are no more of them on a page, also where nobody asks for pages.
    """
    last, said = request.value("last"), request.value("n")
    # `last` need not exist: it may have been deleted between two pages.
    rest = names[bisect_right(names, last) :] if last else names
    if said is None and most is None:
        return rest, {}
    if said is not None and not _NUMBER.fullmatch(said):
        raise Refusal(ErrorCode.PAGINATION_NUMBER_INVALID, "n is not a number of entries", detail={"n": said[:20]})
    # Clamped, not refused: the Link says how to get the rest.
    count = min(_MAX_PAGE if said is None else int(said), most or _MAX_PAGE)
    page = rest[:count]
    if not page or len(rest) <= count:
        return page, {}
    others = "".join(f"{name}={quote(said, safe='')}&" for name in _KEPT if (said := request.value(name)))
    return page, {"Link": f'<{request.path}?{others}n={count}&last={quote(page[-1], safe="")}>; rel="next"'}
