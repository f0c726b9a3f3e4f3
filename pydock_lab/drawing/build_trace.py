"""A build to be stepped through: the Dockerfile at the left, its steps in time, the layers that they made.

     build                  0 s    1 s    2 s
    ┌──────────────────────┐|      |      |
    │ 1 FROM lab/base      │|▌     |      |   base          ▂▃█▅▂▃ 2.1 MB
    └──────────────────────┘|      |      |
    ┌──────────────────────┐|      |      |
    │ 4 RUN make           │|█████████████|   1.9 s         █▃▂▅▃▂  40 kB     the layer that the step made
    └──────────────────────┘|      |      |
     docs                    |      |      |
    │ 6 RUN sphinx         │|███████      |   1.0 s         ▃▂▅█▂▃   8 kB     at the same time: bars side by side

    step 4   RUN make                                          what stands here belongs to the step that is chosen
    + src/app          40 kB      cc -c main.c

Line, bar and layer of a step are one thing to choose. The picture has every state in it, of which one is shown: so a
page can go from step to step by itself, and a saved notebook shows the one that says most.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab.drawing import prints
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, hit, pick, text
from pydock_lab.drawing.svg import Element, element, group
from pydock_lab.drawing.trace_lines import HEADING, LINE, PAD, Row, rows
from pydock_lab.drawing.trace_states import states
from pydock_lab.drawing.trace_times import BAR, Timeline
from pydock_lab.drawing.trace_words import (
    MEANINGS,
    NEVER,
    command,
    default_step,
    facts,
    label,
    lesson_of,
    many_stages,
    stage_facts,
    title,
)
from pydock_lab.views import BuildTrace, StepOutcome, TraceStage, TraceStep

_WIDE = 760  # from here on there is room for code and time side by side
_GUTTER = 30  # the numbers of lines
_LAYER = 116  # a print, and a size
_GAP = 12
_CHIP = 22  # the height of a layer
_BAR_ROW = _CHIP + 10  # on a narrow page, below the code
_DASHED = (StepOutcome.CONFIG, *NEVER)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sheet:
    """What the drawing of every row needs to know of the whole."""

    page: Page
    view: BuildTrace
    times: Timeline

    @property
    def is_wide(self) -> bool:
        return self.page.width >= _WIDE

    @property
    def code_width(self) -> float:
        return _code_width(self.page)

    @property
    def layer_left(self) -> float:
        return self.page.right - _LAYER


def _code_width(page: Page) -> float:
    return page.inner * 0.47 if page.width >= _WIDE else page.inner


def draw(view: BuildTrace, page: Page, *, every_state: bool = False) -> Drawing:
    """A build; with `every_state` each step's files are in the picture, and all but one hidden."""
    speech = page.speech
    top = head(page, Head(title=title(view), facts=facts(view, speech), digest=view.image_id, command=command(view)))
    left = MARGIN + _code_width(page) + _GAP if page.width >= _WIDE else MARGIN + _GUTTER
    times = Timeline.of(view, left, page.right - _LAYER - _GAP, speech)
    sheet = _Sheet(page=page, view=view, times=times)
    body = _body(sheet, top.height)
    shown = view.step or default_step(view)
    below = Block(elements=(), height=0)
    if shown is not None:
        below = states(view, shown, page, top.height + body.height, every_state=every_state)
    blocks = (top, body, below)
    name = speech.say("trace-of", name=title(view))
    return finish(page, name, blocks, _keys(view, page), lesson_of(view, speech))


# ---- the Dockerfile, and beside it what became of its lines


