"""An image by weight: its layers as bars to one scale, what of them is wasted and by whom, the secrets that stayed.

        ┌────────────────────────────────────────────────┐
      4 │ RUN chmod 600 /data/big.bin               40 MB │
   ┌────┤ ███████████████████████                         │
   │    │ hides 40 MB of step 3                           │
   │    └────────────────────────────────────────────────┘
   │    ┌────────────────────────────────────────────────┐
   │  3 │ COPY big.bin /data/                       52 MB │
   │    │ ▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨▨███████      striped: wasted │
   │    │ ══════════════════════ ════     its heaviest files │
   └───▸│ 40 MB  /data/big.bin                            │
        │ step 4 changed only its mode, and copied it all │
        └────────────────────────────────────────────────┘

A layer never changes what is below it: the line leads from the step that hid a file to the one that goes on storing it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing import weights
from pydock_lab.drawing.explanations import say
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.marks import LINE, advice, stripes, warning
from pydock_lab.drawing.metrics import Font, clip_path, width, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, Piece, box, clipped, line, pick, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.drawing.weighed_rows import WeightRow, title, weight_rows
from pydock_lab.drawing.weight_lanes import lanes_of
from pydock_lab.views import HeavyFile, StepWeight, Weight

_HEAD, _BAR, _SPACE, _PAD = 30, 12, 7, 9
_LANE, _NUMBER = 8, 26
_FOLDED = 30  # the height of a row with nothing but its name
_INSET = 12
_LEAST_SEGMENT = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sheet:
    """What the drawing of every row needs to know of the whole; `lanes` are the ways at the left."""

    page: Page
    view: Weight
    lanes: dict[tuple[int, int], int]

    @property
    def left(self) -> float:
        return MARGIN + _NUMBER + _LANE * (max(self.lanes.values(), default=-1) + 1) + (8 if self.lanes else 0)

    @property
    def wide(self) -> float:
        return self.page.right - self.left

    @property
    def room(self) -> float:
        """Pixels for what stands in a row."""
        return self.wide - 2 * _INSET

    @property
    def speech(self) -> Speech:
        return self.page.speech

    def length(self, size: int) -> float:
        """Bytes as pixels; anything at all can be seen."""
        largest = max((step.size for step in self.view.steps), default=0) or 1
        return max(_LEAST_SEGMENT, self.room * min(1.0, size / largest)) if size > 0 else 0.0


def draw(view: Weight, page: Page) -> Drawing:
    """An image by weight."""
    speech = page.speech
    top = head(page, Head(title=clean(view.name), facts=facts(view, speech), command=command(view)))
    rows = weight_rows(view)
    sheet = _Sheet(page=page, view=view, lanes=lanes_of(rows))
    body = _rows(sheet, rows, top.height + 4)
    below = advice(page, top.height + 4 + body.height, say(speech, "do"), weights.advice(view, speech))
    label = speech.say("weight-of", name=clean(view.name))
    parts = (Block(elements=top.elements, height=top.height + 4), body, below)
    return finish(page, label, parts, _keys(view, speech), lesson_of(view, speech))


def facts(view: Weight, speech: Speech) -> list[str]:
    """What is said of the whole image."""
    found = [speech.count("layers", len(view.steps)), speech.size(view.size)]
    compressed = sum(step.compressed for step in view.steps)
    if compressed:
        found.append(speech.say("compressed", size=speech.size(compressed)))
    if view.wasted_size:
        found.append(say(speech, "weight-wasted", size=speech.size(view.wasted_size)))
    return found


def command(view: Weight) -> str:
    """What shows the same in a terminal."""
    return f"pydock weigh {clean(view.name)}"


# ---- rows


def _rows(sheet: _Sheet, rows: list[WeightRow], top: float) -> Block:
    """All rows, the base at the bottom, and the ways from those that hide to those that store."""
    y = top
    drawn: list[Element] = []
    starts: dict[tuple[int, int], float] = {}
    ends: dict[tuple[int, int], list[float]] = {}
    for row in rows:
        placed = _Row(sheet, row, y)
        drawn.append(placed.draw())
        starts |= placed.starts
        for pair, end in placed.ends:
            ends.setdefault(pair, []).append(end)
        y += placed.height + _SPACE
    ways = (
        item
        for pair, lane in sheet.lanes.items()
        if pair in starts
        for item in _way(sheet, lane, starts[pair], ends[pair])
    )
    label = sheet.speech.say("weight-of", name=clean(sheet.view.name))
    listbox = group(*drawn, class_="picks", role="listbox", aria_label=label)
    return Block(elements=(*ways, listbox), height=y - top)


def _way(sheet: _Sheet, lane: int, start: float, ends: list[float]) -> Iterator[Element]:
    """From the step that hides something down to the bytes that stay."""
    x = sheet.left - 10 - _LANE * lane
    yield trace([(sheet.left, start), (x, start), (x, max(ends))], "deleted-line dashed")
    for end in ends:
        tip = f"{sheet.left:.1f},{end:.1f} {sheet.left - 6:.1f},{end - 4:.1f} {sheet.left - 6:.1f},{end + 4:.1f}"
        yield trace([(x, end), (sheet.left - 5, end)], "deleted-line")
        yield element("polygon", points=tip, class_="deleted-bar")


class _Row:
    """One layer (or one step without a layer that holds a secret), laid out from its upper edge down."""

    def __init__(self, sheet: _Sheet, row: WeightRow, y: float) -> None:
        self._sheet, self._row, self._top, self._y = sheet, row, y, y
        self._x = sheet.left + _INSET
        self.starts: dict[tuple[int, int], float] = {}
        self.ends: list[tuple[tuple[int, int], float]] = []
        self._elements = tuple(self._parts())

    @property
    def height(self) -> float:
        """Pixels of its box."""
        return max(float(_FOLDED), self._y + _PAD - self._top)

    def draw(self) -> Element:
        """All of it, as one thing to choose."""
        row, sheet = self._row, self._sheet
        number = str(row.number) if row.number else ""
        return pick(
            row.key,
            row_label(row, sheet.speech),
            box(sheet.left, self._top, sheet.wide, self.height, meaning_of(row), dashed=row.step is None),
            text(MARGIN + 16, self._top + 20, number, Font.CODE_SMALL, ink="muted", anchor="end"),
            *self._elements,
        )

    def _parts(self) -> Iterator[Element]:
        yield from self._head()
        if self._row.step is not None and self._row.step.size:
            yield from self._bar(self._row.step)
            yield from self._files(self._row.step)
        yield from self._waste()
        yield from self._hides()
        yield from self._secrets()

    def _head(self) -> Iterator[Element]:
        sheet, step = self._sheet, self._row.step
        words = sheet.speech.size(step.size) if step else sheet.speech.say("configuration")
        font = Font.STRONG if step and step.size else Font.SMALL
        ink = "ink" if step and step.size else "muted"
        room = sheet.room - width(words, font) - 14
        yield clipped(self._x, self._top + 20, title(self._row, sheet.speech), room, Font.CODE)
        yield text(self._x + sheet.room, self._top + 20, words, font, ink=ink, anchor="end")
        self._y += 20

    def _bar(self, step: StepWeight) -> Iterator[Element]:
        """The layer's bytes, the wasted ones first and striped."""
        y, wide = self._top + _HEAD, self._sheet.length(step.size)
        yield element("rect", x=self._x, y=y, width=wide, height=_BAR, class_=f"{meaning_of(self._row)}-bar")
        if step.wasted:
            yield stripes(self._x, y, min(wide, self._sheet.length(step.wasted)), _BAR)
        self._y = y + _BAR

    def _files(self, step: StepWeight) -> Iterator[Element]:
        """A finer row, a part a file; below it, their names in the same order."""
        files = [file for file in step.heaviest if file.size]
        if not files:
            return
        x, end = self._x, self._x + self._sheet.length(step.size)
        for file in files:
            wide = self._sheet.length(file.size)
            if wide <= _LEAST_SEGMENT or x + wide > end + 1:
                break
            yield element("rect", x=x, y=self._y + 3, width=wide - 1.5, height=4, class_="muted")
            x += wide
        self._y += 21 if x > self._x else 17
        yield line(self._x, self._y, self._names(files), self._sheet.room)

    def _names(self, files: list[HeavyFile]) -> Iterator[Piece]:
        for file in files:
            size = self._sheet.speech.size(file.size)
            room = max(60.0, self._sheet.room * 0.6 - width(size, Font.CODE_SMALL))
            name = clip_path(file.path, room, Font.CODE_SMALL)
            yield Piece(text=f"{name} {size}", font=Font.CODE_SMALL, ink="muted")

    def _waste(self) -> Iterator[Element]:
        """What later steps have hidden of it, and why it is stored all the same."""
        sheet, speech = self._sheet, self._sheet.speech
        for one in self._row.waste:
            self._y += 4 + LINE
            self.ends.append((one.pair, self._y - 4))
            size = speech.size(one.size)
            more = speech.count("more", one.files - 1) if one.files > 1 else ""
            after = self._x + 20 + width(size, Font.SMALL_STRONG) + 8
            room = self._x + sheet.room - after - (width(more, Font.SMALL) + 8 if more else 0)
            name = clip_path(one.first.path, room, Font.CODE_SMALL)
            yield stripes(self._x, self._y - 9, 14, 10)
            yield text(self._x + 20, self._y, size, Font.SMALL_STRONG, ink="deleted-text")
            yield text(after, self._y, name, Font.CODE_SMALL, ink="deleted-text")
            if more:
                yield text(after + width(name, Font.CODE_SMALL) + 8, self._y, more, Font.SMALL, ink="muted")
            for words in wrap(weights.reason(one.first, speech), sheet.room - 20, Font.SMALL):
                self._y += LINE
                yield text(self._x + 20, self._y, words, Font.SMALL)
        if self._row.other_waste:
            self._y += LINE
            rest = speech.say("weight-other-waste", size=speech.size(self._row.other_waste))
            yield clipped(self._x + 20, self._y, rest, sheet.room - 20, Font.SMALL, ink="deleted-text")

    def _hides(self) -> Iterator[Element]:
        """What it hides of lower steps."""
        speech = self._sheet.speech
        for pair, number, size in self._row.hides:
            if pair in self._sheet.lanes:
                self._y += LINE + 2
                self.starts[pair] = self._y - 4
                words = speech.say("weight-hides", size=speech.size(size), of=weights.layer_of(number, speech))
                yield clipped(self._x, self._y, words, self._sheet.room, Font.SMALL, ink="deleted-text")

    def _secrets(self) -> Iterator[Element]:
        sheet = self._sheet
        for secret in self._row.secrets:
            self._y += 4
            yield warning(self._x, self._y + LINE + 1)
            for words in wrap(weights.secret_here(secret, sheet.speech), sheet.room - 22, Font.SMALL_STRONG):
                self._y += LINE
                yield text(self._x + 22, self._y, words, Font.SMALL_STRONG, ink="deleted-text")


