"""What flows between a program and those who watch it.

container's pipe --- Flow ---> log.jsonl
                       '-----> the engine's descriptor, those of `attach`: outlets

Whoever does not read makes the one who writes wait, as in a shell's pipe, and nobody else: while an outlet has
something left, nothing more is read. The program waits as soon as its own pipe is full.
"""

import os
import select

from pydock_lab.runtime.logs import LogWriter
from pydock_lab.runtime.loop import Handler, Loop
from pydock_lab.runtime.outlet import Outlet

_CHUNK = 65536


def _nothing() -> None:
    """Nobody is told."""


class Flow:
    """One stream of a program: from `source` to the log and to all sinks; one whose reader has gone is dropped."""

    def __init__(self, loop: Loop, source: int, stream: str, log: LogWriter | None) -> None:
        self._loop, self._source, self._stream, self._log = loop, source, stream, log
        self.sinks: list[Outlet] = []
        loop.watch(source, self.pump)

    def pump(self) -> None:
        """Pass on what is there, and read no more while a sink has no room; at the end of the stream, close it."""
        try:
            content = os.read(self._source, _CHUNK)
        except BlockingIOError:
            return
        except OSError:  # a terminal that nobody holds any more says EIO instead of an end
            content = b""
        if not content:
            self.close()
            return
        if self._log:
            self._log.write(self._stream, content)
        for sink in self.sinks:
            sink.give(content)
        self.sinks = [sink for sink in self.sinks if not sink.is_gone]
        for sink in self.sinks:
            if not sink.is_clear:
                self._loop.forget(self._source)
                sink.when_clear(self._go_on)

    def _go_on(self) -> None:
        if self._source >= 0 and all(sink.is_clear for sink in self.sinks):
            self._loop.watch(self._source, self.pump)

    def drain(self) -> None:
        """Pass on what is left once the program has ended: to the log, and to sinks, which keep it till there is room.

        That is no more than its pipe held.
        """
        while self._source >= 0:
            # The end is not waited for: what the program left in the background may hold its pipe open for ever.
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
    """Standard input: from an engine's descriptor to the program (a pipe or a terminal's master), as far as it reads.

    `at_end` is called when nobody types any more, `let_go` when the detach keys were typed.
    """

    def __init__(
        self, loop: Loop, source: int, target: Outlet, *, at_end: Handler, keys: bytes = b"", let_go: Handler = _nothing
    ) -> None:
        self._loop, self._source, self._target = loop, source, target
        self._at_end, self._let_go, self._keys = at_end, let_go, Keys(keys)
        self._is_stopped = False
        loop.watch(source, self.pump)

    def pump(self) -> None:
        """Pass on what is there."""
        try:
            content = os.read(self._source, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            content = b""
        rest, is_let_go = self._keys.pass_on(content)
        self._target.give(rest)
        if is_let_go:
            self._loop.forget(self._source)
            self._let_go()
        elif not content or self._target.is_gone:
            self._loop.forget(self._source)
            self._target.when_clear(self._at_end)
        elif not self._target.is_clear:
            self._loop.forget(self._source)
            self._target.when_clear(self._go_on)

    def _go_on(self) -> None:
        if not self._is_stopped:
            self._loop.watch(self._source, self.pump)

    def stop(self) -> None:
        """Read no more: the source is about to be closed."""
        self._is_stopped = True
        self._loop.forget(self._source)
