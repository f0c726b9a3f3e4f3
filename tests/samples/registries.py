"""Registries with something in them: many tags, an index of many platforms."""

import atexit
import http.client
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pydock_lab import Engine
from pydock_lab.oci import Digest
from pydock_lab.registry.server import RegistryServer

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_AT_ONCE = 50  # tags of one request


@contextmanager
def full_registry(root: Path, *, tags: int, platforms: int) -> Iterator[RegistryServer]:
    """`lab/app` with so many versions of five images and `latest`, `lab/base` with an index, and some small ones."""
    with RegistryServer(root) as server:
        filler = Filler(server.address)
        images = [filler.image("lab/app", b"layer %d" % number) for number in range(5)]
        names = [f"1.{number}" for number in range(tags)]
        for at in range(5):
            filler.tag("lab/app", images[at], names[at::5] + (["latest"] if at == (tags - 1) % 5 else []))
        filler.index("lab/base", platforms)
        for number in range(8):
            filler.tag(f"team/app{number}", filler.image(f"team/app{number}", b"small"), ["1"])
        yield server


def for_ever(tags: int, platforms: int) -> tuple[Any, str]:
    """An engine, and the address of such a registry, which answers until its process ends; for a notebook's kernel.

    The servers are in `samples_servers` of the notebook.
    """
    folder = Path(tempfile.mkdtemp(prefix="pydock-registry-"))
    stack = ExitStack()
    server = stack.enter_context(full_registry(folder / "registry", tags=tags, platforms=platforms))
    vars(sys.modules["__main__"]).setdefault("samples_servers", []).append(server)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(stack.close)
    return Engine(folder / "home").full, server.address


class Filler:
    """Puts images into a registry by plain requests."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address, timeout=60)

    def image(self, repository: str, layer: bytes, architecture: str = "amd64") -> bytes:
        """A manifest of one layer, whose blobs are there."""
        config = json.dumps(
            {
                "architecture": architecture,
                "os": "linux",
                "created": "2026-11-27T10:00:00Z",
                "rootfs": {"type": "layers", "diff_ids": [Digest.of(layer)]},
            }
        ).encode()
        parts = []
        for blob, kind in ((config, "config.v1+json"), (layer, "layer.v1.tar")):
            self._ask("POST", f"/v2/{repository}/blobs/uploads/?digest={Digest.of(blob)}", blob)
            media_type = f"application/vnd.oci.image.{kind}"
            parts.append({"mediaType": media_type, "digest": Digest.of(blob), "size": len(blob)})
        return json.dumps(
            {"schemaVersion": 2, "mediaType": _MANIFEST, "config": parts[0], "layers": parts[1:]}
        ).encode()

    def tag(self, repository: str, content: bytes, tags: list[str], kind: str = _MANIFEST) -> None:
        """A manifest, and tags for it."""
        for some in _batched(tags):
            query = "&".join(f"tag={tag}" for tag in some)
            path = f"/v2/{repository}/manifests/{Digest.of(content)}?{query}"
            self._ask("PUT", path, content, {"Content-Type": kind})

    def index(self, repository: str, platforms: int) -> None:
        """An index of so many platforms, as `1`."""
        children = []
        for number in range(platforms):
            content = self.image(repository, b"platform %d" % number, f"cpu{number}")
            self.tag(repository, content, [f"cpu{number}"])
            platform = {"os": "linux", "architecture": f"cpu{number}"}
            entry = {"mediaType": _MANIFEST, "digest": Digest.of(content), "size": len(content), "platform": platform}
            children.append(entry)
        content = json.dumps({"schemaVersion": 2, "mediaType": _INDEX, "manifests": children}).encode()
        self.tag(repository, content, ["multi"], _INDEX)

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str] | None = None) -> None:
        self._connection.request(method, path, body, headers or {})
        answer = self._connection.getresponse()
        said = answer.read()
        if answer.status != http.client.CREATED:
            raise RuntimeError(f"{method} {path}: {answer.status} {said!r}")


def _batched(tags: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(tags), _AT_ONCE):
        yield tags[start : start + _AT_ONCE]
