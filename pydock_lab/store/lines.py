"""What lists need of each record of a collection, read without opening them all.

    containers/.lines.json       {"3f2a...": ["181-1795788592975-3371", {"name": "web", ...}], ...}
    containers/3f2a.../container.json        inode, time and size: as long as they are these, the line is right
    containers/.states.json      the same of each state.json

A thousand records take a quarter of a second to be read and understood, their lines a hundredth. Nobody has to keep the
file: a line is made anew where the record's file is not the one it was made of, since a record is replaced as a whole
(see records.py). Who loses it, or two who write at once, lose only time.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Generic, TypeVar

from pydock_lab.oci.plain import Document
from pydock_lab.store.records import UNREADABLE, Collection

_WORTH_KEEPING = 20  # lines: fewer than that are made as quickly as the file is written

Line = TypeVar("Line", bound=Document)


class Lines(Generic[Line]):
    """The lines of a collection; `make` makes one of a record, `form` changes with what it makes.

    `file` is where they are kept, beside the records; who has another one of the same folder names another.
    """

    def __init__(
        self,
        collection: Collection,
        kind: type[Line],
        make: Callable[[dict[str, Any]], Line],
        *,
        form: int,
        file: str = ".lines.json",
    ) -> None:
        self._collection, self._kind, self._make, self._form = collection, kind, make, form
        self._file = file
        self._known: Mapping[str, tuple[str, Line]] | None = None

    def all(self) -> list[Line]:
        """A line for each record that can be read, in no order."""
        return list(self.by_key().values())

    def by_key(self) -> dict[str, Line]:
        """The same, each by the key of its record."""
        known = self._load() if self._known is None else self._known
        found: dict[str, tuple[str, Line]] = {}
        made = 0
        for key, stamp in self._collection.stamps():
            one = known.get(key)
            if one is None or one[0] != stamp:
                made += 1
                with suppress(*UNREADABLE):  # removed meanwhile, or half made by a killed process
                    found[key] = (stamp, self._make(self._collection.read(key)))
            else:
                found[key] = one
        self._known = found
        if made >= _WORTH_KEEPING:
            self._keep(found)
        return {key: line for key, (_, line) in found.items()}

    def _load(self) -> dict[str, tuple[str, Line]]:
        try:
            document = json.loads((self._collection.directory / self._file).read_bytes())
            if document["format"] != self._form:
                return {}
            return {key: (stamp, self._kind.from_json(one)) for key, (stamp, one) in document["lines"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}  # not there yet, or spoilt: all lines are made anew

    def _keep(self, found: Mapping[str, tuple[str, Line]]) -> None:
        lines = {key: (stamp, line.to_brief()) for key, (stamp, line) in found.items()}
        with suppress(OSError):  # a full disk, or a store that may only be read: they will be made again
            self._collection.keep(self._file, {"format": self._form, "lines": lines})
