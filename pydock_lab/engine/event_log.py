"""The events of one build: passed on as they come, and kept beside its record."""

import os
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

from pydock_lab.events import Event, OnEvent, StepFinished, StepStarted
from pydock_lab.oci.plain import readable


class EventLog:
    """Passes events on and keeps them; output texts too, for they are part of what happened."""

    def __init__(self, on_event: OnEvent) -> None:
        self.build = os.urandom(6).hex()
        self.began = time.monotonic()
        self.created = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._on_event = on_event
        self._events: list[tuple[float, Event]] = []
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Take one event, from any thread."""
        with self._lock:
            self._events.append((self.seconds, event))
            self._on_event(event)

    @property
    def seconds(self) -> float:
        """How long the build has taken so far."""
        return time.monotonic() - self.began

    @property
    def base_seconds(self) -> dict[int, float]:
        """What each step took, by its number."""
        return {event.step: event.seconds for _, event in self._events if isinstance(event, StepFinished)}

    @property
    def step(self) -> int:
        """The step that began last, 0 before the first."""
        return next((event.step for _, event in reversed(self._events) if isinstance(event, StepStarted)), 0)

    def save(self, path: Path) -> None:
        """One JSON line an event, `at` so many seconds after the build began."""
        lines = [readable(event.to_json() | {"at": round(at, 4)}) + b"\n" for at, event in self._events]
        partial = path.with_name(f".{path.name}")
        partial.write_bytes(b"".join(lines))
        partial.replace(path)  # who reads it never sees a part
