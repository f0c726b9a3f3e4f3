"""What flows between a program and those who watch it.

container's pipe --- Flow ---> log.jsonl
                       '-----> the engine's descriptor, those of `attach`
"""

import contextlib
import os
import select

from pydock_lab.runtime.logs import LogWriter
from pydock_lab.runtime.loop import Handler, Loop

_CHUNK = 65536


def _nothing() -> None:
    """Nobody is told."""


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


class Keys:
    """Looks for the keys with which a person lets go of a program (`--detach-keys`) in what is typed."""

    def __init__(self, wanted: bytes) -> None:
        self._wanted = wanted
        self._held = b""

    def pass_on(self, content: bytes) -> tuple[bytes, bool]:
        """What is for the program, and whether the whole sequence has been typed.

        A beginning of the sequence is held back: it may go on.
        """
        if not self._wanted:
            return content, False
        whole = self._held + content
        place = whole.find(self._wanted)
        if place >= 0:
            self._held = b""
            return whole[:place], True
        count = next((n for n in range(len(self._wanted) - 1, 0, -1) if whole.endswith(self._wanted[:n])), 0)
        self._held = whole[len(whole) - count :]
        return whole[: len(whole) - count], False


class Feed:
    """Standard input: from an engine's descriptor to the program (a pipe or a terminal's master).

    `at_end` is called when nobody types any more, `let_go` when the detach keys were typed.
    """

    def __init__(
        self, loop: Loop, source: int, target: int, *, at_end: Handler, keys: bytes = b"", let_go: Handler = _nothing
    ) -> None:
        self._loop, self._source, self._target = loop, source, target
        self._at_end, self._let_go, self._keys = at_end, let_go, Keys(keys)
        loop.watch(source, self.pump)

    def pump(self) -> None:
        """Pass on what is there."""
        content = b""
        with contextlib.suppress(OSError):
            content = os.read(self._source, _CHUNK)
        rest, is_let_go = self._keys.pass_on(content)
        if is_let_go:
            self._loop.forget(self._source)
            write_all(self._target, rest)
            self._let_go()
        elif not content or not write_all(self._target, rest):
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
