"""Images in one tar file: what `docker save` and `skopeo copy` write, and `docker load` reads.

    docker-archive   manifest.json ──> config.json, layer.tar ...        names chosen by the writer
    oci-archive      index.json ──> blobs/sha256/... (manifest, config, layers)

Nothing is unpacked. The archive's directory is read once, and every part is then read at its place in the file, so
a link or a name in it can only ever mean another part of the same archive (CVE-2021-21272).

Source: moby image/tarexport; OCI image specification, image-layout.md.
"""

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from pydock_lab.archive.compress import Compression, decompress, detect
from pydock_lab.archive.entry import Entry, EntryType, Limits, clean
from pydock_lab.archive.reader import CHUNK, TarReader, chunks
from pydock_lab.archive.rooted import join, split
from pydock_lab.errors import ArchiveError
from pydock_lab.oci import Digest, Index, Reference
from pydock_lab.oci.document import MAX_DOCUMENT, Node

# Old archives have one hop; a ring has no end.
_MAX_HOPS = 8


class ArchiveFormat(StrEnum):
    """The two forms of an image archive; `docker save` of today writes both at once, and OCI goes first."""

    OCI = "oci-archive"
    DOCKER = "docker-archive"


@dataclass(frozen=True, kw_only=True, slots=True)
class DockerImage:
    """One image of a docker-archive: the names of its parts in the archive, layers base first."""

    config: str
    layers: tuple[str, ...]
    references: tuple[Reference, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """A regular file in the archive: where its bytes are."""

    offset: int
    size: int


class ImageArchive:
    """The parts of an image archive in `file`, a seekable binary file with an uncompressed tar.

    `open_archive` makes one of any file. Raises ArchiveError for what is neither form.
    """

    def __init__(self, file: BinaryIO, limits: Limits | None = None) -> None:
        self._file, self._limits = file, limits or Limits()
        self._parts: dict[bytes, _Part] = {}
        self._links: dict[bytes, bytes] = {}
        self._read_directory()
        if self._find("index.json") and self._find("oci-layout"):
            self.format = ArchiveFormat.OCI
        elif self._find("manifest.json"):
            self.format = ArchiveFormat.DOCKER
        else:
            raise ArchiveError("archive.no-image")

    def open(self, name: str) -> "Part":
        """The regular file `name` in the archive, to be read; ArchiveError where there is none."""
        part = self._find(name)
        if part is None:
            raise ArchiveError("archive.part", entry=name)
        return Part(self._file, part.offset, part.size)

    def document(self, name: str) -> bytes:
        """A small JSON file in the archive."""
        part = self.open(name)
        # Before reading: the size is in the directory already.
        if part.size > MAX_DOCUMENT:
            raise ArchiveError("archive.extension-size", size=part.size, limit=MAX_DOCUMENT)
        return part.read(part.size)

    def blob(self, digest: Digest) -> "Part":
        """A blob of an oci-archive; the reader verifies it, as with every blob."""
        return self.open(f"blobs/{digest.algorithm}/{digest.hex}")

    def has_blob(self, digest: Digest) -> bool:
        """Whether an oci-archive has this blob."""
        return self._find(f"blobs/{digest.algorithm}/{digest.hex}") is not None

    def index(self) -> Index:
        """The index of an oci-archive; raises InvalidDocument."""
        return Index.from_bytes(self.document("index.json"))

    def docker_images(self) -> tuple[DockerImage, ...]:
        """The images of a docker-archive; raises InvalidDocument."""
        root = Node.read(self.document("manifest.json"), "manifest.json")
        return tuple(_docker_image(node) for node in root.items())

    def _read_directory(self) -> None:
        self._file.seek(0)
        reader = TarReader(chunks(self._file), self._limits)
        for entry in reader:
            self._remember(entry, reader.offset)

    def _remember(self, entry: Entry, offset: int) -> None:
        # Of two parts with one name the last counts, as it would after unpacking.
        self._parts.pop(entry.path, None)
        self._links.pop(entry.path, None)
        if entry.type is EntryType.FILE:
            self._parts[entry.path] = _Part(offset=offset, size=entry.size)
        elif entry.type is EntryType.HARDLINK:
            self._links[entry.path] = entry.target
        elif entry.type is EntryType.SYMLINK:
            self._links[entry.path] = _beside(entry)

    def _find(self, name: str) -> _Part | None:
        path = clean(os.fsencode(name), self._limits)
        for _ in range(_MAX_HOPS):
            if path not in self._links:
                return self._parts.get(path)
            path = self._links[path]
        raise ArchiveError("archive.link-loop", entry=name)


class Part:
    """The bytes of one part of an archive: `read` gives them, and no others. Several may be read in turns."""

    def __init__(self, file: BinaryIO, offset: int, size: int) -> None:
        self._file, self._at, self._end = file, offset, offset + size
        self.size = size

    def read(self, count: int = CHUNK, /) -> bytes:
        """At most `count` bytes; empty at the end."""
        # Every read finds its place again: parts of one file are read in turns.
        self._file.seek(self._at)
        content = self._file.read(min(count, self._end - self._at))
        self._at += len(content)
        return content


def open_archive(file: BinaryIO, spool: BinaryIO, limits: Limits | None = None) -> ImageArchive:
    """The archive in `file`; where that is compressed, or a pipe, it is first copied into `spool`, uncompressed.

    Raises ArchiveError for what is no image archive, or expands beyond `limits`.
    """
    if file.seekable():
        # The name of a file says nothing: `docker save | gzip > image.tar` is common.
        head = file.read(4)
        file.seek(0)
        if detect(head) is Compression.NONE:
            return ImageArchive(file, limits)
    spool.writelines(decompress(chunks(file), limits))
    return ImageArchive(spool, limits)


def _docker_image(node: Node) -> DockerImage:
    return DockerImage(
        config=node.get("Config").text(),
        layers=node.get("Layers").texts(),
        references=tuple(Reference.parse(tag) for tag in node.get("RepoTags").texts()),
    )


def _beside(link: Entry) -> bytes:
    """What a link in an archive means there: old `docker save` linked equal layers (`../ID/layer.tar`)."""
    at = b"" if link.target.startswith(b"/") else split(link.path)[0]
    for name in link.target.split(b"/"):
        if name == b"..":
            at = split(at)[0]
        elif name not in (b"", b"."):
            at = join(at, name)
    return at