def meaning_of(row: WeightRow) -> Meaning:
    """Base, a step of the Dockerfile, or only words."""
    if row.step is None:
        return Meaning.PLAIN
    return Meaning.BUILT if row.number else Meaning.BASE


def row_label(row: WeightRow, speech: Speech) -> str:
    """A row in a sentence, for a screen reader."""
    words = [title(row, speech)]
    if row.number:
        words = [speech.say("trace-step", number=row.number, text=title(row, speech))]
    if row.step is not None:
        words.append(speech.size(row.step.size))
        if row.step.wasted:
            words.append(say(speech, "weight-wasted", size=speech.size(row.step.wasted)))
    return ", ".join([*words, *(weights.secret_here(one, speech) for one in row.secrets)])


# ---- below


def lesson_of(view: Weight, speech: Speech) -> str:
    """What this picture teaches: the worst thing that it shows."""
    if view.secrets:
        return speech.count("lesson-secrets", len(view.secrets))
    if view.wasted_size:
        percent = weights.percent(view.wasted_size, view.size, speech)
        return speech.say("lesson-wasted", size=speech.size(view.wasted_size), percent=percent)
    heaviest = max(view.steps, key=lambda step: step.size, default=None)
    if heaviest is None or not heaviest.size:
        return speech.say("lesson-empty")
    percent = weights.percent(heaviest.size, view.size, speech)
    if heaviest.number:
        return speech.say("lesson-weight", step=heaviest.number, percent=percent)
    return speech.say("lesson-weight-base", percent=percent)


def _keys(view: Weight, speech: Speech) -> list[Key]:
    """Only what the picture shows is explained."""
    keys = []
    if any(not step.number for step in view.steps):
        keys.append(Key(name=speech.say("key-base"), meaning=Meaning.BASE))
    if any(step.number for step in view.steps):
        keys.append(Key(name=speech.say("key-weight-step"), meaning=Meaning.BUILT))
    if any(step.wasted for step in view.steps):
        keys.append(Key(name=speech.say("key-wasted"), meaning=Meaning.DELETED, striped=True))
    if any(row.step is None for row in weight_rows(view)):
        keys.append(Key(name=speech.say("key-config"), meaning=Meaning.PLAIN, dashed=True))
    return keys
