"""A build context by weight: a tree, its heaviest parts first, with bars to one scale.

data/             ████████████████████████          34 MB
  train.csv       █████████████████████             31 MB
.git/             ▨▨▨▨▨▨▨▨▨▨▨▨▨▨                     22 MB    striped: sent, and hardly an image needs it
node_modules/     ┌┄┄┄┄┄┄┄┄┄┄┐                       18 MB    dashed: .dockerignore leaves it out
Lines for .dockerignore
  .git
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab.drawing import explanations
from pydock_lab.drawing.explanations import say
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.marks import LINE, stripes
from pydock_lab.drawing.metrics import Font, clip_path, width, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, pick, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.views import ContextFolder, ContextWeight

_ROW, _NOTE, _SPACE, _INDENT, _MORE = 26, 16, 4, 20, 22
_SIZE = 76  # pixels for the words of a size
_DEPTH, _PARTS, _PARTS_BELOW = 3, 10, 5
_BAR = 10
_NAMES = 0.42  # of the width, at most
_LINES = 12  # of the ignore file
IGNORE_KEY = "ignore-lines"


@dataclass(frozen=True, kw_only=True, slots=True)
class TreePart:
    """One row: a part of the context and how deep it stands; without a part, so many files that are not shown."""

    key: str
    depth: int
    part: ContextFolder | None = None
    more_files: int = 0
    more_size: int = 0


def tree_parts(view: ContextWeight) -> tuple[TreePart, ...]:
    """All rows, in the order in which they are shown."""
    return tuple(_inside(view.top, "part", 0))


def _inside(folder: ContextFolder, key: str, depth: int) -> Iterator[TreePart]:
    shown = folder.inside[: _PARTS_BELOW if depth else _PARTS]
    for at, part in enumerate(shown):
        yield TreePart(key=f"{key}-{at}", depth=depth, part=part)
        if depth + 1 < _DEPTH and part.files and not part.needless:
            yield from _inside(part, f"{key}-{at}", depth + 1)
    files = folder.files - sum(part.files for part in shown)
    if files > 0 and shown:
        size = folder.size - sum(part.size for part in shown)
        yield TreePart(key="", depth=depth, more_files=files, more_size=max(size, 0))


def draw(view: ContextWeight, page: Page) -> Drawing:
    """A build context by weight."""
    speech = page.speech
    top = head(
        page,
        Head(
            title=speech.say("context-title", name=clean(view.name)), facts=facts(view, speech), command=command(view)
        ),
    )
    said = [words for fact in _ignored(view, speech) for words in wrap(fact, page.inner, Font.BODY)]
    lines = (text(MARGIN, top.height + 8 + 18 * at, words, ink="muted") for at, words in enumerate(said))
    top = Block(elements=(*top.elements, *lines), height=top.height + 18 * len(said) + 4)
    body = _tree(view, page, top.height)
    label = speech.say("context-of", name=clean(view.name))
    return finish(page, label, (top, body), _keys(view, speech), lesson_of(view, speech))


def facts(view: ContextWeight, speech: Speech) -> list[str]:
    """What is sent."""
    return [speech.say("context-sent", size=speech.size(view.top.size)), speech.count("files", view.top.files)]


def _ignored(view: ContextWeight, speech: Speech) -> Iterator[str]:
    top = view.top
    if top.ignored_files:
        files = explanations.count(speech, "files", top.ignored_files)
        yield say(speech, "context-ignored", size=speech.size(top.ignored_size), files=files)
    elif not view.has_ignore:
        yield say(speech, "context-no-ignore")


def command(view: ContextWeight) -> str:
    """What shows the same in a terminal: a folder, and not an image of that name."""
    name = clean(view.name)
    return f"pydock weigh {name if name.startswith(('.', '/', '~')) else f'{name}/'}"


def ignore_command(view: ContextWeight) -> str:
    """What appends the advised lines to the ignore file."""
    lines = " ".join(shlex.quote(clean(line)) for line in view.advised)
    return f"printf '%s\\n' {lines} >> .dockerignore" if lines else ""


# ---- rows


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sheet:
    """What the drawing of every row needs to know of the whole."""

    page: Page
    largest: int
    names: float

    @classmethod
    def of(cls, rows: Sequence[TreePart], page: Page) -> "_Sheet":
        """As wide for names as they need, and one scale for all bars."""
        parts = [(row.depth, row.part) for row in rows if row.part]
        largest = max((part.size + part.ignored_size for _, part in parts), default=0)
        names = (_INDENT * depth + 30 + width(_name(part), Font.CODE_SMALL) for depth, part in parts)
        room = page.inner * _NAMES
        return cls(page=page, largest=largest or 1, names=min(max(names, default=room), room))

    @property
    def bars(self) -> float:
        """Where all bars begin."""
        return MARGIN + self.names

    def length(self, size: int) -> float:
        """Bytes as pixels; anything at all can be seen."""
        room = self.page.right - 10 - _SIZE - self.bars
        return max(3.0, room * min(1.0, size / self.largest)) if size > 0 else 0.0


def _tree(view: ContextWeight, page: Page, top: float) -> Block:
    rows = tree_parts(view)
    sheet = _Sheet.of(rows, page)
    y = top + 4
    drawn: list[Element] = []
    for row in rows:
        notes = _notes(row.part, page.speech) if row.part else []
        drawn.append(_row(sheet, row, row.part, notes, y) if row.part else _more(sheet, row, y))
        y += (_ROW + (_NOTE if notes else 0) + _SPACE) if row.part else _MORE
    if view.advised:
        lines = _lines(view, page, y)
        drawn += lines.elements
        y += lines.height
    label = page.speech.say("context-of", name=clean(view.name))
    return Block(elements=(group(*drawn, class_="picks", role="tree", aria_label=label),), height=y - top)


def _row(sheet: _Sheet, row: TreePart, part: ContextFolder, notes: list[tuple[str, str]], y: float) -> Element:
    page, is_out = sheet.page, not part.files and bool(part.ignored_files)
    x = MARGIN + _INDENT * row.depth
    high = _ROW + (_NOTE if notes else 0)
    size = page.speech.size(part.ignored_size if is_out else part.size)
    said = [clipped(x + 10, y + 32, words, page.right - x - 20, Font.SMALL, ink=ink) for words, ink in notes]
    return pick(
        row.key,
        part_label(part, page.speech),
        _box(part, (x, y, page.right - x, high)),
        text(x + 10, y + 17, clip_path(_name(part), sheet.bars - x - 18, Font.CODE_SMALL), Font.CODE_SMALL,
             ink="muted" if is_out else "ink"),
        *_bar(sheet, part, y + 8),
        text(page.right - 10, y + 17, size, Font.SMALL if is_out else Font.SMALL_STRONG,
             ink="muted" if is_out else "ink", anchor="end"),
        *said,
        role="treeitem",
        level=row.depth + 1,
    )  # fmt: skip


def _box(part: ContextFolder, place: tuple[float, float, float, float]) -> Element:
    """What is marked stands out; the rest has an outline that one hardly sees."""
    x, y, wide, high = place
    if part.needless or not part.files:
        meaning = Meaning.DELETED if part.needless else Meaning.PLAIN
        return box(x, y, wide, high, meaning, dashed=not part.files, radius=5)
    return element("rect", x=x, y=y, width=wide, height=high, rx=5, class_="outline panel-area rule")


def _bar(sheet: _Sheet, part: ContextFolder, y: float) -> Iterator[Element]:
    """What is sent, solid or striped; what the ignore file leaves out behind it, dashed."""
    sent, left_out = sheet.length(part.size), sheet.length(part.ignored_size)
    if sent:
        if part.needless:
            yield stripes(sheet.bars, y, sent, _BAR)
        else:
            yield element("rect", x=sheet.bars, y=y, width=sent, height=_BAR, class_=f"{Meaning.BUILT}-bar")
    if left_out:
        yield element("rect", x=sheet.bars + sent + 1, y=y + 0.5, width=left_out - 1, height=_BAR - 1,
                      class_="paper-area plain-line dashed")  # fmt: skip


def _more(sheet: _Sheet, row: TreePart, y: float) -> Element:
    speech, x = sheet.page.speech, MARGIN + _INDENT * row.depth + 10
    words = f"{speech.count('more-files', row.more_files)}, {speech.size(row.more_size)}"
    return clipped(x, y + 12, words, sheet.page.right - x, Font.SMALL, ink="muted")


def _notes(part: ContextFolder, speech: Speech) -> list[tuple[str, str]]:
    """What stands below the name: why a part is marked."""
    if part.needless:
        return [(speech.say("key-needless"), "deleted-text")]
    if part.ignored_files:
        files, size = speech.count("files", part.ignored_files), speech.size(part.ignored_size)
        return [(speech.say("context-left-out", size=size, files=files), "muted")]
    return []


def _name(part: ContextFolder) -> str:
    return clean(part.path.rpartition("/")[2]) + ("/" if part.inside else "")


def part_label(part: ContextFolder, speech: Speech) -> str:
    """A part in a sentence, for a screen reader."""
    words = [clean(part.path), *([speech.size(part.size)] if part.files else [])]
    return ", ".join([*words, *(said for said, _ in _notes(part, speech))])


def _lines(view: ContextWeight, page: Page, y: float) -> Block:
    """The advised lines, as they are to stand in the ignore file."""
    speech = page.speech
    shown = list(view.advised[:_LINES])
    heading = speech.say("context-lines")
    high = 14 + LINE * (len(shown) + (len(view.advised) > _LINES))
    drawn: list[Element] = [
        box(MARGIN, y + 28, page.inner, high, Meaning.PLAIN),
        text(MARGIN, y + 20, heading, Font.STRONG),
        *(
            clipped(MARGIN + 12, y + 47 + LINE * at, words, page.inner - 24, Font.CODE_SMALL)
            for at, words in enumerate(shown)
        ),
    ]
    if len(view.advised) > _LINES:
        more = speech.count("more", len(view.advised) - _LINES)
        drawn.append(text(MARGIN + 12, y + 47 + LINE * _LINES, more, Font.SMALL, ink="muted"))
    label = f"{heading}: {clean(', '.join(shown))}"
    return Block(elements=(pick(IGNORE_KEY, label, *drawn, role="treeitem", level=1),), height=28 + high + 6)


# ---- below


def lesson_of(view: ContextWeight, speech: Speech) -> str:
    """What this picture teaches."""
    needless = _needless(view.top.inside)
    if needless:
        return speech.say("lesson-context-needless", size=speech.size(needless))
    if view.top.ignored_files:
        return speech.say("lesson-context-ignored", size=speech.size(view.top.ignored_size))
    return speech.say("lesson-context" if view.top.files else "lesson-context-empty")


def _needless(parts: Sequence[ContextFolder]) -> int:
    return sum(part.size if part.needless else _needless(part.inside) for part in parts)


def _keys(view: ContextWeight, speech: Speech) -> list[Key]:
    """Only what the picture shows is explained."""
    parts = [row.part for row in tree_parts(view) if row.part]
    keys = []
    if any(part.files and not part.needless for part in parts):
        keys.append(Key(name=speech.say("key-sent"), meaning=Meaning.BUILT))
    if any(part.needless for part in parts):
        keys.append(Key(name=speech.say("key-needless"), meaning=Meaning.DELETED, striped=True))
    if any(part.ignored_files for part in parts):
        keys.append(Key(name=speech.say("key-left-out"), meaning=Meaning.PLAIN, dashed=True))
    return keys
