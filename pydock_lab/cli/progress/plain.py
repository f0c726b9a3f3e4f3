"""Progress as a log: one line after the other, good for files; the same lines that BuildKit writes.

    #3 [build 2/4] RUN make
    #3 0.312 cc -c main.c          seconds since the step began
    #3 ...                         another one comes in between

    #4 [docs 2/2] RUN sphinx-build
    #4 DONE 1.2s

    #3 [build 2/4] RUN make        here it goes on
    #3 DONE 2.0s

One step has the floor; what the others say waits until it is over, or has had its time, or they are over themselves.
"""

from collections.abc import Callable, Iterable

from pydock_lab import locale
from pydock_lab.cli.progress.failure import failure, notes
from pydock_lab.cli.progress.texts import flat
from pydock_lab.cli.progress.work import State, Vertex, Work
from pydock_lab.events import Event

_AT_MOST_EVERY = 0.1  # seconds: what happens at once is told together, not in turns
_FLOOR = 5.0  # seconds that a step keeps the floor while another one has more to say
_PATIENCE = 10.0  # seconds after which somebody else is heard, however little they have to say
_REPEATED_LINES = 10  # of a failed step's output
_STEP = 0.05  # of a transfer: less is not worth a line


class Plain:
    """A log of the work."""

    def __init__(self, write: Callable[[str], None], work: Work) -> None:
        self._write, self._work = write, work
        self._current: Vertex | None = None
        self._since = self._refreshed = work.clock()
        self._waiting: dict[int, float] = {}
        self._told = 0
        self._is_line_open = False
        self._is_first = True
        self._shown: dict[tuple[int, str], float] = {}
        self._numbers: dict[int, int] = {}

    def tell(self, event: Event) -> None:
        """One event more."""
        before = self._work.skipped
        self._work.tell(event)
        for name in self._work.skipped if not before else ():
            self._line(locale.text("cli.stage-skipped", stage=flat(name)))
        self.refresh()

    def refresh(self) -> None:
        """Write what is new, unless that was just done."""
        if self._work.clock() - self._refreshed >= _AT_MOST_EVERY:
            self._flush()

    def close(self) -> None:
        """The last words."""
        self._work.end()
        self._flush()
        for vertex in self._work.failed:
            self._write(failure(vertex, self._work, lines=_REPEATED_LINES))
        if self._work.notes:
            self._write(notes(self._work))

    def _flush(self) -> None:
        self._refreshed = now = self._work.clock()
        for vertex in self._work.vertices:
            if vertex.changed:
                self._waiting.setdefault(vertex.index, now)
        over = [vertex for vertex in self._changed() if vertex.is_over]
        # Who has the floor speaks first; the others in the order in which they ended.
        for vertex in sorted(over, key=lambda one: (one is not self._current, one.ended, one.index)):
            self._show(vertex)
        if self._current is not None and self._current.changed:
            self._show(self._current)
        following = self._next(self._changed())
        if following is not None:
            self._show(following)

    def _changed(self) -> list[Vertex]:
        return [vertex for vertex in self._work.vertices if vertex.changed]

    def _next(self, waiting: list[Vertex]) -> Vertex | None:
        """Who is to have the floor now; None where it does not change."""
        if self._current is None:
            running = (vertex for vertex in self._work.vertices if not vertex.is_over)
            return max(waiting or running, key=lambda one: len(one.fresh), default=None)
        now = self._work.clock()
        longest = min(waiting, key=lambda one: self._waiting[one.index], default=None)
        if longest is not None and now - self._waiting[longest.index] > _PATIENCE:
            return longest
        busiest = max(waiting, key=lambda one: len(one.fresh), default=None)
        if busiest is not None and now - self._since > _FLOOR and len(busiest.fresh) > self._told:
            return busiest
        return None

    def _show(self, vertex: Vertex) -> None:
        """Give a vertex the floor, and let it say all that it has to say."""
        if vertex is not self._current:
            self._give_floor(vertex)
        self._transfers(vertex)
        for piece in vertex.fresh:
            if not self._is_line_open:
                self._write(f"#{self._number(vertex)} {piece.stamp} ")
            self._write(piece.text)
            self._is_line_open = not piece.text.endswith("\n")
        self._told += len(vertex.fresh)
        vertex.fresh.clear()
        vertex.changed = False
        self._waiting.pop(vertex.index, None)
        if vertex.is_over:
            self._line(f"#{self._number(vertex)} {_outcome(vertex)}")
            self._current = None

    def _number(self, vertex: Vertex) -> int:
        """They are counted as they are first told of, so that the numbers of a log go up."""
        return self._numbers.setdefault(vertex.index, len(self._numbers) + 1)

    def _give_floor(self, vertex: Vertex) -> None:
        if self._current is not None:
            self._line(f"#{self._number(self._current)} ...")
        if not self._is_first:
            self._line("")
        self._is_first = False
        self._line(f"#{self._number(vertex)} {vertex.name}")
        self._current, self._since, self._told = vertex, self._work.clock(), 0

    def _transfers(self, vertex: Vertex) -> None:
        for key, transfer in vertex.transfers.items():
            if not transfer.changed:
                continue
            share = transfer.share or 0.0
            if transfer.ended is None and share - self._shown.get((vertex.index, key), -1.0) < _STEP:
                continue
            self._shown[vertex.index, key] = share
            transfer.changed = False
            took = (transfer.ended or self._work.clock()) - transfer.began
            words = (
                transfer.name,
                transfer.note or transfer.amount,
                f"{took:.1f}s" if took > 0.01 else "",  # noqa: PLR2004 - it would be shown as 0.0
                "done" if transfer.ended is not None else "",
            )
            self._line(f"#{self._number(vertex)} {_joined(words)}")

    def _line(self, text: str) -> None:
        if self._is_line_open:
            self._write("\n")
            self._is_line_open = False
        self._write(f"{text}\n")


def _outcome(vertex: Vertex) -> str:
    match vertex.state:
        case State.FAILED:
            return f"ERROR: {vertex.error}"
        case State.CANCELLED:
            return "CANCELED"
        case State.CACHED:
            return "CACHED"
        case _:
            return f"DONE {vertex.seconds:.1f}s"


def _joined(words: Iterable[str]) -> str:
    return " ".join(word for word in words if word)
