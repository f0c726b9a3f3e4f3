"""A build context: the instructions that take files of it, the lines that leave files out, and the files themselves.

Dockerfile        (4) COPY src /app/src                      2 files   4.2 kB
                  (7) COPY . .                               6 files   4.3 kB
.dockerignore     (2) .git                                   1 file    169 kB    dashed: never sent
shop/                                                        6 files   4.3 kB
  ▾ src/                                          2 files    4.2 kB    (4) (7)   the lines that take it
  ▸ .git/                                         1 file     169 kB    (2)       dashed: the line that leaves it out
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab.drawing import context_words
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, clip, clip_path, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, clipped, hit, mark, pick, pill, pill_width, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.views import ContextCopy, ContextFile, ContextTree, IgnoreLine

_ROW, _LINE, _NOTE, _HEADING = 24, 26, 17, 30
_INDENT, _DEEPEST = 16, 10  # deeper folders are not moved further to the right
_NUMBER = 44  # room for the pill of a line
_PILLS = 3  # lines of one file that are shown
_COLUMN = 108  # room for them
_SIZE = 70
_NAMED = 150  # for the name of a file in the legend
_WIDE, _TO = 700, 40  # from here on there is room for where files go, in so many characters
_LISTED = 14  # instructions, and lines of the ignore file


@dataclass(frozen=True, kw_only=True, slots=True)
class _Sheet:
    """What the drawing of every row needs to know of the whole."""

    page: Page
    view: ContextTree

    @property
    def speech(self) -> Speech:
        return self.page.speech

    @property
    def sizes(self) -> float:
        """Where the sizes of files end: before the lines, if there are any."""
        return self.page.right - (_COLUMN if self.view.copies or self.view.rules else 0)


def draw(view: ContextTree, page: Page) -> Drawing:
    """A build context."""
    speech, sheet = page.speech, _Sheet(page=page, view=view)
    title = speech.say("context-title", name=clean(view.name))
    content = Head(title=title, facts=context_words.facts(view, speech), command=context_words.command(view))
    top = head(page, content)
    y, drawn = float(top.height), list[Element]()
    for part in (_copies, _rules, _files):
        block = part(sheet, y)
        drawn += block.elements
        y += block.height
    label = speech.say("copied-of", name=clean(view.name))
    body = Block(elements=(group(*drawn, class_="picks", role="tree", aria_label=label),), height=y - top.height)
    return finish(page, label, (top, body), _keys(view, speech), context_words.lesson_of(view, speech))


def _heading(sheet: _Sheet, y: float, words: str, aside: str = "") -> list[Element]:
    room = sheet.page.inner - width(aside, Font.SMALL) - 12
    found = [clipped(MARGIN, y + 20, words, room, Font.STRONG)]
    if aside:
        found.append(text(sheet.page.right, y + 20, aside, Font.SMALL, ink="muted", anchor="end"))
    return found


# ---- the two files that decide


def _copies(sheet: _Sheet, y: float) -> Block:
    shown = list(enumerate(sheet.view.copies))[:_LISTED]
    if not shown:
        return Block(elements=(), height=0)
    top, drawn = y, _heading(sheet, y, clean(sheet.view.dockerfile), sheet.speech.say("copied-takes"))
    y += _HEADING
    for at, copy in shown:
        drawn.append(_copy(sheet, copy, at, y))
        y += _LINE + (_NOTE if copy.problem else 0)
    return _with_rest(sheet, drawn, len(sheet.view.copies), top, y)


def _copy(sheet: _Sheet, copy: ContextCopy, at: int, y: float) -> Element:
    note = context_words.copy_note(sheet.view, copy, sheet.speech)
    took = f"{sheet.speech.count('files', copy.files)}, {sheet.speech.size(copy.size)}"
    meaning = Meaning.DELETED if copy.problem else Meaning.BUILT
    to = f"→ {clean(copy.to)} · " if sheet.page.width >= _WIDE and len(copy.to) <= _TO else ""
    aside = "" if note else to + took
    drawn = list(_listed(sheet, y, _Listed(line=copy.line, text=copy.text, aside=aside, meaning=meaning)))
    if note:
        x = MARGIN + _NUMBER
        drawn.append(clipped(x, y + _LINE + 8, note, sheet.page.right - x, Font.SMALL, ink="deleted-text"))
    label = f"{clean(sheet.view.dockerfile)} {copy.line}: {clean(copy.text)}, {note or took}"
    return pick(f"copy-{at}", label, *drawn, role="treeitem", level=1)


def _rules(sheet: _Sheet, y: float) -> Block:
    view = sheet.view
    shown = list(enumerate(view.rules))[:_LISTED]
    if not shown:
        return Block(elements=(), height=0)
    top, drawn = y, _heading(sheet, y, clean(view.ignore_file), sheet.speech.say("copied-leaves"))
    y += _HEADING
    for at, rule in shown:
        drawn.append(_rule(sheet, rule, at, y))
        y += _LINE
    return _with_rest(sheet, drawn, len(view.rules), top, y)


def _rule(sheet: _Sheet, rule: IgnoreLine, at: int, y: float) -> Element:
    note = context_words.rule_note(rule, sheet.speech)
    listed = _Listed(line=rule.line, text=rule.text, aside=note, meaning=Meaning.PLAIN, dashed=not rule.keeps)
    label = f"{clean(sheet.view.ignore_file)} {rule.line}: {clean(rule.text)}, {note}"
    return pick(f"rule-{at}", label, *_listed(sheet, y, listed), role="treeitem", level=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Listed:
    """A line of a file, and what it does."""

    line: int
    text: str
    aside: str
    meaning: Meaning
    dashed: bool = False


def _listed(sheet: _Sheet, y: float, one: _Listed) -> Iterator[Element]:
    page, x = sheet.page, MARGIN + _NUMBER
    yield hit(MARGIN, y, page.inner, _LINE)
    yield pill(MARGIN, y + 3, str(one.line), one.meaning, limit=_NUMBER, dashed=one.dashed)
    room = page.inner - _NUMBER - width(one.aside, Font.SMALL) - 12
    yield clipped(x, y + 17, one.text, max(room, page.inner / 3), Font.CODE_SMALL)
    aside = min(width(one.aside, Font.SMALL), page.inner * 2 / 3 - _NUMBER - 12)
    yield clipped(page.right - aside, y + 17, one.aside, aside + 1, Font.SMALL, ink="muted")


def _with_rest(sheet: _Sheet, drawn: list[Element], count: int, top: float, y: float) -> Block:
    """The rows, and how many more there are."""
    if count > _LISTED:
        more = sheet.speech.count("more", count - _LISTED)
        drawn.append(text(MARGIN + _NUMBER, y + 14, more, Font.SMALL, ink="muted"))
        y += _ROW
    return Block(elements=tuple(drawn), height=y - top + 2)


# ---- the files


def _files(sheet: _Sheet, y: float) -> Block:
    view, top = sheet.view, y
    aside = sheet.speech.say("copied-lines") if view.copies or view.rules else ""
    drawn = _heading(sheet, y, sheet.speech.say("copied-files"), aside)
    y += _HEADING
    for row in (view.top, *view.rows):
        drawn.append(_rest(sheet, row, y) if row.others else _file(sheet, row, y))
        y += _ROW
    if view.filter and not view.rows:
        words = sheet.speech.say("nothing-fits", filter=clean(view.filter))
        drawn.append(text(MARGIN + 14, y + 16, words, Font.SMALL, ink="muted"))
        y += _ROW
    return Block(elements=tuple(drawn), height=y - top + 4)


def _left(row: ContextFile) -> float:
    is_top = not row.path and not row.others
    return MARGIN if is_top else MARGIN + _INDENT * (1 + min(row.depth, _DEEPEST))


def _rest(sheet: _Sheet, row: ContextFile, y: float) -> Element:
    words, x = context_words.rest(row, sheet.speech), _left(row) + 14
    drawn = clipped(x, y + 16, words, sheet.sizes - x, Font.SMALL_STRONG, ink="plain-text")
    area = hit(MARGIN, y, sheet.page.inner, _ROW)
    return pick(
        row.key, words, area, drawn, role="treeitem", level=row.depth + 2, expanded=_state(sheet, is_open=False)
    )


def _state(sheet: _Sheet, *, is_open: bool) -> bool | None:
    return is_open if sheet.view.can_open else None


def _file(sheet: _Sheet, row: ContextFile, y: float) -> Element:
    speech, is_top = sheet.speech, not row.path
    ink, x, right = "muted" if row.is_out else "ink", _left(row), sheet.sizes
    size = speech.size(row.ignored_size if row.is_out else row.size)
    drawn = [hit(MARGIN, y, sheet.page.inner, _ROW)]
    if row.is_directory and not is_top and (sheet.view.can_open or row.opened):
        drawn.append(mark(x, y + 12, is_open=row.opened))
    drawn.append(text(right, y + 16, size, Font.SMALL if row.is_out else Font.SMALL_STRONG, ink=ink, anchor="end"))
    right -= max(_SIZE, width(size, Font.SMALL_STRONG) + 12)
    count = context_words.amount(row, speech)
    name = clean(row.name) + (f" → {clean(row.link)}" if row.link else "")
    # The name says more than the count where there is no room for both.
    if count and x + 14 + min(width(name, Font.CODE_SMALL), 150) < right - width(count, Font.SMALL) - 12:
        drawn.append(text(right, y + 16, count, Font.SMALL, ink="muted", anchor="end"))
        right -= width(count, Font.SMALL) + 12
    drawn.append(text(x + 14, y + 16, clip_path(name, right - x - 18, Font.CODE_SMALL), Font.CODE_SMALL, ink=ink))
    drawn += () if is_top else _lines(sheet, row, y)
    expanded = _state(sheet, is_open=row.opened) if row.is_directory and not is_top else None
    label = context_words.label(sheet.view, row, speech)
    drawn.append(
        element("path", d=f"M{MARGIN} {y + _ROW - 0.5}h{sheet.page.inner}", class_="trace rule", stroke_width=0.5)
    )
    return pick(row.key, label, *drawn, role="treeitem", level=1 if is_top else row.depth + 2, expanded=expanded)


def _lines(sheet: _Sheet, row: ContextFile, y: float) -> Iterator[Element]:
    """The lines that take a file, or the one that leaves it out, from the left of their column."""
    view, x = sheet.view, sheet.page.right - _COLUMN + 18.0
    if row.is_out:
        if row.ignored >= 0:
            yield pill(x, y + 2, str(view.rules[row.ignored].line), Meaning.PLAIN, limit=_NUMBER, dashed=True)
        return
    lines = context_words.lines_of(view, row)
    shown = lines if len(lines) <= _PILLS else lines[: _PILLS - 1]
    for line in shown:
        words = str(line)
        yield pill(x, y + 2, words, Meaning.BUILT, limit=_NUMBER)
        x += min(pill_width(words), _NUMBER) + 4
    if len(shown) < len(lines):
        yield text(x, y + 16, f"+ {len(lines) - len(shown)}", Font.SMALL, ink="muted")
    if not lines and row.files and view.copies:
        yield clipped(x, y + 16, sheet.speech.say("copied-none"), sheet.page.right - x, Font.SMALL, ink="muted")


def _keys(view: ContextTree, speech: Speech) -> list[Key]:
    """Only what the picture shows is explained."""
    rows: Sequence[ContextFile] = view.rows
    keys, ignore_file = [], clip(view.ignore_file, _NAMED, Font.SMALL)
    if any(row.taken for row in rows):
        keys.append(
            Key(name=speech.say("key-copied", file=clip(view.dockerfile, _NAMED, Font.SMALL)), meaning=Meaning.BUILT)
        )
    if any(row.is_out for row in rows):
        keys.append(Key(name=speech.say("key-copied-out", file=ignore_file), meaning=Meaning.PLAIN, dashed=True))
    if any(copy.problem for copy in view.copies):
        keys.append(Key(name=speech.say("key-copied-missing"), meaning=Meaning.DELETED))
    return keys
