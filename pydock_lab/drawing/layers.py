"""The layer stack: an image as its layers, the base at the bottom, one row a step.

7  ┌╌ CMD ["python3", "app.py"] ╌╌╌╌╌╌╌ configuration ┐   dashed: no layer, only words in the config
6  ┌─ ▅█▃ RUN rm -r /usr/share/doc ─────────── 20 kB ─┐
┌╌╌╌  - /usr/share/doc   6.1 MB, still below          │   a whiteout, and the way down to its bytes
1  └─ ▂▃█ FROM lab/python ─────────────────── 51.8 MB ┘
└╌╌╌▸ ▒▒▒████████████████                                 the size bar, one scale for all rows
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pydock_lab.drawing import layer_files, prints
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.ghosts import Ghost, deletions, ghosts, kept
from pydock_lab.drawing.layer_files import INKS, SIGNS, Strip
from pydock_lab.drawing.metrics import Font, clip, clip_path, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, Piece, bar, box, clipped, line, mark, pick, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, element, group
from pydock_lab.views import ChangeKind, FileChange, LayerRow, LayerStack, Opened, Origin

_GUTTER = 40  # the numbers, and the way from a whiteout to its bytes
_WIDE = 900  # from here on there is room for the files beside the stack
_LOW, _HIGH = 26, 54  # a row without, and with a layer
_SPACE = 6
_WHITEOUT = 24
_WHITEOUTS_SHOWN = 3
_MARK = 16  # room for the mark before what can be opened

MEANINGS = {
    Origin.BASE: Meaning.BASE,
    Origin.CACHED: Meaning.CACHED,
    Origin.BUILT: Meaning.BUILT,
    Origin.CONFIG: Meaning.PLAIN,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where a row stands: its place in the stack (0 is the base) and its box; below `head` are its opened files."""

    at: int
    y: float
    head: float
    height: float

    @property
    def bar(self) -> float:
        """The upper edge of the size bar."""
        return self.y + self.head - 9


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stack:
    """What the drawing of every row needs to know of the whole."""

    page: Page
    view: LayerStack
    wide: float
    largest: int
    ghosts: tuple[Ghost, ...]

    @property
    def left(self) -> float:
        return MARGIN + _GUTTER

    @property
    def right(self) -> float:
        return self.left + self.wide

    @property
    def speech(self) -> Speech:
        return self.page.speech


def draw(view: LayerStack, page: Page) -> Drawing:
    """The layer stack of an image."""
    speech = page.speech
    counted = sum(not row.is_empty for row in view.rows)
    facts = [speech.count("layers", counted), speech.size(view.unpacked_size)]
    facts += [speech.say("compressed", size=speech.size(view.size))] if view.size else []
    facts += [view.platform] if view.platform else []
    top = head(page, Head(title=view.name, facts=facts, digest=view.image_id, command=f"docker history {view.name}"))
    stack = _Stack(
        page=page,
        view=view,
        wide=(page.inner - _GUTTER) * (0.62 if page.width >= _WIDE else 1),
        largest=max((row.unpacked_size for row in view.rows), default=0) or 1,
        ghosts=ghosts(view.rows),
    )
    body = _rows(stack, top.height + (20 if page.width >= _WIDE else 4))
    label = speech.say("layers-of", name=view.name)
    blocks = (top, Block(elements=body.elements, height=body.height - top.height))
    return finish(page, label, blocks, legend_keys(view, speech), lesson_of(view, speech))


def _rows(stack: _Stack, top: float) -> Block:
    """All rows; the height is the lower edge of the last one."""
    places: dict[int, _Place] = {}
    y = top
    for at in reversed(range(len(stack.view.rows))):
        row = stack.view.rows[at]
        head_high = row_height(row)
        places[at] = _Place(at=at, y=y, head=head_high, height=head_high + layer_files.height(row))
        y += places[at].height + _SPACE
    rows = (_row(stack, stack.view.rows[at], place) for at, place in places.items())
    beside = _beside(stack, places, top) if stack.page.width >= _WIDE else ()
    role = "tree" if stack.view.can_open else "listbox"
    label = stack.speech.say("layers-of", name=stack.view.name)
    listbox = group(*(item for row in rows for item in row), class_="picks", role=role, aria_label=label)
    return Block(elements=(*beside, *_falls(stack, places), listbox), height=y)


def row_height(row: LayerRow) -> float:
    """Pixels of a row's box, without the files that are opened in it."""
    if row.is_empty:
        return _LOW
    gone = len(deletions(row))
    return _HIGH + _WHITEOUT * min(gone, _WHITEOUTS_SHOWN) + (18 if gone > _WHITEOUTS_SHOWN else 0)


