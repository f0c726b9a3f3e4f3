"""Containers on their image: the read-only layers drawn once, the containers standing on top.

┌ ● web1 ──────┐  ┌ ● web2 ──────┐  ┌╌ ○ essai ╌╌╌╌┐    stopped: dashed
│ [writable]   │  │ [writable]   │  ╎ [writable]   ╎
└──────┬───────┘  └──────┬───────┘  └╌╌╌╌╌╌┬╌╌╌╌╌╌╌┘
┌──────┴─────────────────┴─────────────────┴───────┐
│ COPY app.py /srv/                         400 kB │    read-only, once on disk
│ FROM lab/python                          51.8 MB │
└──────────────────────────────────────────────────┘

Below them what is around containers, where there is any of it: networks that somebody made, volumes, the last events.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from pydock_lab.drawing import cards, instance_keys, networks, prints, timeline, volumes
from pydock_lab.drawing.cards import Spot, is_alive
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, arrow_head, box, clipped, lock, pick, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, group
from pydock_lab.views import ChangeKind, ImageInstances, Instances, LayerRow

_GAP = 16  # between cards
_RAIL = 30  # left of the cards, where upper rows of cards reach down to the image
_FLOOR = 34  # between a row of cards and what is below
_LAYER = 30
_LAYERS_SHOWN = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class _Grid:
    """The cards of one image in rows: where each stands, and where each row ends."""

    spots: tuple[Spot, ...]
    columns: int
    bottom: float

    @property
    def is_single(self) -> bool:
        return len(self.spots) <= self.columns


def draw(view: Instances, page: Page) -> Drawing:
    """All images that have containers, one below the other."""
    speech = page.speech
    counted = sum(len(image.containers) for image in view.images)
    facts = [speech.count("images", len(view.images)), speech.count("containers", counted)]
    facts += [speech.say("isolation", tier=view.tier)] if view.tier else []
    top = head(page, Head(title=speech.say("instances-title"), facts=facts, command="docker ps -a"))
    blocks, picks, y = [top], [], top.height + 6
    for image in view.images:
        behind, chosen, bottom = _image(image, page, y)
        blocks.append(Block(elements=behind, height=bottom - y))
        picks += chosen
        y = bottom
    around, chosen, bottom = _around(view, page, y)
    blocks.append(Block(elements=tuple(around), height=bottom - y))
    picks, y = [*picks, *chosen], bottom
    label = speech.say("instances-of", images=", ".join(image.name for image in view.images) or "...")
    listbox = group(*picks, class_="picks", role="listbox", aria_label=label)
    body = Block(elements=(*(item for block in blocks[1:] for item in block.elements), listbox), height=y - top.height)
    return finish(page, label, (top, body), _keys(view, speech), lesson_of(view, speech))


def _around(view: Instances, page: Page, y: float) -> tuple[list[Element], list[Element], float]:
    """What is around containers, as far as there is any of it: what lies behind, what can be picked, the lower edge."""
    behind, picks, y = networks.draw(view.networks, page, y)
    more, stored, y = volumes.draw(view.volumes, page, y)
    line, happened, y = timeline.draw(view.events, page, y)
    return [*behind, *more, *line], [*picks, *stored, *happened], y


def _image(image: ImageInstances, page: Page, y: float) -> tuple[tuple[Element, ...], list[Element], float]:
    """One image: what lies behind, what can be picked, and the lower edge."""
    grid = _grid(image, page, y)
    slab_top = grid.bottom
    chosen = [
        drawn
        for container, spot in zip(image.containers, grid.spots, strict=True)
        for drawn in cards.draw(container, spot, page)
    ]
    layers, bottom = _slab(image, page, slab_top)
    return _connections(image, grid, slab_top), [*chosen, *layers], bottom + 22


def _grid(image: ImageInstances, page: Page, y: float) -> _Grid:
    """As many equal columns as fit; every row as high as its highest card."""
    left = MARGIN + _RAIL
    room = page.right - left
    most = max(1, int((room + _GAP) // (cards.MIN_WIDTH + _GAP)))
    columns = max(1, min(most, len(image.containers)))
    wide = min((room + _GAP) / columns - _GAP, 2 * cards.MIN_WIDTH)
    spots: list[Spot] = []
    for start in range(0, len(image.containers), columns):
        row = image.containers[start : start + columns]
        high = max(cards.height(container, wide, page.speech) for container in row)
        spots += [Spot(x=left + at * (wide + _GAP), y=y, width=wide, height=high) for at in range(len(row))]
        y += high + _FLOOR
    return _Grid(spots=tuple(spots), columns=columns, bottom=y)


def _connections(image: ImageInstances, grid: _Grid, slab: float) -> tuple[Element, ...]:
    """What each container stands on: its image, never the container that happens to be drawn below it."""
    last_row = (len(grid.spots) - 1) // grid.columns if grid.spots else 0
    rail = MARGIN + _RAIL / 2
    elements = []
    for at, (container, spot) in enumerate(zip(image.containers, grid.spots, strict=True)):
        css = "plain-line" + ("" if is_alive(container) else " dashed")
        x, foot = spot.x + spot.width / 2, spot.y + spot.height
        if at // grid.columns == last_row:
            elements.append(trace([(x, foot), (x, slab)], css))
        else:
            floor = foot + _FLOOR / 2
            top = slab + _LAYER / 2
            elements.append(trace([(x, foot), (x, floor), (rail, floor), (rail, top), (MARGIN + _RAIL, top)], css))
        if at // grid.columns == last_row and any(change.kind is ChangeKind.CHANGED for change in container.changes):
            elements += _copy_up(spot, slab)
    return tuple(elements)


def _copy_up(spot: Spot, slab: float) -> tuple[Element, ...]:
    """The arrow of a copy-up: out of the read-only layers, into the writable one."""
    x = spot.x + spot.width - 30
    tip = spot.y + spot.height + 1
    return trace([(x, slab), (x, tip + 5)], "writable-line dashed"), arrow_head(x, tip, "writable-bar", up=True)


def _slab(image: ImageInstances, page: Page, y: float) -> tuple[list[Element], float]:
    """The image's layers, uppermost first, and its name below them."""
    left, wide, speech = MARGIN + _RAIL, page.right - MARGIN - _RAIL, page.speech
    rows = [(number, row) for number, row in enumerate(image.layers, 1) if not row.is_empty]
    copied = Counter(one.layer for container in image.containers for one in container.changes if one.copied_up)
    shown, left_out = _abridged(rows[::-1])
    picks = []
    for position, (number, _) in enumerate(shown):
        if left_out and position == len(shown) - 1:
            more = speech.count("more-layers", len(left_out), size=_weight(left_out, speech))
            picks.append(_abridgement(more, left, y, wide, instance_keys.more(image)))
            y += _LAYER + 4
        spot = Spot(x=left, y=y, width=wide, height=_LAYER)
        picks.append(_layer((image, number), copied[number - 1], spot, page))
        y += _LAYER + 4
    picks.append(_name(image, page, y))
    return picks, y + 24


