"""Whole images on their way: what is missing travels, several blobs at once, and the name comes last.

    push   config, layers  ──HEAD: there already? mounted? else──>  registry     then the manifest under its tag
    pull   manifest <── tag;  index: the manifest for our platform;  then its config and layers, what is not here yet

Children before parents, both ways: a manifest that can be found is one whose blobs are all there.
"""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event as Flag

from pydock_lab.errors import InvalidDocument, RegistryError
from pydock_lab.events import (
    BlobDone,
    BlobProgress,
    BlobSkipped,
    Direction,
    Noted,
    OnEvent,
    TransferFinished,
    TransferStarted,
    ignore,
)
from pydock_lab.oci import Descriptor, Digest, Index, Manifest, MediaType, Platform, Reference, read_document
from pydock_lab.registry.client import RegistryClient
from pydock_lab.registry.platforms import choose
from pydock_lab.registry.sources import BlobSource
from pydock_lab.registry.uploads import Sent
from pydock_lab.registry.watching import serialized
from pydock_lab.store.blobs import BlobStore
from pydock_lab.store.leases import Lease

_WORKERS = 4  # blobs at once: Docker takes 3 down and 5 up
_EVERY = 0.1  # seconds between two progress events of a blob
_MAX_DEPTH = 4  # an index of indexes of indexes is an attack


def pull(
    client: RegistryClient,
    reference: Reference,
    blobs: BlobStore,
    *,
    platform: Platform,
    on_event: OnEvent = ignore,
    lease: Lease | None = None,
) -> Descriptor:
    """Fetch the image that `reference` means for `platform`: the descriptor of its manifest, which is in `blobs` too.

    Everything is verified against its digest. What arrives is added to `lease` first, so that no prune takes it away.
    Raises RegistryError, InvalidDocument.
    """
    on_event = serialized(on_event)
    on_event(TransferStarted(direction=Direction.PULL, reference=reference.familiar))
    descriptor, content = find_manifest(client, reference, platform)
    if client.limit is not None and client.limit.is_near:
        on_event(Noted(text=client.limit.told(client.host)))
    manifest = Manifest.from_bytes(content)
    parts = (manifest.config, *manifest.layers)
    # Before the look at what is here: afterwards a prune could still take it away.
    if lease is not None:
        lease.add(descriptor.digest, *(part.digest for part in parts))
    traffic = _Traffic(Direction.PULL, on_event)

    def fetch(part: Descriptor) -> None:
        if blobs.has(part.digest, part.size):
            traffic.skipped(part, "exists")
            return
        client.get_blob(reference.path, part, blobs, on_progress=traffic.watch(part))
        traffic.done(part)

    traffic.all_at_once(fetch, parts)
    # Last: whoever finds the manifest in the store finds all that it names.
    _keep(blobs, content, descriptor.digest)
    on_event(_finished(Direction.PULL, reference, descriptor, manifest.size))
    return descriptor


def push(
    blobs: BlobSource,
    descriptor: Descriptor,
    client: RegistryClient,
    reference: Reference,
    *,
    mount_from: tuple[str, ...] = (),
    on_event: OnEvent = ignore,
) -> Digest:
    """Send a manifest or index with all that it names, and let `reference` mean it; its digest.

    Blobs are mounted where one of the repositories `mount_from` of the same registry has them. Raises RegistryError,
    and NotFound or Corrupt where a blob is not here, or not whole.
    """
    on_event = serialized(on_event)
    on_event(TransferStarted(direction=Direction.PUSH, reference=reference.familiar))
    content = blobs.read(descriptor)
    document = read_document(content, descriptor.media_type)
    sender = _Sender(blobs, client, reference.path, mount_from, _Traffic(Direction.PUSH, on_event))
    size = sender.children(document, 0)
    # The tag where there is one: a digest alone makes an image that only its digest finds.
    target = reference.tag or descriptor.digest
    client.put_manifest(reference.path, target, content, descriptor.media_type)
    on_event(_finished(Direction.PUSH, reference, descriptor, size))
    return descriptor.digest


