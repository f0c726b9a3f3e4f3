"""A context as it was at an earlier build, as a Source: all of its files but their bytes."""

import stat
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import NoReturn

from pydock_lab.archive.entry import Entry, EntryType
from pydock_lab.build.source import Contents
from pydock_lab.build.stat_cache import FILE_TYPES, ContextSnapshot, Row
from pydock_lab.errors import BuildError
from pydock_lab.oci import Digest

_ROOT = Entry(path=b"", type=EntryType.DIRECTORY, mode=0o755)
_Known = tuple[Row, str, bytes]


class SnapshotSource:
    """The tree that a snapshot tells of; a folder that no step looked into is empty here."""

    def __init__(self, snapshot: ContextSnapshot) -> None:
        self._snapshot = snapshot
        self._folders: dict[bytes, dict[bytes, _Known]] = {}

    def _folder(self, path: bytes) -> dict[bytes, _Known]:
        if path not in self._folders:
            known = self._snapshot.folder(path)
            self._folders[path] = {row[0]: (row, digest, link) for row, digest, link in known.rows()} if known else {}
        return self._folders[path]

    def entry(self, path: bytes) -> Entry | None:
        """See Source."""
        above, _, name = path.rpartition(b"/")
        found = self._folder(above).get(name)
        if not path or found is None:
            return None if path else _ROOT
        (_, mode, size, mtime, _, _), _, link = found
        kind = FILE_TYPES[stat.S_IFMT(mode)]
        return Entry(
            path=path,
            type=kind,
            size=size if kind is EntryType.FILE else 0,
            mode=stat.S_IMODE(mode),
            mtime=mtime // 1_000_000_000,
            target=link,
        )

    def children(self, path: bytes) -> tuple[bytes, ...]:
        """See Source."""
        return tuple(sorted(self._folder(path)))

    def file_checksum(self, entry: Entry) -> Digest:
        """See Source; "" where nobody had asked for it."""
        above, _, name = entry.path.rpartition(b"/")
        found = self._folder(above)[name][1]
        return Digest("sha256:" + found) if found else Digest.of(b"")

    def folder_checksum(self, _path: bytes) -> Digest | None:
        """See Source."""
        return None

    def keep_folder_checksum(self, path: bytes, digest: Digest) -> None:
        """See Source."""

    def contents(self, entries: Iterable[Entry]) -> AbstractContextManager[Contents]:
        """There are no bytes any more."""
        self._refuse(next(iter(entries), _ROOT))

    def _refuse(self, entry: Entry) -> NoReturn:
        raise BuildError("build.context-read", path=entry.path.decode("utf-8", "replace"), reason="-")
