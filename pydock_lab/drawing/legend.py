"""The visual language on one page: what each colour, dash and print says, for a lesson's first picture."""

from pydock_lab.drawing import prints
from pydock_lab.drawing.frame import Drawing, Head, finish, head
from pydock_lab.drawing.metrics import Font, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, bar, box, text
from pydock_lab.drawing.svg import Element

_SAMPLE = 72  # pixels for the shape that is explained
_LINE = 18
_DIGEST = "sha256:1c5fb3e4d2a7"
_BOXES = {
    "base": (Meaning.BASE, False),
    "cached": (Meaning.CACHED, False),
    "built": (Meaning.BUILT, False),
    "writable": (Meaning.WRITABLE, False),
    "deleted": (Meaning.DELETED, True),
    "moving": (Meaning.MOVING, False),
    "dashed": (Meaning.PLAIN, True),
}


def draw(page: Page) -> Drawing:
    """The legend of all drawings."""
    top = head(page, Head(title=page.speech.say("legend-title"), facts=()))
    y = top.height
    elements: list[Element] = []
    for name in (*_BOXES, "print", "size"):
        lines = wrap(page.speech.say(f"legend-{name}"), page.inner - _SAMPLE - 16, Font.BODY)
        elements += _sample(name, y)
        elements += (text(MARGIN + _SAMPLE + 16, y + 17 + _LINE * at, line, Font.BODY) for at, line in enumerate(lines))
        y += 14 + _LINE * len(lines)
    body = Block(elements=tuple(elements), height=y - top.height)
    return finish(page, page.speech.say("legend-title"), (top, body), (), page.speech.say("lesson-digest"))


def _sample(name: str, y: float) -> tuple[Element, ...]:
    if name == "print":
        return (prints.draw(MARGIN + (_SAMPLE - prints.WIDTH) / 2, y + 19, _DIGEST),)
    if name == "size":
        return bar(MARGIN, y + 10, _SAMPLE, 0.6, Meaning.BUILT)
    meaning, dashed = _BOXES[name]
    return (box(MARGIN, y, _SAMPLE, 24, meaning, dashed=dashed),)