def _abridged(
    rows: Sequence[tuple[int, LayerRow]],
) -> tuple[Sequence[tuple[int, LayerRow]], Sequence[tuple[int, LayerRow]]]:
    """The layers to draw, and those in the middle to be counted only: the base always stays."""
    if len(rows) <= _LAYERS_SHOWN:
        return rows, ()
    return [*rows[: _LAYERS_SHOWN - 2], rows[-1]], rows[_LAYERS_SHOWN - 2 : -1]


def _weight(rows: Sequence[tuple[int, LayerRow]], speech: Speech) -> str:
    return speech.size(sum(row.unpacked_size for _, row in rows))


def _abridgement(words: str, x: float, y: float, wide: float, key: str) -> Element:
    return pick(
        key,
        words,
        box(x, y, wide, _LAYER, Meaning.BASE, dashed=True, radius=4),
        clipped(x + 12, y + 19, words, wide - 24, Font.SMALL, ink="base-text"),
    )


def _layer(where: tuple[ImageInstances, int], copied: int, spot: Spot, page: Page) -> Element:
    """A layer, by its image and its number (from 1), and how many of its files containers have `copied` up."""
    (image, number), speech, right = where, page.speech, spot.x + spot.width - 12
    row = image.layers[number - 1]
    size = speech.size(row.unpacked_size)
    start, end = spot.x + 12 + prints.WIDTH + 10, right - width(size, Font.SMALL_STRONG) - 12
    words, told = f"{number}. {row.instruction or '?'}", speech.count("copied-from", copied) if copied else ""
    is_roomy = end - start - width(words, Font.CODE) > width(told, Font.SMALL) + 12
    aside = told if is_roomy else f"↑ {copied}" if copied else ""
    room = end - start - (width(aside, Font.SMALL) + 12 if aside else 0)
    return pick(
        instance_keys.layer(image, number - 1),
        ", ".join(filter(None, (words, size, told))),
        box(spot.x, spot.y, spot.width, spot.height, Meaning.BASE, radius=4),
        prints.draw(spot.x + 12, spot.y + 21, row.diff_id),
        text(start, spot.y + 20, clip(words, room, Font.CODE), Font.CODE),
        *([text(end, spot.y + 20, aside, Font.SMALL, ink="writable-text", anchor="end")] if aside else []),
        text(right, spot.y + 20, size, Font.SMALL_STRONG, anchor="end"),
    )


