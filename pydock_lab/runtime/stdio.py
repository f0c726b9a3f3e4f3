"""The standard input, output and error of a program, and who is on the other side.

without log and terminal    the engine's own descriptors: nothing lies between (a build's RUN)
with a log                  pipes, read by the shim: to the log and to whoever is attached
with a terminal             one master for all three
"""

import contextlib
import os
from collections.abc import Mapping

from pydock_lab.runtime import terminal
from pydock_lab.runtime.logs import LogWriter
from pydock_lab.runtime.relay import Feed, Flow, Loop

NAMES = ("stdin", "stdout", "stderr")


def null() -> int:
    """A descriptor of /dev/null, closed at exec."""
    return os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)


class Stdio:
    """The three files of one program; `streams` are the engine's descriptors, by name, as far as it gave any.

    With `keep_input` the standard input stays open for a later `attach` (`-i` in the background).
    """

    def __init__(
        self,
        loop: Loop,
        streams: Mapping[str, int],
        *,
        use_terminal: bool,
        log: LogWriter | None = None,
        keep_input: bool = False,
    ) -> None:
        self._loop, self._streams, self._log = loop, dict(streams), log
        self._use_terminal, self._keep_input = use_terminal, keep_input
        self._flows: dict[str, Flow] = {}
        self._input = -1
        self._theirs: list[int] = []

    def prepare(self) -> list[int]:
        """The program's three descriptors; with a terminal they are only there until it has been opened."""
        nothing = self._keep(null())
        if self._use_terminal:
            return [nothing] * 3
        chosen = {name: self._streams.get(name, nothing) for name in NAMES}
        if self._keep_input:
            reader, self._input = os.pipe2(os.O_CLOEXEC)
            chosen["stdin"] = self._keep(reader)
        if self._log:
            for name in ("stdout", "stderr"):
                reader, writer = os.pipe2(os.O_CLOEXEC)
                self._flows[name] = Flow(self._loop, reader, name, self._log)
                chosen[name] = self._keep(writer)
        return list(chosen.values())

    def _keep(self, descriptor: int) -> int:
        """The program's end of something: to be closed here once the program has it."""
        self._theirs.append(descriptor)
        return descriptor

    def connect(self, master: int) -> None:
        """Let it flow, once the program has started; `master` is its terminal's, or -1."""
        for descriptor in self._theirs:
            os.close(descriptor)
        self._theirs.clear()
        if master >= 0:
            self._flows["stdout"] = Flow(self._loop, master, "stdout", self._log)
            self._input = os.dup(master)
        if self._flows or self._input >= 0:
            self.attach(self._streams)
            return
        # The program has them itself: whoever reads is to hear of its end, not of ours.
        for descriptor in self._streams.values():
            os.close(descriptor)
        self._streams.clear()

    def attach(self, streams: Mapping[str, int]) -> None:
        """Give a watcher's descriptors what the program writes from now on, and the program what they read."""
        for name, flow in self._flows.items():
            if name in streams:
                flow.sinks.append(streams[name])
        if "stdin" in streams and self._input >= 0:
            Feed(self._loop, streams["stdin"], self._input, at_end=self._end_input)

    def _end_input(self) -> None:
        # A terminal has no end: who types has gone, the program has not. A pipe's reader is told.
        if not self._use_terminal and self._input >= 0:
            os.close(self._input)
            self._input = -1

    def detach(self, streams: Mapping[str, int]) -> None:
        """A watcher has gone: close its descriptors."""
        for name, descriptor in streams.items():
            if name in self._flows and descriptor in self._flows[name].sinks:
                self._flows[name].sinks.remove(descriptor)
            self._loop.forget(descriptor)
            with contextlib.suppress(OSError):
                os.close(descriptor)

    def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal its size; nothing where there is none."""
        if self._use_terminal and self._input >= 0:
            terminal.resize(self._input, rows, columns)

    def finish(self) -> None:
        """The program has ended: pass on the rest and close."""
        for flow in self._flows.values():
            flow.drain()
        if self._log:
            self._log.close()
