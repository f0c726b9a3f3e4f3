"""What happened in a store, as `docker events` shows it: one JSON object a line, in `events.jsonl`.

Engines and shims append, without a lock: a line is written by one call, and the system keeps such calls apart. A file
that has grown is put aside; two are kept. Source: Docker Engine API, "Monitor events".
"""

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydock_lab.store.locks import FileLock
from pydock_lab.store.tail import Tail, older, rotated

FILE = "events.jsonl"
_LARGEST = 4 * 1024 * 1024  # bytes
_POLL_SECONDS = 0.05
_NANO = 1_000_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Happening:
    """One event: a `type` (container, image, network, volume, builder), what was done to it, and to which one."""

    type: str
    action: str
    id: str
    nanoseconds: int
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def time(self) -> float:
        """Seconds since 1970."""
        return self.nanoseconds / _NANO

    def to_json(self) -> dict[str, Any]:
        """As the Engine API has it."""
        return {
            "Type": self.type,
            "Action": self.action,
            "Actor": {"ID": self.id, "Attributes": dict(self.attributes)},
            "scope": "local",
            "time": self.nanoseconds // _NANO,
            "timeNano": self.nanoseconds,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Happening":
        """What `to_json` gave."""
        actor = document["Actor"]
        return cls(
            type=document["Type"],
            action=document["Action"],
            id=actor["ID"],
            nanoseconds=document["timeNano"],
            attributes=actor["Attributes"],
        )


def tell(
    path: str, kind: str, action: str, name: str, attributes: Mapping[str, str], *, at: float | None = None
) -> None:
    """Append an event to the file `path`; nothing happens where that is "", or cannot be written.

    It happens now, or has happened `at` a moment (seconds since 1970) just past.
    """
    if not path:
        return
    moment = time.time_ns() if at is None else int(at * _NANO)
    found = Happening(type=kind, action=action, id=name, nanoseconds=moment, attributes=attributes)
    line = json.dumps(found.to_json(), ensure_ascii=False).encode() + b"\n"
    # O_APPEND: the kernel finds the end and writes there in one step (open(2)).
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags, 0o600)  # `exec` is told with its words
    except OSError:  # a store that has been removed, or a full disk: what happened has happened all the same
        return
    try:
        os.write(descriptor, line)
        is_large = os.fstat(descriptor).st_size > _LARGEST
    finally:
        os.close(descriptor)
    if is_large:
        _put_aside(path)


def _put_aside(path: str) -> None:
    with FileLock(Path(f"{path}.lock")):
        # Somebody else may have been quicker.
        if os.path.exists(path) and os.stat(path).st_size > _LARGEST:
            os.replace(path, rotated(path, 1))


def read(path: Path, *, since: float = 0, until: float | None = None) -> Iterator[Happening]:
    """The events between two moments (seconds since 1970), the oldest first; on and on until `until` has come.

    `until` None: for ever. With `since` in the future, or now, only what is new.
    """
    for one in older(str(path)):
        yield from _between(Path(one).read_bytes(), since, until)
    tail = Tail(str(path))
    while True:
        # Asked before the read: what was written until then is still told.
        is_over = until is not None and time.time() >= until
        yield from _between(tail.read(), since, until)
        if is_over:
            return
        time.sleep(_POLL_SECONDS)


class Following:
    """Reads on and on; at first what is in the file that is written to now."""

    def __init__(self, path: Path) -> None:
        self._tail = Tail(str(path))

    def new(self) -> Iterator[Happening]:
        """What has happened since the last time, the oldest first."""
        return _parsed(self._tail.read())


def _between(content: bytes, since: float, until: float | None) -> Iterator[Happening]:
    for found in _parsed(content):
        if since <= found.time and (until is None or found.time <= until):
            yield found


def _parsed(content: bytes) -> Iterator[Happening]:
    for line in content.splitlines():
        try:
            yield Happening.from_json(json.loads(line))
        except (ValueError, KeyError, TypeError):  # half a line of somebody who was killed
            continue
