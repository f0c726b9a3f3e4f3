"""What strangers send: references, documents, layers, challenges, links, tokens; 100,000 of each (`make fuzz`).

What is real is changed a little: pieces of text are cut, doubled, moved; values of JSON are swapped for odd ones. What
comes out is a value or a PydockError with a text, within a second and without much memory.
"""

import io
import json
import os
import random
import resource
import tarfile
from collections.abc import Callable
from time import process_time
from typing import Any

import pytest

from pydock_lab.archive import reader
from pydock_lab.errors import PydockError
from pydock_lab.oci import Digest, ImageConfig, MediaType, Reference, read_document
from pydock_lab.registry import auth, challenge
from pydock_lab.registry.answers import next_page
from pydock_lab.registry.server.rights import Grant
from pydock_lab.registry.signatures import _speaks_of

LONG = bool(os.environ.get("PYDOCK_FUZZ"))
COUNT = 100_000 if LONG else 800
SECONDS, MEMORY = 1.0, 400 << 20

HEX = "a" * 64
DESCRIPTOR = {"mediaType": str(MediaType.LAYER_GZIP), "digest": f"sha256:{HEX}", "size": 10}
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": str(MediaType.MANIFEST),
    "config": {"mediaType": str(MediaType.CONFIG), "digest": f"sha256:{'b' * 64}", "size": 3},
    "layers": [DESCRIPTOR, DESCRIPTOR | {"annotations": {"a": "b"}}],
    "subject": DESCRIPTOR,
    "annotations": {"org.opencontainers.image.title": "x"},
}
INDEX = {
    "schemaVersion": 2,
    "mediaType": str(MediaType.INDEX),
    "manifests": [
        DESCRIPTOR
        | {"mediaType": str(MediaType.MANIFEST), "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}}
    ],
}
CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2024-01-01T00:00:00.5Z",
    "config": {
        "Env": ["PATH=/bin", "A=b"],
        "Cmd": ["sh", "-c", "x"],
        "ExposedPorts": {"80/tcp": {}},
        "Volumes": {"/v": {}},
        "Labels": {"a": "b"},
        "Healthcheck": {"Test": ["CMD", "true"], "Interval": 5_000_000_000, "Retries": 3},
        "User": "1000:1000",
    },
    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{HEX}"]},
    "history": [{"created_by": "RUN x", "empty_layer": True}, {"created": "2024-01-01T00:00:00Z", "comment": "c"}],
}
TOKEN = {"token": "abc.def-_", "access_token": "x", "expires_in": 300, "issued_at": "2024-01-01T00:00:00Z"}
PAYLOAD = {
    "critical": {
        "identity": {"docker-reference": "x/y"},
        "image": {"docker-manifest-digest": f"sha256:{HEX}"},
        "type": "cosign container image signature",
    },
    "optional": None,
}
REFERENCES = [
    "nginx",
    "a/b:1",
    "localhost:5000/lab/app:1.2",
    f"ghcr.io/o/i@sha256:{HEX}",
    "[::1]:5000/x:t",
    "a.b-c__d/e:T_1",
]
CHALLENGES = [
    'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    'Basic realm="x", charset="UTF-8"',
    'Basic, Bearer realm="https://a/b?c=d" , error="insufficient_scope"',
    'Negotiate abc==, Bearer realm=x;y="z\\"q"',
]
LINKS = [
    '</v2/a/tags/list?n=2&last=b>; rel="next"',
    "<http://x/y>; rel=next; a=b, <z>; rel=prev",
    '<>;rel="next",<<<>>>',
]
GRANTS = ["alice:lab/*:pull,push", "everyone:*:all", "users:a:b:delete"]
ODD_VALUES: list[Any] = [
    None, True, -1, 0, 2**63, 2**200, 1e400, 0.5, "", "x" * 5000, "\0", "../../x", "sha256:" + "A" * 64, "sha512:0",
    [], {}, [[]], {"": {}}, "\u202e", "é\ud800", "2024-13-01T99:00:00Z",
]  # fmt: skip
ODD_TEXT = [
    "\0",
    "\r\n",
    '"',
    "\\",
    "<",
    ">",
    ",",
    ";",
    "=",
    ":",
    "@",
    "/",
    "..",
    "é",
    "\u202e",
    " ",
    "\t",
    "%00",
    "[",
    "]",
]


def changed_text(chance: random.Random, texts: list[str]) -> str:
    text = chance.choice(texts)
    for _ in range(chance.randrange(1, 5)):
        at, first = chance.randrange(len(text) + 1), chance.randrange(len(text) + 1)
        piece = text[first : first + chance.randrange(40)]
        match chance.randrange(4):
            case 0:
                text = text[:first] + text[first + len(piece) :]
            case 1:
                text = text[:at] + piece * chance.choice([1, 1, 1, 200]) + text[at:]
            case 2:
                text = text[:at] + chance.choice(ODD_TEXT) * chance.choice([1, 1, 9]) + text[at:]
            case _:
                text = text[:at] + chance.choice(texts)[first:]
    return text


