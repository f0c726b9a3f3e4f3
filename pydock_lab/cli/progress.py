"""Long work, told as it happens: `#5 [2/4] RUN ...`, its output, CACHED, seconds; and a line a layer in transfers.

Plain is a log: one line after the other, good for files. Live, in a terminal, redraws the line of what travels now.
"""

import time
from collections.abc import Callable
from functools import singledispatchmethod

from pydock_lab import locale
from pydock_lab.cli.words import short
from pydock_lab.events import (
    BlobDone,
    BlobProgress,
    BlobSkipped,
    BuildFinished,
    BuildStarted,
    CacheHit,
    Direction,
    Event,
    Noted,
    StepFailed,
    StepFinished,
    StepOutput,
    StepStarted,
    TransferStarted,
)

_BAR = 24  # columns
_REDRAW_SECONDS = 0.1


class Progress:
    """A watcher of events that tells them through `write`."""

    def __init__(
        self, write: Callable[[str], None], *, width: int = 80, live: bool = False, quiet: bool = False
    ) -> None:
        self._write, self._width, self._live, self._quiet = write, width, live, quiet
        self._cached: set[int] = set()
        self._open_line = ""
        self._drawn = 0.0

    def __call__(self, event: Event) -> None:
        """Tell one event."""
        if not self._quiet:
            self._tell(event)

    def close(self) -> None:
        """End the line that was being redrawn."""
        self._settle()

    def _line(self, text: str) -> None:
        self._settle()
        self._write(f"{text}\n")

    def _settle(self) -> None:
        if self._open_line:
            self._write("\r\x1b[2K")
            self._open_line = ""

    def _redraw(self, text: str) -> None:
        if self._live and time.monotonic() - self._drawn > _REDRAW_SECONDS:
            self._drawn = time.monotonic()
            self._open_line = text[: self._width - 1]
            self._write(f"\r\x1b[2K{self._open_line}")

    @singledispatchmethod
    def _tell(self, _event: Event) -> None:
        """Most events are for records, not for this."""

    @_tell.register
    def _(self, event: BuildStarted) -> None:
        for name in event.skipped_stages:
            self._line(locale.text("cli.stage-skipped", stage=name))

    @_tell.register
    def _(self, event: StepStarted) -> None:
        text = " ".join(event.text.split())
        self._line(f"#{event.step} [{event.stage} {event.step}/{event.total}] {text}"[: max(self._width, 40)])

    @_tell.register
    def _(self, event: CacheHit) -> None:
        self._cached.add(event.step)

    @_tell.register
    def _(self, event: StepOutput) -> None:
        for line in event.text.rstrip("\n").split("\n"):
            self._line(f"#{event.step} {line}")

    @_tell.register
    def _(self, event: StepFinished) -> None:
        word = "CACHED" if event.step in self._cached else f"DONE {locale.seconds(event.seconds)}"
        self._line(f"#{event.step} {word}")

    @_tell.register
    def _(self, event: StepFailed) -> None:
        self._line(f"#{event.step} ERROR: {event.message}")

    @_tell.register
    def _(self, event: BuildFinished) -> None:
        for name in event.references:
            self._line(
                locale.text("cli.built", name=name, image=short(event.image_id), seconds=locale.seconds(event.seconds))
            )

    @_tell.register
    def _(self, event: Noted) -> None:
        self._line(event.text)

    @_tell.register
    def _(self, event: TransferStarted) -> None:
        key = "cli.pushing" if event.direction is Direction.PUSH else "cli.pulling"
        self._line(locale.text(key, reference=event.reference))

    @_tell.register
    def _(self, event: BlobProgress) -> None:
        filled = _BAR * event.done // max(event.total, 1)
        bar = "█" * filled + "░" * (_BAR - filled)
        self._redraw(f"{short(event.digest)}: {bar} {locale.size(event.done)} / {locale.size(event.total)}")

    @_tell.register
    def _(self, event: BlobSkipped) -> None:
        self._line(f"{short(event.digest)}: {locale.text(f'cli.blob-{event.why}')}")

    @_tell.register
    def _(self, event: BlobDone) -> None:
        key = "cli.blob-pushed" if event.direction is Direction.PUSH else "cli.blob-pulled"
        self._line(f"{short(event.digest)}: {locale.text(key)} ({locale.size(event.size)})")
