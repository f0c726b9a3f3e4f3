"""Long work, told as it happens: as a log (plain), or as a block that is redrawn in a terminal.

    events, from the thread that works ──▶ Progress ──▶ Lines    transfers, in a log
    moments, from a thread of its own  ──▶          ──▶ Plain    a build, in a log
                                                    ──▶ Block    both, in a terminal

What a build pulls before its first step is told for itself: the block of the build begins with the build.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from pydock_lab.cli.progress.lines import Lines
from pydock_lab.cli.progress.plain import Plain
from pydock_lab.cli.progress.work import Clock, Work
from pydock_lab.events import BuildStarted, Event

if TYPE_CHECKING:
    from pydock_lab.cli.progress.block import Size

__all__ = ["Progress", "ticking"]

_TICK = 0.1  # seconds


class _Display(Protocol):
    def tell(self, event: Event) -> None:
        """One event more."""

    def refresh(self) -> None:
        """Time has passed."""

    def close(self) -> None:
        """The work is over."""


class Progress:
    """A watcher of events that tells them through `write`; with `terminal`, its size, as a block in that terminal."""

    def __init__(
        self,
        write: Callable[[str], None],
        *,
        terminal: "Size | None" = None,
        colours: bool = True,
        quiet: bool = False,
        clock: Clock = time.monotonic,
    ) -> None:
        self._write, self._terminal, self._has_colours = write, terminal, colours
        self._is_quiet, self._clock = quiet, clock
        self._lock = threading.Lock()
        self._display = self._make(is_build=False)

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        if self._is_quiet:
            return
        with self._lock:
            if isinstance(event, BuildStarted):
                self._display.close()
                self._display = self._make(is_build=True)
            self._display.tell(event)

    def tick(self) -> None:
        """Time has passed: seconds go on where no event comes."""
        with self._lock:
            self._display.refresh()

    def close(self) -> None:
        """The last words; what has not ended was given up."""
        with self._lock:
            self._display.close()

    def _make(self, *, is_build: bool) -> _Display:
        if self._terminal is not None:
            from pydock_lab.cli.progress.block import Block  # noqa: PLC0415 - only for who has a terminal

            return Block(self._write, Work(self._clock), self._terminal, colours=self._has_colours)
        return Plain(self._write, Work(self._clock)) if is_build else Lines(self._write)


@contextmanager
def ticking(progress: Progress) -> Iterator[Progress]:
    """Call `tick` ten times a second from a thread of its own, and `close` at the end."""
    over = threading.Event()

    def run() -> None:
        while not over.wait(_TICK):
            progress.tick()

    thread = threading.Thread(target=run, name="pydock progress", daemon=True)
    thread.start()
    try:
        yield progress
    finally:
        over.set()
        thread.join()
        progress.close()