def changed_value(chance: random.Random, value: Any) -> Any:
    """The document with one of its values, or keys, or lengths, another one."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        key = chance.choice(list(value))
        match chance.randrange(10):
            case 0:
                return {name: one for name, one in value.items() if name != key}
            case 1:
                return value | {chance.choice(["", "layers", "manifests", "size", "\0", "urls", "data"]): value[key]}
            case _:
                return value | {key: changed_value(chance, value[key])}
    if isinstance(value, list) and value and chance.random() < 0.85:
        at = chance.randrange(len(value))
        if chance.random() < 0.1:
            return value * chance.choice([2, 300])
        return [*value[:at], changed_value(chance, value[at]), *value[at + 1 :]]
    return chance.choice(ODD_VALUES)


def document(kind: Any) -> Callable[[random.Random], bytes]:
    def make(chance: random.Random) -> bytes:
        value = kind
        for _ in range(chance.randrange(1, 4)):
            value = changed_value(chance, value)
        text = json.dumps(value)
        if chance.random() < 0.2:
            text = changed_text(chance, [text])
        if chance.random() < 0.01:
            text = "[" * chance.choice([50, 5000, 200_000]) + text
        return text.encode("utf-8", "surrogatepass")

    return make


def archive(chance: random.Random) -> bytes:
    """A layer of a few entries, with some bytes changed, cut off or doubled."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=chance.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])) as tar:
        for name, kind in (
            ("d/", tarfile.DIRTYPE),
            ("d/f" * chance.choice([1, 60]), tarfile.REGTYPE),
            ("l", tarfile.SYMTYPE),
        ):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "x" if kind == tarfile.SYMTYPE else ""
            entry.size = 5 if kind == tarfile.REGTYPE else 0
            if tar.format == tarfile.PAX_FORMAT:
                entry.pax_headers = {"SCHILY.xattr.user.a": "b", "mtime": "1.5"}
            tar.addfile(entry, io.BytesIO(b"hello"))
    content = bytearray(out.getvalue())
    for _ in range(chance.randrange(1, 6)):
        at = chance.randrange(len(content))
        match chance.randrange(4):
            case 0:
                content[at] = chance.randrange(256)
            case 1:
                del content[at : at + chance.choice([1, 512])]
            case 2:
                content[at:at] = content[at : at + chance.choice([1, 12, 512])]
            case _:
                field = chance.choice([100, 124, 136, 148, 156, 257, 345])
                start = at // 512 * 512 + field
                content[start : start + 8] = bytes(chance.choice(b"\0 0179-\x80\xff") for _ in range(8))
    return bytes(content)


def read_layer(content: bytes) -> None:
    found = reader.TarReader(reader.chunks(io.BytesIO(content)))
    for entry in found:
        assert entry.path is not None
        for _ in found.content():
            pass


TARGETS: dict[str, tuple[Callable[[random.Random], Any], Callable[[Any], object]]] = {
    "references": (lambda chance: changed_text(chance, REFERENCES), Reference.parse),
    "manifests": (document(MANIFEST), lambda content: read_document(content, MediaType.MANIFEST)),
    "indexes": (document(INDEX), lambda content: read_document(content, MediaType.INDEX)),
    "configs": (document(CONFIG), ImageConfig.from_bytes),
    "layers": (archive, read_layer),
    "challenges": (lambda chance: changed_text(chance, CHALLENGES), lambda text: challenge.parse(text, "host")),
    "links": (lambda chance: changed_text(chance, LINKS), next_page),
    "tokens": (document(TOKEN), lambda content: auth.read_token(json_object(content), "host")),
    "grants": (lambda chance: changed_text(chance, GRANTS), Grant.parse),
    "payloads": (document(PAYLOAD), lambda content: _speaks_of(content, Digest(f"sha256:{HEX}"))),
}


def json_object(content: bytes) -> dict[str, object]:
    """What `answers.read_json` gives; what that refuses is nothing to fuzz here."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def told(error: PydockError) -> None:
    assert error.message("en")
    assert error.message("fr")


@pytest.mark.fuzz
@pytest.mark.parametrize("name", TARGETS)
def test_whatever_it_is(name: str) -> None:
    make, read = TARGETS[name]
    seed = random.randrange(2**32) if LONG else 1
    chance, before = random.Random(seed), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(COUNT):
        given = make(chance)
        began = process_time()
        try:
            read(given)
        except PydockError as error:
            told(error)
        except Exception as error:  # noqa: BLE001 - what is found is told with its input
            pytest.fail(f"seed {seed}, input {number}: {type(error).__name__}: {error}\n{given[:2000]!r}")
        assert process_time() - began < SECONDS, (seed, number, given[:2000])
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < MEMORY, (seed, grown)