def _body(sheet: _Sheet, top: float) -> Block:
    placed = list(_placed(sheet, top + (20 if sheet.view.steps else 0)))
    bottom = placed[-1][1] + _height(sheet, placed[-1][0]) if placed else top
    ys = {row.step.number: _bar_y(sheet, row, y) for row, y in placed if row.step}
    steps = {row.step.number: _step(sheet, row, row.step, y) for row, y in placed if row.step}
    order = [steps[step.number] for step in sheet.view.in_time if step.number in steps]
    name = sheet.page.speech.say("trace-of", name=title(sheet.view))
    elements = (
        *_lanes(sheet, placed),
        *_columns(sheet, top + 15, bottom),
        # On a narrow page these lines would go through the words.
        *(_waits(sheet, ys) if sheet.is_wide else ()),
        *(item for row, y in placed if not row.step for item in _plain(sheet, row, y)),
        group(*order, class_="picks whole-rows", role="listbox", aria_label=name),
    )
    return Block(elements=elements, height=bottom - top + 8)


def _columns(sheet: _Sheet, y: float, bottom: float) -> Iterator[Element]:
    """What stands over the columns: the file's name, seconds, layers; and the lines down from the seconds."""
    if not sheet.view.steps:
        return
    speech = sheet.page.speech
    if sheet.is_wide:
        yield text(MARGIN + 2, y, "Dockerfile", Font.SMALL, ink="muted")
        yield from sheet.times.guides(y + 7, bottom)
    yield from sheet.times.axis(y, speech)
    if any(step.diff_id for step in sheet.view.steps):
        yield text(sheet.page.right, y, speech.say("trace-layers"), Font.SMALL, ink="muted", anchor="end")


def _placed(sheet: _Sheet, y: float) -> Iterator[tuple[Row, float]]:
    """Each row with its upper edge."""
    for row in rows(sheet.view):
        yield row, y
        y += _height(sheet, row)


def _height(sheet: _Sheet, row: Row) -> float:
    if row.stage is not None:
        return HEADING
    if row.step is None:
        return LINE * max(len(row.lines), 1) + 4
    high = LINE * len(row.lines) + 2 * PAD + 4
    return high if sheet.is_wide else high + _BAR_ROW


def _bar_y(sheet: _Sheet, row: Row, y: float) -> float:
    if sheet.is_wide:
        return y + PAD + (LINE - BAR) / 2
    return y + LINE * len(row.lines) + 2 * PAD + 4 + (_CHIP - BAR) / 2


def _lanes(sheet: _Sheet, placed: Sequence[tuple[Row, float]]) -> Iterator[Element]:
    """A lane a stage, so that one sees where each begins and ends."""
    if not many_stages(sheet.view):
        return
    starts = [y for row, y in placed if row.stage is not None]
    bottom = placed[-1][1] + _height(sheet, placed[-1][0])
    for start, end in zip(starts, [*starts[1:], bottom + 4], strict=True):
        yield element(
            "rect", x=MARGIN - 6, y=start + 1, width=sheet.page.inner + 12, height=end - start - 4, rx=8,
            class_="panel-area",
        )  # fmt: skip


def _plain(sheet: _Sheet, row: Row, y: float) -> Iterator[Element]:
    """A stage's name, or lines that no step has: comments, what is skipped."""
    if row.stage is not None:
        yield from _heading(sheet, row.stage, y)
        return
    for at, (number, words) in enumerate(row.lines):
        yield from _line(sheet, number, words, y + LINE * at + 12, "muted")


def _heading(sheet: _Sheet, stage: TraceStage, y: float) -> Iterator[Element]:
    speech = sheet.page.speech
    room = sheet.page.inner if not sheet.is_wide else sheet.code_width
    said = stage_facts(stage, sheet.view, speech)
    name = clipped(MARGIN + 2, y + 17, stage.title, room * 0.6, Font.SMALL_STRONG)
    yield name
    x = MARGIN + 2 + min(width(stage.title, Font.SMALL_STRONG), room * 0.6) + 10
    yield clipped(x, y + 17, said, MARGIN + room - x, Font.SMALL, ink="muted")