def _name(image: ImageInstances, page: Page, y: float) -> Element:
    """The line under the slab: whose layers these are, and what sharing them saves."""
    speech, left = page.speech, MARGIN + _RAIL
    name = clip(image.name, (page.right - left) / 2, Font.STRONG)
    x = left + 18 + width(name, Font.STRONG) + 12
    note = sharing(image, speech, page.right - x)
    return pick(
        instance_keys.image(image),
        f"{image.name}, {note}",
        lock(left, y + 5),
        text(left + 18, y + 17, name, Font.STRONG),
        text(x, y + 17, note, ink="muted"),
    )


def sharing(image: ImageInstances, speech: Speech, room: float) -> str:
    """What the containers of an image share, in numbers; in short where there is little room."""
    count, size = len(image.containers), image.shared_size
    full = speech.say("shared", size=speech.size(size), count=count, without=speech.size(size * count))
    if count > 1 and size and width(full, Font.BODY) <= room:
        return full
    return speech.say("read-only", size=speech.size(size))


def lesson_of(view: Instances, speech: Speech) -> str:
    """What this picture teaches."""
    if not view.images:
        return speech.say("lesson-no-container")
    busiest = max(view.images, key=lambda image: len(image.containers))
    if len(busiest.containers) < 2:  # noqa: PLR2004 - sharing takes two
        return speech.say("lesson-instance")
    size = busiest.shared_size
    return speech.say(
        "lesson-shared",
        count=len(busiest.containers),
        size=speech.size(size),
        without=speech.size(size * len(busiest.containers)),
    )


def _keys(view: Instances, speech: Speech) -> list[Key]:
    containers = [container for image in view.images for container in image.containers]
    keys = [Key(name=speech.say("key-read-only"), meaning=Meaning.BASE)] if view.images else []
    if containers:
        keys.append(Key(name=speech.say("key-writable"), meaning=Meaning.WRITABLE))
    if any(container.ports for container in containers):
        keys.append(Key(name=speech.say("key-port"), meaning=Meaning.MOVING))
    if not all(is_alive(container) for container in containers):
        keys.append(Key(name=speech.say("key-stopped"), meaning=Meaning.PLAIN, dashed=True))
    return keys
