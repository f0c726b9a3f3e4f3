"""What COPY and ADD copy from: the build context, or the file system of a stage or image.

Both are trees of archive entries, read once; the bytes of a file are read only when a layer is written. What
the cache looks at is an entry's checksum (`archive.checksum`): never times, so a fresh checkout hits.
"""

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from pydock_lab.archive import checksum as file_checksum
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.wildcard import has_wildcard, matches
from pydock_lab.errors import BuildError
from pydock_lab.oci import Digest

_MAX_LINKS = 40  # as the kernel's limit for one path


class Contents(Protocol):
    """Files made readable by `Source.contents`."""

    def descriptor(self, entry: Entry) -> int:
        """A file descriptor on the bytes of one of them, at its start; the caller closes it."""


class Entries(Protocol):
    """A tree of which one can ask what is where."""

    def entry(self, path: bytes) -> Entry | None:
        """The entry at exactly `path` (clean, links not followed), or None."""


class Ground(Entries, Protocol):
    """What a copy is laid on."""

    def read(self, path: bytes) -> bytes:
        """The bytes of one small file (links not followed); empty where there is none."""


class Source(Entries, Protocol):
    """A tree to copy from."""

    def children(self, path: bytes) -> tuple[bytes, ...]:
        """Names in the directory `path`, in byte order; empty for anything else."""

    def file_checksum(self, entry: Entry) -> Digest:
        """The checksum of a file."""

    def folder_checksum(self, path: bytes) -> Digest | None:
        """The checksum of a folder with all that is in it, where it is known without looking."""

    def keep_folder_checksum(self, path: bytes, digest: Digest) -> None:
        """Remember what `checksum` found."""

    def contents(self, entries: Iterable[Entry]) -> AbstractContextManager[Contents]:
        """The bytes of these files, to be read while the context lasts."""


def clean(path: str) -> bytes:
    """A path as it is in a tree: without `.`, `..` and double slashes; it can never leave the root."""
    return os.fsencode(posixpath.normpath("/" + path).lstrip("/"))


def join(folder: bytes, name: bytes) -> bytes:
    """The path of `name` in `folder`; the root is empty."""
    return folder + b"/" + name if folder else name


def resolve(source: Entries, path: bytes, *, follow_last: bool = True) -> bytes:
    """Where `path` leads when links are followed, inside the root as chroot would.

    The path need not exist. Raises BuildError for a loop.
    """
    todo, done, links = path.split(b"/"), b"", 0
    while todo:
        part = todo.pop(0)
        if part in (b"", b"."):
            continue
        # After links, as in the kernel: `link/..` is above where the link leads, and above the root is the root
        # (path_resolution(7)).
        if part == b"..":
            done = posixpath.dirname(done)
            continue
        here = join(done, part)
        entry = source.entry(here)
        if entry is None or entry.type is not EntryType.SYMLINK or (not todo and not follow_last):
            done = here
            continue
        links += 1
        if links > _MAX_LINKS:
            raise BuildError("build.link-loop", path=os.fsdecode(path))
        # An absolute target begins at the tree's own root: the host's would let an image reach the host's files.
        done = b"" if entry.target.startswith(b"/") else done
        todo = entry.target.split(b"/") + todo
    return done


def walk(source: Source, path: bytes) -> Iterator[Entry]:
    """The entry at `path` and all below it, parents first, in byte order."""
    pending = [path]
    while pending:
        entry = source.entry(pending.pop())
        if entry is None:
            continue
        yield entry
        if entry.type is EntryType.DIRECTORY:
            pending.extend(join(entry.path, name) for name in reversed(source.children(entry.path)))


def select(source: Source, pattern: str) -> tuple[bytes, ...]:
    """The paths that a COPY source means: itself, or what its wildcards match, in byte order."""
    if not has_wildcard(pattern):
        path = clean(pattern)
        return (path,) if source.entry(resolve(source, path)) is not None else ()
    found = [b""]
    for part in posixpath.normpath("/" + pattern).lstrip("/").split("/"):
        found = [join(base, name) for base in found for name in _matching(source, base, part)]
    return tuple(found)


def _matching(source: Source, base: bytes, part: str) -> Iterator[bytes]:
    if not has_wildcard(part):
        if source.entry(resolve(source, join(base, os.fsencode(part)))) is not None:
            yield os.fsencode(part)
        return
    folder = resolve(source, base)
    yield from (name for name in source.children(folder) if matches(part, os.fsdecode(name)))


def checksum(source: Source, path: bytes) -> Digest:
    """The checksum of a path: for a directory, of everything below it, its own mode and owner included."""
    entry = source.entry(path)
    if entry is None:
        return Digest.of(b"")
    if entry.type is EntryType.FILE:
        return source.file_checksum(entry)
    own = Digest("sha256:" + file_checksum.start(entry).hexdigest())
    if entry.type is not EntryType.DIRECTORY:
        return own
    known = source.folder_checksum(path)
    if known is not None:
        return known
    inside = hashlib.sha256(b"\0" + own.encode())
    for name in source.children(path):
        inside.update(b"\0" + name + checksum(source, join(path, name)).encode())
    digest = Digest("sha256:" + inside.hexdigest())
    source.keep_folder_checksum(path, digest)
    return digest
