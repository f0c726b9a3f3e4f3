"""A container's start to be stepped through: its steps at the left, and what one of them did at the right.

    birth                                      step 20   pivot_root
     1  clone              ▇▇▇▇      1.4 ms    The image's tree becomes "/" ...
    files                                      pivot_root(".", ".")            pivot_root(2)
    19  overlay 1 layers   ▇         320 µs
    20  pivot_root         ▏          60 µs    ls /  -  bin boot dev ...
    21  mount proc         ▏          80 µs          +  bin dev etc proc sys
    powers
    33  seccomp            ▇         310 µs

The picture has every state in it, of which one is shown: so a page can go from step to step by itself, and a saved
notebook shows the one that says most.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing import start_words as words
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, bar, box, clipped, hit, pick, text
from pydock_lab.drawing.start_states import states
from pydock_lab.drawing.svg import Element, group
from pydock_lab.views import RunStep, RunTrace

_WIDE = 760  # from here on there is room for steps and their states side by side
_ROW, _HEADING, _GAP = 22, 24, 18
_GUTTER, _BAR, _TIME = 28, 70, 62


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sheet:
    """What the drawing of every row needs to know of the whole."""

    page: Page
    view: RunTrace
    shown: RunStep | None
    width: float

    @property
    def longest(self) -> float:
        # What was done once, for all, may have taken longer than any start: it is not what others are measured by.
        return max((step.seconds for step in self.view.steps if not step.is_once), default=0.0) or 1.0


def draw(view: RunTrace, page: Page, *, every_state: bool = False) -> Drawing:
    """A start; with `every_state` what belongs to each step is in the picture, and all but one hidden."""
    speech = page.speech
    top = head(page, Head(title=words.title(view), facts=words.facts(view, speech), command=words.command(view)))
    is_wide = page.width >= _WIDE
    shown = view.step or words.default_step(view)
    sheet = _Sheet(page=page, view=view, shown=shown, width=page.inner * 0.42 if is_wide else page.inner)
    if shown is None:
        blocks = [top, _body(sheet, top.height)]
    elif is_wide:
        body = _body(sheet, top.height)
        place = (MARGIN + sheet.width + _GAP, top.height, page.inner - sheet.width - _GAP)
        beside = states(view, shown, page, place, every_state=every_state)
        # Side by side they take as much room as the higher one.
        blocks = [top, Block(elements=body.elements, height=max(body.height, beside.height)), _flat(beside)]
    else:
        # Above the many steps: who goes from one to the next looks here.
        over = states(view, shown, page, (MARGIN, top.height, page.inner), every_state=every_state)
        blocks = [top, over, _body(sheet, top.height + over.height)]
    name = speech.say("start-of", name=words.title(view))
    return finish(page, name, blocks, _keys(view, page), words.lesson_of(view, speech))


def _flat(block: Block) -> Block:
    return Block(elements=block.elements, height=0)


def _body(sheet: _Sheet, top: float) -> Block:
    speech = sheet.page.speech
    headings: list[Element] = []
    rows: list[Element] = []
    y, heading = top, ""
    for step in sheet.view.steps:
        if words.phase(step, speech) != heading:
            heading = words.phase(step, speech)
            headings.append(text(MARGIN + 2, y + 16, heading, Font.SMALL_STRONG, ink="muted"))
            y += _HEADING
        rows.append(_row(sheet, step, y))
        y += _ROW
    name = speech.say("start-of", name=words.title(sheet.view))
    picks = group(*rows, class_="picks whole-rows", role="listbox", aria_label=name)
    return Block(elements=(*headings, picks), height=y - top + 8)


def _row(sheet: _Sheet, step: RunStep, y: float) -> Element:
    """A step: one thing to choose."""
    meaning, right = words.meaning(step), MARGIN + sheet.width
    room = sheet.width - _GUTTER - _BAR - _TIME - 16
    drawn = pick(
        f"step-{step.number}",
        words.label(step, sheet.page.speech),
        hit(MARGIN, y, sheet.width, _ROW),
        box(MARGIN, y + 1, sheet.width, _ROW - 3, meaning, dashed=step.is_ahead, radius=5),
        text(MARGIN + _GUTTER - 6, y + 14, str(step.number), Font.CODE_SMALL, ink="muted", anchor="end"),
        clipped(MARGIN + _GUTTER, y + 14, f"{words.sign(step)} {words.name(step)}".strip(), room, Font.CODE_SMALL),
        *bar(right - _TIME - _BAR - 6, y + 8, _BAR, step.seconds / sheet.longest, meaning),
        text(right - 8, y + 14, words.took(step.seconds, sheet.page.speech), Font.SMALL, ink="muted", anchor="end"),
    )
    is_later = sheet.view.step is not None and step.number > sheet.view.at
    more = " now" if step is sheet.shown else " later" if is_later else ""
    attributes = {**drawn.attributes, "class": drawn.attributes["class"] + more}
    return Element(name=drawn.name, attributes=attributes, children=drawn.children)


def _keys(view: RunTrace, page: Page) -> Iterator[Key]:
    yield Key(name=page.speech.say("start-is-now"), meaning=Meaning.BUILT)
    shown = {words.sign(step): step for step in view.steps if words.sign(step)}
    for name, step in zip(words.signs(view, page.speech), shown.values(), strict=True):
        yield Key(name=name, meaning=words.meaning(step), dashed=step.is_ahead)
