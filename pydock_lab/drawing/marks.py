"""Marks that say something without a colour: stripes for bytes that are there for nothing, a warning sign, advice.

▨▨▨▨▨████████████      striped: stored and sent, and nobody sees it
⚠ a token in ENV TOKEN: it is in the history
What to do
• Delete in the same RUN that wrote it.
"""

from collections.abc import Iterable, Iterator

from pydock_lab.drawing.metrics import Font, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, text
from pydock_lab.drawing.svg import Element, element, group, number

LINE = 17  # pixels from one small line to the next


def stripes(x: float, y: float, wide: float, high: float, meaning: Meaning = Meaning.DELETED) -> Element:
    """A striped area. A dashed stroke: a pattern would need an id, and ids collide when a picture is shown twice."""
    ground = element("rect", x=x, y=y, width=wide, height=high, class_=f"{meaning}-fill")
    path = f"M{number(x)} {number(y + high / 2)}h{number(wide)}"
    lines = element("path", d=path, class_=f"{meaning}-line", stroke_width=high, stroke_dasharray="3 3")
    return group(ground, lines)


def warning(x: float, y: float) -> Element:
    """A triangle with an exclamation mark, 15 wide and 13 high; `y` is the foot."""
    points = f"{number(x)},{number(y)} {number(x + 15)},{number(y)} {number(x + 7.5)},{number(y - 13)}"
    return group(
        element("polygon", points=points, class_="deleted-bar"),
        element("rect", x=x + 6.6, y=y - 8.6, width=1.8, height=4, class_="paper-area"),
        element("rect", x=x + 6.6, y=y - 3.3, width=1.8, height=1.8, class_="paper-area"),
    )


def advice(page: Page, y: float, heading: str, sentences: Iterable[str]) -> Block:
    """Sentences one below the other, each with a dot before it, in as many lines as they take."""
    lines = [
        (at == 0, words)
        for sentence in sentences
        for at, words in enumerate(wrap(sentence, page.inner - 14, Font.BODY))
    ]
    if not lines:
        return Block(elements=(), height=0)
    return Block(elements=(text(MARGIN, y + 18, heading, Font.STRONG), *_dotted(y + 18, lines)),
                 height=24 + 19 * len(lines))  # fmt: skip


def _dotted(y: float, lines: Iterable[tuple[bool, str]]) -> Iterator[Element]:
    for at, (is_first, words) in enumerate(lines, start=1):
        if is_first:
            yield element("circle", cx=MARGIN + 4, cy=y + 19 * at - 4, r=2.2, class_="muted")
        yield text(MARGIN + 14, y + 19 * at, words)
