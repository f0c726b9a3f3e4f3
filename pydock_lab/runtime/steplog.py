"""What a container's start consisted of: each step with its detail and how long it took."""

import time
from typing import Any


class StepLog:
    """Collects steps in memory; a start has about forty, and writing each at once would be most of its time."""

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self._last = time.perf_counter()

    def add(self, name: str, detail: str = "") -> None:
        """A step has just been done; its duration is the time since the one before, in seconds."""
        now = time.perf_counter()
        self.steps.append({"name": name, "detail": detail, "seconds": round(now - self._last, 7)})
        self._last = now
