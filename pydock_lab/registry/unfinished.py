"""Where uploads were that broke off: who pushes the same blob again within a day goes on there.

    unfinished/3f..json    {"location": "https://registry/v2/lab/app/blobs/uploads/1c..", "when": 1700000000}

The name is the digest of registry, repository and blob. One at a time goes on with an upload, held by a lock; who pushes
the same meanwhile begins anew.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydock_lab.oci import Digest
from pydock_lab.store.ingest import Ingest
from pydock_lab.store.locks import FileLock

_KEPT_SECONDS = 24 * 3600


@dataclass(slots=True)
class Place:
    """Where the upload of one blob is: `location`, "" where there is none; without a `path` nobody remembers."""

    location: str = ""
    path: Path | None = None

    def note(self, location: str) -> None:
        """It is there from now on."""
        self.location = location
        if self.path is not None:
            content = json.dumps({"location": location, "when": time.time()}).encode()
            Ingest(self.path.parent.parent).replace(self.path, content)

    def forget(self) -> None:
        """It is over, or lost."""
        self.location = ""
        if self.path is not None:
            self.path.unlink(missing_ok=True)


class Unfinished:
    """The uploads that are remembered in `folder`; None: nowhere."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @contextmanager
    def place(self, host: str, repository: str, digest: Digest) -> Iterator[Place]:
        """Where an upload of this blob is, for as long as the block; nobody else goes on with it meanwhile."""
        if self._folder is None:
            yield Place()
            return
        name = hashlib.sha256(f"{host} {repository} {digest}".encode()).hexdigest()
        path = self._folder / f"{name}.json"
        lock = FileLock(path.with_suffix(".lock"), wait=False)
        try:
            lock.__enter__()
        except (BlockingIOError, OSError):  # somebody is at it, or it cannot be written down
            yield Place()
            return
        try:
            self._sweep()
            yield Place(location=_read(path), path=path)
        finally:
            lock.__exit__(None, None, None)

    def _sweep(self) -> None:
        assert self._folder is not None  # noqa: S101 - for mypy; see place
        before = time.time() - _KEPT_SECONDS
        for path in self._folder.glob("*.*"):
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()


def _read(path: Path) -> str:
    try:
        said = json.loads(path.read_bytes())
        return str(said["location"]) if time.time() - said["when"] < _KEPT_SECONDS else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""
