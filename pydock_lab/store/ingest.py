"""Where bytes wait until they are whole: written to a file of this process, then renamed to where they belong.

A rename is all or nothing (rename(2)), so a reader never sees half a file. A process that is killed leaves its
files here, and their names say whose they were: the next one that opens the store removes them.

    PROCESS~~1f..           somebody's, and gone with him
    PROCESS~~sha256-4f..    the beginning of a known blob: who wants that one goes on with it, within a day
    kept~~sha256-4f..       the same, left by somebody who is still there
"""

import errno
import os
import shutil
import time
from pathlib import Path
from typing import BinaryIO

from pydock_lab.store.home import make_private
from pydock_lab.store.process import Liveness, Process

_IN_THE_WAY = frozenset({errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR})  # of a renamed directory
# No download takes longer, and no disk fills up in between.
_UNKNOWN_FOR = 24 * 3600  # seconds: how long files of processes that cannot be seen from here are kept
_KEPT, _BETWEEN = "kept", "~~"


class Ingest:
    """The directory `ingest` below `root`."""

    def __init__(self, root: Path) -> None:
        self._directory = root / "ingest"

    def create(self) -> tuple[Path, BinaryIO]:
        """A new file, open for writing, and its path."""
        path = self._directory / f"{Process.current()}{_BETWEEN}{os.urandom(8).hex()}"
        try:
            # Unbuffered: what was written is in the kernel, and survives a kill of this process.
            return path, path.open("xb+", buffering=0)
        except FileNotFoundError:
            make_private(self._directory)
            return path, path.open("xb+", buffering=0)

    def go_on(self, label: str) -> tuple[Path, BinaryIO]:
        """The file of a blob that is called `label`: as far as somebody came who is gone, else a new one."""
        make_private(self._directory)
        own = self._directory / f"{Process.current()}{_BETWEEN}{label}"
        for path in self._directory.glob(f"*{_BETWEEN}{label}"):
            owner = path.name.partition(_BETWEEN)[0]
            is_free = owner == _KEPT or is_stale(Process.parse(owner), path)
            if is_free and not own.exists():
                try:
                    os.rename(path, own)  # one of two who want it is the first
                except FileNotFoundError:
                    continue
                return own, own.open("r+b", buffering=0)
        try:
            return own, own.open("xb+", buffering=0)
        except FileExistsError:  # another thread is at it
            return self.create()

    def keep(self, path: Path, label: str) -> None:
        """Leave what `go_on` gave for whoever wants it next."""
        os.replace(path, path.with_name(f"{_KEPT}{_BETWEEN}{label}"))

    def replace(self, target: Path, content: bytes, *, durable: bool = False) -> None:
        """Make `content` all that `target` holds; `durable` even if the power fails a moment later."""
        path, file = self.create()
        try:
            with file:
                write_all(file, content)
                # Content before name: else the new name could outlive a power failure, and the bytes not.
                if durable:
                    os.fsync(file.fileno())
            rename(path, target)
        except BaseException:
            path.unlink(missing_ok=True)
            raise

    def add(self, target: Path, name: str, content: bytes) -> None:
        """A new directory with one file in it; raises FileExistsError where there is something."""
        path = self._directory / f"{Process.current()}{_BETWEEN}{os.urandom(8).hex()}"
        make_private(path)
        try:
            with (path / name).open("xb", buffering=0) as file:
                write_all(file, content)
            # rename(2) puts a directory onto nothing, or onto an empty one: what has something in it stays.
            rename(path, target)
        except BaseException as error:
            shutil.rmtree(path, ignore_errors=True)
            if isinstance(error, OSError) and error.errno in _IN_THE_WAY:
                raise FileExistsError(error.errno, os.strerror(error.errno), str(target)) from None
            raise

    def sweep(self) -> int:
        """Remove what dead processes left; how many files and directories that were."""
        found = [path for path in self._files() if _is_stale(path)]
        for path in found:
            try:
                path.unlink(missing_ok=True)
            except IsADirectoryError:
                shutil.rmtree(path, ignore_errors=True)
        return len(found)

    def _files(self) -> list[Path]:
        return list(self._directory.iterdir()) if self._directory.is_dir() else []


def write_all(file: BinaryIO, content: bytes) -> None:
    """Write all of `content`: an unbuffered file on a disk that is nearly full takes a part of it, without error."""
    rest = memoryview(content)
    while rest:
        rest = rest[file.write(rest) :]


def rename(path: Path, target: Path) -> None:
    """Give `path` the name `target`, in place of what may have it, and make the directories for that."""
    try:
        os.replace(path, target)
    except FileNotFoundError:
        # Directories are made when they are missed: nearly always they are there.
        make_private(target.parent)
        os.replace(path, target)


def is_stale(owner: Process | None, path: Path) -> bool:
    """Whether a file of `owner` is left over: it is dead, or nobody can tell and the file is a day old."""
    liveness = owner.liveness() if owner else Liveness.UNKNOWN
    if liveness is not Liveness.UNKNOWN:
        return liveness is Liveness.DEAD
    try:
        return time.time() - path.stat().st_mtime > _UNKNOWN_FOR
    except FileNotFoundError:
        return False


def _is_stale(path: Path) -> bool:
    owner, _, label = path.name.partition(_BETWEEN)
    if owner == _KEPT or "-" in label:
        return is_stale(None, path) and (owner == _KEPT or is_stale(Process.parse(owner), path))
    return is_stale(Process.parse(owner), path)
