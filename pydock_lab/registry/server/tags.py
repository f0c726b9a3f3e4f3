"""The tags of one repository: where each points now, and where it pointed before.

    _tags.json     {"format": 1, "tags": {"1.2": "sha256:4f2a..", "latest": "sha256:4f2a.."}}   replaced as a whole
    _moves.jsonl   {"at": 1764280800, "tag": "latest", "from": "sha256:9c1e..", "to": "sha256:4f2a.."}   one a line

`from` is empty for a tag that is new, `to` for one that was removed. All tags stand in one file: `v1` and `V1` are two,
also where the file system does not tell them apart. What was read is kept while the file is the same: ten thousand tags
take tens of milliseconds to read, and a tree of them asks for many.
"""

import json
import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydock_lab.oci import Digest
from pydock_lab.store.ingest import Ingest

_TAGS, _MOVES = "_tags.json", "_moves.jsonl"
_MOST = 1 << 20  # bytes of moves: then the older half goes

# What was read of each file, by its path: what tells that it is the same (inode, time, size), and what was in it.
Known = dict[Path, tuple[tuple[int, int, int], Mapping[str, str]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """A tag that went from one digest to another; "" is nothing. `at` is seconds since 1970."""

    at: float
    tag: str
    source: str
    target: str


class TagFile:
    """The tags of the repository in `folder`; what changes them is done under `Storage.changing`."""

    def __init__(self, folder: Path, ingest: Ingest, known: Known) -> None:
        self._path, self._moves, self._ingest, self._known = folder / _TAGS, folder / _MOVES, ingest, known

    def names(self) -> list[str]:
        """All tags, sorted."""
        return sorted(self._read())

    def digests(self) -> list[Digest]:
        """What they point to, each as often as tags do."""
        return [Digest(digest) for digest in self._read().values()]

    def get(self, name: str) -> Digest | None:
        """Where a tag points; None where it is not there."""
        found = self._read().get(name)
        return Digest(found) if found else None

    def point(self, names: Iterable[str], digest: Digest) -> None:
        """Let these tags point to a manifest."""
        before = self._read()
        moved = [name for name in names if before.get(name) != digest]
        if moved:
            self._write(dict(before) | dict.fromkeys(moved, str(digest)))
            self._note((name, before.get(name, ""), digest) for name in moved)

    def remove(self, name: str) -> bool:
        """Remove a tag; whether it was there."""
        before = self._read()
        if name not in before:
            return False
        self._write({one: digest for one, digest in before.items() if one != name})
        self._note([(name, before[name], "")])
        return True

    def forget(self, digest: Digest) -> None:
        """Remove all tags of a manifest: a tag to nothing helps nobody."""
        before = self._read()
        gone = [name for name, target in before.items() if target == digest]
        if gone:
            self._write({name: target for name, target in before.items() if target != digest})
            self._note((name, str(digest), "") for name in gone)

    def moves(self) -> list[Move]:
        """Who went where, oldest first, as far back as is kept."""
        try:
            lines = self._moves.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        found = []
        for line in lines:
            with suppress(ValueError, KeyError, TypeError):  # a server was killed as it wrote
                said = json.loads(line)
                found.append(Move(at=float(said["at"]), tag=said["tag"], source=said["from"], target=said["to"]))
        return found

    def _read(self) -> Mapping[str, str]:
        try:
            with self._path.open("rb") as file:
                stat = os.fstat(file.fileno())
                key = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
                known = self._known.get(self._path)
                if known is not None and known[0] == key:
                    return known[1]
                tags: dict[str, str] = json.loads(file.read())["tags"]
        except FileNotFoundError:
            return {}
        self._known[self._path] = (key, tags)
        return tags

    def _write(self, tags: Mapping[str, str]) -> None:
        document = {"format": 1, "tags": dict(sorted(tags.items()))}
        self._ingest.replace(self._path, json.dumps(document).encode())

    def _note(self, moves: Iterable[tuple[str, str, str]]) -> None:
        now = round(time.time(), 3)
        lines = [json.dumps({"at": now, "tag": name, "from": source, "to": target}) for name, source, target in moves]
        text = "".join(f"{line}\n" for line in lines).encode()
        with self._moves.open("ab+") as file:
            size = file.seek(0, os.SEEK_END)
            # A line that was broken off stays one of its own.
            if size and (file.seek(size - 1), file.read(1))[1] != b"\n":
                text = b"\n" + text
            file.write(text)
        if size > _MOST:
            self._shorten()

    def _shorten(self) -> None:
        content: Any = self._moves.read_bytes()
        _, _, rest = content[len(content) // 2 :].partition(b"\n")
        self._ingest.replace(self._moves, rest)
