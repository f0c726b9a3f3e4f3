"""Records that are looked at again and again: each is read and understood once, until its file is another one.

A record is replaced as a whole (see records.py), so inode, time and size of its file tell whether what was read last
still holds.
"""

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

from pydock_lab.errors import StoreError
from pydock_lab.store.records import Collection

_KEPT = 2000  # records: those that were removed are forgotten with all others

Record = TypeVar("Record")


class Remembered(Generic[Record]):
    """The records of a collection as `make` understands them; it may raise KeyError or TypeError for what is none."""

    def __init__(self, collection: Collection, make: Callable[[dict[str, Any]], Record]) -> None:
        self._collection, self._make = collection, make
        self._known: dict[str, tuple[str, Record]] = {}

    def get(self, key: str) -> Record | None:
        """One record; None where it was removed meanwhile, or is half made by a process that was killed."""
        try:
            # The stamp first: of a record that is replaced in between, the new words get the old stamp, and are read
            # again.
            stamp = self._collection.stamp(key)
            known = self._known.get(key)
            if known is None or known[0] != stamp:
                if len(self._known) >= _KEPT:
                    self._known.clear()
                known = self._known[key] = (stamp, self._make(self._collection.read(key)))
        except (StoreError, KeyError, TypeError):
            self._known.pop(key, None)
            return None
        return known[1]

    def all(self) -> Iterator[tuple[str, Record]]:
        """All that there are, with their keys, in the order of these."""
        for key in self._collection:
            record = self.get(key)
            if record is not None:
                yield key, record
