"""Documents of an image that were read before: damage that comes later is seen all the same."""

import pytest

from pydock_lab.engine.face import Engine
from pydock_lab.errors import Corrupt, NotFound

BOX = "lab/busybox"


@pytest.mark.parametrize("kind", ["manifest", "config"])
def test_damage_is_seen_in_what_was_read_before(engine: Engine, kind: str) -> None:
    shelf = engine.full._parts.life._images
    found = shelf.find(BOX)
    assert shelf.find(BOX) == found
    digest = found.descriptor.digest if kind == "manifest" else found.manifest.config.digest
    path = engine.full.home.blobs.path(digest)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"a", b"b"))
    with pytest.raises(Corrupt):
        shelf.open(found.descriptor)
    path.unlink()
    with pytest.raises(NotFound):
        shelf.open(found.descriptor)
    path.write_bytes(whole)
    assert shelf.open(found.descriptor) == found
