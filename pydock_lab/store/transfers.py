"""How the last pulls and pushes went: `transfers/TIME.json`, request by request."""

import contextlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydock_lab.errors import NotFound
from pydock_lab.store.ingest import Ingest

FORMAT = 1
_KEPT = 100
_ENDING = ".json"


class Transfers:
    """The records of transfers in a store; who pulls or pushes writes one at the end, good or bad."""

    def __init__(self, root: Path) -> None:
        self._folder, self._ingest = root / "transfers", Ingest(root)

    def add(self, document: Mapping[str, Any]) -> None:
        """Keep a record; where there is no room for it, nothing is kept: the image has travelled all the same."""
        with contextlib.suppress(OSError):
            # Padded with zeros: the order of the names is that of the times.
            name = f"{time.time_ns():020}-{os.getpid()}{_ENDING}"
            self._ingest.replace(self._folder / name, json.dumps({"format": FORMAT} | dict(document)).encode())
            for old in self._names()[_KEPT:]:
                (self._folder / old).unlink(missing_ok=True)

    def find(self, direction: str = "", reference: str = "") -> dict[str, Any]:
        """The latest of a kind (`pull`, `push`; "" is any) and an image, by its whole name; raises NotFound."""
        for found in self.all():
            if direction in ("", found["direction"]) and reference in ("", found["reference"]):
                return found
        raise NotFound("store.no-transfer", what=" ".join(filter(None, (direction, reference))))

    def all(self) -> Iterator[dict[str, Any]]:
        """All of them, the latest first."""
        for name in self._names():
            with contextlib.suppress(OSError, ValueError):  # just removed, or of no form of ours
                found = json.loads((self._folder / name).read_bytes())
                if found.get("format") == FORMAT:
                    yield found

    def _names(self) -> list[str]:
        with contextlib.suppress(FileNotFoundError):
            return sorted((name for name in os.listdir(self._folder) if name.endswith(_ENDING)), reverse=True)
        return []
