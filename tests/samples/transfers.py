"""A pull from Docker Hub, a push that found a neighbour, the story of a tag; and what a stranger would make of them."""

from typing import Any

from pydock_lab.engine.exchanges import transfer_trace
from pydock_lab.views import TagState, TagStory, TransferTrace
from samples.views import HOSTILE, digest

_HUB = "https://registry-1.docker.io/v2/library/python"
_CDN = "https://production.cloudfront.docker.com/registry-v2/blobs/data?..."
_HERE = "http://localhost:5000/v2/lab/shop"
_LAYERS = [digest(f"hub layer {number}") for number in range(4)]
_CONFIG = digest("hub config")
MB = 1_000_000


def _request(at: float, method: str, url: str, status: int, **more: Any) -> dict[str, Any]:
    asked = {"at": at, "seconds": 0.018, "method": method, "url": url, "status": status, "role": "registry"}
    return asked | {"size": 0, "scope": ""} | more


def _blob(name: str, size: int, how: str, kind: str = "layer") -> dict[str, Any]:
    return {"digest": name, "size": size, "how": how, "kind": kind}


def _record(direction: str, reference: str, host: str, requests: list[dict[str, Any]], blobs: list[dict[str, Any]],
            **more: Any) -> dict[str, Any]:  # fmt: skip
    about = {"format": 1, "direction": direction, "reference": reference, "host": host, "began": 1767225600.25}
    return about | {"seconds": 1.62, "digest": digest("it"), "error": "", "requests": requests, "blobs": blobs} | more


PULL: TransferTrace = transfer_trace(
    _record(
        "pull",
        "python:3.13",
        "docker.io",
        [
            _request(0.0, "GET", f"{_HUB}/manifests/3.13", 401),
            _request(
                0.02,
                "GET",
                "https://auth.docker.io/token?service=registry.docker.io&scope=repository:library/python:pull",
                200,
                role="tokens",
                scope="repository:library/python:pull",
                size=2400,
            ),
            _request(0.04, "GET", f"{_HUB}/manifests/3.13", 200, size=6200),
            _request(0.06, "GET", f"{_HUB}/manifests/{digest('it')}", 200, size=2300),
            _request(0.08, "GET", f"{_HUB}/blobs/{_CONFIG}", 307),
            _request(0.09, "GET", f"{_HUB}/blobs/{_LAYERS[3]}", 307),
            _request(0.1, "GET", _CDN, 200, role="storage", size=7100),
            _request(0.11, "GET", _CDN, 200, role="storage", size=12 * MB),
        ],
        [
            _blob(_CONFIG, 7100, "travelled", "config"),
            _blob(_LAYERS[0], 49 * MB, "exists"),
            _blob(_LAYERS[1], 24 * MB, "exists"),
            _blob(_LAYERS[2], 3 * MB, "exists"),
            _blob(_LAYERS[3], 12 * MB, "travelled"),
        ],
    )
)
PUSH: TransferTrace = transfer_trace(
    _record(
        "push",
        "localhost:5000/lab/shop:1.3",
        "localhost:5000",
        [
            _request(0.0, "HEAD", f"{_HERE}/blobs/{_CONFIG}", 404),
            _request(0.001, "HEAD", f"{_HERE}/blobs/{_LAYERS[0]}", 200),
            _request(0.002, "HEAD", f"{_HERE}/blobs/{_LAYERS[1]}", 404),
            _request(0.003, "POST", f"{_HERE}/blobs/uploads/?mount={_LAYERS[1]}&from=lab/base", 201),
            _request(0.004, "POST", f"{_HERE}/blobs/uploads/", 202),
            _request(0.005, "PATCH", f"{_HERE}/blobs/uploads/7f3a", 202),
            _request(0.006, "PUT", f"{_HERE}/blobs/uploads/7f3a?digest={_CONFIG}", 201),
            _request(0.007, "PUT", f"{_HERE}/manifests/1.3", 503),
        ],
        [
            _blob(_CONFIG, 3100, "travelled", "config"),
            _blob(_LAYERS[0], 21 * MB, "exists"),
            _blob(_LAYERS[1], 4 * MB, "mounted"),
        ],
        error="localhost:5000 is busy",
    )
)
STORY = TagStory(
    host="localhost:5000",
    repository="shop",
    tag="latest",
    told=True,
    states=(
        TagState(since="2026-11-24T10:02:07Z", digest=digest("shop 1.0")),
        TagState(since="2026-11-25T09:40:51Z", digest=digest("shop 1.1"), tags=("1.1",)),
        TagState(since="2026-11-26T08:15:00Z", digest=""),
        TagState(since="2026-11-27T14:11:33Z", digest=digest("shop 1.2"), tags=("1.2", "latest")),
    ),
)
HOSTILE_STORY = TagStory(
    host=HOSTILE,
    repository=HOSTILE,
    tag=HOSTILE,
    told=False,
    states=tuple(TagState(since=HOSTILE, digest=digest(str(number)), tags=(HOSTILE,) * 9) for number in range(60)),
)
HOSTILE_TRANSFER: TransferTrace = transfer_trace(
    _record(
        "pull",
        HOSTILE,
        HOSTILE,
        [
            _request(10**9, HOSTILE, f"https://x/v2/{HOSTILE}/manifests/{HOSTILE}", 999),
            _request(0.0, "GET", f"https://x/{HOSTILE}", 401, role="tokens", scope=HOSTILE, size=10**15),
            _request(0.0, "GET", f"https://x/v2/a/blobs/{HOSTILE}", 302),
            *(_request(0.0, "PUT", "https://x/v2/a/manifests/1", 201) for _ in range(60)),
        ],
        [_blob(digest(str(number)), 10**15, HOSTILE, HOSTILE) for number in range(60)],
        error=HOSTILE,
    )
)
