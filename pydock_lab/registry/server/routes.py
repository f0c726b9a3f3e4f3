"""The table of endpoints: which function answers which method and path, and what it does to the registry.

Source: OCI distribution specification, section "Endpoints"; `_catalog` is Docker's.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from pydock_lab.registry.server import blobs, listings, manifests, uploads
from pydock_lab.registry.server.blobs import Registry
from pydock_lab.registry.server.guard import TOKEN_PATH, Guard
from pydock_lab.registry.server.messages import ErrorCode, Refusal, Request, Response
from pydock_lab.registry.server.rights import Action

Endpoint = Callable[[Registry, Request], Response]


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A kind of path, and for each method its endpoint and what that takes."""

    pattern: re.Pattern[str]
    methods: Mapping[str, tuple[Endpoint, Action]] = field(default_factory=dict)


def _route(pattern: str, **methods: tuple[Endpoint, Action]) -> Route:
    if "GET" in methods and "HEAD" not in methods:
        methods["HEAD"] = methods["GET"]
    # A name may hold slashes: what follows it tells where it ends, so the longest names are tried last.
    named = pattern.replace("{name}", "(?P<name>.+)")
    return Route(pattern=re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", named)), methods=methods)


ROUTES = (
    _route("/v2/?", GET=(listings.ping, Action.PING)),
    _route("/v2/_catalog", GET=(listings.catalog, Action.LIST)),
    _route("/v2/{name}/tags/list", GET=(listings.tags, Action.PULL)),
    _route("/v2/{name}/_pydock/tags/moves", GET=(listings.moves, Action.PULL)),
    _route("/v2/{name}/blobs/uploads/?", POST=(uploads.start_upload, Action.PUSH)),
    _route(
        "/v2/{name}/blobs/uploads/{session}",
        GET=(uploads.upload_status, Action.PUSH),
        PATCH=(uploads.upload_part, Action.PUSH),
        PUT=(uploads.finish_upload, Action.PUSH),
        DELETE=(uploads.cancel_upload, Action.PUSH),
    ),
    _route(
        "/v2/{name}/blobs/{digest}",
        GET=(blobs.get_blob, Action.PULL),
        DELETE=(blobs.delete_blob, Action.DELETE),
    ),
    _route(
        "/v2/{name}/manifests/{reference}",
        GET=(manifests.get_manifest, Action.PULL),
        PUT=(manifests.put_manifest, Action.PUSH),
        DELETE=(manifests.delete_manifest, Action.DELETE),
    ),
    _route("/v2/{name}/referrers/{digest}", GET=(manifests.referrers, Action.PULL)),
)


def answer(registry: Registry, guard: Guard, request: Request) -> tuple[Response, str]:
    """The answer to a request, and the name of who asked; raises Refusal."""
    # Every web page that a browser shows can send requests to this machine; no registry client sends an Origin.
    if "Origin" in request.headers:
        raise Refusal(ErrorCode.DENIED, "web pages are not served")
    if request.path == TOKEN_PATH:
        return guard.token(request), ""
    endpoint, action, parts = _find(request)
    # First who, then what: somebody without rights learns nothing of what is here.
    named = replace(request, parts=parts)
    visitor = guard.admit(named, action)
    return endpoint(registry, replace(named, visitor=visitor)), visitor.username


def _find(request: Request) -> tuple[Endpoint, Action, dict[str, str]]:
    for route in ROUTES:
        found = route.pattern.fullmatch(request.path)
        if found is None:
            continue
        if request.method not in route.methods:
            allowed = {"Allow": ", ".join(sorted(route.methods))}
            raise Refusal(ErrorCode.UNSUPPORTED, f"{request.method} means nothing here", headers=allowed)
        return *route.methods[request.method], found.groupdict()
    raise Refusal(ErrorCode.UNSUPPORTED, "no such endpoint", status=HTTPStatus.NOT_FOUND)
