"""Nothing is cut off and nothing overlaps: computed from the places of all texts, at every width."""

from dataclasses import dataclass
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from samples import views, weights

from pydock_lab.drawing import Theme, legend, to_svg
from pydock_lab.drawing.metrics import Font, width
from pydock_lab.views import Instances, LayerStack, TagTree, View

SVG = "{http://www.w3.org/2000/svg}"
FONTS = {font.css: font for font in Font}


@dataclass(frozen=True)
class Box:
    words: str
    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0.5 and down > 0.5


def font_of(element: ET.Element) -> Font:
    return next((FONTS[name] for name in element.get("class", "").split() if name in FONTS), Font.BODY)


def box_of(text: ET.Element) -> Box:
    spans = list(text) or [text]
    wide = sum(width(span.text or "", font_of(span)) + float(span.get("dx", 0)) for span in spans)
    high = max(font_of(span).size for span in spans)
    classes = text.get("class", "").split()
    shift = wide if "end" in classes else wide / 2 if "middle" in classes else 0
    x, y = float(text.get("x", 0)) - shift, float(text.get("y", 0))
    return Box("".join(text.itertext()), x, y - 0.76 * high, x + wide, y + 0.22 * high)


def boxes(svg: str) -> tuple[ET.Element, list[Box]]:
    root = ET.fromstring(svg)
    return root, [box_of(text) for text in root.iter(f"{SVG}text") if "".join(text.itertext())]


def test_no_two_texts_overlap(view: View, size_and_language: tuple[int, str]) -> None:
    wide, language = size_and_language
    _, found = boxes(to_svg(view, width=wide, language=language))
    assert [(one.words, other.words) for one, other in combinations(found, 2) if one.overlaps(other)] == []


def test_every_text_is_inside(view: View, size_and_language: tuple[int, str]) -> None:
    wide, language = size_and_language
    root, found = boxes(to_svg(view, width=wide, language=language))
    high = float(root.get("height", 0))
    outside = [box for box in found if box.left < 0 or box.top < 0 or box.right > wide or box.bottom > high]
    assert outside == []


def test_every_shape_is_inside(view: View, size_and_language: tuple[int, str]) -> None:
    wide, language = size_and_language
    root = ET.fromstring(to_svg(view, width=wide, language=language))
    rects = [[float(rect.get(key, 0)) for key in ("x", "y", "width", "height")] for rect in root.iter(f"{SVG}rect")]
    assert [r for r in rects if r[0] < 0 or r[0] + r[2] > wide or r[1] + r[3] > float(root.get("height", 0))] == []
    assert all(size >= 0 for rect in rects for size in rect[2:])


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("wide", [480, 1000])
def test_the_legend_fits(wide: int, language: str) -> None:
    _, found = boxes(legend(width=wide, language=language))
    assert len(found) > 9
    assert [box for box in found if box.left < 0 or box.right > wide] == []
    assert not any(one.overlaps(other) for one, other in combinations(found, 2))


def test_no_text_is_smaller_than_eleven_pixels() -> None:
    assert min(font.size for font in Font) >= 11


@pytest.mark.parametrize(
    "empty",
    [
        LayerStack(name="scratch", image_id=views.digest("x"), digest="", platform="", rows=()),
        Instances(images=()),
        TagTree(host="localhost:5000", repositories=()),
        weights.EMPTY,
        weights.EMPTY_CONTEXT,
        weights.NO_BUILD,
    ],
    ids=lambda view: type(view).__name__,
)
def test_there_is_a_picture_of_nothing(empty: View) -> None:
    root, found = boxes(to_svg(empty, width=480, theme=Theme.HOST))
    assert float(root.get("height", 0)) > 60
    assert found


@pytest.mark.parametrize(("asked", "drawn"), [(1, 480), (480, 480), (1000, 1000), (10**6, 1600)])
def test_widths_are_kept_within_reason(asked: int, drawn: int) -> None:
    assert ET.fromstring(to_svg(views.SHOP, width=asked)).get("width") == str(drawn)
