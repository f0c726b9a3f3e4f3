"""An image of a hundred layers and a hundred thousand files, and fifty containers that run: what a lesson never has."""

import gzip
import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

from pydock_lab import Engine
from pydock_lab.oci import (
    ContainerConfig,
    Descriptor,
    Digest,
    History,
    ImageConfig,
    Manifest,
    MediaType,
    Platform,
    Reference,
)
from pydock_lab.store import Store

LAYERS, FILES = 100, 100_000
CONTAINERS = 50
NAME, TRACED = "bench/many:1", "bench/traced:1"
_FOLDERS = 50  # of a layer
# One of them writes another file all the time: each look at them finds another picture.
_BUSY = ("sh", "-c", "i=0; while :; do : > /log$i; i=$((i+1)); : > /log$i; rm /log$((i-1)); sleep 0.1; done")


def make_image(engine: Engine) -> None:
    """The image `NAME`, with the indexes of its layers, as they are after a build or a first look."""
    store = Store.open(engine.full.home.root)  # type: ignore[attr-defined] # the local engine's
    layers, diff_ids = [], []
    for number in range(LAYERS):
        plain = _layer(number)
        packed = gzip.compress(plain, 1, mtime=0)
        store.blobs.put(packed)
        diff_ids.append(Digest.of(plain))
        layers.append(Descriptor.of(packed, MediaType.LAYER_GZIP))
    config = ImageConfig(
        platform=Platform(os="linux", architecture="amd64"),
        config=ContainerConfig(cmd=("true",)),
        diff_ids=tuple(diff_ids),
        history=tuple(
            History(created_by=f"COPY part{number} /srv/part{number} # buildkit") for number in range(LAYERS)
        ),
    ).to_bytes()
    store.blobs.put(config)
    manifest = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=tuple(layers)).to_bytes()
    store.blobs.put(manifest)
    store.layout.tag(Reference.parse(NAME), Descriptor.of(manifest, MediaType.MANIFEST))
    engine.layers(NAME)


def _layer(number: int) -> bytes:
    """A thousand small files of other sizes, as a tar."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for file in range(FILES // LAYERS):
            content = b"%d/%d " % (number, file) * (1 + (number + file) % 20)
            entry = tarfile.TarInfo(f"srv/part{number}/folder{file % _FOLDERS}/file{file}.txt")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return plain.getvalue()


def build_traced(engine: Engine) -> None:
    """The image `TRACED`, of a build of a hundred steps."""
    steps = (f"RUN echo {number} > /step-{number}" for number in range(1, LAYERS))
    engine.build("\n".join(["FROM lab/base", *steps, ""]), TRACED)


@contextmanager
def containers(engine: Engine) -> Iterator[None]:
    """Fifty containers that run; removed afterwards."""
    try:
        for number in range(CONTAINERS):
            engine.run("lab/base", *(_BUSY if number == 0 else ("sleep", "1000")), name=f"live{number}", detach=True)
        yield
    finally:
        for one in engine.full.containers():
            engine.full.remove(one.id, force=True)
