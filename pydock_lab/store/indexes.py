"""The indexes of layers, kept by diff_id: `indexes/<hex>.json`, made again from the blob where one is missing.

What a layer changes depends on those below it, too. Of large images that is kept by chain id, when somebody has looked
at them: `indexes/<hex>.changes.json`. It can be told from the indexes again, so nothing is lost with it.
"""

import contextlib
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from pydock_lab.archive.compress import decompress
from pydock_lab.archive.index import LayerIndex
from pydock_lab.archive.reader import chunks
from pydock_lab.errors import Corrupt
from pydock_lab.oci import Descriptor, Digest
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.ingest import Ingest

# Indexes in memory. All layers of an image are asked for in turn, again and again; no file system mounts more than 127.
_KEPT = 128


class IndexStore:
    """The indexes below `root`, whose blobs are `blobs`."""

    def __init__(self, root: Path, blobs: BlobStore) -> None:
        self._directory, self._blobs = root / "indexes", blobs
        self._ingest = Ingest(root)
        self._recent: OrderedDict[Digest, LayerIndex] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, diff_id: Digest) -> Path:
        """Where the index is, or would be."""
        return self._directory / f"{diff_id.hex}.json"

    def put(self, diff_id: Digest, index: LayerIndex) -> None:
        """Keep an index."""
        self._ingest.replace(self.path(diff_id), index.to_bytes())
        self._remember(diff_id, index)

    def get(self, diff_id: Digest, layer: Descriptor) -> LayerIndex:
        """The index of a layer; raises NotFound, Corrupt or ArchiveError where its blob is not here or broken."""
        with self._lock:
            found = self._recent.get(diff_id)
        return found or self._remember(diff_id, self._load(diff_id, layer))

    def changes(self, chain_id: Digest) -> object:
        """What `keep_changes` has kept, as plain data; None where there is nothing that can be read."""
        try:
            return json.loads(self._changes(chain_id).read_bytes())
        except (FileNotFoundError, ValueError):
            return None

    def keep_changes(self, chain_id: Digest, document: object) -> None:
        """Keep what the topmost layer of a chain changes, where there is room for it."""
        with contextlib.suppress(OSError):  # a store that is full, or another user's, can still be looked at
            self._ingest.replace(self._changes(chain_id), json.dumps(document, separators=(",", ":")).encode())

    def _changes(self, chain_id: Digest) -> Path:
        return self._directory / f"{chain_id.hex}.changes.json"

    def _remember(self, diff_id: Digest, index: LayerIndex) -> LayerIndex:
        with self._lock:
            self._recent[diff_id] = index
            self._recent.move_to_end(diff_id)
            if len(self._recent) > _KEPT:
                self._recent.popitem(last=False)
        return index

    def _load(self, diff_id: Digest, layer: Descriptor) -> LayerIndex:
        try:
            return LayerIndex.from_bytes(self.path(diff_id).read_bytes())
        except (FileNotFoundError, ValueError, KeyError):
            index = self._make(diff_id, layer)
            self.put(diff_id, index)
            return index

    def _make(self, diff_id: Digest, layer: Descriptor) -> LayerIndex:
        digest = hashlib.sha256()

        def hashed(source: Iterator[bytes]) -> Iterator[bytes]:
            for chunk in source:
                digest.update(chunk)
                yield chunk

        with self._blobs.open(layer) as blob:
            index = LayerIndex.read(hashed(decompress(chunks(blob))))
        # It is kept under the diff_id for good, so it must not be made of another tar.
        if digest.hexdigest() != diff_id.hex:
            raise Corrupt("store.blob-content", digest=layer.digest)
        return index
