"""Where a foreground program's input and outputs go: descriptors that the container gets as its own.

In a terminal these are 0, 1 and 2 themselves. A notebook has no descriptors to give, only a display: `captured`
makes pipes, reads them in threads and calls back with text.
"""

import codecs
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, Self

from pydock_lab.events import Stream

OnText = Callable[[Stream, str], None]
_CHUNK = 65536


class RunningProgram(Protocol):
    """A program in the foreground, while it runs."""

    is_detached: bool
    """Whether the keys that let go of it were typed: it goes on alone."""
    isolation: str
    """The tier that it runs in, as people read it."""

    def resize(self, rows: int, columns: int) -> None:
        """Tell its terminal its size in characters."""

    def kill(self, signal: int) -> None:
        """Send it a signal."""


def _nobody_asks(_program: RunningProgram) -> None:
    """Its size is as it was, and no signal is passed on."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Streams:
    """Descriptors for a program's standard input (None: empty), output and error; None: it is not listened to.

    `on_start` is given a handle of the program as soon as it runs, for its terminal's size and for signals. Typing the
    `detach_keys` lets go of it.
    """

    stdin: int | None
    stdout: int | None
    stderr: int | None
    on_start: Callable[[RunningProgram], None] = _nobody_asks
    detach_keys: bytes = b""

    @classmethod
    def of_process(cls, *, interactive: bool = False) -> Self:
        """This process's own three; input only where it is asked for (`-i`)."""
        return cls(stdin=0 if interactive else None, stdout=1, stderr=2)

    @classmethod
    def of_nobody(cls) -> Self:
        """Nobody types, and nobody listens: what a container writes is in its log."""
        return cls(stdin=None, stdout=None, stderr=None)


@contextmanager
def captured(on_text: OnText, stdin: int | None = None) -> Iterator[Streams]:
    """Streams whose outputs are given to `on_text` as they come, from two threads; all has come when it closes."""
    readers, writers = [], []
    for stream in Stream:
        reader, writer = os.pipe()
        thread = threading.Thread(target=_pump, args=(reader, stream, on_text), daemon=True)
        thread.start()
        readers.append(thread)
        writers.append(writer)
    try:
        yield Streams(stdin=stdin, stdout=writers[0], stderr=writers[1])
    finally:
        for writer in writers:
            os.close(writer)
        for thread in readers:
            # A process that the program left behind may hold the pipe open for ever: do not wait for it.
            thread.join(timeout=2)


def _pump(reader: int, stream: Stream, on_text: OnText) -> None:
    # A character may be cut by the end of a chunk: the decoder keeps its first bytes for the next one.
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    with os.fdopen(reader, "rb", buffering=0) as pipe:
        while chunk := pipe.read(_CHUNK):
            if text := decoder.decode(chunk):
                on_text(stream, text)
    if text := decoder.decode(b"", final=True):
        on_text(stream, text)
