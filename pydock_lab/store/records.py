"""Collections of records: one directory a thing (a container, a build), one JSON file a record, replaced as a whole.

    containers/3f2a.../spec.json state.json       builds/91bc.../record.json
    containers/.lock                              one lock a collection, for who reads and then writes

Every record says `"format": 1`; a later format is refused rather than misread.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydock_lab.errors import Conflict, Corrupt, InvalidValue, NotFound, PydockError
from pydock_lab.oci.plain import readable
from pydock_lab.store.home import make_private
from pydock_lab.store.ingest import Ingest
from pydock_lab.store.locks import FileLock

FORMAT = 1
# What making sense of a damaged record may raise: a list leaves it out, and goes on.
UNREADABLE = (PydockError, ValueError, KeyError, TypeError, AttributeError)
# No separator, no leading dot: a key can be joined to a path, and never hides.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,199}")


class Trash:
    """Trees to be deleted: moved here at once, removed later, when nobody waits for it."""

    def __init__(self, root: Path) -> None:
        self._directory = root / "trash"

    def put(self, path: Path) -> bool:
        """Move `path` into the trash; whether it was there."""
        make_private(self._directory)
        try:
            # A rename takes no time, whatever the size; on some disks deleting slows all writing that follows.
            os.rename(path, self._directory / f"{path.name[:60]}.{os.urandom(6).hex()}".replace(":", "-"))
        except FileNotFoundError:
            return False
        return True

    def empty(self, remove: Callable[[Path], None] | None = None) -> int:
        """Delete what is in it; how many trees that were.

        `remove` deletes one tree: trees with the files of other user ids need one that runs in the user namespace.
        What cannot be deleted stays for the next time.
        """
        found = list(self._directory.iterdir()) if self._directory.is_dir() else []
        for path in found:
            # Files of other users, or still mounted: later, with more rights, it may work.
            with suppress(OSError):
                (remove or _remove)(path)
        return sum(not os.path.lexists(path) for path in found)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _stamp(status: os.stat_result) -> str:
    return f"{status.st_ino}-{status.st_mtime_ns}-{status.st_size}"


class Collection:
    """The records of one kind below `root/name`; `record` is the file that makes a directory one of them.

    `form` is the format that this kind has by now.
    """

    def __init__(self, root: Path, name: str, record: str = "record.json", *, form: int = FORMAT) -> None:
        self.directory = root / name
        self._record, self._form = record, form
        self._ingest, self._trash = Ingest(root), Trash(root)

    def path(self, key: str) -> Path:
        """The directory of `key`; raises InvalidValue for what is no key, so that no path leads elsewhere."""
        if not _NAME.fullmatch(key):
            raise InvalidValue("store.key", key=key[:80])
        return self.directory / key

    def add(self, key: str, document: Mapping[str, object]) -> Path:
        """A new directory with its record, at once or not at all; raises Conflict where there is one."""
        path = self.path(key)
        try:
            # rename(2) is the test and the claim in one: of two who try, one gets it.
            self._ingest.add(path, self._record, self._content(document))
        except FileExistsError:
            raise Conflict("store.key-taken", key=key) from None
        return path

    def write(self, key: str, document: Mapping[str, object], file: str | None = None) -> None:
        """Replace a record, at once or not at all."""
        self._ingest.replace(self.path(key) / (file or self._record), self._content(document))

    def _content(self, document: Mapping[str, object]) -> bytes:
        # Indented: these files are read by students, too.
        return readable({"format": self._form, **document}, indent=1)

    def read(self, key: str, file: str | None = None) -> dict[str, Any]:
        """A record; raises NotFound, or Corrupt where it is not of our format."""
        path = self.path(key) / (file or self._record)
        try:
            document = json.loads(path.read_bytes())
        except FileNotFoundError:
            raise NotFound("store.no-record", key=key) from None
        except ValueError as error:
            raise Corrupt("store.record", path=str(path), reason=str(error)) from None
        if not isinstance(document, dict) or document.get("format") != self._form:
            raise Corrupt("store.record-format", path=str(path))
        return document

    def __iter__(self) -> Iterator[str]:
        for path in sorted(self.directory.glob(f"*/{self._record}")):
            yield path.parent.name

    def stamps(self) -> Iterator[tuple[str, str]]:
        """Each key, with what tells its record from the one that replaces it: inode, time, size."""
        end = f"{os.sep}{self._record}"
        try:
            folders = os.scandir(self.directory)
        except FileNotFoundError:
            return
        with folders:
            for folder in folders:
                with suppress(OSError):  # no record: half made, or removed meanwhile
                    yield folder.name, _stamp(os.stat(folder.path + end))

    def stamp(self, key: str) -> str:
        """The same of one record; raises NotFound."""
        try:
            return _stamp(os.stat(self.path(key) / self._record))
        except OSError:
            raise NotFound("store.no-record", key=key) from None

    def keep(self, file: str, document: Mapping[str, object]) -> None:
        """Replace a file beside the records, at once or not at all."""
        self._ingest.replace(self.directory / file, json.dumps(document, ensure_ascii=False).encode())

    def __contains__(self, key: str) -> bool:
        return (self.path(key) / self._record).exists()

    def remove(self, key: str) -> None:
        """Move the directory into the trash; raises NotFound."""
        if not self._trash.put(self.path(key)):
            raise NotFound("store.no-record", key=key)

    def lock(self) -> FileLock:
        """For reading and then writing what nobody else may change in between."""
        return FileLock(self.directory / ".lock")
