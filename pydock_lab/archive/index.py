"""The index of a layer: all that is in its tar but the bytes, so that nobody has to unpack it to know.

`docker history` shows what a layer added and deleted, COPY --from looks for files, COPY asks whether its
destination is a directory: all of them ask the index. It is made while the layer's bytes pass by anyway.

    usr/            directory                      usr/.wh.old      -> whiteouts  {usr/old}
    usr/bin/tool    file, with its checksum        var/.wh..wh..opq -> opaque     {var}
"""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pydock_lab.archive import checksum
from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.archive.reader import TarReader
from pydock_lab.archive.whiteout import META_PREFIX, OPAQUE, PREFIX

FORMAT = 1
_SAID = 8  # where in the row of an entry its checksum is
_NOTHING_MORE: tuple[dict[str, str], tuple[int, int]] = ({}, (0, 0))  # neither attributes nor a device
_NAMES = ("utf-8", "surrogateescape")  # as os.fsencode has it, which asks five times as long which encoding it is


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerIndex:
    """A layer's entries in the order of its tar; `checksums` (sha256, hexadecimal) are those of its files."""

    entries: tuple[Entry, ...]
    checksums: Mapping[bytes, str]
    whiteouts: frozenset[bytes] = frozenset()
    opaque: frozenset[bytes] = frozenset()

    @classmethod
    def read(cls, chunks: Iterator[bytes]) -> Self:
        """The index of an uncompressed tar; raises ArchiveError where it is malformed."""
        reader = TarReader(chunks)
        found: list[Entry] = []
        checksums: dict[bytes, str] = {}
        for entry in reader:
            found.append(entry)
            if entry.type is EntryType.FILE and not is_mark(entry.path):
                digest = checksum.start(entry)
                for piece in reader.content():
                    digest.update(piece)
                checksums[entry.path] = digest.hexdigest()
        return cls.of(found, checksums)

    @classmethod
    def of(cls, found: Iterable[Entry], checksums: Mapping[bytes, str]) -> Self:
        """The index of a tar of these entries, in its order; overlay's marks become what they mean."""
        entries: list[Entry] = []
        whiteouts, opaque = set(), set()
        for entry in found:
            if not is_mark(entry.path):
                entries.append(entry)
                continue
            folder, _, name = entry.path.rpartition(b"/")
            if name == OPAQUE:
                opaque.add(folder)
            elif not name.startswith(META_PREFIX):  # the rest of these is bookkeeping of old aufs
                whiteouts.add((folder + b"/" + name.removeprefix(PREFIX)).lstrip(b"/"))
        return cls(
            entries=tuple(entries),
            checksums=checksums,
            whiteouts=frozenset(whiteouts),
            opaque=frozenset(opaque),
        )

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.entries)

    def to_json(self) -> dict[str, object]:
        """Plain data: names as text with surrogates for what is not UTF-8, attributes in base 64."""
        return {
            "format": FORMAT,
            "entries": [_entry_to_json(entry, self.checksums.get(entry.path, "")) for entry in self.entries],
            "whiteouts": sorted(map(os.fsdecode, self.whiteouts)),
            "opaque": sorted(map(os.fsdecode, self.opaque)),
        }

    def to_bytes(self) -> bytes:
        """As it is kept on disk."""
        return json.dumps(self.to_json(), separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """What `to_bytes` wrote; raises ValueError or KeyError for anything else."""
        document = json.loads(content)
        try:
            if document["format"] != FORMAT:
                raise ValueError(document["format"])
            rows = document["entries"]
            entries = tuple(map(_entry_from_json, rows))
            return cls(
                entries=entries,
                checksums={entry.path: said for entry, row in zip(entries, rows, strict=True) if (said := row[_SAID])},
                whiteouts=frozenset(map(os.fsencode, document["whiteouts"])),
                opaque=frozenset(map(os.fsencode, document["opaque"])),
            )
        except (TypeError, AttributeError, IndexError) as error:
            raise ValueError(str(error)) from None


def is_mark(path: bytes) -> bool:
    """Whether a path says that something is deleted, and is no file."""
    return path.rpartition(b"/")[2].startswith(PREFIX)


def _entry_to_json(entry: Entry, said: str) -> list[object]:
    row: list[object] = [
        entry.path.decode(*_NAMES),
        entry.type.value.decode(),
        entry.mode,
        entry.uid,
        entry.gid,
        entry.size,
        entry.mtime,
        entry.target.decode(*_NAMES),
        said,
    ]
    extra = {name: b64encode(value).decode() for name, value in entry.xattrs.items()}
    return [*row, extra, list(entry.device)] if extra or any(entry.device) else row


def _entry_from_json(row: list[Any]) -> Entry:
    # An image may have 100,000 of them, and somebody waits: no more is called than must be.
    path, kind, mode, uid, gid, size, mtime, target, _, *rest = row
    extra, device = rest or _NOTHING_MORE
    return Entry(
        path=path.encode(*_NAMES),
        type=_TYPES[kind],
        mode=mode,
        uid=uid,
        gid=gid,
        size=size,
        mtime=mtime,
        target=target.encode(*_NAMES) if target else b"",
        device=(device[0], device[1]),
        xattrs={name: b64decode(value) for name, value in extra.items()} if extra else {},
    )


_TYPES = {kind.value.decode(): kind for kind in EntryType}
