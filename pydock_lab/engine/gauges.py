"""What running containers use of what they may, for pictures that are looked at again and again."""

import time

from pydock_lab.engine.containers import ContainerLife
from pydock_lab.engine.home import Home
from pydock_lab.engine.records import ContainerRecord
from pydock_lab.errors import ContainerError
from pydock_lab.linux.cgroups import Usage
from pydock_lab.runtime.state import UP, ContainerState
from pydock_lab.views import Gauge

# A needle that moves five times a second cannot be read; and each reading asks the container's shim.
_SECONDS = 1.0


class Gauges:
    """Reads the gauges of a home's containers, each once a second; processors are those in use since the last look."""

    def __init__(self, home: Home, life: ContainerLife) -> None:
        self._home, self._life = home, life
        self._seen: dict[str, tuple[float, float]] = {}  # by container: when, and seconds of processors until then
        self._read: dict[str, tuple[float, float, tuple[Gauge, ...]]] = {}  # when it started, when it was read, gauges

    def of(self, record: ContainerRecord, state: ContainerState) -> tuple[Gauge, ...]:
        """Memory, processors and processes, as far as they can be known here; none unless it runs."""
        if state.status not in UP:
            self._seen.pop(record.id, None)
            self._read.pop(record.id, None)
            return ()
        now = time.monotonic()
        started, read, gauges = self._read.get(record.id, (0.0, -_SECONDS, ()))
        if started != state.started_at or now - read >= _SECONDS:
            gauges = self._look(record, state)
            self._read[record.id] = (state.started_at, now, gauges)
        return gauges

    def _look(self, record: ContainerRecord, state: ContainerState) -> tuple[Gauge, ...]:
        try:
            found = self._home.runtime.usage(self._life.shelf.folder(record.id))
        except ContainerError:  # it has just ended
            return ()
        rows = (
            ("memory", found.memory, found.memory_limit),
            ("cpu", self._processors(record.id, state, found), found.cpu_limit),
            ("pids", found.pids, found.pids_limit),
        )
        return tuple(Gauge(kind=kind, used=used, limit=limit) for kind, used, limit in rows if used is not None)

    def _processors(self, container: str, state: ContainerState, found: Usage) -> float | None:
        if found.cpu_seconds is None:
            return None
        now = time.time()
        before, used = self._seen.get(container, (state.started_at, 0.0))
        self._seen[container] = (now, found.cpu_seconds)
        return max(0.0, found.cpu_seconds - used) / max(now - before, 0.001)
