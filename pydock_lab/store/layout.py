"""The names of the store: `index.json`, which says which manifest each tag means today, and `tags.jsonl`, how it came.

    index.json ──"app:1"──> manifest ──> config, layers          a plain OCI image layout:
               ──"app:2"──> manifest                             `skopeo copy oci:$PYDOCK_HOME:app:1 ...` reads it

A tag is written in two annotations: as people say it for other tools (`app:1`), and in full, as containerd does
(`docker.io/library/app:1`). A manifest that lost its last tag stays, without a name, until it is pruned, as in Docker.

Source: OCI image specification, image-layout.md and annotations.md.
"""

import json
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from pydock_lab.errors import Corrupt, InvalidDocument, InvalidValue, NotFound
from pydock_lab.oci import Descriptor, Digest, Index, Reference
from pydock_lab.store.ingest import Ingest
from pydock_lab.store.locks import FileLock

REF_NAME = "org.opencontainers.image.ref.name"
FULL_NAME = "io.containerd.image.name"
_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedImage:
    """One entry of the index; `reference` is None for an image that has no name any more."""

    reference: Reference | None
    descriptor: Descriptor


@dataclass(frozen=True, kw_only=True, slots=True)
class TagMove:
    """One move of a tag, in RFC 3339 time; `before` is None where it is new, `after` where it was removed."""

    when: str
    name: str
    before: Digest | None
    after: Digest | None


