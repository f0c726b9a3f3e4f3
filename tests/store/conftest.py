"""A store with small images in it."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from pydock_lab.archive.compress import LayerWriter
from pydock_lab.archive.entry import Entry
from pydock_lab.archive.writer import TarWriter
from pydock_lab.oci import ContainerConfig, Descriptor, ImageConfig, Manifest, MediaType, Platform
from pydock_lab.store import Store

MakeImage = Callable[[str], Descriptor]


@pytest.fixture
def store(home: Path) -> Store:
    return Store.open(home)


@pytest.fixture
def image(store: Store) -> MakeImage:
    """`image("text")`: an image of one layer with one file of that text, in the store, without a name."""

    def make(text: str) -> Descriptor:
        layer = io.BytesIO()
        with LayerWriter(layer) as writer:
            tar = TarWriter(writer)
            tar.add(Entry(path=b"file", size=len(text)), text.encode())
            tar.finish()
        written = writer.close()
        store.blobs.put(layer.getvalue())
        platform = Platform(os="linux", architecture="amd64")
        settings = ContainerConfig(cmd=("cat", "/file"))
        config = ImageConfig(platform=platform, config=settings, diff_ids=(written.diff_id,)).to_bytes()
        store.blobs.put(config)
        blob = Descriptor(media_type=written.media_type, digest=written.digest, size=written.size)
        manifest = Manifest(config=Descriptor.of(config, MediaType.CONFIG), layers=(blob,)).to_bytes()
        store.blobs.put(manifest)
        return Descriptor.of(manifest, MediaType.MANIFEST)

    return make
