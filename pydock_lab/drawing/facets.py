"""What this machine can do for containers, facet by facet: in force or not, how, why not, and what would bring it."""

from collections.abc import Iterator

from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, clip, width, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, pick, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, element, group
from pydock_lab.views import Doctor, FacetView

_LINE = 17
_LINES_SHOWN = 4  # of each sentence


def draw(view: Doctor, page: Page) -> Drawing:
    """The table of facets."""
    speech = page.speech
    there = sum(facet.in_force for facet in view.facets)
    facts = [speech.say("facets-in-force", count=there, total=len(view.facets))]
    top = head(page, Head(title=speech.say("doctor-title", tier=view.tier), facts=facts, command="%doctor"))
    y = top.height + 4
    picks = []
    for at, facet in enumerate(view.facets):
        picks.append(_row(facet, at, page, y))
        y += _height(facet, page) + 6
    label = speech.say("doctor-title", tier=view.tier)
    listbox = group(*picks, class_="picks", role="listbox", aria_label=label)
    keys = [
        Key(name=speech.say("in-force"), meaning=Meaning.CACHED),
        Key(name=speech.say("not-in-force"), meaning=Meaning.DELETED, dashed=True),
    ]
    return finish(page, label, (top, Block(elements=(listbox,), height=y - top.height)), keys, view.summary)


def _lines(facet: FacetView, room: float) -> Iterator[tuple[str, str]]:
    """What there is to say on a facet, line by line, with its ink; the remedy comes last, and stands out."""
    for sentence, ink in ((facet.how, "muted"), (facet.why, "muted"), (facet.remedy, "built-text")):
        lines = wrap(sentence, room, Font.SMALL) if sentence else ()
        yield from ((line, ink) for line in lines[:_LINES_SHOWN])


def _room(page: Page) -> float:
    return page.inner - 24 - 26


def _height(facet: FacetView, page: Page) -> float:
    return 32 + _LINE * len(list(_lines(facet, _room(page)))) + 4


def _row(facet: FacetView, at: int, page: Page, y: float) -> Element:
    x, speech = MARGIN, page.speech
    meaning = Meaning.CACHED if facet.in_force else Meaning.DELETED
    word = state_word(facet, speech)
    room = page.inner - 60 - width(word, Font.SMALL_STRONG)
    dot = "cached-line cached-bar" if facet.in_force else "deleted-line trace"
    elements = [
        box(x, y, page.inner, _height(facet, page), Meaning.PLAIN, dashed=not facet.in_force),
        element("circle", cx=x + 17, cy=y + 18, r=5, class_=dot, stroke_width=2),
        clipped(x + 32, y + 22, facet.title, room, Font.STRONG),
        text(page.right - 12, y + 22, word, Font.SMALL_STRONG, ink=f"{meaning}-text", anchor="end"),
    ]
    for number, (words, ink) in enumerate(_lines(facet, _room(page))):
        elements.append(text(x + 32, y + 22 + _LINE * (number + 1), clip(words, _room(page), Font.SMALL), Font.SMALL,
                             ink=ink))  # fmt: skip
    return pick(f"facet-{at}", f"{facet.title}: {word}", *elements)


def state_word(facet: FacetView, speech: Speech) -> str:
    """`in force` or `not here`."""
    return speech.say("in-force" if facet.in_force else "not-in-force")
