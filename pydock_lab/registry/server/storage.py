"""What the registry keeps: every content once, and for each repository which of it belongs there.

    blobs/sha256/4f2a..                          <--- lab/app/_blobs/sha256/4f2a..      content is shared,
                                                 <--- lab/web/_blobs/sha256/4f2a..      rights are not

A digest alone opens nothing: a blob is served only in a repository that it was pushed or mounted to, else who can
read one repository could read them all by guessing (CVE-2026-35172 was this mistake). Content goes with its last link.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from pydock_lab.oci import Digest
from pydock_lab.registry.server.repository import BLOBS, MANIFESTS, Repository
from pydock_lab.registry.server.tags import Known
from pydock_lab.store import BlobStore, FileLock
from pydock_lab.store.home import make_private
from pydock_lab.store.ingest import Ingest


class Storage:
    """Everything below `root`."""

    def __init__(self, root: Path) -> None:
        make_private(root)
        self.root, self._repositories = root, root / "repositories"
        self._ingest = Ingest(root)
        # Half-written files of a server that was killed; uploads are kept elsewhere, see sessions.
        self._ingest.sweep()
        self.blobs = BlobStore(root)
        self._tags: Known = {}

    def repository(self, name: str) -> Repository:
        """The repository of a valid `name`, there or not: it comes into being with what is pushed to it."""
        return Repository(self._repositories / name, self._ingest, self._tags)

    def repositories(self) -> list[str]:
        """The names of all that hold a manifest, sorted."""
        names = (path.relative_to(self._repositories).as_posix() for path in self._walk(self._repositories))
        return sorted(name for name in names if not self.repository(name).is_empty())

    def used(self) -> int:
        """Bytes of all content, each counted once."""
        return sum(entry.stat().st_size for folder in (self.root / "blobs").glob("*") for entry in os.scandir(folder))

    def links(self) -> Iterator[tuple[str, Digest]]:
        """Which content belongs to which repository."""
        for name in self.names():
            one = self.repository(name)
            yield from ((name, digest) for digest, _ in (*one.blobs(), *one.manifests()))

    def names(self) -> list[str]:
        """The names of all repositories, also of those that hold no manifest yet, or no more."""
        paths = (path for path in self._walk(self._repositories) if any(path.glob("_*")))
        return sorted(path.relative_to(self._repositories).as_posix() for path in paths)

    def changing(self) -> FileLock:
        """The lock of whoever adds or removes links: in between, content must not go."""
        return FileLock(self.root / "registry.lock")

    def put(self, content: bytes, digest: Digest) -> None:
        """Keep a small content (a manifest) under its digest, of whichever algorithm."""
        with self.blobs.writer(digest.algorithm) as writer:
            writer.write(content)
            writer.commit(digest, len(content))

    def forget(self, digest: Digest) -> None:
        """Remove the content unless a repository still links it; under `changing`."""
        # A walk, not a counter: counters and what they count drift apart with the first crash.
        if not any(self._links(digest)):
            self.blobs.delete(digest)

    def _links(self, digest: Digest) -> Iterator[Path]:
        for path in self._walk(self._repositories):
            for kind in (BLOBS, MANIFESTS):
                link = path / kind / digest.algorithm / digest.hex
                if link.exists():
                    yield link

    def _walk(self, folder: Path) -> Iterator[Path]:
        """The folders that may be repositories: a component of a name never begins with `_`."""
        if not folder.is_dir():
            return
        for path in folder.iterdir():
            if path.is_dir() and not path.name.startswith("_"):
                yield path
                yield from self._walk(path)
