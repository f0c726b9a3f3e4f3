"""A build or a transfer as it happens: events in, one small picture of where it stands out.

    ✓ [build 1/3] FROM lab/base            0.0 s
    ▸ [build 2/3] RUN make                 3.1 s     stages are built at the same time: each line is its own step's
          cc -c main.c                               the last lines of what it writes
    ▸ [docs 2/2] RUN sphinx                2.0 s

What is being done is known to `cli.progress.work`, as in the terminal. When all is well the story folds itself into
one line; when a step fails, its output stays open.
"""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatchmethod

from pydock_lab import locale
from pydock_lab.cli.progress.texts import settled
from pydock_lab.cli.progress.work import Clock, State, Transfer, Vertex, Work
from pydock_lab.drawing.prints import short
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.events import BlobDone, BlobSkipped, BuildFinished, CacheHit, Event, Noted, TransferFinished
from pydock_lab.notebook.story_page import MARKS, page

TAIL, FAILED_TAIL, KEPT_TAIL = 6, 40, 200  # lines of output: of a step that runs, that failed, that is done


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One step, or one blob: its state, title, what stands at its right, its output, and how much has travelled."""

    state: State
    title: str
    note: str = ""
    output: tuple[str, ...] = ()
    share: float | None = None
    depth: int = 0


class Story:
    """What has happened so far; told from one thread, and shown by another.

    `in_cell`: the Dockerfile stands in a cell, below the line of its magic.
    """

    def __init__(self, *, quiet: bool = False, in_cell: bool = False, clock: Clock = time.monotonic) -> None:
        self._quiet, self._in_cell = quiet, in_cell
        self._work = Work(clock)
        self._lock = threading.Lock()
        self._notes: list[str] = []
        self._finished = ""
        self._ended: float | None = None
        self._cached = self._moved = self._kept = 0

    def tell(self, event: Event) -> None:
        """One event more."""
        with self._lock:
            self._work.tell(event)
            self._tell(event)

    def end(self) -> None:
        """Nothing more will come: what has not ended was given up."""
        with self._lock:
            self._work.end()
            self._ended = self._work.clock()

    @singledispatchmethod
    def _tell(self, _event: Event) -> None:
        """The others are the work's."""

    @_tell.register
    def _(self, _event: CacheHit) -> None:
        self._cached += 1

    @_tell.register
    def _(self, event: BuildFinished) -> None:
        self._finished = locale.text(
            "notebook.built",
            names=", ".join(event.references) or short(event.image_id),
            steps=Speech.of(None).count("steps", self._work.steps),
            cached=self._cached,
            seconds=locale.seconds(event.seconds),
        )

    @_tell.register
    def _(self, event: Noted) -> None:
        head, *rest = map(clean, event.text.split("\n"))
        if self._in_cell and event.line is not None:
            head += f" ({locale.text('notebook.cell-line', line=event.line + 1)})"
        self._notes.append("\n  ".join([head, *rest]))

    @_tell.register
    def _(self, event: BlobSkipped) -> None:
        self._kept += event.size
        self._work.note_of(event.digest, locale.text(f"notebook.{event.direction}-kept", size=locale.size(event.size)))

    @_tell.register
    def _(self, event: BlobDone) -> None:
        self._moved += event.size

    @_tell.register
    def _(self, event: TransferFinished) -> None:
        if self._work.is_build:
            return
        moved = locale.text(f"notebook.{event.direction}-moved", size=locale.size(self._moved))
        kept = locale.text(f"notebook.{event.direction}-kept", size=locale.size(self._kept))
        self._finished = f"{event.direction} {clean(event.reference)} · {moved} · {kept}"

    # ---- showing

    def bundle(self) -> dict[str, str]:
        """As a MIME bundle; empty while there is nothing to show."""
        with self._lock:
            lines = list(self._lines())
            if self._quiet or not (lines or self._notes or self._finished):
                return {}
            head = self._finished or self._head()
            html = page(lines, head=head, notes=self._notes, is_finished=bool(self._finished))
            return {"text/html": html, "text/plain": self._text(lines, head)}

    def _head(self) -> str:
        """Where it stands, or stood when it ended."""
        if not self._work.is_build:
            return self._work.title
        done, total = self._work.counts
        now = self._work.clock() if self._ended is None else self._ended
        state = "building" if self._ended is None else "build-failed" if self._work.failed else "build-stopped"
        return locale.text(f"notebook.{state}", done=done, total=total, seconds=locale.seconds(now - self._work.began))

    def _lines(self) -> Iterator[Line]:
        """Steps in the order of the Dockerfile, whichever began first; what came before them stays before them."""
        for stage in self._work.skipped:
            yield Line(state=State.DONE, title=locale.text("cli.stage-skipped", stage=clean(stage)))
        vertices = self._work.vertices
        first = next((vertex.index for vertex in vertices if vertex.step), 0)
        for vertex in sorted(vertices, key=lambda one: (not one.step and one.index > first, one.step, one.index)):
            if self._work.is_build:
                yield self._line(vertex)
            yield from (_transfer(one, depth=int(self._work.is_build)) for one in vertex.transfers.values())

    def _line(self, vertex: Vertex) -> Line:
        seconds = vertex.seconds if vertex.is_over else self._work.clock() - vertex.began
        note = locale.seconds(seconds)
        if vertex.state is State.CACHED:
            note = locale.text("notebook.cached")
        elif vertex.state is State.CANCELLED:
            note = locale.text("notebook.given-up")
        return Line(state=vertex.state, title=vertex.name, note=note, output=tuple(_tail(vertex)))

    def _text(self, lines: list[Line], head: str) -> str:
        shown = [] if self._finished else [head]
        for line in lines:
            shown.append(f"{'  ' * line.depth}{MARKS[line.state]} {line.title}  {line.note}".rstrip())
            if line.state is not State.DONE:
                shown += [f"    {text}" for text in line.output]
        shown += [f"! {note}" for note in self._notes]
        return "\n".join([*shown, head] if self._finished else shown)


def _tail(vertex: Vertex) -> Iterator[str]:
    """The end of its output: a little while it runs, more when it failed; when all is well, all there is."""
    kept = {State.RUNNING: TAIL, State.FAILED: FAILED_TAIL}.get(vertex.state, KEPT_TAIL)
    yield from (settled(piece.text) for piece in list(vertex.tail)[-kept:])


def _transfer(transfer: Transfer, *, depth: int) -> Line:
    is_over = transfer.ended is not None
    return Line(
        state=State.DONE if is_over else State.RUNNING,
        title=transfer.name,
        note=transfer.note or transfer.amount,
        share=None if is_over else transfer.share,
        depth=depth,
    )