class ImageLayout:
    """The names below `root`; safe for several processes and threads at once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._index, self._log = root / "index.json", root / "tags.jsonl"
        self._ingest = Ingest(root)
        self._seen: tuple[object, tuple[NamedImage, ...]] | None = None

    def create(self) -> None:
        """Make an empty layout of `root`, unless it is one."""
        with self._lock():
            # The mark of a layout first: with an index alone other tools refuse the directory.
            if not (self._root / "oci-layout").exists():
                self._ingest.replace(self._root / "oci-layout", _LAYOUT)
            if not self._index.exists():
                self._write(())

    def images(self) -> tuple[NamedImage, ...]:
        """All entries, in the order in which they were tagged; Corrupt where index.json is broken."""
        try:
            status = self._index.stat()
        except FileNotFoundError:
            return ()
        # Every change is a new file, so these three tell whether what was read last still holds.
        state = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._seen is None or self._seen[0] != state:
            self._seen = (state, self._read())
        return self._seen[1]

    def resolve(self, reference: Reference) -> Descriptor:
        """The manifest or index that `reference` means; raises NotFound."""
        for image in self.images():
            # With a digest the bytes are meant, wherever the tag has gone since.
            if reference.digest is not None:
                if image.descriptor.digest == reference.digest:
                    return image.descriptor
            elif image.reference == reference:
                return image.descriptor
        raise NotFound("store.no-image", reference=reference.familiar)

    def references(self, digest: Digest) -> tuple[Reference, ...]:
        """The names of a manifest."""
        return tuple(
            image.reference for image in self.images() if image.reference and image.descriptor.digest == digest
        )

    def tag(self, reference: Reference, descriptor: Descriptor) -> Digest | None:
        """Let `reference` mean `descriptor`; what it meant before, if anything."""
        before: list[Digest] = []

        def move(images: tuple[NamedImage, ...]) -> Iterable[NamedImage]:
            before.extend(image.descriptor.digest for image in images if image.reference == reference)
            kept = _without_name(images, reference, keep=True)
            new = NamedImage(reference=reference, descriptor=descriptor)
            # It has a name now: its nameless entry, if any, is done with.
            return [*(image for image in kept if not _is_nameless(image, descriptor.digest)), new]

        self._change(move, lambda: self._note(reference, before, descriptor.digest))
        return before[0] if before else None

    def untag(self, reference: Reference, *, keep: bool = False) -> Digest:
        """Take the name away; `keep` the image without one if it was its last. Raises NotFound."""
        before: list[Digest] = []

        def drop(images: tuple[NamedImage, ...]) -> Iterable[NamedImage]:
            before.extend(image.descriptor.digest for image in images if image.reference == reference)
            if not before:
                raise NotFound("store.no-image", reference=reference.familiar)
            return _without_name(images, reference, keep=keep)

        self._change(drop, lambda: self._note(reference, before, None))
        return before[0]

    def add(self, descriptor: Descriptor) -> None:
        """Keep an image that has no name, unless it is known."""
        known = NamedImage(reference=None, descriptor=descriptor)
        self._change(lambda images: images if _holds(images, descriptor.digest) else (*images, known), lambda: None)

    def drop(self, digest: Digest) -> tuple[Reference, ...]:
        """Remove the image with all its names; which these were."""
        gone: list[Reference] = []

        def drop(images: tuple[NamedImage, ...]) -> Iterable[NamedImage]:
            gone.extend(image.reference for image in images if image.reference and image.descriptor.digest == digest)
            return [image for image in images if image.descriptor.digest != digest]

        def note() -> None:
            for reference in gone:
                self._note(reference, [digest], None)

        self._change(drop, note)
        return tuple(gone)

    def moves(self, reference: Reference | None = None) -> tuple[TagMove, ...]:
        """The moves of one tag, or of all, oldest first."""
        try:
            lines = self._log.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        found = [move for line in lines if (move := _move(line)) is not None]
        return tuple(move for move in found if reference is None or move.name == str(reference))

    def _lock(self) -> FileLock:
        return FileLock(self._root / "index.lock")

    def _change(
        self, change: Callable[[tuple[NamedImage, ...]], Iterable[NamedImage]], note: Callable[[], None]
    ) -> None:
        with self._lock():
            # Read again under the lock: what was cached may be from before another process's change.
            self._write(change(self._read()))
            # After the index: who is killed in between leaves out a line of history, and no tag is wrong.
            note()

    def _read(self) -> tuple[NamedImage, ...]:
        try:
            index = Index.from_bytes(self._index.read_bytes())
        except FileNotFoundError:
            return ()
        except InvalidDocument as error:
            raise Corrupt("store.index", path=str(self._index), reason=error.message()) from error
        return tuple(NamedImage(reference=_name(child), descriptor=_bare(child)) for child in index.manifests)

    def _write(self, images: Iterable[NamedImage]) -> None:
        index = Index(manifests=tuple(_annotated(image) for image in images))
        # The only file that no digest protects: it is flushed to the disk.
        self._ingest.replace(self._index, index.to_bytes(), durable=True)

    def _note(self, reference: Reference, before: list[Digest], after: Digest | None) -> None:
        old = before[0] if before else None
        # `docker tag` of the same image again is no event in its history.
        if old == after:
            return
        line = {"format": 1, "when": _now(), "name": str(reference), "from": old, "to": after}
        # One write of one line: appended whole, even when two processes note at once.
        with self._log.open("ab+", buffering=0) as log:
            log.write(_after_a_half_line(log) + json.dumps(line).encode() + b"\n")


def _after_a_half_line(log: BinaryIO) -> bytes:
    """What to write first: a crash, or a full disk, may have left half a line at the end."""
    if not log.seek(0, os.SEEK_END):
        return b""
    log.seek(-1, os.SEEK_END)
    return b"" if log.read(1) == b"\n" else b"\n"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _holds(images: Iterable[NamedImage], digest: Digest) -> bool:
    return any(image.descriptor.digest == digest for image in images)


def _is_nameless(image: NamedImage, digest: Digest) -> bool:
    return image.reference is None and image.descriptor.digest == digest


def _without_name(images: tuple[NamedImage, ...], reference: Reference, *, keep: bool) -> list[NamedImage]:
    """The entries without that name; its image goes on without one if it had no other, and `keep` says so."""
    rest = [image for image in images if image.reference != reference]
    lost = [image for image in images if image.reference == reference and not _holds(rest, image.descriptor.digest)]
    return [*(replace(image, reference=None) for image in lost if keep), *rest]


def _name(descriptor: Descriptor) -> Reference | None:
    # Tools that copy into this layout write the short name only.
    said = descriptor.annotations.get(FULL_NAME) or descriptor.annotations.get(REF_NAME)
    if said:
        with suppress(InvalidValue):  # another tool's name that is none for us: an image without a name
            return Reference.parse(said)
    return None


def _bare(descriptor: Descriptor) -> Descriptor:
    rest = {key: value for key, value in descriptor.annotations.items() if key not in (REF_NAME, FULL_NAME)}
    return replace(descriptor, annotations=rest)


def _annotated(image: NamedImage) -> Descriptor:
    if image.reference is None:
        return image.descriptor
    names = {REF_NAME: image.reference.familiar, FULL_NAME: str(image.reference)}
    return replace(image.descriptor, annotations={**image.descriptor.annotations, **names})


def _move(line: str) -> TagMove | None:
    """A line of the log; None for the half of one that a crash may leave at its end."""
    try:
        said = json.loads(line)
        before, after = said["from"], said["to"]
        return TagMove(
            when=said["when"],
            name=said["name"],
            before=Digest(before) if before else None,
            after=Digest(after) if after else None,
        )
    except (ValueError, KeyError, TypeError, InvalidValue):
        return None
