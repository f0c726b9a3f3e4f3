"""Progress in a terminal: a block of lines that is written again in its place, as BuildKit does.

    [+] Building 3.2s (5/9)
     => CACHED [build 2/4] RUN apt-get install -y gcc                0.0s     blue: done
     => [build 3/4] RUN make                                         2.9s     what runs has no colour
     => => # cc -c main.c                                                     the last lines of its output
     => [docs 2/3] COPY docs /docs                                   0.4s

Each time it is one write: the cursor goes up, each line is written over the old one, what is left below is erased.
So nothing flickers, and wherever it ends (also by Ctrl-C) the cursor stands in a line of its own below.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydock_lab import locale
from pydock_lab.cli.progress.failure import failure, notes
from pydock_lab.cli.progress.texts import flat, settled
from pydock_lab.cli.progress.work import KEPT_LINES, State, Vertex, Work
from pydock_lab.cli.tabs import columns, cut
from pydock_lab.events import Event

_AT_MOST_EVERY = 0.1  # seconds
_OUTPUT_LINES = 6
_LEAST_ROOM = 12  # columns for a name: below that the line is left out
_BLUE, _RED, _YELLOW, _FAINT, _NORMAL = "\x1b[34m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[0m"
_COLOURS = {State.FAILED: _RED, State.CANCELLED: _YELLOW, State.DONE: _BLUE, State.CACHED: _BLUE}
_WORDS = {State.CACHED: "CACHED ", State.FAILED: "ERROR ", State.CANCELLED: "CANCELED "}

Size = Callable[[], tuple[int, int]]  # columns, lines


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of the block: at the left, at the right edge, and how it is coloured."""

    left: str
    right: str = ""
    style: str = ""


class Block:
    """The work as a block; `size` gives columns and lines of the terminal as they are now."""

    def __init__(self, write: Callable[[str], None], work: Work, size: Size, *, colours: bool) -> None:
        self._write, self._work, self._size, self._has_colours = write, work, size, colours
        self._height = 0
        self._drawn = float("-inf")

    def tell(self, event: Event) -> None:
        """One event more."""
        self._work.tell(event)
        self.refresh()

    def refresh(self) -> None:
        """Draw it again, unless that was just done, or there is nothing to see."""
        now = self._work.clock()
        if now - self._drawn >= _AT_MOST_EVERY and self._has_something:
            self._drawn = now
            self._draw(is_last=False)

    def close(self) -> None:
        """The whole block as it has become; below it what failed, and what there is to be said."""
        self._work.end()
        if self._has_something:
            self._draw(is_last=True)
        for vertex in self._work.failed:
            self._write(failure(vertex, self._work, lines=KEPT_LINES))
        if self._work.notes:
            self._write(notes(self._work))

    @property
    def _has_something(self) -> bool:
        return bool(self._work.vertices or self._work.steps)

    def _draw(self, *, is_last: bool) -> None:
        wide, high = self._size()
        rows = list(self._all_rows()) if is_last else self._fitting_rows(high - 2)
        shown = [self._head(wide, is_last=is_last), *(self._line(row, wide) for row in rows)]
        up = f"\x1b[{self._height}A" if self._height else ""
        # Hidden while it moves; shown again in the same write, so that no moment is left in which it is not there.
        self._write(f"\x1b[?25l{up}\r" + "".join(f"{line}\x1b[K\n" for line in shown) + "\x1b[J\x1b[?25h")
        self._height = len(shown)

    # ---- which rows

    def _all_rows(self) -> Iterator[_Row]:
        yield from map(_skipped, self._work.skipped)
        for vertex in self._work.vertices:
            yield self._of(vertex)
            yield from self._transfers(vertex)

    def _fitting_rows(self, room: int) -> list[_Row]:
        """At most `room` rows: what runs, then its output, then what was done, the newest first."""
        running = [vertex for vertex in self._work.vertices if not vertex.is_over][-max(room, 1) :]
        rows = {vertex.index: [self._of(vertex)] for vertex in running}
        room -= len(rows)
        for vertex in running:
            below = [*self._transfers(vertex), *_output(vertex)][: max(room, 0)]
            rows[vertex.index] += below
            room -= len(below)
        for vertex in reversed([one for one in self._work.vertices if one.is_over]):
            block = [self._of(vertex), *self._transfers(vertex)]
            if len(block) > room:
                break
            rows[vertex.index] = block
            room -= len(block)
        skipped = list(map(_skipped, self._work.skipped))
        shown = [row for index in sorted(rows) for row in rows[index]]
        return [*skipped, *shown] if len(skipped) <= room else shown

    # ---- what is in a row

    def _of(self, vertex: Vertex) -> _Row:
        took = vertex.seconds if vertex.is_over else self._work.clock() - vertex.began
        name = f" => {_WORDS.get(vertex.state, '')}{vertex.name}"
        return _Row(name, _seconds(took), _COLOURS.get(vertex.state, ""))

    def _transfers(self, vertex: Vertex) -> Iterator[_Row]:
        for transfer in vertex.transfers.values():
            over = transfer.ended is not None
            took = (transfer.ended if over else self._work.clock()) - transfer.began  # type: ignore[operator]
            words = " ".join(word for word in (transfer.name, transfer.note or transfer.amount) if word)
            yield _Row(f" => => {words}", _seconds(took), _BLUE if over else "")

    def _head(self, wide: int, *, is_last: bool) -> str:
        done, total = self._work.counts
        took = self._work.clock() - self._work.began
        words = "FINISHED" if is_last and self._work.is_finished else ""
        return cut(f"[+] {self._work.title} {took:.1f}s ({done}/{total}) {words}".rstrip(), wide - 1)

    def _line(self, row: _Row, wide: int) -> str:
        room = wide - 1 - len(row.right) - 1
        left = cut(row.left, room if room >= _LEAST_ROOM else wide - 1)
        gap = " " * (wide - 1 - columns(left) - len(row.right))
        text = f"{left}{gap}{row.right}" if row.right and room >= _LEAST_ROOM else left
        return f"{row.style}{text}{_NORMAL}" if row.style and self._has_colours else text


def _skipped(stage: str) -> _Row:
    return _Row(f" => {locale.text('cli.stage-skipped', stage=flat(stage))}", "", _FAINT)


def _output(vertex: Vertex) -> list[_Row]:
    """The last lines of its output, as a terminal would show them."""
    lines = (settled(piece.text) for piece in list(vertex.tail)[-4 * _OUTPUT_LINES :])
    return [_Row(f" => => # {line}", "", _FAINT) for line in lines if line][-_OUTPUT_LINES:]


def _seconds(value: float) -> str:
    return f"{value if value >= 0.05 else 0:.1f}s"  # noqa: PLR2004 - less would be shown as nothing anyway