def _line(sheet: _Sheet, number: int, words: str, baseline: float, ink: str) -> tuple[Element, ...]:
    """A line of the Dockerfile with its number; without one, so many lines that are left out."""
    x = MARGIN + _GUTTER + 4
    indent = min(len(words) - len(words.lstrip(" ")), 8) * width("x", Font.CODE_SMALL)
    room = sheet.code_width - _GUTTER - 16 - indent
    found = clipped(x + indent, baseline, words, room, Font.CODE_SMALL, ink=ink)
    if not number:
        return (found,)
    return text(MARGIN + _GUTTER - 4, baseline, str(number), Font.CODE_SMALL, ink="muted", anchor="end"), found


def _step(sheet: _Sheet, row: Row, step: TraceStep, y: float) -> Element:
    """Line, bar and layer: one thing to choose."""
    meaning, view = MEANINGS[step.outcome], sheet.view
    high = LINE * len(row.lines) + 2 * PAD
    dashed = step.outcome in _DASHED
    code = [
        box(MARGIN, y, sheet.code_width, high, meaning, dashed=dashed),
        *(
            item
            for at, (number, words) in enumerate(row.lines)
            for item in _line(sheet, number, words, y + PAD + LINE * at + 12, "ink")
        ),
    ]
    bar_y = _bar_y(sheet, row, y)
    drawn = pick(
        f"step-{step.number}",
        label(step, view, sheet.page.speech),
        hit(MARGIN, y, sheet.page.inner, _height(sheet, row) - 4),
        *code,
        *sheet.times.bar(step, bar_y, sheet.page.speech),
        *_layer(sheet, step, bar_y + BAR / 2),
    )
    return _as_it_stands(drawn, step, view)


def _as_it_stands(drawn: Element, step: TraceStep, view: BuildTrace) -> Element:
    """The step whose files are shown stands out; what comes after the one where one stands has not begun."""
    shown = view.step or default_step(view)
    order = [one.number for one in view.in_time]
    is_later = view.step is not None and order.index(step.number) > order.index(view.at)
    more = " now" if step is shown else " later" if is_later else ""
    attributes = {**drawn.attributes, "class": drawn.attributes["class"] + more}
    return Element(name=drawn.name, attributes=attributes, children=drawn.children)


def _layer(sheet: _Sheet, step: TraceStep, middle: float) -> tuple[Element, ...]:
    """The layer that a step made, or found: its print and what its files weigh."""
    if not step.diff_id:
        return ()
    x, size = sheet.layer_left, sheet.page.speech.size(step.unpacked_size)
    return (
        box(x, middle - _CHIP / 2, _LAYER, _CHIP, MEANINGS[step.outcome], radius=5),
        prints.draw(x + 8, middle + 6, step.diff_id),
        text(x + _LAYER - 8, middle + 4, size, Font.SMALL, anchor="end"),
    )


def _waits(sheet: _Sheet, ys: dict[int, float]) -> Iterator[Element]:
    """Who waits for whom: from the last step of a stage to the one that takes its files."""
    last = {step.stage: step for step in sheet.view.steps if step.outcome not in NEVER}
    for step in sheet.view.steps:
        for need in step.needs if step.outcome not in NEVER else ():
            before = last.get(need)
            if before is not None and before.number in ys and step.number in ys:
                yield from sheet.times.wait(before, step, (ys[before.number], ys[step.number]))


def _keys(view: BuildTrace, page: Page) -> list[Key]:
    """Only what the picture shows is explained."""
    seen = {step.outcome for step in view.steps}
    keys = [
        Key(name=page.speech.say(f"key-{outcome}"), meaning=MEANINGS[outcome])
        for outcome in StepOutcome
        if outcome in seen and outcome not in _DASHED
    ]
    if StepOutcome.CONFIG in seen:
        keys.append(Key(name=page.speech.say("key-config"), meaning=Meaning.PLAIN, dashed=True))
    if seen & set(NEVER):
        keys.append(Key(name=page.speech.say("key-never"), meaning=Meaning.PLAIN, dashed=True))
    return keys
