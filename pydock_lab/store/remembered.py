"""What is looked at again and again: each file is read and understood once, until it is another one.

Files of a store are replaced as a whole (see ingest.py), so inode, time and size tell whether what was read last still
holds: its stamp. The stamp is asked for first: of a file that is replaced in between, the new words get the old stamp,
and are read again.
"""

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Generic, TypeVar

from pydock_lab.store.records import UNREADABLE, Collection

_KEPT = 2000  # values: those of files that are no more are forgotten with all others

Value = TypeVar("Value")


class Memory(Generic[Value]):
    """What was understood last, each under its key and with the stamp of its file."""

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[object, Value]] = {}

    def get(self, key: Hashable, stamp: object, read: Callable[[], Value]) -> Value:
        """What is known of a file with this stamp, else what `read` makes of it now."""
        known = self._known.get(key)
        if known is None or known[0] != stamp:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[key] = (stamp, read())
        return known[1]

    def forget(self, key: Hashable) -> None:
        """The file is no more."""
        self._known.pop(key, None)


class Remembered(Generic[Value]):
    """The records of a collection as `make` understands them; it may raise what is UNREADABLE for what is none."""

    def __init__(self, collection: Collection, make: Callable[[dict[str, Any]], Value]) -> None:
        self._collection, self._make = collection, make
        self._memory: Memory[Value] = Memory()

    def get(self, key: str) -> Value | None:
        """One record; None where it was removed meanwhile, or is half made by a process that was killed."""
        try:
            stamp = self._collection.stamp(key)
            return self._memory.get(key, stamp, lambda: self._make(self._collection.read(key)))
        except UNREADABLE:
            self._memory.forget(key)
            return None

    def all(self) -> Iterator[tuple[str, Value]]:
        """All that there are, with their keys, in the order of these."""
        for key in self._collection:
            record = self.get(key)
            if record is not None:
                yield key, record
