"""Pushes and pulls as a log: a line a layer, as Docker writes them where its output is no terminal."""

from collections.abc import Callable
from functools import singledispatchmethod

from pydock_lab import locale
from pydock_lab.cli.words import short
from pydock_lab.events import BlobDone, BlobSkipped, Direction, Event, Noted, TransferStarted


class Lines:
    """What is told without a build: transfers, and notes."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def tell(self, event: Event) -> None:
        """One event more."""
        self._tell(event)

    def refresh(self) -> None:
        """Everything is written already."""

    def close(self) -> None:
        """There is nothing more to say."""

    @singledispatchmethod
    def _tell(self, _event: Event) -> None:
        """Most events are for records, not for this."""

    @_tell.register
    def _(self, event: Noted) -> None:
        self._write(f"{event.text}\n")

    @_tell.register
    def _(self, event: TransferStarted) -> None:
        key = "cli.pushing" if event.direction is Direction.PUSH else "cli.pulling"
        self._write(f"{locale.text(key, reference=event.reference)}\n")

    @_tell.register
    def _(self, event: BlobSkipped) -> None:
        self._write(f"{short(event.digest)}: {locale.text(f'cli.blob-{event.why}')}\n")

    @_tell.register
    def _(self, event: BlobDone) -> None:
        key = "cli.blob-pushed" if event.direction is Direction.PUSH else "cli.blob-pulled"
        self._write(f"{short(event.digest)}: {locale.text(key)} ({locale.size(event.size)})\n")
