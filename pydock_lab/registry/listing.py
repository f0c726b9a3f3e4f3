"""The tags of a repository with what people want to know of them: digest, size, date, platforms.

Docker Hub has a list of its own with all of that, a hundred tags a request and none of them counted as a pull. Of any
other registry each tag's manifest is fetched, and its config for the date: so it is for as many as somebody looks at.

Source: docs.docker.com, reference/api/hub/latest, ListRepositoryTags.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from pydock_lab.errors import InvalidValue, PydockError, RegistryError
from pydock_lab.oci import Digest, ImageConfig, Index, Manifest, Reference, read_document
from pydock_lab.oci.reference import DEFAULT_DOMAIN
from pydock_lab.registry.answers import finish, read_json
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.hosts import Endpoint
from pydock_lab.registry.together import at_once
from pydock_lab.registry.transport import Transport

_HUB_API = "hub.docker.com"
_PAGE = 100  # at most
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_WORD = re.compile(r"[A-Za-z0-9._/-]{1,64}")


@dataclass(frozen=True, kw_only=True, slots=True)
class TagDetails:
    """A tag: what it means, the bytes of it that travel, when it was made (RFC 3339, "" where nobody says)."""

    name: str
    digest: str
    size: int
    updated: str
    platforms: tuple[str, ...]


def tag_details(client: RegistryClient, reference: Reference, limit: int) -> tuple[TagDetails, ...]:
    """The first tags of a repository, as its registry orders them (Docker Hub: newest first); raises RegistryError."""
    if reference.domain == DEFAULT_DOMAIN:
        found = from_hub(client, reference.path, limit)
        if found is not None:
            return found
    names = client.tags(reference.path)[:limit]
    read = at_once(lambda name: _read(client, reference.path, name), names)
    return tuple(one for one in read if one is not None)


def from_hub(client: RegistryClient, path: str, limit: int) -> tuple[TagDetails, ...] | None:
    """From Docker Hub's own list; None for what is private: that list knows another login than images do."""
    endpoint = Endpoint.of(_HUB_API)
    transport = Transport(endpoint, client.on_event)
    namespace, _, name = path.partition("/")
    found: list[TagDetails] = []
    page = 1
    while len(found) < limit:
        query = urlencode({"page_size": min(_PAGE, limit), "page": page})
        url = f"{endpoint.base}/v2/namespaces/{namespace}/repositories/{name}/tags?{query}"
        response = transport.send("GET", url, headers={"Accept": "application/json"})
        if response.status_code != HTTPStatus.OK:
            finish(response)
            return None
        document = read_json(response)
        rows = document.get("results")
        rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        found += [one for one in map(_hub_tag, rows) if one is not None]
        page += 1
        if not document.get("next") or not rows:
            break
    return tuple(found[:limit])


def _hub_tag(row: dict[str, Any]) -> TagDetails | None:
    # Somebody else's words, on their way to a screen: what has not the form it should have is not shown.
    name, updated, size = row.get("name"), row.get("last_updated"), row.get("full_size")
    images = row.get("images")
    images = [one for one in images if isinstance(one, dict)] if isinstance(images, list) else []
    if not isinstance(name, str) or not _WORD.fullmatch(name):
        return None
    return TagDetails(
        name=name,
        digest=_digest(row.get("digest") or (images[0].get("digest") if images else "")),
        size=size if isinstance(size, int) else 0,
        updated=updated if isinstance(updated, str) and _TIME.fullmatch(updated) else "",
        platforms=tuple(dict.fromkeys(_hub_platforms(images))),
    )


def _hub_platforms(images: list[dict[str, Any]]) -> Iterator[str]:
    for image in images:
        words = [image.get(key) for key in ("os", "architecture", "variant")]
        found = "/".join(word for word in words if isinstance(word, str) and word)
        if _WORD.fullmatch(found) and "unknown" not in found:  # what builders attach has none
            yield found


def _digest(said: object) -> str:
    with suppress(InvalidValue):
        return Digest(said) if isinstance(said, str) else ""
    return ""


def _read(client: RegistryClient, path: str, name: str) -> TagDetails | None:
    """One tag; None where it has gone meanwhile, or means what we do not know."""
    try:
        content, media_type = client.manifest(path, name)
        document = read_document(content, media_type)
        digest = Digest.of(content)
        if isinstance(document, Index):
            platforms = tuple(str(child.platform) for child in document.manifests if child.platform)
            size = sum(child.size for child in document.manifests) + len(content)
            return TagDetails(name=name, digest=digest, size=size, updated="", platforms=platforms)
        created, platforms = _config(client, path, document)
        return TagDetails(
            name=name, digest=digest, size=len(content) + document.size, updated=created, platforms=platforms
        )
    except RegistryError as error:
        if error.fields.get("status") == HTTPStatus.NOT_FOUND:
            return None
        raise
    except InvalidValue:
        return None


def _config(client: RegistryClient, path: str, manifest: Manifest) -> tuple[str, tuple[str, ...]]:
    try:
        config = ImageConfig.from_bytes(client.read_blob(path, manifest.config))
    except PydockError:  # a signature, a chart: no image
        return "", ()
    return config.created, (str(config.platform),)