def _row(stack: _Stack, row: LayerRow, place: _Place) -> Iterator[Element]:
    """The row, and what is opened in it."""
    draw_row = _empty_row if row.is_empty else _layer_row
    number = text(MARGIN + 14, place.y + (17 if row.is_empty else 22), str(place.at + 1), Font.CODE_SMALL,
                  ink="muted", anchor="end")  # fmt: skip
    drawn = draw_row(stack, row, place)
    key, label = f"layer-{place.at}", row_label(row, place.at, stack.speech)
    if not stack.view.can_open:
        yield pick(key, label, number, *drawn)
        return
    expanded = None if row.is_empty else row.opened is not Opened.CLOSED
    yield pick(key, label, number, *drawn, role="treeitem", level=1, expanded=expanded)
    strip = Strip(x=stack.left + 12, y=place.y + place.head, wide=stack.wide - 24)
    yield from layer_files.draw(stack.page, row, place.at, strip)


def _empty_row(stack: _Stack, row: LayerRow, place: _Place) -> tuple[Element, ...]:
    word = stack.speech.say("configuration")
    aside = width(word, Font.SMALL)
    room = stack.wide - 24 - aside - 16
    return (
        box(stack.left, place.y, stack.wide, place.height, Meaning.PLAIN, dashed=True),
        clipped(stack.left + 12, place.y + 17, row.instruction, room, Font.CODE_SMALL, ink="plain-text"),
        text(stack.right - 12, place.y + 17, word, Font.SMALL, ink="muted", anchor="end"),
    )


def _layer_row(stack: _Stack, row: LayerRow, place: _Place) -> tuple[Element, ...]:
    meaning, speech = MEANINGS[row.origin], stack.speech
    x, y = stack.left + 12, place.y
    size = speech.size(row.unpacked_size)
    marks = [mark(x, y + 17, is_open=row.opened is not Opened.CLOSED)] if stack.view.can_open else []
    print_x = x + _MARK * len(marks)
    after_print = print_x + prints.WIDTH + 10
    room = stack.right - 12 - width(size, Font.STRONG) - 12 - after_print
    return (
        box(stack.left, y, stack.wide, place.height, meaning),
        *marks,
        prints.draw(print_x, y + 22, row.diff_id),
        clipped(after_print, y + 21, row.instruction or "?", room, Font.CODE),
        text(stack.right - 12, y + 21, size, Font.STRONG, anchor="end"),
        line(after_print, y + 37, row_facts(row, speech), stack.right - 12 - after_print),
        *_whiteouts(stack, row, y + 45),
        *bar(x, place.bar, stack.wide - 24, row.unpacked_size / stack.largest, meaning),
        *_hidden_part(stack, row, place),
    )


def row_facts(row: LayerRow, speech: Speech) -> list[Piece]:
    """The second line of a row: how it came, how long it took, and what it changes."""
    pieces = [
        Piece(text=speech.say(f"origin-{row.origin}"), font=Font.SMALL_STRONG, ink=f"{MEANINGS[row.origin]}-text")
    ]
    if row.seconds and row.origin is Origin.BUILT:
        pieces.append(Piece(text=speech.seconds(row.seconds), font=Font.SMALL, ink="muted"))
    if row.changes_total > len(row.changes):
        pieces.append(Piece(text=speech.count("changes", row.changes_total), font=Font.SMALL, ink="muted"))
    else:
        pieces += [
            Piece(text=f"{SIGNS[kind]} {count}", font=Font.CODE_SMALL, ink=INKS[kind])
            for kind in ChangeKind
            if (count := sum(change.kind is kind for change in row.changes))
        ]
    if row.line:
        pieces.append(Piece(text=speech.say("line", line=row.line), font=Font.SMALL, ink="muted"))
    return pieces


def _whiteouts(stack: _Stack, row: LayerRow, y: float) -> tuple[Element, ...]:
    """Deleted files: dashed, for they are not here, and with the bytes that they go on costing below."""
    speech = stack.speech
    gone = deletions(row)
    elements: list[Element] = []
    x, wide = stack.left + 12, stack.wide - 24
    for change in gone[:_WHITEOUTS_SHOWN]:
        cost = speech.say("still-below", size=speech.size(change.size)) if change.size else speech.say("hidden")
        cost_width = width(cost, Font.SMALL_STRONG)
        room = wide - 16 - cost_width - 12
        path = f"{SIGNS[change.kind]} {clip_path(change.path, room - 14, Font.CODE_SMALL)}"
        elements += [
            box(x, y, wide, _WHITEOUT - 4, Meaning.DELETED, dashed=True, radius=4),
            text(x + 8, y + 14, path, Font.CODE_SMALL, ink="deleted-text"),
            text(x + wide - 8, y + 14, cost, Font.SMALL_STRONG, ink="deleted-text", anchor="end"),
        ]
        y += _WHITEOUT
    if len(gone) > _WHITEOUTS_SHOWN:
        more = speech.count("more-deleted", len(gone) - _WHITEOUTS_SHOWN)
        elements.append(clipped(x + 8, y + 11, more, wide - 16, Font.SMALL, ink="deleted-text"))
    return tuple(elements)


