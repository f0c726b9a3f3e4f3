"""The standard input, output and error of a program, and who is on the other side.

without log and terminal    the engine's own descriptors: nothing lies between (a build's RUN)
with a log                  pipes, read by the shim: to the log and to whoever is attached
with a terminal             one master for all three
"""

import contextlib
import os
import socket
from collections.abc import Mapping

from pydock_lab.runtime import terminal
from pydock_lab.runtime.birth import Pipes
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

    def prepare(self, pipes: Pipes) -> tuple[int, int, int]:
        """The program's descriptors, before it is born."""
        if self._use_terminal:
            pipes.pair("terminal")
            return -1, -1, -1
        if self._keep_input:
            pipes.inward("stdin")
        if self._log:
            pipes.outward("stdout")
            pipes.outward("stderr")
        pipes.theirs["null"] = null()
        chosen = [pipes.theirs.get(name, self._streams.get(name, pipes.theirs["null"])) for name in NAMES]
        return chosen[0], chosen[1], chosen[2]

    def connect(self, pipes: Pipes) -> None:
        """Let it flow, once the program has started."""
        if self._use_terminal:
            self._take_terminal(pipes)
        elif self._log:
            for name in ("stdout", "stderr"):
                self._flows[name] = Flow(self._loop, pipes.take(name), name, self._log)
        if self._keep_input and not self._use_terminal:
            self._input = pipes.take("stdin")
        self.attach(self._streams)

    def _take_terminal(self, pipes: Pipes) -> None:
        with socket.socket(fileno=pipes.take("terminal")) as end:
            _, masters, _, _ = socket.recv_fds(end, 1, 1)
        if masters:
            os.set_inheritable(masters[0], False)
            self._flows["stdout"] = Flow(self._loop, masters[0], "stdout", self._log)
            self._input = os.dup(masters[0])

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
