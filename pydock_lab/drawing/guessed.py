"""Predict, then reveal: the steps of a build, each with two marks to choose from; then what the cache really has.

2  COPY requirements.txt .        (from the cache)  ( done again )
3  RUN pip install                ( from the cache ) (done again)
( reveal )
after that   ✗  3  RUN pip install     from the cache      you said: done again
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing import explained, explanations
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, hit, pick, pill, pill_width, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, group
from pydock_lab.views import Guess, Outcome, StepExplanation
from pydock_lab.views.guess import ANSWERS

_BOX, _LOW, _GAP = 56, 30, 8  # a step that is asked, one that is not
_NUMBER = 34  # room for a step's number
_SIGNS = {True: "✓", False: "✗"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A step and where it stands."""

    page: Page
    view: Guess
    step: StepExplanation
    y: float

    @property
    def mark(self) -> Outcome | None:
        return self.view.marks.get(self.step.number)

    @property
    def is_asked(self) -> bool:
        return self.step in self.view.asked

    @property
    def height(self) -> int:
        return _BOX if self.is_asked else _LOW


def draw(view: Guess, page: Page) -> Drawing:
    """The question, or the answers."""
    speech = page.speech
    name = clean(view.forecast.name or view.forecast.build)
    top = head(page, Head(title=name, facts=[standing(view, speech)], command="pydock build --predict"))
    y, picks = top.height + 6, list[Element]()
    for step in view.forecast.steps:
        row = _Row(page=page, view=view, step=step, y=y)
        picks += _row(row)
        y += row.height + _GAP
    if not view.revealed:
        picks.append(_reveal(page, view, y))
        y += 34
    label = speech.say("guess-of", name=name)
    listbox = group(*picks, class_="picks whole-rows", role="listbox", aria_label=label)
    return finish(
        page, label, (top, Block(elements=(listbox,), height=y - top.height)), _keys(view, speech), lesson(view, speech)
    )


def standing(view: Guess, speech: Speech) -> str:
    """How far it is, or how good it was."""
    count = len(view.asked)
    if view.revealed:
        return speech.count("guess-right", view.right, total=count)
    return speech.say("guess-marked", done=sum(step.number in view.marks for step in view.asked), count=count)


def lesson(view: Guess, speech: Speech) -> str:
    """What to think about; afterwards what the build teaches."""
    return explained.lesson_of(view.forecast, speech) if view.revealed else speech.say("lesson-guess")


def word(outcome: Outcome, speech: Speech) -> str:
    """One of the two answers."""
    return speech.say(f"guess-{outcome}")


def _row(row: _Row) -> Iterator[Element]:
    speech, step, page = row.page.speech, row.step, row.page
    is_open = not row.view.revealed
    meaning = Meaning.PLAIN if is_open or not row.is_asked else explained.MEANINGS[step.outcome]
    x, room = MARGIN + _NUMBER, float(page.right - MARGIN - _NUMBER - 24)
    if not row.is_asked:
        words = speech.say("guess-open" if step.outcome is Outcome.UNKNOWN else "guess-nothing")
        beside = text(page.right - 12, row.y + 19, words, Font.SMALL, ink="muted", anchor="end")
        room -= width(words, Font.SMALL) + 12
    label = ", ".join(filter(None, (f"{step.number}. {clean(step.text)}", aside(row.view, step, speech))))
    yield pick(
        f"guess-{step.number}",
        label,
        hit(MARGIN, row.y, page.inner, row.height),
        box(x, row.y, page.right - x, row.height, meaning, dashed=not row.is_asked),
        text(MARGIN + 22, row.y + 20, str(step.number), Font.CODE_SMALL, ink="muted", anchor="end"),
        clipped(x + 12, row.y + 20, " ".join(step.text.split()), room, Font.CODE),
        *([beside] if not row.is_asked else [] if is_open else _said(row, x + 12)),
    )
    if row.is_asked and is_open:
        yield from _choices(row, x + 12)


def _choices(row: _Row, x: float) -> Iterator[Element]:
    speech = row.page.speech
    for outcome in ANSWERS:
        words, is_mine = word(outcome, speech), row.mark is outcome
        meaning = explained.MEANINGS[outcome] if is_mine else Meaning.PLAIN
        label = f"{row.step.number}. {words}" + (f", {speech.say('guess-mine')}" if is_mine else "")
        drawn = pill(x, row.y + 29, words, meaning, dashed=not is_mine)
        yield pick(f"{outcome}-{row.step.number}", label, drawn, acts=True)
        x += pill_width(words) + 8


def _said(row: _Row, x: float) -> Iterator[Element]:
    """The second line: what the cache has, and what was thought."""
    speech, step = row.page.speech, row.step
    right = row.page.right - 12.0
    is_right = row.mark is step.outcome
    sign = f"{_SIGNS[is_right]} {_mine(row.mark, speech)}"
    ink = "cached-text" if is_right else "deleted-text"
    yield text(right, row.y + 42, sign, Font.SMALL_STRONG, ink=ink, anchor="end")
    room = right - width(sign, Font.SMALL_STRONG) - 12 - x
    found = " · ".join([explained.verdict(step, speech), *why(step, speech)])
    yield clipped(x, row.y + 42, found, room, Font.SMALL, ink=f"{explained.MEANINGS[step.outcome]}-text")


def why(step: StepExplanation, speech: Speech) -> list[str]:
    """The first line of each cause of its own."""
    return [next(iter(explanations.cause_lines(cause, speech)), "").strip(" :") for cause in step.causes]


def aside(view: Guess, step: StepExplanation, speech: Speech) -> str:
    """What there is to say of a step, in words."""
    mark = view.marks.get(step.number)
    if not view.revealed or step not in view.asked:
        return _mine(mark, speech) if mark else ""
    sign = _SIGNS[mark is step.outcome]
    return ", ".join((f"{sign} {_mine(mark, speech)}", explained.verdict(step, speech), *why(step, speech)))


def _mine(mark: Outcome | None, speech: Speech) -> str:
    return speech.say("guess-said", what=word(mark, speech)) if mark else speech.say("guess-unmarked")


def _reveal(page: Page, view: Guess, y: float) -> Element:
    words = page.speech.say("guess-reveal")
    left = page.right - pill_width(words)
    meaning = Meaning.MOVING if view.is_complete else Meaning.PLAIN
    return pick("reveal", words, pill(left, y + 6, words, meaning, dashed=not view.is_complete), acts=True)


def _keys(view: Guess, speech: Speech) -> list[Key]:
    keys = [
        Key(name=speech.say("key-cached"), meaning=Meaning.CACHED),
        Key(name=speech.say("key-would-miss"), meaning=Meaning.BUILT),
    ]
    if len(view.asked) < len(view.forecast.steps):
        keys.append(Key(name=speech.say("guess-nothing"), meaning=Meaning.PLAIN, dashed=True))
    return keys
