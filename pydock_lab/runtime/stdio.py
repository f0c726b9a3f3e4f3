"""The standard input, output and error of a program, and who is on the other side.

without log and terminal    the engine's own descriptors: nothing lies between (a build's RUN)
with a log                  pipes, read by the shim: to the log and to whoever is attached
with a terminal             one master for all three

`Ends` are made by who starts the program; `Stdio` lets flow what comes through them, in the shim.
"""

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydock_lab.runtime import terminal
from pydock_lab.runtime.logs import LogWriter
from pydock_lab.runtime.loop import Handler, Loop
from pydock_lab.runtime.outlet import Outlet
from pydock_lab.runtime.relay import Feed, Flow

NAMES = ("stdin", "stdout", "stderr")


@dataclass(slots=True)
class Ends:
    """`theirs`: the program's three descriptors; `ours`: what is on the other side of pipes, by stream.

    With a terminal theirs are only there until it has been opened, and ours is its "master".
    """

    theirs: list[int]
    ours: dict[str, int] = field(default_factory=dict)

    @property
    def is_direct(self) -> bool:
        """Whether nothing lies between the program and the engine."""
        return not self.ours


def make_ends(streams: Mapping[str, int], *, use_terminal: bool, piped: bool, keep_input: bool) -> Ends:
    """Ends for a program; `streams` are the engine's descriptors, by name, as far as it gave any.

    With `piped` its output goes through pipes; with `keep_input` its input stays open for a later `attach`. Somebody's
    own terminal is not given to it then: what a program does with one reaches who sits there, and while it copies from
    there into a pipe (sendfile(2), busybox's cat) the kernel lets nobody read that pipe, nor be killed waiting.
    """
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    if use_terminal:
        return Ends([nothing] * 3)
    chosen, ours = {name: streams.get(name, nothing) for name in NAMES}, {}
    if keep_input or (piped and "stdin" in streams and os.isatty(streams["stdin"])):
        chosen["stdin"], ours["stdin"] = os.pipe2(os.O_CLOEXEC)
    for name in ("stdout", "stderr") if piped else ():
        ours[name], chosen[name] = os.pipe2(os.O_CLOEXEC)
    return Ends(list(chosen.values()), ours)


class Stdio:
    """What flows between a program and those who watch it; `ours` are our ends of it (see `Ends`)."""

    def __init__(self, loop: Loop, ours: Mapping[str, int], log: LogWriter | None = None) -> None:
        self._loop, self._log = loop, log
        self._master = ours.get("master", -1)
        self._input: Outlet | None = Outlet(loop, ours["stdin"]) if "stdin" in ours else None
        self._feeds: dict[int, Feed] = {}
        self._flows = {name: Flow(loop, ours[name], name, log) for name in ("stdout", "stderr") if name in ours}
        if self._master >= 0:
            self._flows["stdout"] = Flow(loop, self._master, "stdout", log)
            # A number of its own: the loop tells files apart by them, and each of the two closes what is its own.
            self._input = Outlet(loop, os.dup(self._master))

    def attach(self, streams: Mapping[str, int], *, keys: bytes = b"", let_go: Handler = lambda: None) -> None:
        """Give a watcher's descriptors what the program writes from now on, and the program what they read.

        `let_go` is called when somebody types the `keys`.
        """
        for name, flow in self._flows.items():
            if name in streams:
                flow.sinks.append(Outlet(self._loop, streams[name]))
        if "stdin" in streams and self._input:
            source = streams["stdin"]
            feed = Feed(self._loop, source, self._input, at_end=self._end_input, keys=keys, let_go=let_go)
            self._feeds[source] = feed

    def _end_input(self) -> None:
        # A terminal has no end: who types has gone, the program has not. A pipe's reader is told.
        if self._master < 0 and self._input:
            self._input.close()
            self._input = None

    def detach(self, streams: Mapping[str, int]) -> None:
        """A watcher has gone: close its descriptors, and forget what it has not read."""
        for outlet in self.part(streams):
            outlet.close()

    def part(self, streams: Mapping[str, int]) -> list[Outlet]:
        """Give a watcher nothing new; its outlets, to be closed by whoever asks, and what they hold goes on."""
        found = []
        for name, descriptor in streams.items():
            flow = self._flows.get(name)
            outlet = next((one for one in flow.sinks if one.descriptor == descriptor), None) if flow else None
            if flow and outlet:
                flow.sinks.remove(outlet)
                found.append(outlet)
                continue
            if descriptor in self._feeds:
                self._feeds.pop(descriptor).stop()
            with contextlib.suppress(OSError):
                os.close(descriptor)
        return found

    def resize(self, rows: int, columns: int) -> None:
        """Tell the terminal its size; nothing where there is none."""
        if self._master >= 0 and self._input:
            terminal.resize(self._input.descriptor, rows, columns)

    def finish(self) -> None:
        """The program has ended: log the rest, leave it to who watches (see `part`), and close."""
        for flow in self._flows.values():
            flow.drain()
        if self._input:
            self._input.close()
            self._input = None
        if self._log:
            self._log.flush()
