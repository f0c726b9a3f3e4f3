"""What a file is to the build cache: everything that matters about it, and never its name or its times.

A fresh checkout of the same files has the same checksums, so it hits; one changed mode bit misses. The fields
stand in this order, without anything between them, and the bytes follow.
Source: BuildKit, cache/contenthash (NewFileHash and the tarsum header it writes).
"""

import hashlib
from typing import TYPE_CHECKING

from pydock_lab.archive.entry import Entry, EntryType

if TYPE_CHECKING:
    from hashlib import _Hash


def start(entry: Entry) -> "_Hash":
    """A SHA-256 that has seen all but the bytes of the file: update it with them."""
    size = entry.size if entry.type is EntryType.FILE else 0
    major, minor = entry.device
    target = entry.target.decode("utf-8", "surrogateescape")
    said = (
        f"namemode{entry.mode & 0o7777}uid{entry.uid}gid{entry.gid}size{size}typeflag{entry.type.value.decode()}"
        f"linkname{target}unamegnamedevmajor{major}devminor{minor}"
    )
    extra = b"".join(name.encode() + value for name, value in sorted(entry.xattrs.items()))
    return hashlib.sha256(said.encode("utf-8", "surrogateescape") + extra)
