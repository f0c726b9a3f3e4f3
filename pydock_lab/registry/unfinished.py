"""Where uploads were that broke off: who pushes the same blob again within a day goes on there.

    unfinished/3f..json    {"location": "https://registry/v2/lab/app/blobs/uploads/1c..", "when": 17.., "owner": ..}

The name is the digest of registry, repository and blob. Who wrote it down and lives is at it: who pushes the same
meanwhile begins an upload of his own.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from pydock_lab.oci import Digest
from pydock_lab.store.ingest import Ingest
from pydock_lab.store.process import Liveness, Process

_KEPT_SECONDS = 24 * 3600
_at_it: set[Path] = set()  # the uploads of this process
_lock = Lock()


@dataclass(slots=True)
class Place:
    """Where the upload of one blob is: `location`, "" where there is none; without a `path` nobody remembers."""

    location: str = ""
    path: Path | None = None

    def note(self, location: str) -> None:
        """It is there from now on."""
        self.location = location
        if self.path is not None:
            said = {"location": location, "when": time.time(), "owner": str(Process.current())}
            content = json.dumps(said).encode()
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
        with _lock:
            is_mine = path not in _at_it
            _at_it.add(path)
        if not is_mine:
            yield Place()
            return
        try:
            self._sweep()
            location, owner = _read(path)
            # Who lives, and is not us, is at it now.
            is_free = owner == str(Process.current()) or not _is_alive(owner)
            yield Place(location=location, path=path) if is_free else Place()
        finally:
            with _lock:
                _at_it.discard(path)

    def _sweep(self) -> None:
        assert self._folder is not None  # noqa: S101 - for mypy; see place
        before = time.time() - _KEPT_SECONDS
        for path in self._folder.glob("*.json"):
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    path.unlink()


def _is_alive(owner: str) -> bool:
    """Whether the process that wrote a record is there, as far as can be seen from here."""
    process = Process.parse(owner)
    return process is not None and process.liveness() is Liveness.ALIVE


def _read(path: Path) -> tuple[str, str]:
    """The location, and who wrote it down; both empty where there is nothing to go on with."""
    try:
        said = json.loads(path.read_bytes())
        if time.time() - said["when"] < _KEPT_SECONDS:
            return str(said["location"]), str(said["owner"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return "", ""
