"""The build cache on disk: `cache/<hex of the key>.json`, one record a key, with the key's plain text in it.

Beside it, `cache/answers/` has what was once found out about layers: they never change, so it stays true.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydock_lab.build.keys import CacheKey
from pydock_lab.errors import PydockError
from pydock_lab.oci import Descriptor, Digest
from pydock_lab.oci.document import Node
from pydock_lab.oci.plain import readable
from pydock_lab.store.ingest import Ingest

FORMAT = 1
_DAMAGED = (PydockError, ValueError, KeyError, TypeError)  # what a record that is none raises


@dataclass(frozen=True, kw_only=True, slots=True)
class Layer:
    """A layer that a step made: its blob, and what is known of its making.

    `unpacked_size` are bytes of files, `created` RFC 3339, `seconds` what the step took when it ran.
    """

    descriptor: Descriptor
    diff_id: Digest
    unpacked_size: int
    created: str
    seconds: float

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """What `to_json` gave; raises PydockError, KeyError or ValueError for anything else."""
        return cls(
            descriptor=Descriptor.from_node(Node(document["descriptor"], "cache record")),
            diff_id=Digest(document["diff_id"]),
            unpacked_size=int(document["unpacked_size"]),
            created=str(document["created"]),
            seconds=float(document["seconds"]),
        )

    def to_json(self) -> dict[str, object]:
        """Plain data."""
        return {
            "descriptor": self.descriptor.to_json(),
            "diff_id": str(self.diff_id),
            "unpacked_size": self.unpacked_size,
            "created": self.created,
            "seconds": self.seconds,
        }


class BuildCache:
    """The records below `root`; a record whose blob is gone counts as a miss."""

    def __init__(self, root: Path) -> None:
        self.directory = root / "cache"
        self._ingest = Ingest(root)

    def find(self, key: CacheKey) -> Layer | None:
        """The layer that a step with this key made, as it was remembered."""
        return self.find_by(key.digest)

    def find_by(self, digest: str) -> Layer | None:
        """The same, by the digest of the key."""
        try:
            document = json.loads(self._path(digest).read_bytes())
            return Layer.from_json(document) if document["format"] == FORMAT else None
        except (FileNotFoundError, *_DAMAGED):
            return None

    def remember(self, key: CacheKey, layer: Layer) -> None:
        """From now on, a step with this key has this layer."""
        document = {"format": FORMAT, "key": key.text} | layer.to_json()
        self._ingest.replace(self._path(key.digest), readable(document, indent=1))

    def layers(self) -> Iterator[tuple[Path, Layer]]:
        """All records and their files, for prune."""
        for path in sorted(self.directory.glob("*.json")):
            try:
                yield path, Layer.from_json(json.loads(path.read_bytes()))
            except (OSError, *_DAMAGED):
                continue

    def recall(self, question: object) -> Any:
        """The answer that `note` kept, or None."""
        try:
            return json.loads(self._answer(question).read_bytes())
        except (OSError, ValueError):
            return None

    def note(self, question: object, answer: object) -> None:
        """Keep an answer that never changes, such as the checksum of a folder of certain layers."""
        self._ingest.replace(self._answer(question), json.dumps(answer).encode())

    def _answer(self, question: object) -> Path:
        return self.directory / "answers" / f"{hashlib.sha256(json.dumps(question).encode()).hexdigest()}.json"

    def _path(self, digest: str) -> Path:
        return self.directory / f"{digest.partition(':')[2]}.json"
