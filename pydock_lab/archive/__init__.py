"""A layer as a tar: packed from a directory, unpacked into one, compressed, listed; never trusted.

directory ──diff──> tar ──LayerWriter──> blob          changes: what a layer says, as values
directory <──apply── tar <──LayerReader── blob          images: what `docker save` writes
"""

from pydock_lab.archive.apply import Applied, Ownership, Policy, Whiteouts, apply
from pydock_lab.archive.changeset import Change, ChangeKind, Contents, changes
from pydock_lab.archive.compress import Compression, LayerReader, LayerWriter, WrittenLayer, decompress, detect
from pydock_lab.archive.diff import DiffOptions, TreeForm, diff
from pydock_lab.archive.entry import Entry, EntryType, Limits
from pydock_lab.archive.images import ArchiveFormat, DockerImage, ImageArchive, open_archive
from pydock_lab.archive.reader import Readable, TarReader, chunks
from pydock_lab.archive.whiteout import OpaqueAttribute
from pydock_lab.archive.writer import TarWriter, Writable

__all__ = [
    "Applied",
    "ArchiveFormat",
    "Change",
    "ChangeKind",
    "Compression",
    "Contents",
    "DiffOptions",
    "DockerImage",
    "Entry",
    "EntryType",
    "ImageArchive",
    "LayerReader",
    "LayerWriter",
    "Limits",
    "OpaqueAttribute",
    "Ownership",
    "Policy",
    "Readable",
    "TarReader",
    "TarWriter",
    "TreeForm",
    "Whiteouts",
    "Writable",
    "WrittenLayer",
    "apply",
    "changes",
    "chunks",
    "decompress",
    "detect",
    "diff",
    "open_archive",
]
