"""What is still needed, what is not, and what is broken: mark and sweep, as in a garbage collector.

    roots:   index.json   leases of running work   what the engine says (containers, cache)
    marked:  manifest ──> config ──> chain ids ──> snapshots, indexes
                      │          ──> diff ids  ──> indexes
                      ──> layers
    swept:   every other blob, every other index, every other snapshot (into trash/)

Nobody can begin to need something meanwhile: who does, adds to a lease, and that waits (`leases.py`).
"""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydock_lab.errors import InvalidValue, StoreError
from pydock_lab.oci import INDEX_TYPES, MANIFEST_TYPES, Descriptor, Digest, ImageConfig, Index, Manifest, read_document
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.layout import ImageLayout
from pydock_lab.store.leases import Leases
from pydock_lab.store.records import Trash

_MAX_DEPTH = 8  # an index in an index in an index: nobody means that
_LEFTOVER = 24 * 3600  # seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """What a sweep removed; `size` in bytes of blobs."""

    blobs: int
    snapshots: int
    size: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What the blobs take, in bytes; `reclaimable` is what no name, lease or root needs."""

    blobs: int
    size: int
    reclaimable: int


class Damage(StrEnum):
    """What `check` may find; the value is the key of its text."""

    CONTENT = "store.damage-content"
    SIZE = "store.damage-size"
    MISSING = "store.damage-missing"
    UNREADABLE = "store.damage-unreadable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something broken: which blob, and which manifest needs it, where one does."""

    damage: Damage
    digest: Digest
    needed_by: Digest | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Marked:
    """All that is reached: `digests` of blobs, diff ids and chain ids, and what was `broken` on the way."""

    digests: frozenset[Digest]
    broken: tuple[Finding, ...]


class Collector:
    """Marks and sweeps the store below `root`."""

    def __init__(self, root: Path, blobs: BlobStore, layout: ImageLayout, leases: Leases) -> None:
        self._blobs, self._layout, self._leases = blobs, layout, leases
        self._root, self._trash = root, Trash(root)

    def mark(self, keep: Iterable[Digest] = ()) -> Marked:
        """What the index, the leases and `keep` (digests of blobs, diff ids, chain ids) reach."""
        marking = _Marking(self._blobs)
        for image in self._layout.images():
            marking.visit(image.descriptor, None)
        marking.reached |= self._leases.protected() | set(keep)
        return Marked(digests=frozenset(marking.reached), broken=tuple(marking.broken))

    def collect(self, keep: Iterable[Digest] = ()) -> Collected:
        """Remove every blob, index and snapshot that nothing needs. Snapshots only move into the trash: `Trash.empty`.

        An index that somebody makes meanwhile, of a layer that no image names yet, may go with them: it is made again.
        """
        # From here until the end no lease can grow.
        with self._leases.collecting():
            needed = self.mark(keep).digests
            sizes = [self._blobs.delete(digest) for digest in self._blobs if digest not in needed]
            # Directories are named by the hexadecimal part; both forms are accepted.
            names = {name for digest in needed for name in (digest, digest.hex)}
            snapshots = [path for path in self._unpacked() if path.name not in names and self._trash.put(path)]
            for path in (self._root / "indexes").glob("*.json"):
                if path.name.partition(".")[0] not in names:
                    path.unlink(missing_ok=True)
        return Collected(blobs=len(sizes), snapshots=len(snapshots), size=sum(sizes))

    def usage(self, keep: Iterable[Digest] = ()) -> Usage:
        """What the blobs take, and what `collect` would give back."""
        needed = self.mark(keep).digests
        sizes = {digest: self._blobs.size(digest) for digest in self._blobs}
        free = sum(size for digest, size in sizes.items() if digest not in needed)
        return Usage(blobs=len(sizes), size=sum(sizes.values()), reclaimable=free)

    def check(self, progress: Callable[[int, int], None] | None = None) -> tuple[Finding, ...]:
        """Recompute every digest and follow every image; `progress` gets bytes done and in all."""
        digests = list(self._blobs)
        total, done = sum(map(self._blobs.size, digests)), 0
        found = list(self.mark().broken)
        for digest in digests:
            if not self._blobs.recompute(digest):
                found.append(Finding(damage=Damage.CONTENT, digest=digest))
            done += self._blobs.size(digest)
            if progress is not None:
                progress(done, total)
        return tuple(found)

    def _unpacked(self) -> list[Path]:
        """The snapshots, with what an interrupted unpacking left a day ago; what is being unpacked is not told."""
        # Tiers that have layers otherwise on disk have folders of their own for them.
        found = (path for folder in self._root.glob("snapshots*") for path in folder.iterdir())
        return [path for path in found if not path.name.startswith(".") or _is_old(path)]


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.lstat().st_mtime > _LEFTOVER
    except FileNotFoundError:
        return False


class _Marking:
    """One walk from the roots; each manifest is visited once, so rings end (an attack, for a digest has none)."""

    def __init__(self, blobs: BlobStore) -> None:
        self._blobs = blobs
        self.reached: set[Digest] = set()
        self.broken: list[Finding] = []

    def visit(self, descriptor: Descriptor, parent: Digest | None, depth: int = 0) -> None:
        """Mark a descriptor and what it leads to."""
        if descriptor.digest in self.reached or depth > _MAX_DEPTH:
            return
        # Also when it is missing: a pull under way may be about to bring it.
        self.reached.add(descriptor.digest)
        if not self._is_here(descriptor, parent):
            return
        # A layer leads nowhere, and its content is no document.
        if descriptor.media_type not in MANIFEST_TYPES | INDEX_TYPES:
            return
        try:
            document = read_document(self._blobs.read(descriptor), descriptor.media_type)
        except (StoreError, InvalidValue):
            self._report(Damage.UNREADABLE, descriptor, parent)
            return
        if isinstance(document, Index):
            for child in document.manifests:
                # Other platforms' images are named by an index, but seldom here.
                if self._blobs.has(child.digest):
                    self.visit(child, descriptor.digest, depth + 1)
        else:
            self._manifest(document, descriptor.digest, depth)

    def _manifest(self, manifest: Manifest, digest: Digest, depth: int) -> None:
        for child in (manifest.config, *manifest.layers):
            self.visit(child, digest, depth + 1)
        with suppress(StoreError, InvalidValue):  # reported already, or the config of something that is no image
            config = ImageConfig.from_bytes(self._blobs.read(manifest.config))
            self.reached.update(config.chain_ids, config.diff_ids)

    def _is_here(self, descriptor: Descriptor, parent: Digest | None) -> bool:
        if self._blobs.has(descriptor.digest, descriptor.size):
            return True
        known = self._blobs.has(descriptor.digest)
        self._report(Damage.SIZE if known else Damage.MISSING, descriptor, parent)
        return False

    def _report(self, damage: Damage, descriptor: Descriptor, parent: Digest | None) -> None:
        self.broken.append(Finding(damage=damage, digest=descriptor.digest, needed_by=parent))
