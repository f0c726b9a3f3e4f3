"""What belongs to one step of a container's start: its system calls, and what the process sees before and after.

    step 20   pivot_root
    The image's tree becomes "/"; the host's lies underneath, for a moment.
    pivot_root(".", ".")                                                    pivot_root(2)

    ls /   -  bin boot dev etc home lib ...                    gone
           +  bin dev etc home proc root sys tmp usr var       what the process sees from here on

Every state takes the same room, so that nothing jumps as one steps through.
"""

from collections.abc import Iterator
from typing import TypeAlias

from pydock_lab.drawing import start_words as words
from pydock_lab.drawing.metrics import Font, width, wrap
from pydock_lab.drawing.shapes import Block, Page, Piece, clipped, line, text
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.views import CallView, RunStep, RunTrace

Place: TypeAlias = tuple[float, float, float]  # left, top, width

_LINE, _PAD = 17, 10
_CALLS = 6  # more are counted
_NAME = 74  # the column of commands
_PARTS = 3  # lines that a long text may take


def states(
    view: RunTrace, shown: RunStep, page: Page, place: tuple[float, float, float], *, every_state: bool
) -> Block:
    """The state of `shown` at `place`, and with `every_state` those of all others, hidden."""
    steps = view.steps if every_state else (shown,)
    drawn = {step.number: _State(view, step, page, place) for step in steps}
    built = {number: tuple(state.elements()) for number, state in drawn.items()}
    groups = (
        group(*built[number], class_="trace-state", data_state=str(number), display=_display(number, shown))
        for number in drawn
    )
    return Block(elements=tuple(groups), height=max(state.bottom for state in drawn.values()) - place[1])


def _display(number: int, shown: RunStep) -> str | None:
    return None if number == shown.number else "none"


class _State:
    """One step's calls and sights, from the top down; `bottom` is where it ends, once its elements are made."""

    def __init__(self, view: RunTrace, step: RunStep, page: Page, place: Place) -> None:
        self._view, self._step, self._speech = view, step, page.speech
        self._x, self._y, self._wide = place
        self.bottom = self._y

    def elements(self) -> Iterator[Element]:
        """Head, calls, sights."""
        y = self._y + 16
        number = self._speech.say("trace-step-number", number=self._step.number)
        yield text(self._x, y, number, Font.STRONG)
        after = self._x + width(number, Font.STRONG) + 10
        yield clipped(after, y, words.name(self._step), self._x + self._wide - after, Font.CODE)
        y += 20
        for row in wrap(words.sentence(self._step, self._speech), self._wide, Font.BODY):
            yield text(self._x, y, row)
            y += _LINE
        ahead = [self._speech.say("start-is-ahead")] if self._step.is_ahead else []
        said = [words.phase(self._step, self._speech), words.took(self._step.seconds, self._speech), *ahead]
        yield line(self._x, y, [Piece(text=one, font=Font.SMALL, ink="muted") for one in said], self._wide)
        y += _PAD
        yield from self._calls(y)
        y += self._calls_height
        yield from self._sights(y)

    @property
    def _calls_height(self) -> float:
        rows = min(len(self._step.calls), _CALLS + 1)
        return _LINE * rows + 2 * _PAD if rows else _PAD

    def _calls(self, y: float) -> Iterator[Element]:
        if not self._step.calls:
            return
        high = self._calls_height - _PAD
        yield element("rect", x=self._x, y=y, width=self._wide, height=high, rx=6, class_="panel-area")
        shown = self._step.calls[:_CALLS]
        for at, call in enumerate(shown):
            yield from self._call(call, y + 16 + _LINE * at)
        left = len(self._step.calls) - len(shown)
        if left:
            more = self._speech.count("more", left)
            yield text(self._x + 10, y + 16 + _LINE * len(shown), more, Font.SMALL, ink="muted")

    def _call(self, call: CallView, baseline: float) -> Iterator[Element]:
        aside = width(call.man, Font.SMALL)
        yield clipped(self._x + 10, baseline, clean(call.text), self._wide - aside - 36, Font.CODE_SMALL)
        yield text(self._x + self._wide - 10, baseline, call.man, Font.SMALL, ink="muted", anchor="end")

    def _sights(self, y: float) -> Iterator[Element]:
        y += 12
        for one in words.seen(self._view, self._step):
            yield text(self._x, y, one.name, Font.SMALL_STRONG, ink="ink" if one.has_changed else "muted")
            if one.has_changed:
                for sign, ink, said in (("-", "deleted-text", one.before), ("+", "built-text", one.after)):
                    yield text(self._x + _NAME, y, sign, Font.CODE_SMALL, ink=ink)
                    for row in self._rows(said):
                        yield text(self._x + _NAME + 14, y, row, Font.CODE_SMALL, ink=ink)
                        y += _LINE
            else:
                room = self._wide - _NAME - 14
                yield clipped(self._x + _NAME + 14, y, one.after, room, Font.CODE_SMALL, ink="muted")
                y += _LINE
        self.bottom = y

    def _rows(self, said: str) -> tuple[str, ...]:
        room = self._wide - _NAME - 20
        rows = wrap(said, room, Font.CODE_SMALL)
        return rows if len(rows) <= _PARTS else (*rows[: _PARTS - 1], f"{rows[_PARTS - 1][:-1]}…")
