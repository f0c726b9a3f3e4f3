"""An explained build: the build beside an earlier one, step by step; where they part, and why.

    earlier build              this build
    ┌ 3  ▂▃█▅▂▃ ┐      =      ┌ 3  COPY requirements.txt .      ▂▃█▅▂▃ ┐   from the cache: the keys are the same
    ┌ 4  ▃▅█▂▂▃ ┐      ≠      ┌ 4  RUN pip install              █▃▂▅▃▂ ┐   missed, by itself:
                                   1 file differs                              the cause stands below
                                     ~ requirements.txt  other bytes
    ┌ 5  █▂▂▃▅█ ┐      ≠  └▸  ┌ 5  RUN make                     ▂▅▃▂█▃ ┐   missed only because of step 4

A step is found in the cache when its key is known, so the prints of the keys say at once where two builds part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing import explanations, prints
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, clip, width, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, Piece, box, clipped, hit, line, pick, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.views import Explanation, Outcome, StepExplanation

_BOX, _GAP, _LINE = 30, 8, 16  # pixels
_OLD, _SIGN = 92, 34  # the earlier step, and the sign between the two
_WIDE = 680  # from here on there is room for what became of a step beside it
_LEAST_ROOM = 24
_CAUSE_LINES = 14
_MARKED = re.compile(r"(\[-.*?-\]|\{\+.*?\+\})")
MEANINGS = {
    Outcome.CACHED: Meaning.CACHED,
    Outcome.MISSED: Meaning.BUILT,
    Outcome.UNKNOWN: Meaning.PLAIN,
    Outcome.NONE: Meaning.PLAIN,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sheet:
    """What the drawing of every row needs to know of the whole."""

    page: Page
    view: Explanation

    @property
    def left(self) -> float:
        return MARGIN + _OLD + _SIGN

    @property
    def wide(self) -> float:
        return self.page.right - self.left

    @property
    def is_wide(self) -> bool:
        return self.page.width >= _WIDE

    @property
    def box(self) -> float:
        return _BOX if self.is_wide else _BOX + _LINE

    @property
    def speech(self) -> Speech:
        return self.page.speech


def draw(view: Explanation, page: Page) -> Drawing:
    """The build beside the earlier one."""
    speech = page.speech
    name = clean(view.name or view.build)
    first, *others = explanations.head_facts(view, speech)
    top = head(page, Head(title=name, facts=[first], command=command(view)))
    sheet = _Sheet(page=page, view=view)
    said = [words for fact in others for words in wrap(fact, page.inner, Font.SMALL)]
    lines = (text(MARGIN, top.height + 8 + _LINE * at, words, Font.SMALL, ink="muted") for at, words in enumerate(said))
    top = Block(elements=(*top.elements, *lines), height=top.height + _LINE * len(said) + 2)
    body = _rows(sheet, top.height)
    label = ", ".join([speech.say("explained-of", name=name), first, *others])
    return finish(page, label, (top, body), _keys(view, speech), lesson_of(view, speech))


def command(view: Explanation) -> str:
    """What shows the same in a terminal."""
    return f"pydock explain {clean(view.name or view.build)}"


def verdict(step: StepExplanation, speech: Speech) -> str:
    """What became of a step, and by whose fault."""
    if step.outcome is not Outcome.MISSED:
        return speech.say(f"verdict-{step.outcome}")
    if step.causes:
        return speech.say("verdict-own")
    return speech.say("verdict-because", number=step.because_of) if step.because_of else speech.say("verdict-missed")


def _rows(sheet: _Sheet, top: float) -> Block:
    y = top + 22
    speech = sheet.speech
    places: dict[int, float] = {}
    drawn: list[Element] = []
    for step in sheet.view.steps:
        places[step.number] = y
        drawn.append(_row(sheet, step, y))
        y += _height(sheet, step)
    elements = [
        clipped(MARGIN, top + 14, speech.say("explained-before"), _OLD + _SIGN - 6, Font.SMALL, ink="muted"),
        clipped(sheet.left, top + 14, speech.say("explained-now"), sheet.wide, Font.SMALL, ink="muted"),
        *_follows(sheet, places),
    ]
    label = speech.say("explained-of", name=clean(sheet.view.name or sheet.view.build))
    listbox = group(*drawn, class_="picks whole-rows", role="listbox", aria_label=label)
    return Block(elements=(*elements, listbox), height=y - top)


def _height(sheet: _Sheet, step: StepExplanation) -> float:
    lines = len(_cause_lines(sheet, step))
    return sheet.box + _GAP + (_LINE * lines + 6 if lines else 0)


def _row(sheet: _Sheet, step: StepExplanation, y: float) -> Element:
    """The step as it is now, as it was, and why it is another one."""
    speech = sheet.speech
    said = verdict(step, speech)
    is_own = step.missed and bool(step.causes)
    label = speech.say("trace-step", number=step.number, text=clean(step.text))
    return pick(
        f"explained-{step.number}",
        f"{label}, {said}",
        hit(MARGIN, y, sheet.page.inner, _height(sheet, step) - 4),
        *_now(sheet, step, y, said, is_own=is_own),
        *_before(step, y),
        *_causes(sheet, step, y + sheet.box),
    )


def _now(sheet: _Sheet, step: StepExplanation, y: float, said: str, *, is_own: bool) -> Iterator[Element]:
    dashed = step.outcome in (Outcome.NONE, Outcome.UNKNOWN)
    yield box(sheet.left, y, sheet.wide, sheet.box, MEANINGS[step.outcome], dashed=dashed)
    right = float(sheet.page.right - 10)
    if step.after:
        yield prints.draw(right - prints.WIDTH, y + 21, step.after.digest)
        right -= prints.WIDTH + 10
    font = Font.SMALL_STRONG if is_own else Font.SMALL
    ink = f"{MEANINGS[step.outcome]}-text"
    number = f"{step.number}"
    x = sheet.left + 12 + width("00", Font.CODE_SMALL) + 8
    if sheet.is_wide:
        yield text(right, y + 19, said, font, ink=ink, anchor="end")
        right -= width(said, font) + 12
    else:
        yield clipped(x, y + 19 + _LINE, said, right - x, font, ink=ink)
    yield text(x - 8, y + 19, number, Font.CODE_SMALL, ink="muted", anchor="end")
    yield clipped(x, y + 19, " ".join(step.text.split()), right - x, Font.CODE_SMALL)


def _before(step: StepExplanation, y: float) -> Iterator[Element]:
    """The step of the earlier build, by the print of its key; and whether that is the same."""
    if not step.was:
        return
    yield box(MARGIN, y + 3, _OLD, _BOX - 6, Meaning.PLAIN, dashed=step.before is None)
    number = clip(str(step.was), 22, Font.CODE_SMALL)
    yield text(MARGIN + 28, y + 19, number, Font.CODE_SMALL, ink="muted", anchor="end")
    if step.before is None:
        return
    yield prints.draw(MARGIN + 36, y + 21, step.before.digest)
    if step.after is not None:
        same = step.before.digest == step.after.digest
        sign = "=" if same else "≠"
        ink = "cached-text" if same else "built-text"
        yield text(MARGIN + _OLD + _SIGN / 2, y + 20, sign, Font.STRONG, ink=ink, anchor="middle")


# ---- causes


def _cause_lines(sheet: _Sheet, step: StepExplanation) -> list[tuple[str, Font]]:
    """What differs, in lines that fit; files and words stand further in, as code."""
    room = sheet.wide - 24
    found: list[tuple[str, Font]] = []
    for cause in step.causes:
        for said in explanations.cause_lines(cause, sheet.speech):
            if said.startswith(" "):
                found.append((said.strip(), Font.CODE_SMALL))
            else:
                found += [(words, Font.SMALL) for words in wrap(said, room, Font.SMALL)]
    if len(found) > _CAUSE_LINES:
        found = [*found[: _CAUSE_LINES - 1], ("…", Font.SMALL)]
    return found


def _causes(sheet: _Sheet, step: StepExplanation, y: float) -> Iterator[Element]:
    lines = _cause_lines(sheet, step)
    if not lines:
        return
    x = sheet.left + 14
    yield element("rect", x=sheet.left + 3, y=y + 5, width=3, height=_LINE * len(lines), rx=1.5, class_="built-bar")
    for at, (words, font) in enumerate(lines):
        baseline = y + 17 + _LINE * at
        if font is Font.CODE_SMALL:
            yield line(x + 12, baseline, _pieces(words, sheet.wide - 40), sheet.wide - 26, gap=" ")
        else:
            yield clipped(x, baseline, words, sheet.wide - 24, font)


def _pieces(words: str, limit: float) -> Iterator[Piece]:
    """The words of a command: those that went, those that came; clipped where there are too many."""
    room = limit
    for part in filter(str.strip, _MARKED.split(words)):
        ink = "deleted-text" if part.startswith("[-") else "cached-text" if part.startswith("{+") else "ink"
        if room < _LEAST_ROOM:
            return
        shown = clip(part, room, Font.CODE_SMALL)
        yield Piece(text=shown, font=Font.CODE_SMALL, ink=ink)
        room -= width(shown, Font.CODE_SMALL) + width("x", Font.BODY)


def _follows(sheet: _Sheet, places: dict[int, float]) -> Iterator[Element]:
    """From a step that missed to those that missed because of it, at the edge between the builds."""
    x = sheet.left - 7
    for step in sheet.view.steps:
        if step.missed and step.because_of in places and not step.causes:
            top, end = places[step.because_of] + sheet.box - 4, places[step.number] + _BOX / 2
            yield trace([(sheet.left, top), (x, top), (x, end), (sheet.left - 1, end)], "built-line dashed")
            yield _tip(sheet.left, end)


def _tip(x: float, y: float) -> Element:
    return element(
        "polygon", points=f"{x:.1f},{y:.1f} {x - 5:.1f},{y - 4:.1f} {x - 5:.1f},{y + 4:.1f}", class_="built-bar"
    )


# ---- below


def lesson_of(view: Explanation, speech: Speech) -> str:
    """What this picture teaches."""
    first = view.first
    if first is None:
        return explanations.say(speech, "all-cached")
    if not view.compared_with:
        return speech.say("lesson-first-build")
    name = "lesson-predicted" if view.predicted else "lesson-explained"
    if view.consequences:
        return speech.count(name, len(view.consequences), step=first.number)
    return speech.say(f"{name}-alone", step=first.number)


def _keys(view: Explanation, speech: Speech) -> list[Key]:
    seen = {step.outcome for step in view.steps}
    keys = []
    if Outcome.CACHED in seen:
        keys.append(Key(name=speech.say("key-cached"), meaning=Meaning.CACHED))
    if Outcome.MISSED in seen:
        name = "key-would-miss" if view.predicted else "key-missed"
        keys.append(Key(name=speech.say(name), meaning=Meaning.BUILT))
    if Outcome.NONE in seen:
        keys.append(Key(name=speech.say("key-config"), meaning=Meaning.PLAIN, dashed=True))
    return keys
