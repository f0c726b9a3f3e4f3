"""Writing layers: from a draft, or from the tar that a worker packs, into a blob, its two digests and its index.

draft or packed tar --chunks--+--> LayerWriter: diff_id, gzip, digest --> blob
'--> LayerIndex (in a thread: it has its own pace)
"""

import os
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, BinaryIO, Self

from pydock_lab.archive import checksum
from pydock_lab.archive.compress import LayerWriter, WrittenLayer
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.archive.pipeline import SHORT
from pydock_lab.archive.reader import CHUNK
from pydock_lab.archive.writer import TarWriter, Writable
from pydock_lab.build.context import BuildContext
from pydock_lab.build.copying import LayerDraft
from pydock_lab.build.source import Contents, Source
from pydock_lab.oci import Descriptor
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.indexes import IndexStore
from pydock_lab.store.leases import Lease

if TYPE_CHECKING:
    from hashlib import _Hash

_DEPTH = 8


class LayerSink:
    """Takes a tar; `commit` makes it a blob of the store, with its index, which `lease` keeps.

    The index is read from the tar in a thread, unless `index` is False: then whoever writes the tar knows it.
    A context manager: left without `commit`, nothing stays.
    """

    def __init__(self, blobs: BlobStore, indexes: IndexStore, lease: Lease, *, index: bool = True) -> None:
        self._indexes, self._lease = indexes, lease
        self._stack = ExitStack()
        self._blob = self._stack.enter_context(blobs.writer())
        self._layer = self._stack.enter_context(LayerWriter(self._blob))
        self._indexing = _Indexing() if index else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._indexing:
            self._indexing.stop()
        self._stack.__exit__(*error)  # type: ignore[arg-type]

    def write(self, content: bytes) -> int:
        """Take some bytes of the tar."""
        if self._indexing:
            self._indexing.put(content)
        return self._layer.write(content)

    def commit(self, known: LayerIndex | None = None) -> tuple[WrittenLayer, Descriptor, LayerIndex]:
        """The layer as it was written, its descriptor, and its index, `known` or read."""
        written = self._layer.close()
        # Before the commit: a tar that cannot be read must not become a blob.
        index = known if self._indexing is None else self._indexing.finish()
        assert index is not None  # noqa: S101 - who wants none read, knows it
        # The lease before the blob: a prune in between would take away what nobody seems to need.
        self._lease.add(written.digest)
        self._blob.commit(written.digest, written.size)
        self._indexes.put(written.diff_id, index)
        descriptor = Descriptor(media_type=written.media_type, digest=written.digest, size=written.size)
        return written, descriptor, index


class Both:
    """Writes the same to two places."""

    def __init__(self, first: Writable, second: Writable) -> None:
        self._first, self._second = first, second

    def write(self, content: bytes) -> None:
        """To the first, then to the second."""
        self._first.write(content)
        self._second.write(content)


class _Indexing:
    """A LayerIndex that is read in a thread while the tar is written; a short tar is read at the end."""

    def __init__(self) -> None:
        self._queue: queue.Queue[bytes] = queue.Queue(_DEPTH)
        self._found: list[LayerIndex] = []
        self._error: list[BaseException] = []
        self._held: list[bytes] = []
        self._held_bytes = 0
        self._thread: threading.Thread | None = None

    def put(self, content: bytes) -> None:
        if not content:
            return
        if self._thread is not None:
            self._queue.put(content)
            return
        self._held.append(content)
        self._held_bytes += len(content)
        if self._held_bytes > SHORT:
            self._thread = threading.Thread(target=self._run, name="pydock-index", daemon=True)
            self._thread.start()
            for held in self._held:
                self._queue.put(held)

    def finish(self) -> LayerIndex:
        if self._thread is None:
            return LayerIndex.read(iter(self._held))
        self.stop()
        if self._error:
            raise self._error[0]
        return self._found[0]

    def stop(self) -> None:
        if self._thread is None:
            return
        if self._thread.is_alive():
            self._queue.put(b"")
        self._thread.join()

    def _run(self) -> None:
        chunks = iter(self._queue.get, b"")
        try:
            self._found.append(LayerIndex.read(chunks))
        except BaseException as error:  # noqa: BLE001 - raised again by finish()
            self._error.append(error)
            for _ in chunks:  # the writer must not wait for a reader that is gone
                pass


def write_stream(stream: BinaryIO, sink: LayerSink) -> None:
    """Copy a tar to `sink`."""
    while chunk := stream.read(CHUNK):
        sink.write(chunk)


def write_draft(draft: LayerDraft, sink: Writable, check: Callable[[], None] = lambda: None) -> LayerIndex:
    """Write the tar of a draft: its index; raises BuildError and ArchiveError where a source has changed meanwhile.

    `check` is called before each entry, to raise where nobody needs the layer any more.
    """
    tar = TarWriter(sink)
    checksums: dict[bytes, str] = {}
    with ExitStack() as stack:
        contents = {source: stack.enter_context(source.contents(files)) for source, files in _files(draft)}
        for entry in draft.in_order():
            check()
            digest = checksum.start(entry) if entry.type is EntryType.FILE else None
            _write(entry, draft, contents, tar, digest)
            if digest:
                checksums[entry.path] = digest.hexdigest()
                _tell(draft, entry, checksums[entry.path])
    tar.finish()
    return LayerIndex.of(draft.in_order(), checksums)


def _tell(draft: LayerDraft, entry: Entry, digest: str) -> None:
    """Tell the context a file's checksum: the cache key asks for it, and the file need not be read twice."""
    source, original = draft.origins.get(entry.path, (None, entry))
    # A checksum covers mode and owner: after --chmod or --chown it is not that of the context's file.
    if isinstance(source, BuildContext) and (entry.mode, entry.uid, entry.gid) == (original.mode, 0, 0):
        source.know_checksum(original, digest)


def _files(draft: LayerDraft) -> Iterator[tuple[Source, list[Entry]]]:
    by_source: dict[Source, list[Entry]] = {}
    for source, entry in draft.origins.values():
        if entry.type is EntryType.FILE:
            by_source.setdefault(source, []).append(entry)
    yield from by_source.items()


def _write(
    entry: Entry, draft: LayerDraft, contents: dict[Source, Contents], tar: TarWriter, digest: "_Hash | None"
) -> None:
    if entry.path in draft.inline:
        content = draft.inline[entry.path]
        tar.add(entry, content)
        if digest:
            digest.update(content)
    elif entry.path in draft.origins and entry.type is EntryType.FILE:
        source, original = draft.origins[entry.path]
        fd = contents[source].descriptor(original)
        try:
            tar.add_file(entry, fd, digest)
        finally:
            os.close(fd)
    else:
        tar.add(entry)
