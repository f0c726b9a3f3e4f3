"""What a registry answers: its documents read within bounds, its refusals as our errors."""

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydock_lab.errors import RegistryError

if TYPE_CHECKING:
    import requests

_MAX_ANSWER = 8 << 20  # bytes of a JSON answer (a page of tags, a manifest): more is an attack
_MAX_WORDS = 200
_MAX_LINK = 8192
_LINK = re.compile(r"<([^<>]*)>([^,<]*)")
_AMAZON = re.compile(r"\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_AFTER_NAME = re.compile("[:@]")  # a tag, or a digest
_WARNING = re.compile(r'299 - "((?:[^"\\]|\\.)*)"')
_MAX_WARNING = 4096
_KEYS = {
    HTTPStatus.UNAUTHORIZED: "registry.unauthorized",
    HTTPStatus.FORBIDDEN: "registry.denied",
    HTTPStatus.TOO_MANY_REQUESTS: "registry.rate-limited",
}


def read_capped(response: "requests.Response", limit: int = _MAX_ANSWER) -> bytes:
    """The whole body, at most `limit` bytes; raises RegistryError where it is longer, or breaks off."""
    import urllib3  # noqa: PLC0415 - comes with requests, see transport

    content = bytearray()
    try:
        # In pieces, because Content-Length may be absent, or a lie.
        while piece := response.raw.read(min(1 << 16, limit + 1 - len(content)), decode_content=False):
            content += piece
            if len(content) > limit:
                raise RegistryError("registry.answer-too-long", host=_host(response), limit=limit)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise RegistryError("registry.broken-off", host=_host(response), reason=str(error)[:_MAX_WORDS]) from None
    finally:
        # A body read to its end gives its connection back; any other ends it.
        response.close()
    return bytes(content)


def next_page(link: str) -> str:
    """Where a Link header says that a list goes on, "" where it does not (RFC 8288, as registries write it)."""
    for found in _LINK.finditer(link[:_MAX_LINK]):
        parameters = [one.strip().lower() for one in found[2].split(";")]
        if 'rel="next"' in parameters or "rel=next" in parameters:
            return found[1].strip()
    return ""


def warnings(response: "requests.Response") -> list[str]:
    """What a registry wants its users to know: each Warning of code 299, for our screen (specification, "Warnings")."""
    said = response.headers.get("Warning", "")[:_MAX_WARNING]
    return [plain(re.sub(r"\\(.)", r"\1", text)) for text in _WARNING.findall(said)]


def finish(response: "requests.Response") -> None:
    """Read a body that nobody wants to its end, so that the connection can serve the next request."""
    read_capped(response, 1 << 16)


def read_json(response: "requests.Response") -> dict[str, object]:
    """The body as a JSON object; raises RegistryError where it is none."""
    try:
        document = json.loads(read_capped(response))
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise RegistryError("registry.not-json", host=_host(response), status=response.status_code)
    return document


def refusal(response: "requests.Response", *, host: str, what: str, missing: str) -> RegistryError:
    """The error for an answer that is none of those hoped for; `what` is what was asked for, as people write it.

    `missing` is the key for 404. The registry's own words are kept where they help, without control characters.
    """
    # Status before code: proxies know the one, and mostly not the other.
    status = response.status_code
    code, words = _said(response)
    fields = {"host": host, "what": what, "status": status, "code": code, "words": words or code or status}
    if status == HTTPStatus.NOT_FOUND:
        amazon = _AMAZON.fullmatch(host) if code == "NAME_UNKNOWN" else None
        if amazon is not None:
            name = _AFTER_NAME.split(what.removeprefix(f"{host}/"))[0]
            return RegistryError("registry.no-repository-amazon", **fields, name=name, region=amazon[1])
        # Harbor says which project is missing, and calls that by a code of its own.
        if missing == "registry.no-repository" and code not in ("NAME_UNKNOWN", ""):
            return RegistryError("registry.refused", **fields)
        return RegistryError("registry.no-repository" if code == "NAME_UNKNOWN" else missing, **fields)
    if status in _KEYS:
        return RegistryError(_KEYS[HTTPStatus(status)], **fields)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return RegistryError("registry.server-error", **fields)
    return RegistryError("registry.refused", **fields)


def _said(response: "requests.Response") -> tuple[str, str]:
    """Code and message of the first error; both empty where the answer is not in the specification's form."""
    try:
        document = json.loads(read_capped(response, 1 << 16))
        first = document["errors"][0]
        return plain(str(first.get("code") or "")), plain(str(first.get("message") or ""))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError, RegistryError):
        return "", ""


def plain(text: str) -> str:
    """Somebody else's words for our screen: short, on one line, without control characters."""
    # Also the characters that turn the direction of text: with them a line reads otherwise than it is (CVE-2021-42574).
    return re.sub(r"[^\S ]|[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]", " ", text)[:_MAX_WORDS].strip()


def _host(response: "requests.Response") -> str:
    return urlsplit(response.url).netloc