class _Traffic:
    """Blobs travelling in several threads, and what is said about them."""

    def __init__(self, direction: Direction, on_event: OnEvent) -> None:
        self._direction, self._on_event = direction, on_event
        self._stopped = Flag()

    def all_at_once(self, move: Callable[[Descriptor], None], parts: Iterable[Descriptor]) -> None:
        """Call `move` for each blob once, some at the same time; the first error ends the others."""
        # An image may hold one layer twice, an empty one mostly: it travels once.
        unique = {part.digest: part for part in parts}
        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix=self._direction)
        try:
            running = [pool.submit(move, part) for part in unique.values()]
            wait(running, return_when=FIRST_EXCEPTION)
            # The first that failed says why; those that it stopped come after it.
            failed = [task for task in running if task.done() and task.exception()]
            for task in sorted(failed, key=lambda task: isinstance(task.exception(), _Stopped)):
                task.result()
        except BaseException as error:
            self._stopped.set()
            # Nothing goes on behind the caller's back; but whoever pressed Ctrl-C does not wait for sockets.
            pool.shutdown(wait=isinstance(error, Exception), cancel_futures=True)
            raise
        pool.shutdown()

    def watch(self, part: Descriptor) -> Callable[[int], None]:
        """The progress of a blob, as events not too close to each other; ends the transfer where another failed."""
        last = 0.0

        def progress(done: int) -> None:
            nonlocal last
            if self._stopped.is_set():
                raise _Stopped
            now = time.monotonic()
            if now - last >= _EVERY or done == part.size:
                last = now
                event = BlobProgress(direction=self._direction, digest=part.digest, done=done, total=part.size)
                self._on_event(event)

        return progress

    def done(self, part: Descriptor) -> None:
        """A blob has arrived."""
        self._on_event(BlobDone(direction=self._direction, digest=part.digest, size=part.size))

    def skipped(self, part: Descriptor, why: str) -> None:
        """A blob need not travel."""
        self._on_event(BlobSkipped(direction=self._direction, digest=part.digest, size=part.size, why=why))


class _Stopped(Exception):
    """Another blob failed: this one need not arrive any more."""


class _Sender:
    """What a push sends before the manifest itself."""

    def __init__(
        self, blobs: BlobSource, client: RegistryClient, repository: str, mount_from: tuple[str, ...], traffic: _Traffic
    ) -> None:
        self._blobs, self._client, self._repository = blobs, client, repository
        self._mount_from = tuple(source for source in mount_from if source != repository)
        self._traffic = traffic

    def children(self, document: Manifest | Index, depth: int) -> int:
        """Send all that a document names; the bytes of it."""
        if isinstance(document, Manifest):
            self._traffic.all_at_once(self._send, (document.config, *filter(self._travels, document.layers)))
            return document.size
        if depth >= _MAX_DEPTH:
            raise InvalidDocument("store.nested", limit=_MAX_DEPTH)
        return sum(self._manifest(child, depth + 1) for child in document.manifests)

    def _manifest(self, descriptor: Descriptor, depth: int) -> int:
        content = self._blobs.read(descriptor)
        size = self.children(read_document(content, descriptor.media_type), depth)
        self._client.put_manifest(self._repository, descriptor.digest, content, descriptor.media_type)
        return size

    def _travels(self, layer: Descriptor) -> bool:
        """Whether a layer belongs into a registry: those of Windows' base images do not, and are not here."""
        foreign = "nondistributable" in layer.media_type or layer.media_type == MediaType.DOCKER_FOREIGN_GZIP
        return not foreign or self._blobs.has(layer.digest)

    def _send(self, part: Descriptor) -> None:
        if self._client.has_blob(self._repository, part.digest):
            self._traffic.skipped(part, "exists")
            return
        progress = self._traffic.watch(part)
        sent = self._client.put_blob(
            self._repository, part, self._blobs, mount_from=self._mount_from, on_progress=progress
        )
        if sent is Sent.MOUNTED:
            self._traffic.skipped(part, sent)
        else:
            self._traffic.done(part)


def find_manifest(client: RegistryClient, reference: Reference, platform: Platform) -> tuple[Descriptor, bytes]:
    """The manifest for `platform`, through as many indexes as there are on the way; raises RegistryError."""
    wanted: str = reference.digest or reference.tag
    for _ in range(_MAX_DEPTH):
        content, media_type = client.manifest(reference.path, wanted)
        document = read_document(content, media_type)
        if isinstance(document, Manifest):
            return _descriptor(content, media_type, wanted), content
        wanted = choose(document, platform, reference.familiar).digest
    raise RegistryError("registry.many-indexes", what=reference.familiar)


def _descriptor(content: bytes, media_type: str, wanted: str) -> Descriptor:
    # By the algorithm that it was asked for, so that it is found again under that digest.
    digest = Digest(wanted) if ":" in wanted else Digest.of(content)
    return Descriptor(media_type=media_type, digest=digest, size=len(content))


def _keep(blobs: BlobStore, content: bytes, digest: Digest) -> None:
    with blobs.writer(digest.algorithm) as writer:
        writer.write(content)
        writer.commit(digest)


def _finished(direction: Direction, reference: Reference, descriptor: Descriptor, size: int) -> TransferFinished:
    return TransferFinished(
        direction=direction, reference=reference.familiar, digest=descriptor.digest, size=size + descriptor.size
    )
