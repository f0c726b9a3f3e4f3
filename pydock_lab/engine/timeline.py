"""The last events of containers, oldest first: those of `docker events`, and what was copied up, which nobody tells."""

import heapq
import time
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from pydock_lab.engine.home import Home
from pydock_lab.oci.times import rfc3339
from pydock_lab.store.happenings import Following, Happening
from pydock_lab.views import EventKind, EventView, FileChange

_SHOWN = 8
_KEPT = 400  # events to choose from
_CHOSEN = 200
_NANO = 1_000_000_000
_TOGETHER = 2 * _NANO  # files that are copied up within that time are one event
_FILE_CLOCK = 10_000_000  # the longest step of the clock of files, where the kernel's timer ticks at 100 Hz: time(7)
_STALE = 3600.0  # seconds: what was removed before is of no interest any more
_KINDS = {kind.value: kind for kind in EventKind}
_STEPS = ((60, 10), (3600, 60), (86_400, 3600))  # below so many seconds, in steps of so many

Copied = tuple[FileChange, int]


class Timeline:
    """Follows the events of a home."""

    def __init__(self, home: Home) -> None:
        self._following = Following(home.events)
        self._events: deque[Happening] = deque(maxlen=_KEPT)

    def last(self, names: Mapping[str, str], copied: Iterable[tuple[str, Sequence[Copied]]]) -> tuple[EventView, ...]:
        """Those of the containers that there are (`names` by id) and of those just removed; `copied` by their names."""
        self._events.extend(one for one in self._following.new() if one.type == "container" and one.action in _KINDS)
        now = time.time()
        told = list(self._told(names, now))
        starts = [(one.container, at) for at, one in told if one.kind is EventKind.STARTED]
        for name, files in copied:
            own = [at for container, at in starts if container == name]
            told += [(_not_before(own, when), _copied(name, change, when)) for change, when in files]
        latest = heapq.nlargest(_CHOSEN, told, key=lambda one: one[0])
        shown = _together(latest[::-1])[-_SHOWN:]
        return tuple(replace(one, at=_moment(at), ago=_ago(now - at / _NANO)) for at, one in shown)

    def _told(self, names: Mapping[str, str], now: float) -> Iterator[tuple[int, EventView]]:
        """When each was, and what."""
        removed = {one.id for one in self._events if one.action == EventKind.REMOVED and now - one.time < _STALE}
        for one in self._events:
            if one.id in names or one.id in removed:
                yield one.nanoseconds, _told(one, names.get(one.id, one.attributes.get("name", "")))


def _told(one: Happening, name: str) -> EventView:
    code = one.attributes.get("exitCode", "")
    return EventView(
        id=str(one.nanoseconds),
        kind=_KINDS[one.action],
        container=name,
        exit_code=int(code) if code.isdigit() else None,
    )


def _not_before(starts: Iterable[int], when: int) -> int:
    """The clock of files goes in steps of some milliseconds: a first write may seem to be before the start."""
    return next((start + 1 for start in starts if when <= start < when + _FILE_CLOCK), when)


def _copied(name: str, change: FileChange, when: int) -> EventView:
    # By that same clock several have the same time.
    own = zlib.crc32(f"{name} {change.path}".encode("utf-8", "surrogateescape"))
    return EventView(
        id=f"{when}-{own:08x}",
        kind=EventKind.COPIED_UP,
        container=name,
        path=change.path,
        layer=change.layer,
    )


def _together(events: Iterable[tuple[int, EventView]]) -> list[tuple[int, EventView]]:
    """A package that is installed changes a hundred files: that is one event, and not a hundred."""
    found: list[tuple[int, EventView]] = []
    for at, one in events:
        if found and _are_one(found[-1], (at, one)):
            first = found[-1][1]
            found[-1] = (at, replace(one, id=first.id, count=first.count + 1))
        else:
            found.append((at, one))
    return found


def _are_one(before: tuple[int, EventView], after: tuple[int, EventView]) -> bool:
    kinds = {before[1].kind, after[1].kind}
    same = before[1].container == after[1].container and kinds == {EventKind.COPIED_UP}
    return same and after[0] - before[0] < _TOGETHER


def _moment(nanoseconds: int) -> str:
    return rfc3339(datetime.fromtimestamp(nanoseconds // _NANO, UTC))


def _ago(seconds: float) -> int:
    """Seconds, in steps: a picture that changes each second is none that can be looked at."""
    for below, step in _STEPS:
        if seconds < below:
            return max(0, int(seconds // step * step))
    return int(seconds // 86_400 * 86_400)