def _hidden_part(stack: _Stack, row: LayerRow, place: _Place) -> tuple[Element, ...]:
    """The part of a bar that a later layer has deleted: striped, at the bar's beginning."""
    size = sum(ghost.size for ghost in stack.ghosts if ghost.lower == place.at)
    if not size:
        return ()
    x = stack.left + 12
    wide = max(4.0, (stack.wide - 24) * min(size, row.unpacked_size) / stack.largest)
    # Stripes of a dashed stroke: a pattern would need an id, and ids collide when a picture is shown twice.
    stripes = element("path", d=f"M{x:.1f} {place.bar + 2:.1f}h{wide:.1f}", class_="deleted-line", stroke_width=6,
                      stroke_dasharray="3 2")  # fmt: skip
    return (stripes,)


def _falls(stack: _Stack, places: dict[int, _Place]) -> tuple[Element, ...]:
    """The way from each whiteout down to the bytes that it hides, through the gutter at the left."""
    paths: list[Element] = []
    for ghost in stack.ghosts:
        upper, lower = places[ghost.upper], places[ghost.lower]
        start, end = upper.y + 55, lower.bar + 2
        x = stack.left - 10
        points = [(stack.left, start), (x, start), (x, end), (stack.left - 1, end)]
        tip = f"{stack.left:.1f},{end:.1f} {stack.left - 6:.1f},{end - 4:.1f} {stack.left - 6:.1f},{end + 4:.1f}"
        paths += [trace(points, "deleted-line dashed"), element("polygon", points=tip, class_="deleted-bar")]
    return tuple(paths)


def _beside(stack: _Stack, places: dict[int, _Place], top: float) -> tuple[Element, ...]:
    """Beside each row the heaviest files that it brings."""
    x = stack.right + 24
    heading = text(x, top - 6, stack.speech.say("brings"), Font.SMALL, ink="muted")
    rows = stack.view.rows
    files = (_files(stack, kept(rows[at])[:2], x, place.y) for at, place in places.items() if not rows[at].is_empty)
    return (heading, *(item for some in files for item in some))


def _files(stack: _Stack, changes: Sequence[FileChange], x: float, y: float) -> list[Element]:
    elements = []
    for at, change in enumerate(changes):
        size = stack.speech.size(change.size)
        room = stack.page.right - width(size, Font.SMALL) - 16 - x
        name = f"{SIGNS[change.kind]} {clip_path(change.path, room - 14, Font.CODE_SMALL)}"
        baseline = y + 21 + 16 * at
        elements += [
            text(x, baseline, clip(name, room, Font.CODE_SMALL), Font.CODE_SMALL, ink=INKS[change.kind]),
            text(stack.page.right, baseline, size, Font.SMALL, ink="muted", anchor="end"),
        ]
    return elements


def row_label(row: LayerRow, at: int, speech: Speech) -> str:
    """A row in a sentence, for a screen reader."""
    origin = speech.say("configuration" if row.is_empty else f"origin-{row.origin}")
    label = f"{at + 1}. {row.instruction or '?'}, {origin}"
    return label if row.is_empty else f"{label}, {speech.size(row.unpacked_size)}"


def legend_keys(view: LayerStack, speech: Speech) -> list[Key]:
    """Only what the picture shows is explained."""
    seen = {row.origin for row in view.rows if not row.is_empty}
    keys = [Key(name=speech.say(f"key-{origin}"), meaning=MEANINGS[origin]) for origin in Origin if origin in seen]
    if any(row.is_empty for row in view.rows):
        keys.append(Key(name=speech.say("key-config"), meaning=Meaning.PLAIN, dashed=True))
    if any(deletions(row) for row in view.rows):
        keys.append(Key(name=speech.say("key-deleted"), meaning=Meaning.DELETED, dashed=True))
    return keys


def lesson_of(view: LayerStack, speech: Speech) -> str:
    """What this picture teaches: the most surprising thing that it shows."""
    real = [row for row in view.rows if not row.is_empty]
    cached = sum(row.origin is Origin.CACHED for row in real)
    built = sum(row.origin is Origin.BUILT for row in real)
    if view.hidden_size:
        return speech.say("lesson-hidden", size=speech.size(view.hidden_size))
    if cached and built:
        return speech.count("lesson-cache", cached, total=cached + built)
    if cached:
        return speech.say("lesson-all-cached")
    return speech.say("lesson-layers") if real else speech.say("lesson-empty")
