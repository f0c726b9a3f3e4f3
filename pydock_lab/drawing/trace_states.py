"""What belongs to one step of a build: its files as a tree, and the end of its output.

Every state takes the same room, so that nothing jumps as one steps through.
"""

from collections.abc import Iterator, Sequence

from pydock_lab.drawing.file_trees import TreeRow, tree_rows
from pydock_lab.drawing.layer_files import INKS, SIGNS
from pydock_lab.drawing.metrics import Font, clip_path, width
from pydock_lab.drawing.shapes import MARGIN, Block, Page, Piece, clipped, line, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.drawing.trace_words import MEANINGS, files_heading, lines, took
from pydock_lab.views import BuildTrace, TraceStep

_TREE_ROWS, _OUTPUT_ROWS = 10, 10
_LINE, _HEAD, _PAD = 17, 64, 10
_WIDE = 760
_INDENT = 14


def states(view: BuildTrace, shown: TraceStep, page: Page, y: float, *, every_state: bool) -> Block:
    """The state of `shown`, and with `every_state` those of all other steps, hidden."""
    steps = view.in_time if every_state else (shown,)
    drawn = {step.number: _State(step, page, y) for step in steps}
    high = max(state.height for state in drawn.values())
    rule = trace([(MARGIN, y + 4), (page.right, y + 4)], "rule", stroke=1)
    groups = (
        group(
            *state.elements(),
            class_="trace-state",
            data_state=str(number),
            display=None if number == shown.number else "none",
        )
        for number, state in drawn.items()
    )
    return Block(elements=(rule, *groups), height=high + 6)


def state_height(rows: int) -> float:
    """Pixels of a state with so many rows in its longer column."""
    return _HEAD + _LINE * rows + _PAD


class _State:
    """One step's files and output."""

    def __init__(self, step: TraceStep, page: Page, y: float) -> None:
        self._step, self._page, self._y = step, page, y
        self._tree = tree_rows(step.changes, _TREE_ROWS) if step.changes else ()
        self._said = tuple(clean(said) for said in _said(step))[-_OUTPUT_ROWS:]

    @property
    def _tree_height(self) -> int:
        """Rows of the tree."""
        return len(self._shown_tree) + bool(self._left)

    @property
    def _is_beside(self) -> bool:
        """Whether the output stands beside the tree, and not below it."""
        return self._page.width >= _WIDE and bool(self._tree)

    @property
    def height(self) -> float:
        """Pixels, down to its last row."""
        tree, said = self._tree_height, len(self._said)
        if self._is_beside or not (tree and said):
            return state_height(max(tree, said))
        return state_height(tree + said) + _PAD

    @property
    def _shown_tree(self) -> Sequence[TreeRow]:
        return self._tree[: _TREE_ROWS + 1]

    @property
    def _left(self) -> int:
        """How many changes no row speaks of, not even as one of a closed folder."""
        cut = self._step.changes_total - len(self._step.changes)
        return cut + sum(max(row.files, 1) for row in self._tree[_TREE_ROWS + 1 :])

    def elements(self) -> Iterator[Element]:
        """Head, tree and output."""
        yield from self._head()
        page, y = self._page, self._y + _HEAD
        tree_width = page.inner * 0.47 if self._is_beside and self._said else page.inner
        yield from self._files(y, tree_width)
        if not self._said:
            return
        if self._is_beside:
            yield from self._output(MARGIN + tree_width + 16, y, page.inner - tree_width - 16)
        else:
            below = _LINE * self._tree_height + _PAD if self._tree else 0
            yield from self._output(MARGIN, y + below, page.inner)

    def _head(self) -> Iterator[Element]:
        step, speech, page = self._step, self._page.speech, self._page
        name = speech.say("trace-step-number", number=step.number)
        x = MARGIN + width(name, Font.STRONG) + 10
        yield text(MARGIN, self._y + 26, name, Font.STRONG)
        yield clipped(x, self._y + 26, " ".join(step.text.split()), page.right - x, Font.CODE)
        words = [Piece(text=took(step, speech), font=Font.SMALL_STRONG, ink=f"{MEANINGS[step.outcome]}-text")]
        words += [Piece(text=said, font=Font.SMALL, ink="muted") for said in _facts(step, speech)]
        yield line(MARGIN, self._y + 45, words, page.inner)

    def _files(self, y: float, wide: float) -> Iterator[Element]:
        for at, row in enumerate(self._shown_tree):
            yield from self._row(row, y + 12 + _LINE * at, wide)
        if self._left:
            more = self._page.speech.count("more", self._left)
            yield text(MARGIN, y + 12 + _LINE * len(self._shown_tree), more, Font.SMALL, ink="muted")

    def _row(self, row: TreeRow, baseline: float, wide: float) -> Iterator[Element]:
        speech = self._page.speech
        size = speech.size(row.size) if row.size or not row.name.endswith("/") else ""
        aside = " · ".join(filter(None, (speech.count("files", row.files) if row.files else "", size)))
        x = MARGIN + _INDENT * min(row.depth, 6)
        room = MARGIN + wide - width(aside, Font.SMALL) - 16 - x
        sign = SIGNS[row.kind]
        name = f"{sign} {clip_path(row.name, room - 16, Font.CODE_SMALL)}" if row.kind else row.name
        ink = INKS[row.kind]
        yield clipped(x if row.kind else x + 13, baseline, name, room, Font.CODE_SMALL, ink=ink)
        if aside:
            yield text(MARGIN + wide, baseline, aside, Font.SMALL, ink="muted", anchor="end")

    def _output(self, x: float, y: float, wide: float) -> Iterator[Element]:
        """As a terminal shows it."""
        ink = "deleted-text" if self._step.error else "ink"
        high = _LINE * len(self._said) + _PAD
        yield element("rect", x=x, y=y - _PAD / 2, width=wide, height=high, rx=6, class_="panel-area")
        for at, said in enumerate(self._said):
            yield clipped(x + 10, y + 12 + _LINE * at, said, wide - 20, Font.CODE_SMALL, ink=ink if said else "ink")


def _said(step: TraceStep) -> Iterator[str]:
    """The last words of its program; where there are none, what went wrong."""
    yield from step.output or step.error.splitlines()


def _facts(step: TraceStep, speech: Speech) -> Iterator[str]:
    yield lines(step, speech)
    yield from files_heading(step, speech)
