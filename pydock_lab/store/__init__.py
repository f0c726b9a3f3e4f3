"""What stays on disk, below one directory: blobs, names, records, leases. It is an OCI image layout as it stands.

    $PYDOCK_HOME/  oci-layout index.json blobs/     what other tools read            blobs, layout
                   tags.jsonl                       every move of every tag          layout
                   containers/ builds/ ...          one JSON file a record           records
                   leases/ ingest/ trash/           what is under way, and leftovers leases, ingest, collect

Several notebooks, terminals and machines use one store at once, and any of them may die at any instant.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self

from pydock_lab.oci import Digest, Reference
from pydock_lab.store import home
from pydock_lab.store.blobs import BlobStore, BlobWriter
from pydock_lab.store.collect import Collected, Collector, Damage, Finding, Usage
from pydock_lab.store.home import Storage
from pydock_lab.store.ingest import Ingest
from pydock_lab.store.layout import ImageLayout, NamedImage, TagMove
from pydock_lab.store.leases import Lease, Leases
from pydock_lab.store.locks import FileLock
from pydock_lab.store.process import Liveness, Process
from pydock_lab.store.records import Collection, Trash

if TYPE_CHECKING:
    from pydock_lab.archive.compress import WrittenLayer
    from pydock_lab.archive.reader import Readable
    from pydock_lab.archive.writer import Writable

__all__ = [
    "BlobStore",
    "BlobWriter",
    "Collected",
    "Collection",
    "Collector",
    "Damage",
    "FileLock",
    "Finding",
    "ImageLayout",
    "Lease",
    "Leases",
    "Liveness",
    "NamedImage",
    "Process",
    "Storage",
    "Store",
    "TagMove",
    "Trash",
    "Usage",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """All of it together, below `root`."""

    root: Path
    blobs: BlobStore
    layout: ImageLayout
    leases: Leases
    trash: Trash
    collector: Collector

    @classmethod
    def open(cls, root: Path | None = None) -> Self:
        """The store in `root` (default: `home.find()`), made if it is not there; leftovers of the dead are swept."""
        root = root or home.find()
        home.make_root(root)
        blobs, layout, leases = BlobStore(root), ImageLayout(root), Leases(root)
        layout.create()
        Ingest(root).sweep()
        collector = Collector(root, blobs, layout, leases)
        return cls(root=root, blobs=blobs, layout=layout, leases=leases, trash=Trash(root), collector=collector)

    def collection(self, name: str, record: str = "record.json") -> Collection:
        """The records of one kind: `containers`, `builds`."""
        return Collection(self.root, name, record)

    def load(self, file: BinaryIO) -> tuple[Reference | Digest, ...]:
        """`docker load`: see `saving.load`."""
        from pydock_lab.store import saving  # noqa: PLC0415 - most commands neither load nor save

        with self.leases.hold("load") as lease:
            return saving.load(file, self.blobs, self.layout, lease)

    def take_layer(self, tar: "Readable", lease: Lease) -> "WrittenLayer":
        """`docker import`: see `saving.take_layer`."""
        from pydock_lab.store import saving  # noqa: PLC0415 - see load

        return saving.take_layer(tar, self.blobs, lease)

    def save(self, references: tuple[Reference, ...], sink: "Writable") -> None:
        """`docker save`: see `saving.save`."""
        from pydock_lab.store import saving  # noqa: PLC0415 - see load

        saving.save([(reference, self.layout.resolve(reference)) for reference in references], self.blobs, sink)
