"""An entry of a layer: one file, directory, link or device, and where it stands in the image.

Names are bytes, as they are for Linux. A `path` is always clean: relative to the root of the image, components
joined by single slashes, never `.` or `..`; the root itself is `b""`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from pydock_lab.errors import ArchiveError


class EntryType(Enum):
    """What an entry is; the value is its type flag in a tar header (POSIX.1-2017, pax, "typeflag")."""

    FILE = b"0"
    HARDLINK = b"1"
    SYMLINK = b"2"
    CHARACTER = b"3"
    BLOCK = b"4"
    DIRECTORY = b"5"
    FIFO = b"6"


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One entry: `size` in bytes, `mode` the twelve permission bits, `mtime` in whole seconds since 1970.

    `target` is where a link points, `device` the major and minor number of a device.
    """

    path: bytes
    type: EntryType = EntryType.FILE
    size: int = 0
    mode: int = 0o644
    uid: int = 0
    gid: int = 0
    mtime: int = 0
    target: bytes = b""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = field(default_factory=dict)

    def placed(self, path: bytes, *, mode: int, uid: int, gid: int) -> "Entry":
        """The same at another place; COPY asks for every file, and `dataclasses.replace` takes three times as long."""
        return Entry(
            path=path,
            type=self.type,
            size=self.size,
            mode=mode,
            uid=uid,
            gid=gid,
            mtime=self.mtime,
            target=self.target,
            device=self.device,
            xattrs=self.xattrs,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What an archive may cost before it counts as an attack; sizes in bytes.

    `ratio` (uncompressed to compressed) only counts once `ratio_from` bytes came out: a layer that is one file of
    zeros honestly shrinks a thousandfold. `extension` bounds one PAX or GNU header; `path` and `component` are
    Linux's own PATH_MAX and NAME_MAX.
    """

    # The largest images of the registries have some hundred thousand entries.
    entries: int = 2_000_000
    size: int = 64 << 30
    ratio: int = 300
    ratio_from: int = 1 << 30
    extension: int = 1 << 20
    path: int = 4096
    component: int = 255
    depth: int = 255


def clean(name: bytes, limits: Limits) -> bytes:
    """The clean path that `name` in an archive means; a leading slash is the image's root, not the host's.

    Raises ArchiveError for `..`, NUL, and names that are too long or too deep.
    """
    if len(name) > limits.path:
        raise ArchiveError("archive.name-long", entry=show(name[:80]), limit=limits.path)
    # The system would end the name there: "safe\0../x" and "safe" would be the same file.
    if b"\0" in name:
        raise ArchiveError("archive.name-nul", entry=show(name))
    path = name.removesuffix(b"/")
    # Nearly every name is clean already: only the others are taken apart.
    if path.startswith((b".", b"/")) or b"/." in path or b"//" in path or path.endswith(b"/"):
        parts = [part for part in path.split(b"/") if part not in (b"", b".")]
        # No honest writer needs it, and rejecting is easier to explain than resolving.
        if b".." in parts:
            raise ArchiveError("archive.name-dotdot", entry=show(name))
        path = b"/".join(parts)
    if len(path) > limits.component and max(map(len, path.split(b"/"))) > limits.component:
        raise ArchiveError("archive.name-long", entry=show(name[:80]), limit=limits.component)
    if path.count(b"/") >= limits.depth:
        raise ArchiveError("archive.name-deep", entry=show(name[:80]), limit=limits.depth)
    return path


def show(name: bytes) -> str:
    """A name for people: what is not UTF-8 or not printable appears as an escape."""
    text = name.decode("utf-8", "backslashreplace")
    # An entry may be called "\x1b[2J" or "<script>": what is shown must be harmless.
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
