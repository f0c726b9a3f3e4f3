"""Leases: what a running build, pull or push needs stays, though no tag names it yet.

    with leases.hold("build") as lease:
        lease.add(digest)              from here on `prune` leaves it alone
        if not blobs.has(digest): ...  add first, look then: the other way round it may be gone in between

A lease is a file that names its process. When that one dies, the lease counts no more.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from pydock_lab.errors import InvalidDigest
from pydock_lab.oci import Digest
from pydock_lab.store.ingest import Ingest, is_stale
from pydock_lab.store.locks import FileLock
from pydock_lab.store.process import Process


class Lease:
    """One lease in force; digests of blobs and chain ids of snapshots alike."""

    def __init__(self, path: Path, ingest: Ingest, lock: FileLock, why: str) -> None:
        self._path, self._ingest, self._lock, self._why = path, ingest, lock, why
        self._digests: dict[Digest, None] = {}
        # The stages of a build run at the same time and share one lease.
        self._threads = Lock()

    def add(self, *digests: Digest) -> None:
        """Protect these too. Waits while a prune is under way, so look for them only afterwards."""
        with self._threads:
            if self._digests.keys() >= set(digests):
                return
            self._digests.update(dict.fromkeys(digests))
            known = list(self._digests)
            document = {"format": 1, "owner": str(Process.current()), "why": self._why, "digests": known}
            with self._lock:
                self._ingest.replace(self._path, json.dumps(document).encode())


class Leases:
    """The leases below `root`."""

    def __init__(self, root: Path) -> None:
        self._root, self._directory = root, root / "leases"

    @contextmanager
    def hold(self, why: str, *digests: Digest) -> Iterator[Lease]:
        """A lease for as long as the block runs; `why` says who it is, for people."""
        path = self._directory / f"{os.urandom(8).hex()}.json"
        lease = Lease(path, Ingest(self._root), self.collecting(shared=True), why)
        if digests:
            lease.add(*digests)
        try:
            yield lease
        finally:
            path.unlink(missing_ok=True)

    def protected(self) -> frozenset[Digest]:
        """The digests of all leases in force; those of dead processes are removed."""
        found: set[Digest] = set()
        for path in self._directory.glob("*.json"):
            owner, digests = _read(path)
            # Whoever looks next cleans up: there is no daemon to do it.
            if is_stale(owner, path):
                path.unlink(missing_ok=True)
            else:
                found.update(digests)
        return frozenset(found)

    def collecting(self, *, shared: bool = False) -> FileLock:
        """The lock that a prune holds alone, and who adds to a lease shares."""
        return FileLock(self._root / "leases" / ".lock", shared=shared)


def _read(path: Path) -> tuple[Process | None, list[Digest]]:
    digests: list[Digest] = []
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):  # gone meanwhile
        return None, digests
    for said in document.get("digests", ()):
        with suppress(InvalidDigest):
            digests.append(Digest(said))
    return Process.parse(str(document.get("owner"))), digests
