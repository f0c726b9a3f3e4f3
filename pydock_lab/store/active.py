"""Folders that are a process's own, and go with it: the writable trees of a build, and what is being deleted.

    active/PROCESS~~4f..    of a process that runs, or was killed: then whoever sweeps next removes it

What is put here is gone at once for everybody, and its files soon: a rename takes no time, whatever the size.
"""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from pydock_lab.store.home import make_private
from pydock_lab.store.ingest import is_stale
from pydock_lab.store.process import Process

_BETWEEN = "~~"


class Active:
    """The directory `active` below `root`."""

    def __init__(self, root: Path) -> None:
        self._directory = root / "active"

    def own(self) -> Path:
        """A name for a folder of this process; nothing is made."""
        return self._directory / f"{Process.current()}{_BETWEEN}{os.urandom(4).hex()}"

    def take(self, path: Path) -> Path | None:
        """Move a tree here, to be deleted by this process: where it is now; None where there is nothing."""
        folder = self.own()
        with suppress(FileNotFoundError):
            try:
                path.rename(folder)
            except FileNotFoundError:
                make_private(self._directory)
                path.rename(folder)
            return folder
        return None

    def stale(self) -> Iterator[Path]:
        """What those left who were killed."""
        for path in list(self._directory.iterdir()) if self._directory.is_dir() else []:
            if is_stale(Process.parse(path.name.partition(_BETWEEN)[0]), path):
                yield path
