"""ADD's way with archives: a tar in the context (plain, gzip, bzip2, xz, zstd) is copied as what is in it."""

import bz2
import lzma
import os
from collections.abc import Iterator

from pydock_lab.archive.compress import decompress
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.index import LayerIndex
from pydock_lab.archive.reader import TarReader, chunks
from pydock_lab.build.source import Source, resolve
from pydock_lab.build.tree import LayeredTree
from pydock_lab.errors import ArchiveError

_OTHER_FORMS = ((b"BZh", bz2.BZ2File), (b"\xfd7zXZ\x00", lzma.LZMAFile))


def as_archive(source: Source, path: bytes) -> LayeredTree | None:
    """The tree inside a file, if it is an archive; None for anything else."""
    entry = source.entry(resolve(source, path))
    if entry is None or entry.type is not EntryType.FILE or not entry.size:
        return None
    try:
        # The first entry tells: most files fail at its checksum, without being read any further.
        is_tar = any(True for _ in TarReader(_opened(source, entry)))
    except (ArchiveError, OSError, EOFError, lzma.LZMAError):
        return None
    if not is_tar:
        return None
    return LayeredTree([LayerIndex.read(_opened(source, entry))], lambda _: _opened(source, entry))


def _opened(source: Source, entry: Entry) -> Iterator[bytes]:
    """The uncompressed bytes of a file, in chunks."""
    with source.contents([entry]) as contents, os.fdopen(contents.descriptor(entry), "rb") as file:
        head = file.read(6)
        file.seek(0)
        for magic, library in _OTHER_FORMS:
            if head.startswith(magic):
                with library(file) as plain:
                    yield from iter(lambda: plain.read(1 << 20), b"")
                return
        yield from decompress(chunks(file))
