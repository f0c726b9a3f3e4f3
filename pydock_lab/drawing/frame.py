"""What frames every drawing: a head with title and command, a sentence that carries the lesson, a legend.

shop:1.2  5 layers · 61.4 MB     ▅█▃▃█▅ sha256:9c1e…4af2          docker history shop:1.2
...
6.1 MB deleted in step 6 are still in the layers below.
[] base   [] from the cache   [] built now
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydock_lab.drawing import prints
from pydock_lab.drawing.marks import stripes
from pydock_lab.drawing.metrics import Font, clip, width, wrap
from pydock_lab.drawing.palette import Meaning, Theme, stylesheet
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, text
from pydock_lab.drawing.svg import Element, element, group, number

_GAP = 14  # between the parts of a head


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """Who a drawing is about: a title, a line of facts, a digest if it has one, the command that shows the same."""

    title: str
    facts: Sequence[str]
    digest: str = ""
    command: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One entry of the legend; `foot` is the thick lower edge of a shared layer; `striped`: there for nothing."""

    name: str
    meaning: Meaning
    dashed: bool = False
    foot: bool = False
    striped: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """A finished drawing: its size in pixels, what it shows and what it teaches in a sentence each, its elements."""

    width: int
    height: float
    label: str
    lesson: str
    elements: tuple[Element, ...]

    def to_svg(self, theme: Theme, *, still: bool = False) -> str:
        """The drawing as an SVG document.

        Alone it is one image to a screen reader; in a page that brings it to life (`HOST`) it is a group, because
        the parts of an image cannot be reached. `still`: for good, without the keys and labels of its parts.
        """
        host = theme is Theme.HOST
        children: list[Element] = []
        if not host:
            children = [
                element("style", stylesheet(theme)),
                element("rect", width=self.width, height=self.height, class_="paper-area"),
            ]
        root = element(
            "svg",
            *children,
            *((one.still() for one in self.elements) if still else self.elements),
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {self.width} {number(self.height)}",
            width=self.width,
            height=self.height,
            class_="pd pd-host" if host else "pd",
            role="group" if host else "img",
            aria_label=self.label,
        )
        return root.write()


def head(page: Page, content: Head) -> Block:
    """Title, facts and print from the left, the command at the right; what does not fit goes into the next line."""
    title = clip(content.title, page.inner, Font.TITLE)
    x, y = float(MARGIN), 32.0
    elements = [text(x, y, title, Font.TITLE)]
    x += width(title, Font.TITLE) + _GAP
    facts = clip(" · ".join(content.facts), page.inner, Font.BODY)
    if x + width(facts, Font.BODY) > page.right:
        x, y = float(MARGIN), y + 21
    elements.append(text(x, y, facts, ink="muted"))
    x += width(facts, Font.BODY) + _GAP
    if content.digest:
        shown = prints.short(content.digest)
        wide = prints.WIDTH + 8 + width(shown, Font.CODE_SMALL)
        if x + wide > page.right:
            x, y = float(MARGIN), y + 21
        elements += [prints.draw(x, y, content.digest)]
        elements += [text(x + prints.WIDTH + 8, y, shown, Font.CODE_SMALL, ink="muted")]
        x += wide + _GAP
    if content.command:
        command = clip(content.command, page.inner, Font.CODE_SMALL)
        if x + width(command, Font.CODE_SMALL) > page.right:
            y += 21
        elements.append(text(page.right, y, command, Font.CODE_SMALL, ink="muted", anchor="end"))
    return Block(elements=tuple(elements), height=y + 14)


def lesson(page: Page, y: float, sentence: str) -> Block:
    """The sentence that a picture is there for, in as many lines as it takes."""
    lines = wrap(sentence, page.inner - 12, Font.STRONG)
    mark = element("rect", x=MARGIN, y=y + 4, width=3, height=18 * len(lines), rx=1.5, class_="built-bar")
    texts = (text(MARGIN + 12, y + 18 + 18 * at, words, Font.STRONG) for at, words in enumerate(lines))
    return Block(elements=(mark, *texts), height=18 * len(lines) + 12)


def legend(page: Page, y: float, keys: Iterable[Key]) -> Block:
    """What the colours and dashes mean, in as many lines as it takes."""
    x, top = float(MARGIN), y
    elements: list[Element] = []
    for key in keys:
        wide = 21 + width(key.name, Font.SMALL)
        if x > MARGIN and x + wide > page.right:
            x, y = float(MARGIN), y + 20
        mark = [box(x, y, 14, 14, key.meaning, dashed=key.dashed, radius=3)]
        if key.striped:
            mark = [stripes(x, y + 1, 14, 12, key.meaning)]
        if key.foot:
            mark.append(element("rect", x=x, y=y + 11, width=14, height=3, rx=1.5, class_=f"{key.meaning}-bar"))
        elements += [*mark, text(x + 21, y + 11, key.name, Font.SMALL, ink="muted")]
        x += wide + 18
    return Block(elements=tuple(elements), height=y - top + 24 if elements else 0)


def finish(page: Page, label: str, parts: Sequence[Block], keys: Iterable[Key], sentence: str) -> Drawing:
    """A drawing of its parts (which know their places already), the lesson and the legend below them."""
    y = sum(part.height for part in parts)
    below = lesson(page, y + 6, sentence) if sentence else Block(elements=(), height=0)
    key = legend(page, y + 6 + below.height + 6, keys)
    return Drawing(
        width=page.width,
        height=round(y + 6 + below.height + 6 + key.height + 6),
        label=label,
        lesson=sentence,
        elements=(*(item for part in parts for item in part.elements), group(*below.elements, *key.elements)),
    )
