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
from pydock_lab.drawing.metrics import Font, clip, width, wrap
from pydock_lab.drawing.shapes import Block, Page, Piece, clipped, line, text
from pydock_lab.drawing.svg import Element, element, group
from pydock_lab.views import CallView, RunStep, RunTrace

Place: TypeAlias = tuple[float, float, float]  # left, top, width

_LINE, _PAD = 17, 10
_CALLS = 6  # more are counted
_FEW = 3  # so many calls are told in full
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
        self._calls_height = 0.0

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
        said = words.told_of(self._step, self._speech)
        yield line(self._x, y, [Piece(text=one, font=Font.SMALL, ink="muted") for one in said], self._wide)
        for one in (self._view.error, self._view.hint) if self._step.has_failed else ():
            for row in wrap(one, self._wide, Font.SMALL_STRONG):
                y += _LINE
                yield text(self._x, y, row, Font.SMALL_STRONG, ink="deleted-text")
        y += _PAD
        yield from self._calls(y)
        y += self._calls_height
        yield from self._sights(y)

    def _calls(self, y: float) -> Iterator[Element]:
        """The calls, in a panel that is as high as their lines."""
        calls = self._step.calls
        # The last ones of a step that failed say why.
        shown = [(call, self._told(call)) for call in (calls[-_CALLS:] if self._step.has_failed else calls[:_CALLS])]
        left = len(calls) - len(shown)
        count = sum(len(rows) for _, rows in shown) + bool(left)
        self._calls_height = _LINE * count + 2 * _PAD if count else _PAD
        if not count:
            return
        high = self._calls_height - _PAD
        yield element("rect", x=self._x, y=y, width=self._wide, height=high, rx=6, class_="panel-area")
        baseline = y + 16
        for call, rows in shown:
            ink = "deleted-text" if call.error else "ink"
            yield text(self._x + self._wide - 10, baseline, call.man, Font.SMALL, ink="muted", anchor="end")
            for row in rows:
                yield text(self._x + 10, baseline, row, Font.CODE_SMALL, ink=ink)
                baseline += _LINE
        if left:
            yield text(self._x + 10, baseline, self._speech.count("more", left), Font.SMALL, ink="muted")

    def _told(self, call: CallView) -> list[str]:
        """The lines of a call; of many calls each has one."""
        room = self._wide - width(call.man, Font.SMALL) - 36
        # What it failed with is not to be cut off.
        result = f" = -1 {call.error}" if call.error else ""
        told = words.told_call(call, self._speech).removesuffix(result)
        is_short = len(self._step.calls) > _FEW
        rows = [clip(told, room, Font.CODE_SMALL)] if is_short else list(_rows(told, room))
        rows[-1] = clip(rows[-1], room - width(result, Font.CODE_SMALL), Font.CODE_SMALL) + result
        return rows

    def _sights(self, y: float) -> Iterator[Element]:
        y += 12
        for one in words.seen(self._view, self._step):
            yield text(self._x, y, one.name, Font.SMALL_STRONG, ink="ink" if one.has_changed else "muted")
            if one.has_changed:
                for sign, ink, said in (("-", "deleted-text", one.gone), ("+", "built-text", one.come)):
                    if not said:
                        continue
                    yield text(self._x + _NAME, y, sign, Font.CODE_SMALL, ink=ink)
                    for row in _rows(said, self._wide - _NAME - 20):
                        yield text(self._x + _NAME + 14, y, row, Font.CODE_SMALL, ink=ink)
                        y += _LINE
            else:
                room = self._wide - _NAME - 14
                yield clipped(self._x + _NAME + 14, y, one.now, room, Font.CODE_SMALL, ink="muted")
                y += _LINE
        self.bottom = y


def _rows(said: str, room: float) -> tuple[str, ...]:
    rows = wrap(said, room, Font.CODE_SMALL)
    return rows if len(rows) <= _PARTS else (*rows[: _PARTS - 1], f"{rows[_PARTS - 1][:-1]}…")
