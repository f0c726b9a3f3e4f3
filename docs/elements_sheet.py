"""The elements of the visual language on one sheet, drawn by what draws them in every picture.

What each says stands in visual-language.md.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pydock_lab.drawing import Theme, prints
from pydock_lab.drawing.frame import Drawing, Key, legend, lesson
from pydock_lab.drawing.marks import stripes, warning
from pydock_lab.drawing.metrics import Font
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Page, arrow_head, bar, box, curve, lock, mark, pill, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, element

_WIDTH = 860
_COLUMNS = 3
_HIGH = 56
_SAMPLE = 96
_DIGEST = "sha256:1c5fb3e4d2a7"
Draw = Callable[[float, float], Iterable[Element]]


def _foot(x: float, y: float) -> Iterator[Element]:
    yield box(x, y, _SAMPLE, 28, Meaning.BASE)
    yield element("rect", x=x, y=y + 24, width=_SAMPLE, height=4, rx=2, class_="base-bar")


def _whiteout(x: float, y: float) -> Iterator[Element]:
    yield box(x + 14, y + 2, _SAMPLE - 14, 20, Meaning.DELETED, dashed=True, radius=4)
    yield trace([(x + 14, y + 12), (x + 4, y + 12), (x + 4, y + 34), (x + 13, y + 34)], "deleted-line dashed")
    yield element("polygon", points=f"{x + 14},{y + 34} {x + 8},{y + 30} {x + 8},{y + 38}", class_="deleted-bar")


def _arrow(x: float, y: float) -> Iterator[Element]:
    yield trace([(x + 20, y), (x + 20, y + 24)], "muted-line")
    yield arrow_head(x + 20, y + 30, "muted", up=False)


SHAPES: dict[str, Draw] = {
    "box": lambda x, y: [box(x, y, _SAMPLE, 28, Meaning.BUILT)],
    "dashed box": lambda x, y: [box(x, y, _SAMPLE, 28, Meaning.PLAIN, dashed=True)],
    "foot": _foot,
    "pill": lambda x, y: [pill(x, y + 4, "shop:1.2", Meaning.MOVING)],
    "bar": lambda x, y: bar(x, y + 12, _SAMPLE, 0.6, Meaning.BUILT),
    "stripes": lambda x, y: [stripes(x, y + 8, _SAMPLE, 12)],
    "whiteout": _whiteout,
    "print": lambda x, y: [prints.draw(x, y + 20, _DIGEST)],
    "mark": lambda x, y: [mark(x, y + 14, is_open=False), mark(x + 24, y + 14, is_open=True)],
    "lock": lambda x, y: [lock(x, y + 6)],
    "warning": lambda x, y: [warning(x, y + 20)],
    "trace": lambda x, y: [trace([(x, y + 4), (x + 30, y + 4), (x + 30, y + 26), (x + 80, y + 26)], "plain-line")],
    "curve": lambda x, y: [curve((x, y + 4), (x + 80, y + 26), "moving-line")],
    "arrow": _arrow,
}
_FONTS = {font.name.lower().replace("_", "-"): font for font in Font}


def sheet(theme: Theme) -> str:
    """The sheet as an SVG document."""
    cells: dict[str, Draw] = dict(SHAPES)
    cells |= {str(meaning): _meaning(meaning) for meaning in Meaning}
    cells |= {name: _font(font) for name, font in _FONTS.items()}
    elements: list[Element] = []
    wide = (_WIDTH - 2 * MARGIN) / _COLUMNS
    for at, (name, draw) in enumerate(cells.items()):
        x, y = MARGIN + wide * (at % _COLUMNS), MARGIN + _HIGH * (at // _COLUMNS)
        elements += [*draw(x, y), text(x + _SAMPLE + 14, y + 18, name, Font.CODE)]
    page = Page(width=_WIDTH, speech=Speech.of("en"))
    y = MARGIN + _HIGH * -(-len(cells) // _COLUMNS)
    said = lesson(page, y, "The lesson: what this picture teaches, the most surprising thing that it shows.")
    keys = [Key(name="the legend: only what the picture shows", meaning=Meaning.CACHED),
            Key(name="shared", meaning=Meaning.PLAIN, foot=True)]  # fmt: skip
    below = legend(page, y + said.height + 6, keys)
    elements += [*said.elements, *below.elements]
    drawing = Drawing(width=_WIDTH, height=y + said.height + below.height + 20, label="The elements of all pictures",
                      lesson="", elements=tuple(elements))  # fmt: skip
    return drawing.to_svg(theme)


def write(folder: Path) -> None:
    """Write it into a folder, in both themes."""
    for theme in (Theme.LIGHT, Theme.DARK):
        (folder / f"elements-{theme}.svg").write_text(sheet(theme), encoding="utf-8")


def _meaning(meaning: Meaning) -> Draw:
    return lambda x, y: [box(x, y, _SAMPLE, 28, meaning), text(x + 10, y + 18, "Abc 12", ink=f"{meaning}-text")]


def _font(font: Font) -> Draw:
    return lambda x, y: [text(x, y + 18, "Abc 12", font)]
