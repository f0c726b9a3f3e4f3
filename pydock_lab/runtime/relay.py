"""A loop that waits for many files at once, and what flows between a program and those who watch it.

container's pipe --- Flow ---> log.jsonl
                       '-----> the engine's descriptor, those of `attach`
"""

import contextlib
import os
import select
from collections.abc import Callable
from typing import Protocol, TypeAlias

from pydock_lab.runtime.logs import LogWriter

Handler: TypeAlias = Callable[[], None]

_CHUNK = 65536


class _HasDescriptor(Protocol):
    def fileno(self) -> int: ...


class Loop:
    """Calls a handler when its file has something to read, or has been closed at the other end."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._handlers: dict[int, Handler] = {}

    def watch(self, file: int | _HasDescriptor, handler: Handler) -> None:
        """Call `handler` from now on."""
        descriptor = file if isinstance(file, int) else file.fileno()
        self._handlers[descriptor] = handler
        self._poll.register(descriptor, select.POLLIN)

    def forget(self, file: int | _HasDescriptor) -> None:
        """Call nothing any more; to be said before the file is closed."""
        descriptor = file if isinstance(file, int) else file.fileno()
        if self._handlers.pop(descriptor, None):
            self._poll.unregister(descriptor)

    def turn(self, seconds: float | None = None) -> bool:
        """Wait until something happens and handle it; False when nothing did in so many seconds."""
        events = self._poll.poll(None if seconds is None else seconds * 1000)
        for descriptor, _ in events:
            # One handler may have made the loop forget the file of another.
            handler = self._handlers.get(descriptor)
            if handler:
                handler()
        return bool(events)


class Flow:
    """One stream of a program: from `source` to the log and to all sinks; a sink that nobody reads is dropped."""

    def __init__(self, loop: Loop, source: int, stream: str, log: LogWriter | None) -> None:
        self._loop, self._source, self._stream, self._log = loop, source, stream, log
        self.sinks: list[int] = []
        loop.watch(source, self.pump)

    def pump(self) -> None:
        """Pass on what is there; at the end of the stream, close it."""
        try:
            content = os.read(self._source, _CHUNK)
        except OSError:  # a terminal that nobody holds any more says EIO instead of an end
            content = b""
        if not content:
            self.close()
            return
        if self._log:
            self._log.write(self._stream, content)
        for sink in tuple(self.sinks):
            if not write_all(sink, content):
                self.sinks.remove(sink)

    def drain(self) -> None:
        """Pass on what is left once the program has ended."""
        while self._source >= 0:
            ready, _, _ = select.select([self._source], [], [], 0)
            if not ready:
                self.close()
                return
            self.pump()

    def close(self) -> None:
        """Stop reading."""
        if self._source >= 0:
            self._loop.forget(self._source)
            os.close(self._source)
            self._source = -1


class Feed:
    """Standard input: from an engine's descriptor to the program (a pipe or a terminal's master)."""

    def __init__(self, loop: Loop, source: int, target: int, *, at_end: Handler) -> None:
        self._loop, self._source, self._target, self._at_end = loop, source, target, at_end
        loop.watch(source, self.pump)

    def pump(self) -> None:
        """Pass on what is there."""
        content = b""
        with contextlib.suppress(OSError):
            content = os.read(self._source, _CHUNK)
        if not content or not write_all(self._target, content):
            self._loop.forget(self._source)
            self._at_end()


def write_all(descriptor: int, content: bytes) -> bool:
    """Write everything, waiting where there is no room; False when the reader has gone."""
    rest = memoryview(content)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest) :]
        except BlockingIOError:
            select.select([], [descriptor], [])
        except OSError:
            return False
    return True
