"""Records of the build cache: a damaged one is a miss, and hides no other."""

import json
from pathlib import Path

import pytest

from pydock_lab.build.cache import BuildCache, Layer
from pydock_lab.build.keys import CacheKey
from pydock_lab.oci import Descriptor, Digest, MediaType

LAYER = Layer(
    descriptor=Descriptor.of(b"layer", MediaType.LAYER),
    diff_id=Digest.of(b"tar"),
    unpacked_size=3,
    created="2026-01-01T00:00:00Z",
    seconds=0.5,
)


@pytest.mark.parametrize("field", ["diff_id", "descriptor", "unpacked_size", "format"])
def test_a_damaged_record_is_a_miss(tmp_path: Path, field: str) -> None:
    cache, first, second = BuildCache(tmp_path), CacheKey.of("first"), CacheKey.of("second")
    for key in (first, second):
        cache.remember(key, LAYER)
    assert cache.find(first) == LAYER
    path = next(path for path, _ in cache.layers() if json.loads(path.read_bytes())["key"] == first.text)
    path.write_text(json.dumps(json.loads(path.read_bytes()) | {field: "broken"}))
    assert cache.find(first) is None
    assert cache.find(second) == LAYER
    assert LAYER in [layer for _, layer in cache.layers()]
