"""Garbage: what no manifest needs any more, or what was pushed and never used.

    blob of a repository      kept while a manifest of that repository names it, or while it is new
    manifest                  kept; with `untagged` only while a tag, an index or a subject leads to it, or it is new
    content                   kept while it belongs to any repository, or while it is new

"New" protects a push that is under way: its blobs come first, and the manifest that names them last. One that is told
"you need not send this, it is here" makes that new again (see `blobs.get_blob`). Should a push take longer than that,
its manifest is refused, and the client sends the blobs again: a tag never points to something that is missing.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.oci import Digest, Index, Manifest, read_document
from pydock_lab.registry.server.repository import Repository
from pydock_lab.registry.server.storage import Storage

GRACE_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Collected:
    """What went, or with a dry run would go: links as `REPOSITORY@DIGEST`, contents, and their bytes."""

    manifests: tuple[str, ...]
    blobs: tuple[str, ...]
    contents: tuple[Digest, ...]
    size: int


def collect(
    storage: Storage, *, untagged: bool = False, dry_run: bool = False, grace: float = GRACE_SECONDS
) -> Collected:
    """Remove what nobody needs and what is older than `grace` seconds; a server may work on it meanwhile."""
    before = time.time() - grace
    manifests, blobs = [], []
    for name in storage.names():
        repository = storage.repository(name)
        # One repository at a time: who pushes waits for this one, and not for all.
        with storage.changing():
            documents = _documents(storage, repository)
            gone = set(_unreachable(repository, documents, before)) if untagged else set()
            needed = {digest for one, document in documents.items() if one not in gone for digest in _parts(document)}
            unused = [digest for digest, since in repository.blobs() if digest not in needed and since < before]
            manifests += [f"{name}@{digest}" for digest in sorted(gone)]
            blobs += [f"{name}@{digest}" for digest in unused]
            if not dry_run:
                for digest in gone:
                    subject = documents[digest].subject
                    repository.remove_manifest(digest, subject.digest if subject else None)
                for digest in unused:
                    repository.remove_blob(digest)
    contents, size = _sweep(storage, {*manifests, *blobs}, before, dry_run=dry_run)
    return Collected(manifests=tuple(manifests), blobs=tuple(blobs), contents=contents, size=size)


def _documents(storage: Storage, repository: Repository) -> dict[Digest, Manifest | Index]:
    """The manifests of a repository; raises PydockError where one cannot be read: what it needs is not known then."""
    return {
        digest: read_document(storage.blobs.read(digest), repository.media_type(digest) or "")
        for digest, _ in repository.manifests()
    }


def _parts(document: Manifest | Index) -> Iterator[Digest]:
    """What a manifest names."""
    if isinstance(document, Index):
        yield from (child.digest for child in document.manifests)
    else:
        yield document.config.digest
        yield from (layer.digest for layer in document.layers)


def _unreachable(repository: Repository, documents: dict[Digest, Manifest | Index], before: float) -> Iterator[Digest]:
    """The manifests that no tag leads to: by itself, through an index, or because they speak of one that is reached."""
    reached: set[Digest] = set()
    waiting = repository.tags.digests()
    while waiting:
        digest = waiting.pop()
        if digest in reached or digest not in documents:
            continue
        reached.add(digest)
        waiting += [*_parts(documents[digest]), *repository.referrers(digest)]
    yield from (digest for digest, since in repository.manifests() if digest not in reached and since < before)


def _sweep(storage: Storage, cut: set[str], before: float, *, dry_run: bool) -> tuple[tuple[Digest, ...], int]:
    """Remove the content that belongs to no repository, with the links that were, or would be, `cut`."""
    gone, size = [], 0
    unlinked = {link.partition("@")[2] for link in cut}
    with storage.changing():
        linked = {digest for name, digest in storage.links() if f"{name}@{digest}" not in cut}
        for digest in storage.blobs:
            if digest in linked:
                continue
            try:
                about = storage.blobs.path(digest).stat()
            except FileNotFoundError:
                continue
            # Without a link, and new: it is on its way to get one.
            if digest not in unlinked and about.st_mtime >= before:
                continue
            gone.append(digest)
            size += about.st_size
            if not dry_run:
                storage.blobs.delete(digest)
    return tuple(gone), size
