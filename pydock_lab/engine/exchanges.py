"""A pull or push as it went: written down while it goes, read as a view that can be stepped through."""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from pydock_lab.events import BlobDone, BlobSkipped, Direction, Event, Exchange, OnEvent, Role
from pydock_lab.oci import Manifest
from pydock_lab.oci.times import rfc3339
from pydock_lab.store.transfers import Transfers
from pydock_lab.views import RequestStep, TransferTrace, TravelledBlob

_MOST = 2000  # requests: an image of more would be a record that nobody reads
_UNAUTHORIZED, _REDIRECT = 401, range(300, 400)
_ROUTES = (
    (re.compile(r"/v2/"), "ping"),
    (re.compile(r"/v2/.+/manifests/([^/]+)"), "manifest"),
    (re.compile(r"/v2/.+/blobs/uploads/?"), "upload"),
    (re.compile(r"/v2/.+/blobs/uploads/.+"), "upload-part"),
    (re.compile(r"/v2/.+/blobs/([^/]+)"), "blob"),
    (re.compile(r"/v2/.+/referrers/([^/]+)"), "referrers"),
    (re.compile(r"/v2/.+/tags/list"), "tags"),
)


class Recorder:
    """Hears what a transfer says, and passes it on to `on_event`."""

    def __init__(self, direction: Direction, reference: str, host: str, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._began = time.time()
        self._about = {"direction": direction.value, "reference": reference, "host": host}
        self._requests: list[dict[str, Any]] = []
        self._blobs: dict[str, dict[str, Any]] = {}

    def __call__(self, event: Event) -> None:
        """Something happened."""
        match event:
            case Exchange() if len(self._requests) < _MOST:
                at = max(0.0, time.time() - self._began - event.seconds)
                said = {"method": event.method, "url": event.url, "status": event.status, "role": event.role.value}
                self._requests.append(
                    said | {"at": at, "seconds": event.seconds, "size": event.size, "scope": event.scope}
                )
            case BlobDone():
                self._blobs[event.digest] = {"size": event.size, "how": "travelled"}
            case BlobSkipped():
                self._blobs[event.digest] = {"size": event.size, "how": event.why}
        self._on_event(event)

    def keep(self, transfers: Transfers, manifest: Manifest | None, digest: str, error: str) -> None:
        """Write it down: how it ended, and what its blobs are, as far as that is known."""
        config = manifest.config.digest if manifest else ""
        blobs = [
            {"digest": one, "kind": "config" if one == config else "layer" if manifest else "", **said}
            for one, said in self._in_order(manifest)
        ]
        ended = {"digest": digest, "error": error, "requests": self._requests, "blobs": blobs}
        transfers.add({**self._about, "began": self._began, "seconds": time.time() - self._began, **ended})

    def _in_order(self, manifest: Manifest | None) -> list[tuple[str, dict[str, Any]]]:
        """As the image has them: its config, then its layers from the base on."""
        places = {}
        if manifest is not None:
            places = {part.digest: at for at, part in enumerate((manifest.config, *manifest.layers))}
        return sorted(self._blobs.items(), key=lambda item: places.get(item[0], len(places)))  # type: ignore[call-overload]


def transfer_trace(document: Mapping[str, Any]) -> TransferTrace:
    """A record as a view."""
    steps: list[RequestStep] = []
    for number, said in enumerate(document["requests"], 1):
        kind, subject = _meaning(said)
        step = RequestStep(
            number=number,
            at=said["at"],
            seconds=said["seconds"],
            method=said["method"],
            url=said["url"],
            host=urlsplit(said["url"]).netloc,
            role=said["role"],
            status=said["status"],
            kind=kind,
            subject=subject,
            size=said["size"],
            follows=_cause(steps, said, kind),
        )
        steps.append(step)
    began = datetime.fromtimestamp(document["began"], UTC).replace(microsecond=0)
    return TransferTrace(
        direction=document["direction"],
        reference=document["reference"],
        host=document["host"],
        created=rfc3339(began),
        seconds=document["seconds"],
        digest=document["digest"],
        error=document["error"],
        steps=tuple(steps),
        blobs=tuple(TravelledBlob(**blob) for blob in document["blobs"]),
    )


def _meaning(said: Mapping[str, Any]) -> tuple[str, str]:
    """What was asked for, and of what."""
    parts = urlsplit(said["url"])
    query = parse_qs(parts.query)
    if said["role"] == Role.TOKENS:
        return "token", said["scope"]
    if said["role"] == Role.STORAGE:
        return "stored", ""
    for pattern, kind in _ROUTES:
        found = pattern.fullmatch(unquote(parts.path))
        if found is None:
            continue
        subject = found[1] if found.groups() else (query.get("mount") or query.get("digest") or [""])[0]
        if kind == "upload" and "mount" in query:
            return "mount", subject
        if kind == "upload-part" and said["method"] == "PUT":
            return "upload-end", subject
        return kind, subject
    return "other", parts.path


def _cause(steps: list[RequestStep], said: Mapping[str, Any], kind: str) -> int:
    """The step that led to this one: several go on at the same time, so it need not be the one before."""
    for step in reversed(steps):
        if kind == "token" and step.status == _UNAUTHORIZED and step.role == Role.REGISTRY:
            return step.number
        if kind == "stored" and step.status in _REDIRECT and not any(later.follows == step.number for later in steps):
            return step.number
        is_again = (step.method, step.url) == (said["method"], said["url"])
        if is_again and step.status == _UNAUTHORIZED and kind != "token":
            return step.number
    return 0
