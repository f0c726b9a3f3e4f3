"""The shapes that all drawings are made of: texts that know their width, boxes, pills, traces.

Coordinates are pixels; a text's `y` is its baseline, a shape's the upper edge.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, element, group, number

MARGIN = 16
PILL = 20  # its height


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What a drawing is made for: a width in pixels, and a language."""

    width: int
    speech: Speech

    @property
    def inner(self) -> int:
        """The width between the margins."""
        return self.width - 2 * MARGIN

    @property
    def right(self) -> int:
        """Where the right margin begins."""
        return self.width - MARGIN


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """A part of a line of text in its own font and ink."""

    text: str
    font: Font = Font.BODY
    ink: str = "ink"

    @property
    def width(self) -> float:
        """Pixels, at most."""
        return width(self.text, self.font)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A part of a drawing: its elements, and how high it is."""

    elements: tuple[Element, ...]
    height: float


def text(x: float, y: float, content: str, font: Font = Font.BODY, *, ink: str = "ink", anchor: str = "") -> Element:
    """A line of text; `anchor` is "", `middle` or `end`."""
    return element("text", content, x=x, y=y, class_=" ".join(filter(None, (font.css, ink, anchor))))


def clipped(x: float, y: float, content: str, limit: float, font: Font = Font.BODY, *, ink: str = "ink") -> Element:
    """A line of text that ends with an ellipsis where it would be wider than `limit`."""
    return text(x, y, clip(content, limit, font), font, ink=ink)


def line(x: float, y: float, pieces: Iterable[Piece], limit: float, *, gap: str = "  ") -> Element:
    """Pieces one after the other in one text, as many as fit into `limit`; `gap` stands between them.

    One text, so that pieces follow each other in whatever font the reader has.
    """
    space = width("x", Font.BODY) * len(gap)
    spans: list[Element] = []
    room = limit
    for piece in pieces:
        before = space if spans else 0
        if room < before + piece.width:
            break
        room -= before + piece.width
        spans.append(element("tspan", piece.text, dx=before or None, class_=f"{piece.font.css} {piece.ink}"))
    return element("text", *spans, x=x, y=y)


def box(
    x: float, y: float, wide: float, high: float, meaning: Meaning, *, dashed: bool = False, radius: float = 6
) -> Element:
    """A box in the colours of what it means; dashed: configuration only, stopped, or not there."""
    classes = f"outline {meaning}-fill {meaning}-line" + (" dashed" if dashed else "")
    return element("rect", x=x, y=y, width=wide, height=high, rx=radius, class_=classes)


def hit(x: float, y: float, wide: float, high: float) -> Element:
    """Nothing to see, but a click finds it: between the parts of something that is chosen as a whole."""
    return element("rect", x=x, y=y, width=wide, height=high, fill="none", pointer_events="all")


def bar(x: float, y: float, wide: float, share: float, meaning: Meaning) -> tuple[Element, ...]:
    """A size bar: `share` (0 to 1) of its track, at least a visible dot where there is anything at all."""
    filled = max(3.0, wide * min(share, 1.0)) if share > 0 else 0.0
    track = element("rect", x=x, y=y, width=wide, height=4, rx=2, class_="track-area")
    return track, element("rect", x=x, y=y, width=filled, height=4, rx=2, class_=f"{meaning}-bar")


def pill_width(content: str) -> float:
    """How wide a pill around that text is."""
    return width(content, Font.SMALL_STRONG) + 16


def pill(x: float, y: float, content: str, meaning: Meaning, *, limit: float = 400, dashed: bool = False) -> Element:
    """A short text in a rounded outline."""
    content = clip(content, limit - 16, Font.SMALL_STRONG)
    wide = pill_width(content)
    return group(
        box(x, y, wide, PILL, meaning, radius=PILL / 2, dashed=dashed),
        text(x + wide / 2, y + 14, content, Font.SMALL_STRONG, ink=f"{meaning}-text", anchor="middle"),
    )


def trace(points: Sequence[tuple[float, float]], css: str, *, stroke: float = 1.5) -> Element:
    """Straight lines from point to point."""
    path = "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", d=path, class_=f"trace {css}", stroke_width=stroke)


def curve(start: tuple[float, float], end: tuple[float, float], css: str, *, stroke: float = 1.5) -> Element:
    """A line that leaves and arrives horizontally."""
    (x1, y1), (x2, y2) = start, end
    middle = (x1 + x2) / 2
    path = f"M{number(x1)} {number(y1)}C{number(middle)} {number(y1)} {number(middle)} {number(y2)} "
    return element("path", d=f"{path}{number(x2)} {number(y2)}", class_=f"trace {css}", stroke_width=stroke)


def arrow_head(x: float, y: float, css: str, *, up: bool) -> Element:
    """A small triangle with its tip at (x, y)."""
    base = y + 6 if up else y - 6
    points = f"{number(x)},{number(y)} {number(x - 4)},{number(base)} {number(x + 4)},{number(base)}"
    return element("polygon", points=points, class_=css)


def mark(x: float, y: float, *, is_open: bool) -> Element:
    """A small triangle: to the right what is closed, down what is open."""
    points = ((0, -3), (8, -3), (4, 4)) if is_open else ((1, -5), (8, 0), (1, 5))
    path = "M" + "L".join(f"{number(x + dx)} {number(y + dy)}" for dx, dy in points) + "Z"
    return element("path", d=path, class_="muted")


def lock(x: float, y: float) -> Element:
    """A padlock, 10 wide and 13 high: read-only."""
    shackle = element("path", d=f"M{number(x + 2)} {number(y + 6)}v-2a3 3 0 0 1 6 0v2", class_="trace muted-line",
                      stroke_width=1.5)  # fmt: skip
    return group(shackle, element("rect", x=x, y=y + 6, width=10, height=7, rx=1.5, class_="muted"))


def pick(
    key: str,
    label: str,
    *elements: Element,
    role: str = "option",
    level: int | None = None,
    expanded: bool | None = None,
    acts: bool = False,
) -> Element:
    """What a person can select: JavaScript finds it by `data-pick`, a screen reader by its role and label.

    `expanded` says of what can be opened whether it is. What `acts` does something when it is clicked, or at Enter.
    """
    return group(
        *elements,
        id=f"pd-{key}",
        class_="pick",
        role=role,
        aria_selected="false",
        aria_label=label,
        aria_level=level,
        aria_expanded=None if expanded is None else str(expanded).lower(),
        data_pick=key,
        data_acts="true" if acts else None,
    )
