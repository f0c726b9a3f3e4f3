"""Uploads under way: files that grow, in a folder for each repository. They survive a restart.

    POST -> session 3f..  ->  PATCH 0-999, 1000-1999 ...  ->  PUT ?digest=  ->  is it what it claims?  ->  blobs/

    uploads/team+web/3f..       of the repository team/web, which no other name opens

The hash is computed while the bytes come in. After a restart, or where another process wrote to the file, it is
computed again from the file: the disk is the truth, the hash in memory a shortcut.
"""

import hashlib
import os
import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from pydock_lab.errors import Corrupt
from pydock_lab.oci import Digest
from pydock_lab.registry.server.bodies import Body, pieces
from pydock_lab.store import BlobStore
from pydock_lab.store.ingest import rename, write_all

_ID = re.compile("[0-9a-f]{32}")
_KEPT_FOR = 7 * 24 * 3600  # seconds: how long an upload that nobody goes on with stays
_CHUNK = 1 << 20
_LARGE, _AHEAD = 4 << 20, 4  # bytes; pieces that may wait to be written


class NoRoom(Exception):
    """There is more than may come."""


class Upload:
    """One upload. Two requests must not write to it at once: hold `lock`."""

    def __init__(self, path: Path, repository: str, algorithm: str = "sha256") -> None:
        self.path, self.repository = path, repository
        self.lock = Lock()
        self._algorithm, self._hash = algorithm, hashlib.new(algorithm)
        self._hashed = 0

    @property
    def id(self) -> str:
        """Its name in URLs."""
        return self.path.name

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return self.path.stat().st_size

    def append(self, body: Body, room: int | None = None) -> int:
        """Add the body; how many bytes it had. What came before a break stays, to be gone on from.

        Raises NoRoom where it has more than `room` bytes, and takes none of it then.
        """
        before = self._catch_up()
        try:
            # Unbuffered: what a client was told we have is with the kernel, and survives our death.
            with self.path.open("ab", buffering=0) as file, _writing(file, body) as write:
                for piece in _within(room, body):
                    write(piece)
                    self._hash.update(piece)
                    self._hashed += len(piece)
        except NoRoom:
            self.cut(before)
            raise
        return self._hashed - before

    def cut(self, size: int) -> None:
        """Drop what lies beyond `size`: a part that was not what it said it was."""
        os.truncate(self.path, size)

    def commit(self, blobs: BlobStore, digest: Digest) -> None:
        """Make it a blob of the store; Corrupt where it is not `digest`."""
        found = self._digest(digest.algorithm)
        if found != digest:
            raise Corrupt("store.blob-differs", digest=found, expected=digest)
        rename(self.path, blobs.path(digest))

    def _digest(self, algorithm: str) -> Digest:
        # Only the last request says which algorithm the digest is of.
        if algorithm != self._algorithm:
            self._algorithm, self._hashed = algorithm, -1
        self._catch_up()
        return Digest(f"{algorithm}:{self._hash.hexdigest()}")

    def _catch_up(self) -> int:
        """Hash the file again where the hash is not of all that it holds; the size of the file."""
        if self._hashed != self.size:
            self._hash, self._hashed = hashlib.new(self._algorithm), 0
            with self.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    self._hash.update(chunk)
                    self._hashed += len(chunk)
        return self._hashed


def _within(room: int | None, body: Body) -> Iterator[bytes]:
    """The pieces of a body, as long as there is room for them; raises NoRoom."""
    for piece in pieces(body):
        if room is not None and body.taken > room:
            raise NoRoom
        yield piece


@contextmanager
def _writing(file: BinaryIO, body: Body) -> Iterator[Callable[[bytes], object]]:
    """What writes a piece; of a large body, while the next one is received and hashed: both leave the interpreter."""
    if body.left is not None and body.left < _LARGE:
        yield lambda piece: write_all(file, piece)
        return
    waiting: deque[Future[None]] = deque()

    def write(piece: bytes) -> None:
        waiting.append(pool.submit(write_all, file, piece))
        if len(waiting) > _AHEAD:
            waiting.popleft().result()

    with ThreadPoolExecutor(1, thread_name_prefix="registry writer") as pool:
        yield write
        while waiting:
            waiting.popleft().result()


class Uploads:
    """The uploads below `root`."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "uploads"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._open: dict[str, Upload] = {}
        self._lock = Lock()
        self._sweep()

    def start(self, repository: str, algorithm: str = "sha256") -> Upload:
        """A new, empty upload."""
        # Nobody can guess it: who has the name of an upload may write to it.
        path = self._path(repository, uuid.uuid4().hex)
        try:
            path.touch(exist_ok=False)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(exist_ok=False)
        with self._lock:
            return self._open.setdefault(path.name, Upload(path, repository, algorithm))

    def find(self, session: str, repository: str) -> Upload | None:
        """An upload of this repository; None where there is none of this name."""
        if not _ID.fullmatch(session):
            return None
        # The id of an upload of somebody else's repository opens nothing: it is looked for in this one's folder.
        path = self._path(repository, session)
        with self._lock:
            if not path.exists():
                return None
            # After a restart nobody knows its algorithm; a wrong guess costs reading it once more, at its end.
            return self._open.setdefault(session, Upload(path, repository))

    def drop(self, upload: Upload) -> None:
        """Forget it, whether it became a blob or not."""
        with self._lock:
            self._open.pop(upload.id, None)
        upload.path.unlink(missing_ok=True)

    def used(self) -> int:
        """Bytes that have arrived of all that is under way."""
        return sum(path.stat().st_size for path in self._folder.glob("*/*"))

    def _path(self, repository: str, session: str) -> Path:
        # A plus sign is in no name of a repository: no two of them share a folder.
        return self._folder / repository.replace("/", "+") / session

    def _sweep(self) -> None:
        for path in self._folder.glob("*/*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > _KEPT_FOR:
                    path.unlink()
        for folder in self._folder.iterdir():
            with suppress(OSError):  # there is something in it
                folder.rmdir()
