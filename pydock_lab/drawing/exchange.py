"""A pull or a push as an exchange: each request an arrow to who answers it, the answer beside it.

     this machine        localhost:5000          auth
     1  |── GET manifest 1 ──▶|                    |    401   who are you? ask auth
     2  |── GET token ────────┼──────────────────▶ |    200   a token for lab/app: pull
     3  |── GET manifest 1 ──▶|                    |    200   what it is made of, 1.2 kB
     4  |── GET layer 1 ─────▶|                    |    200   3.1 MB, verified on the way
     [config] [layer 1] [layer 2]     blue travelled, green was there, purple was mounted

Rows follow the time at which requests were sent; of a redirect, or a 401, a thin line leads to what came of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing import exchange_words as words
from pydock_lab.drawing import prints, start_words
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, hit, pick, text, trace
from pydock_lab.drawing.svg import Element, element, group, number
from pydock_lab.views import RequestStep, TransferTrace, TravelledBlob

_ROW, _TOP = 30, 46
_NUMBER, _STATUS, _TIME = 30, 40, 62
_LEAST = 60  # pixels for words
_CHIP, _CHIP_HIGH = 160, 30
_FIRST = 0.46  # of the room: up to the registry, where there are others
_WIDE = 700  # from here on there is room for the answer's words beside the arrows


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sheet:
    """Where the lines of those who talk stand, and where their answers are written."""

    page: Page
    view: TransferTrace
    places: dict[str, float]
    answers: float

    @property
    def here(self) -> float:
        return MARGIN + _NUMBER + 8


def draw(view: TransferTrace, page: Page) -> Drawing:
    """A transfer."""
    speech = page.speech
    top = head(page, Head(title=words.title(view), facts=words.facts(view, speech), command=words.command(view)))
    sheet = _sheet(view, page)
    body = _body(sheet, top.height)
    blobs = _blobs(sheet, top.height + body.height)
    label = speech.say(f"exchange-of-{view.direction}", name=words.title(view))
    return finish(page, label, [top, body, blobs], _keys(view, page), words.lesson_of(view, speech))


def _sheet(view: TransferTrace, page: Page) -> _Sheet:
    """One line for this machine, and one for each who was asked; the words take what is left."""
    roles = [role for role in ("registry", "tokens", "storage") if any(step.role == role for step in view.steps)]
    left = MARGIN + _NUMBER + 8
    share = 0.44 if page.width >= _WIDE else 0.56
    room = page.inner * share - _NUMBER
    # What goes to the registry says most: its arrows are the longest.
    first = room * _FIRST if len(roles) > 1 else room
    rest = (room - first) / max(len(roles) - 1, 1)
    places = {role: left + first + rest * at for at, role in enumerate(roles)}
    return _Sheet(page=page, view=view, places=places, answers=left + room + 16)


def _body(sheet: _Sheet, top: float) -> Block:
    """The rows below the names of who talks."""
    y = top + _TOP
    bottom = y + len(sheet.view.steps) * _ROW
    behind = [*_lifelines(sheet, top, bottom), *_causes(sheet, y)]
    rows = [_row(sheet, step, y + at * _ROW) for at, step in enumerate(sheet.view.steps)]
    label = sheet.page.speech.say(f"exchange-of-{sheet.view.direction}", name=words.title(sheet.view))
    picks = group(*rows, class_="picks whole-rows", role="listbox", aria_label=label)
    return Block(elements=(*behind, picks), height=bottom - top + 10)


def _lifelines(sheet: _Sheet, top: float, bottom: float) -> Iterator[Element]:
    speech = sheet.page.speech
    spots = {"here": sheet.here} | sheet.places
    for x in spots.values():
        yield trace([(x, top + _TOP - 8), (x, bottom)], "rule", stroke=1)
    # This machine stands above the others, and their names end at their lines: so none runs into the next.
    yield text(sheet.here - 4, top + 14, speech.say("exchange-here"), Font.SMALL_STRONG)
    before = float(MARGIN)
    for role, x in sheet.places.items():
        name = words.host_of(sheet.view, role, speech)
        fits = role == "registry" or width(name, Font.SMALL_STRONG) <= x - before
        shown = clip(name if fits else speech.say(f"exchange-{role}"), x - before, Font.SMALL_STRONG)
        yield text(x - width(shown, Font.SMALL_STRONG) + 4, top + _TOP - 14, shown, Font.SMALL_STRONG)
        before = x + 12


def _causes(sheet: _Sheet, top: float) -> Iterator[Element]:
    """From an answer that asks for something else to what came of it."""
    for step in sheet.view.steps:
        if step.follows:
            y, end = (top + (place - 1) * _ROW + 18 for place in (step.follows, step.number))
            x = sheet.here - 6
            yield trace([(x + 6, y), (x, y), (x, end), (x + 6, end)], "moving-line")


def _row(sheet: _Sheet, step: RequestStep, y: float) -> Element:
    """A request and its answer: one thing to choose."""
    page, speech, meaning = sheet.page, sheet.page.speech, words.meaning(step)
    here, there = sheet.here, sheet.places[step.role]
    status_x = sheet.answers
    words_x = status_x + _STATUS + 8
    room = page.right - words_x - _TIME
    status, middle = str(step.status), status_x + _STATUS / 2
    said = [clipped(words_x, y + 19, words.answer(step, sheet.view, speech), room, Font.SMALL)]
    drawn = pick(
        f"step-{step.number}",
        words.label(step, sheet.view, speech),
        hit(MARGIN, y, page.inner, _ROW),
        text(MARGIN + _NUMBER - 12, y + 22, str(step.number), Font.CODE_SMALL, ink="muted", anchor="end"),
        clipped(here + 8, y + 14, words.request(step, sheet.view, speech), there - here - 16, Font.CODE_SMALL),
        trace([(here, y + 18), (there - 5, y + 18)], f"{meaning}-line", stroke=2),
        _head(there, y + 18, meaning),
        box(status_x, y + 5, _STATUS, 20, meaning, radius=5),
        text(middle, y + 19, status, Font.SMALL_STRONG, ink=f"{meaning}-text", anchor="middle"),
        *(said if room > _LEAST else []),
        text(page.right - 4, y + 19, start_words.took(step.seconds, speech), Font.SMALL, ink="muted", anchor="end"),
    )
    more = " now" if step is (sheet.view.step or words.default_step(sheet.view)) else ""
    attributes = {**drawn.attributes, "class": drawn.attributes["class"] + more}
    return Element(name=drawn.name, attributes=attributes, children=drawn.children)


def _head(x: float, y: float, meaning: Meaning) -> Element:
    """A small triangle with its tip at (x, y), to the right."""
    points = f"{number(x)},{number(y)} {number(x - 7)},{number(y - 4)} {number(x - 7)},{number(y + 4)}"
    return element("polygon", points=points, class_=f"{meaning}-bar")


def _blobs(sheet: _Sheet, top: float) -> Block:
    """The parts of the image, each by how it came to be there."""
    page, blobs = sheet.page, sheet.view.blobs
    if not blobs:
        return Block(elements=(), height=0)
    columns = max(1, int((page.inner + 8) // (_CHIP + 8)))
    elements = []
    for at, blob in enumerate(blobs):
        x, y = MARGIN + at % columns * (_CHIP + 8), top + 6 + at // columns * (_CHIP_HIGH + 8)
        elements += _chip(sheet, blob, x, y)
    rows = -(-len(blobs) // columns)
    return Block(elements=tuple(elements), height=rows * (_CHIP_HIGH + 8) + 10)


def _chip(sheet: _Sheet, blob: TravelledBlob, x: float, y: float) -> list[Element]:
    speech = sheet.page.speech
    said = f"{words.part(blob.digest, sheet.view, speech)}  {speech.size(blob.size)}"
    return [
        box(x, y, _CHIP, _CHIP_HIGH, words.way(blob), radius=5),
        prints.draw(x + 8, y + 20, blob.digest),
        clipped(x + 8 + prints.WIDTH + 6, y + 19, said, _CHIP - prints.WIDTH - 20, Font.SMALL),
    ]


def _keys(view: TransferTrace, page: Page) -> Iterator[Key]:
    speech = page.speech
    shown = {words.meaning(step) for step in view.steps} | {words.way(blob) for blob in view.blobs}
    for name, meaning in words.KEYS.items():
        if meaning in shown:
            yield Key(name=speech.say(name), meaning=meaning)
