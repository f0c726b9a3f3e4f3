"""How ENTRYPOINT, CMD and the words of `docker run` become what process 1 receives.

ENTRYPOINT         [ echo ] [ -n ]
CMD                [ hello ]                replaced
docker run IMAGE   [ world ]
▼        ▼       ▼
process 1        0 [ echo ] 1 [ -n ] 2 [ world ]
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pydock_lab.drawing.detail import Detail, given
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, clip, width, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, hit, pick, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group, number
from pydock_lab.views import ArgumentVector

_HIGH, _GAP, _SPACE = 28, 8, 14
_PAD, _WIDEST = 12, 320
_LABEL = 160
_NARROW = 620  # below this width a row's name stands above its words
_MEANINGS = MappingProxyType(
    {"entrypoint": Meaning.BASE, "cmd": Meaning.CACHED, "run": Meaning.BUILT, "option": Meaning.MOVING}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    """A row of words: who says them, and whether they count."""

    name: str
    label: str
    words: tuple[str, ...]
    source: str
    aside: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Box:
    """A word; with its number in the result."""

    text: str
    meaning: Meaning
    is_dashed: bool
    number: str = ""


def draw(view: ArgumentVector, page: Page) -> Drawing:
    """A composition."""
    speech = page.speech
    top = head(page, Head(title=speech.say("argv-title"), facts=[clean(view.image)], command=command(view)))
    y = top.height + 6
    elements: list[Element] = []
    picks: list[Element] = []
    for row in _rows(view, speech):
        top_of = y
        drawn, y = _row(row, page, y, dashed=bool(row.aside))
        picks.append(pick(row.name, _spoken(row), hit(MARGIN, top_of, page.inner, y - top_of), *drawn))
        y += _SPACE
    elements.append(_arrow(page, y))
    y += 26
    top_of = y
    drawn, y = _result(view, page, y)
    picks.append(pick("result", result_label(view, speech), hit(MARGIN, top_of, page.inner, y - top_of), *drawn))
    y += _SPACE
    label = speech.say("argv-of", image=clean(view.image))
    body = Block(
        elements=(*elements, group(*picks, class_="picks whole-rows", role="listbox", aria_label=label)),
        height=y - top.height,
    )
    notes = _notes(view, page, top.height + body.height)
    return finish(page, label, (top, body, notes), _keys(view, speech), lesson_of(view, speech))


def command(view: ArgumentVector) -> str:
    """What runs it."""
    option = f"--entrypoint {_quoted(view.option)} " if view.option is not None else ""
    return " ".join(["docker run", *([option.strip()] if option else []), clean(view.image), *map(_quoted, view.words)])


def _quoted(word: str) -> str:
    shown = clean(word)
    return shown if shown and not set(shown) & set(" \"'$;&|<>*?()") else "'" + shown.replace("'", "'\\''") + "'"


def _rows(view: ArgumentVector, speech: Speech) -> Iterator[_Row]:
    is_replaced = view.option is not None
    aside = speech.say("argv-replaced") if is_replaced and view.entrypoint else ""
    yield _Row(name="entrypoint", label="ENTRYPOINT", words=view.entrypoint, source="entrypoint", aside=aside)
    is_dropped = bool(view.cmd) and (is_replaced or bool(view.words))
    aside = speech.say("argv-dropped" if is_replaced and not view.words else "argv-replaced") if is_dropped else ""
    yield _Row(name="cmd", label="CMD", words=view.cmd, source="cmd", aside=aside)
    if view.option is not None:
        words = (view.option,) if view.option else ()
        yield _Row(name="option", label="--entrypoint", words=words, source="option")
    yield _Row(name="run", label=speech.say("argv-words"), words=view.words, source="run")


def _spoken(row: _Row) -> str:
    return ", ".join(filter(None, (row.label, " ".join(map(clean, row.words)) or "-", row.aside)))


def _row(row: _Row, page: Page, y: float, *, dashed: bool) -> tuple[list[Element], float]:
    is_narrow = page.width < _NARROW
    elements = [text(MARGIN, y + 18, clean(row.label), Font.STRONG)]
    if row.aside:
        x = MARGIN + width(row.label, Font.STRONG) + 10 if is_narrow else MARGIN
        elements.append(text(x, y + (18 if is_narrow else 34), row.aside, Font.SMALL, ink="muted"))
    if is_narrow:
        y += 26
    start = MARGIN if is_narrow else MARGIN + _LABEL
    if not row.words:
        elements.append(text(start, y + 18, page.speech.say("argv-none"), Font.SMALL, ink="muted"))
        return elements, y + _HIGH
    meaning = Meaning.PLAIN if dashed else _MEANINGS[row.source]
    boxes = [_Box(text=word, meaning=meaning, is_dashed=dashed) for word in row.words]
    drawn, y = _boxes(boxes, page, (start, y))
    return [*elements, *drawn], y


def _result(view: ArgumentVector, page: Page, y: float) -> tuple[list[Element], float]:
    is_narrow = page.width < _NARROW
    label = page.speech.say("argv-result")
    elements = [text(MARGIN, y + 18, label, Font.STRONG)]
    if is_narrow:
        y += 26
    start = MARGIN if is_narrow else MARGIN + _LABEL
    if not view.result:
        elements.append(text(start, y + 18, page.speech.say("argv-refused"), Font.SMALL, ink="deleted-text"))
        return elements, y + _HIGH
    boxes = [
        _Box(text=word.text, meaning=_MEANINGS[word.source], is_dashed=word.is_ignored, number=str(at))
        for at, word in enumerate(view.result)
    ]
    drawn, y = _boxes(boxes, page, (start, y))
    return [*elements, *drawn], y


def _boxes(boxes: Sequence[_Box], page: Page, place: tuple[float, float]) -> tuple[list[Element], float]:
    """Boxes one after the other, in as many lines as they take; and where they end."""
    start, y = place
    x = start
    elements = []
    for one in boxes:
        before = width(one.number, Font.SMALL) + 8 if one.number else 0.0
        room = min(_WIDEST, page.right - start) - 2 * _PAD - before
        shown = clip(clean(one.text), room, Font.CODE_SMALL)
        wide = max(width(shown, Font.CODE_SMALL), 6) + 2 * _PAD + before
        if x > start and x + wide > page.right:
            x, y = start, y + _HIGH + _GAP
        elements.append(box(x, y, wide, _HIGH, one.meaning, dashed=one.is_dashed, radius=5))
        if one.number:
            elements.append(text(x + _PAD - 2, y + 18, one.number, Font.SMALL, ink="muted"))
        elements.append(text(x + _PAD + before, y + 18, shown, Font.CODE_SMALL, ink=f"{one.meaning}-text"))
        x += wide + _GAP
    return elements, y + _HIGH


def _arrow(page: Page, y: float) -> Element:
    x = MARGIN + 8 if page.width < _NARROW else MARGIN + _LABEL + 20
    points = f"{number(x)},{number(y + 16)} {number(x - 9)},{number(y)} {number(x + 9)},{number(y)}"
    return element("polygon", points=points, class_="muted")


def _notes(view: ArgumentVector, page: Page, y: float) -> Block:
    """What is worth knowing, but for what the lesson says."""
    elements = []
    top = y
    for name in view.notes[1:]:
        for line in wrap(page.speech.say(f"argv-note-{name}"), page.inner, Font.BODY):
            elements.append(text(MARGIN, y + 14, line, Font.BODY, ink="muted"))
            y += 18
        y += 4
    return Block(elements=tuple(elements), height=y - top)


def lesson_of(view: ArgumentVector, speech: Speech) -> str:
    """The most important of it."""
    return speech.say(f"argv-note-{view.notes[0]}")


def result_label(view: ArgumentVector, speech: Speech) -> str:
    """The result, said aloud."""
    if not view.result:
        return f"{speech.say('argv-result')}, {speech.say('argv-refused')}"
    return f"{speech.say('argv-result')}: {' '.join(_quoted(word.text) for word in view.result)}"


def _keys(view: ArgumentVector, speech: Speech) -> Iterator[Key]:
    shown = {word.source for word in view.result}
    for source, meaning in _MEANINGS.items():
        if source in shown:
            yield Key(name=speech.say(f"argv-key-{source}"), meaning=meaning)
    if any(word.is_ignored for word in view.result):
        yield Key(name=speech.say("argv-key-ignored"), meaning=Meaning.PLAIN, dashed=True)


def lines(view: ArgumentVector, speech: Speech) -> Iterator[str]:
    """All of it for a terminal."""
    yield command(view)
    for row in _rows(view, speech):
        words = "  ".join(_quoted(word) for word in row.words) or speech.say("argv-none")
        yield f"  {row.label.ljust(18)} {words}{f'   ({row.aside})' if row.aside else ''}"
    yield f"  {speech.say('argv-result').ljust(18)} " + (
        "  ".join(_quoted(word.text) for word in view.result) or speech.say("argv-refused")
    )
    yield ""
    for name in view.notes:
        yield speech.say(f"argv-note-{name}")


def details(view: ArgumentVector, speech: Speech) -> Iterator[Detail]:
    """What stands behind each row."""
    for row in _rows(view, speech):
        facts = [(str(at), word) for at, word in enumerate(row.words)]
        yield Detail(key=row.name, title=row.label, facts=given(facts), command=command(view))
    facts = [
        (f"argv[{at}]", f"{word.text}   ({speech.say(f'argv-key-{word.source}')})")
        for at, word in enumerate(view.result)
    ]
    yield Detail(key="result", title=speech.say("argv-result"), facts=given(facts), command=command(view))
