"""Panels side by side: each has a name, a word beside it, and some lines; for what stands around containers.

┌ front           172.18.0.0/16 ┐  ┌ back            172.19.0.0/16 ┐
│ web                172.18.0.2 │  │ no way out of it              │
│ ( 8080→80 )                   │  │ db                 172.19.0.3 │
│ api                172.18.0.3 │  │ api                172.19.0.2 │
└───────────────────────────────┘  └───────────────────────────────┘
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydock_lab.drawing.metrics import Font, clip, width, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, PILL, Page, box, clipped, pick, pill, pill_width, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element

LEFT = MARGIN + 30  # where cards begin, too
MOST = 12  # panels
_MIN_WIDTH, _GAP, _PAD = 268, 16, 14
_HEAD, _NOTE, _ROW, _FOOT = 34, 18, 19, 8
_ROWS_SHOWN = 6
_PILLS_SHOWN = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line: what stands on the left, on the right, and below it in pills."""

    left: str
    right: str = ""
    pills: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """One panel, its lines cut to a few; `more` says how many are left out."""

    key: str
    name: str
    aside: str
    notes: tuple[str, ...]
    label: str
    rows: tuple[Row, ...]
    meaning: Meaning
    dashed: bool = False
    more: str = ""

    @property
    def height(self) -> float:
        """Pixels."""
        pills = sum((PILL + 5) for row in self.rows if row.pills)
        return _HEAD + _NOTE * (len(self.notes) + bool(self.more)) + _ROW * len(self.rows) + pills + _FOOT


def cut(rows: Sequence[Row], speech: Speech) -> tuple[tuple[Row, ...], str]:
    """The lines that are shown, and how many are not, in words."""
    if len(rows) <= _ROWS_SHOWN:
        return tuple(rows), ""
    return tuple(rows[: _ROWS_SHOWN - 1]), speech.count("more", len(rows) - _ROWS_SHOWN + 1)


def title(words: str, count: int, speech: Speech) -> str:
    """A title with a number in it; where not all are drawn it says so."""
    return words if count <= MOST else speech.say("panels-drawn", title=words, drawn=MOST)


def heading(page: Page, y: float, title: str, sentence: str) -> tuple[list[Element], float]:
    """What begins a part of the picture, and the lower edge."""
    lines = wrap(sentence, page.right - LEFT, Font.BODY) if sentence else ()
    below = (text(LEFT, y + 38 + 18 * at, words, ink="muted") for at, words in enumerate(lines))
    return [text(LEFT, y + 18, title, Font.STRONG), *below], y + 28 + 18 * len(lines) + (4 if lines else 0)


def notes(sentence: str, wide: float) -> tuple[str, ...]:
    """What is said below the name of a panel so many pixels wide, in lines."""
    return wrap(sentence, wide - 2 * _PAD, Font.SMALL) if sentence else ()


def _columns(count: int, page: Page) -> int:
    return max(1, min(int((page.right - LEFT + _GAP) // (_MIN_WIDTH + _GAP)), count))


def width_of(count: int, page: Page) -> float:
    """How wide each of so many panels is."""
    return min((page.right - LEFT + _GAP) / _columns(count, page) - _GAP, 2 * _MIN_WIDTH)


def draw(panels: Sequence[Panel], page: Page, y: float) -> tuple[list[Element], float]:
    """As many columns as fit, every row of panels as high as its highest; and the lower edge."""
    columns, wide = _columns(len(panels), page), width_of(len(panels), page)
    picks: list[Element] = []
    for start in range(0, len(panels), columns):
        line = panels[start : start + columns]
        high = max(panel.height for panel in line)
        picks += [_panel(one, (LEFT + at * (wide + _GAP), y, wide, high)) for at, one in enumerate(line)]
        y += high + _GAP
    return picks, y - _GAP if panels else y


def _panel(panel: Panel, place: tuple[float, float, float, float]) -> Element:
    x, y, wide, high = place
    right, inner = x + wide - _PAD, wide - 2 * _PAD
    aside = clip(panel.aside, inner * 0.5, Font.CODE_SMALL)
    elements = [
        box(x, y, wide, high, panel.meaning, dashed=panel.dashed, radius=10),
        clipped(x + _PAD, y + 22, panel.name, inner - width(aside, Font.CODE_SMALL) - 10, Font.STRONG),
        text(right, y + 22, aside, Font.CODE_SMALL, ink="muted", anchor="end"),
    ]
    y += _HEAD
    for note in panel.notes:
        elements.append(text(x + _PAD, y + 9, note, Font.SMALL, ink="muted"))
        y += _NOTE
    for row in panel.rows:
        elements += _row(row, x + _PAD, y, inner)
        y += _ROW + (PILL + 5 if row.pills else 0)
    if panel.more:
        elements.append(clipped(x + _PAD, y + 11, panel.more, inner, Font.SMALL, ink="muted"))
    return pick(panel.key, panel.label, *elements)


def _row(row: Row, x: float, y: float, wide: float) -> list[Element]:
    right = clip(row.right, wide * 0.6, Font.CODE_SMALL)
    elements = [
        clipped(x, y + 12, row.left, wide - width(right, Font.CODE_SMALL) - 10, Font.SMALL),
        text(x + wide, y + 12, right, Font.CODE_SMALL, anchor="end"),
    ]
    return [*elements, *_pills(row.pills, x, y + _ROW, wide)]


def _pills(words: Sequence[str], x: float, y: float, wide: float) -> list[Element]:
    """On one line; what does not fit is counted on the card of the container."""
    elements: list[Element] = []
    end = x + wide
    for word in words[:_PILLS_SHOWN]:
        if x + pill_width(word) > end:
            break
        elements.append(pill(x, y, word, Meaning.MOVING))
        x += pill_width(word) + 6
    return elements
