"""Cache mounts: folders of RUN that outlive the build, for compilers and package managers.

    cachemounts/<digest of id>/data         what RUN sees, shared by all steps that name the same id
    cachemounts/<digest of id>.2/data       a second one, for sharing=private while the first is in use
    cachemounts/<digest of id>/record.json  the id, and when it was used last

    sharing=shared    any number of writers at once
    sharing=private   a writer who finds it in use gets one of its own
    sharing=locked    a writer who finds it in use waits

Source: Dockerfile reference, "RUN --mount=type=cache".
"""

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydock_lab.build.steps import StepMount
from pydock_lab.dockerfile.mounts import Sharing
from pydock_lab.errors import PydockError
from pydock_lab.store.locks import FileLock
from pydock_lab.store.records import Collection

_MOST_COPIES = 64
_MODE = 0o755


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheMount:
    """A cache as it lies on disk: its id, its folder, and when a step used it last (seconds since 1970)."""

    id: str
    path: Path
    used: float


@dataclass(frozen=True, kw_only=True, slots=True)
class NewFolder:
    """A folder to make where the privilege is: its permission bits and its owner."""

    path: Path
    mode: int
    uid: int
    gid: int


class CacheMounts:
    """The caches below `root` (the store's)."""

    def __init__(self, root: Path) -> None:
        self._records = Collection(root, "cachemounts")

    @contextmanager
    def use(self, mount: StepMount, make: Callable[[NewFolder], None]) -> Iterator[Path]:
        """The folder that a step sees, as long as the context lasts; `make` makes it where there is none."""
        with ExitStack() as stack:
            key = self._take(mount, stack)
            data = self._records.path(key) / "data"
            if not data.is_dir():
                mode = _MODE if mount.mode is None else mount.mode
                make(NewFolder(path=data, mode=mode, uid=mount.uid or 0, gid=mount.gid or 0))
            self._records.write(key, {"id": mount.cache_id or mount.target, "used": time.time()})
            yield data

    def _take(self, mount: StepMount, stack: ExitStack) -> str:
        """Lock a cache as its sharing says; its key."""
        key = hashlib.sha256((mount.cache_id or mount.target).encode()).hexdigest()[:32]
        if mount.sharing is not Sharing.PRIVATE:
            stack.enter_context(FileLock(self._lock(key), shared=mount.sharing is Sharing.SHARED))
            return key
        for number in range(1, _MOST_COPIES):
            name = key if number == 1 else f"{key}.{number}"
            with suppress(BlockingIOError):
                stack.enter_context(FileLock(self._lock(name), wait=False))
                return name
        # All of them are in use: this one waits, as with `locked`.
        stack.enter_context(FileLock(self._lock(key)))
        return key

    def _lock(self, key: str) -> Path:
        # Beside the cache's folder: in it, a prune would take it along, and two could hold the lock of one name.
        return self._records.directory / f".{key}.lock"

    def all(self) -> Iterator[CacheMount]:
        """Every cache there is."""
        for key in self._records:
            with suppress(PydockError):
                record = self._records.read(key)
                yield CacheMount(id=str(record["id"]), path=self._records.path(key), used=float(record["used"]))

    def prune(self, is_wanted: Callable[[Path], bool] = lambda _: True) -> Iterator[CacheMount]:
        """Move the caches that are wanted gone, and not in use, into the trash; each as it goes."""
        for cache in self.all():
            if not is_wanted(cache.path):
                continue
            with suppress(BlockingIOError), FileLock(self._lock(os.path.basename(cache.path)), wait=False):
                self._records.remove(cache.path.name)
                yield cache
