"""Of what the last starts of containers consisted: `starts/ID.json`, kept longer than the containers themselves."""

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

from pydock_lab.errors import NotFound
from pydock_lab.store.home import make_private

_KEPT = 200
_WRITTEN_WITHIN, _LOOK_SECONDS = 10.0, 0.005  # a machine may have more to do than to write it
_ENDING = ".json"


class Starts:
    """The records of starts in a store; who starts a container writes them, after it runs."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "starts"

    def place(self, container: str) -> Path:
        """Where that of a container, by its whole id, is to be written."""
        # Ids are random: one start in 256 looks whether there is too much, and the others pay nothing for it.
        if container.startswith("00") or not self._folder.is_dir():
            make_private(self._folder)
            self._prune()
        return self._folder / f"{container}{_ENDING}"

    def _prune(self) -> None:
        for name in self._names()[:-_KEPT]:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._folder / name)

    def _names(self) -> list[str]:
        """The files, the oldest first; somebody else may remove some meanwhile."""
        found = []
        with contextlib.suppress(FileNotFoundError):
            for entry in os.scandir(self._folder):
                with contextlib.suppress(FileNotFoundError):
                    found.append((entry.stat().st_mtime, entry.name))
        return [name for _, name in sorted(found)]

    def ids(self) -> tuple[str, ...]:
        """The containers whose start is known, the latest first."""
        return tuple(name.removesuffix(_ENDING) for name in reversed(self._names()) if name.endswith(_ENDING))

    def find(self, text: str) -> dict[str, Any]:
        """The record of a start by the container's id, the beginning of it, or its name; raises NotFound.

        "" is the latest.
        """
        ids = self.ids()
        for container in ids:
            if container.startswith(text):
                return self.read(container)
        for container in ids:
            with contextlib.suppress(NotFound):  # pruned meanwhile, or just being written
                found = self.read(container)
                if found["about"].get("name") == text:
                    return found
        raise NotFound("store.no-start", container=text)

    def wait(self, container: str, began: float) -> None:
        """Wait for the record of the start that began then, by the container's whole id.

        The program does not wait for it to be written, so whoever asks at once comes too early. Of a start that is
        longer ago there is a record, or none will come.
        """
        while time.time() < began + _WRITTEN_WITHIN:
            with contextlib.suppress(NotFound):
                if self.read(container)["started_at"] >= began:
                    return
            time.sleep(_LOOK_SECONDS)

    def read(self, container: str) -> dict[str, Any]:
        """The record of a start; raises NotFound."""
        try:
            found: dict[str, Any] = json.loads((self._folder / f"{container}{_ENDING}").read_bytes())
        except (FileNotFoundError, ValueError):
            raise NotFound("store.no-start", container=container) from None
        return found
