"""Two images side by side: what both stand on is one floor under them, and what each has alone is its own tower.

(shop:1.2)               +9.6 MB   (blog:3)                  +2 MB
┌ ▅█▃ COPY app.py ──────────────┐
├ ▃▅▃ RUN pip install flask ────┤  ┌ █▃▅ COPY blog /srv ──────────┐
┌ ▂▃█ FROM lab/python ──────────────────────────────────── 51.8 MB ┐   shared: once, under both
apart     ████████████████████████████ 115 MB
together  ███████████████ 63 MB
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing import prints
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.layers import MEANINGS, row_label
from pydock_lab.drawing.metrics import Font, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, pick, pill, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.views import LayerRow, LayerStack, Origin, PlacedLayer, SharedLayers

_HIGH, _GAP = 46, 6  # a layer, and the space above the next
_BETWEEN = 16  # the two towers
_NAME = 30  # the line with an image's name
_SCALE = 26  # a bar of the scale


@dataclass(frozen=True, kw_only=True, slots=True)
class _Strip:
    """A place for layers that stand on one another; `bottom` is the lower edge of the lowest."""

    x: float
    wide: float
    bottom: float

    @property
    def right(self) -> float:
        return self.x + self.wide


def draw(view: SharedLayers, page: Page) -> Drawing:
    """Two images and what they share."""
    speech = page.speech
    facts = [shared_words(view, speech), speech.say("stored", size=speech.size(view.stored))]
    command = f"docker image inspect {view.first.name} {view.second.name}"
    title = speech.say("two-images")
    top = head(page, Head(title=title, facts=facts, command=command))
    wide = (page.inner - _BETWEEN) / 2
    ground = top.height + _NAME + _tall(max(len(view.only_first), len(view.only_second), 1))
    towers = (
        _Strip(x=MARGIN, wide=wide, bottom=ground),
        _Strip(x=MARGIN + wide + _BETWEEN, wide=wide, bottom=ground),
    )
    floor = _Strip(x=MARGIN, wide=page.inner, bottom=ground + _tall(len(view.shared)))
    names = (
        *_name(page, view.first, view.sizes[0], towers[0], top.height),
        *_name(page, view.second, view.sizes[1], towers[1], top.height),
    )
    picks = group(
        *_tower(view, page, "first", towers[0]),
        *_tower(view, page, "second", towers[1]),
        *_tower(view, page, "shared", floor),
        class_="picks",
        role="listbox",
        aria_label=label_of(view, speech),
    )
    scale = _scale(view, page, floor.bottom + 12)
    body = Block(elements=(*names, picks, *scale.elements), height=floor.bottom + 12 + scale.height - top.height)
    return finish(page, label_of(view, speech), (top, body), _keys(view, speech), lesson_of(view, speech))


def label_of(view: SharedLayers, speech: Speech) -> str:
    """What the picture shows, in a sentence."""
    return speech.say("layers-of-two", first=clean(view.first.name), second=clean(view.second.name))


def shared_words(view: SharedLayers, speech: Speech) -> str:
    """How much both have."""
    if not view.shared:
        return speech.say("nothing-shared")
    return f"{speech.count('layers-of-both', len(view.shared))} · {speech.size(view.shared_size)}"


def lesson_of(view: SharedLayers, speech: Speech) -> str:
    """What this picture teaches."""
    names = {"first": clean(view.first.name), "second": clean(view.second.name)}
    if not view.shared:
        return speech.say("lesson-nothing-shared", **names)
    if not view.only_first and not view.only_second:
        return speech.say("lesson-all-shared", **names)
    if not view.only_first or not view.only_second:
        lower, upper = ("first", "second") if not view.only_first else ("second", "first")
        return speech.say("lesson-stands-on", lower=names[lower], upper=names[upper])
    sizes = speech.say("lesson-shared-floor", stored=speech.size(view.stored), apart=speech.size(view.apart))
    has_twins = any(view.twin(layer) for layer in view.only_first)
    return f"{sizes} {speech.say('lesson-twins')}" if has_twins else sizes


def layers_of(view: SharedLayers, kind: str) -> tuple[PlacedLayer, ...]:
    """The layers of `first` or `second` alone, or those that are `shared`."""
    return {"first": view.only_first, "second": view.only_second, "shared": view.shared}[kind]


def whose(view: SharedLayers, kind: str, speech: Speech) -> str:
    """Who has these layers, in words."""
    names = {"first": view.first.name, "second": view.second.name}
    return clean(names[kind]) if kind in names else speech.say("of-both")


def twin_words(view: SharedLayers, layer: PlacedLayer, speech: Speech) -> str:
    """Which layer of the other image has the same content; "" where none has."""
    twin = view.twin(layer)
    return speech.say("same-content", number=twin.at + 1) if twin else ""


def _tall(count: int) -> int:
    return count * (_HIGH + _GAP)


def _name(page: Page, stack: LayerStack, own: int, strip: _Strip, y: float) -> Iterator[Element]:
    more = f"+ {page.speech.size(own)}"
    room = strip.wide - width(more, Font.STRONG) - 12
    yield pill(strip.x, y, stack.name, Meaning.MOVING, limit=room)
    yield text(strip.right, y + 15, more, Font.STRONG, anchor="end")


def _tower(view: SharedLayers, page: Page, kind: str, strip: _Strip) -> Iterator[Element]:
    """Layers, uppermost first, as the keyboard goes through them."""
    speech, layers = page.speech, layers_of(view, kind)
    for height, layer in reversed(list(enumerate(layers))):
        y = strip.bottom - _tall(height + 1)
        aside = twin_words(view, layer, speech)
        words = row_label(layer.row, layer.at, speech), whose(view, kind, speech), aside
        drawn = _layer(page, layer, _Strip(x=strip.x, wide=strip.wide, bottom=y + _HIGH), view.twin(layer))
        foot = [_foot(layer.row, strip, y + _HIGH)] if kind == "shared" else []
        yield pick(f"{kind}-{layer.at}", clean(", ".join(filter(None, words))), *drawn, *foot)
    if not layers and kind != "shared":
        yield _nothing(page, strip)


def _layer(page: Page, layer: PlacedLayer, strip: _Strip, twin: PlacedLayer | None) -> Iterator[Element]:
    row, speech, y = layer.row, page.speech, strip.bottom - _HIGH
    size = speech.size(row.unpacked_size)
    x = strip.x + 12 + prints.WIDTH + 10
    room = strip.right - 12 - x
    yield box(strip.x, y, strip.wide, _HIGH, MEANINGS[row.origin])
    yield prints.draw(strip.x + 12, y + 21, row.diff_id)
    yield text(strip.x + 12, y + 36, str(layer.at + 1), Font.CODE_SMALL, ink="muted")
    yield clipped(x, y + 19, row.instruction or "?", room, Font.CODE)
    yield text(x, y + 36, size, Font.SMALL_STRONG)
    second = x + width(size, Font.SMALL_STRONG) + 12
    room = strip.right - 12 - second
    if twin:
        words = speech.say("same-content", number=twin.at + 1)
        words = words if width(words, Font.SMALL) <= room else f"= {twin.at + 1}"
        yield text(second, y + 36, words, Font.SMALL, ink="deleted-text")
    else:
        yield clipped(second, y + 36, speech.say(f"origin-{row.origin}"), room, Font.SMALL, ink="muted")


def _foot(row: LayerRow, strip: _Strip, bottom: float) -> Element:
    """The thick lower edge of what several share."""
    return element("rect", x=strip.x, y=bottom - 4, width=strip.wide, height=4, rx=2,
                   class_=f"{MEANINGS[row.origin]}-bar")  # fmt: skip


def _nothing(page: Page, strip: _Strip) -> Element:
    """An image that has no layer of its own."""
    y = strip.bottom - _tall(1)
    return group(
        box(strip.x, y, strip.wide, _HIGH, Meaning.PLAIN, dashed=True),
        clipped(strip.x + 12, y + 27, page.speech.say("nothing-own"), strip.wide - 24, Font.SMALL, ink="muted"),
    )


def _scale(view: SharedLayers, page: Page, y: float) -> Block:
    """What both weigh, apart and together, on one scale."""
    speech = page.speech
    names = {"apart": speech.say("each-alone"), "together": speech.say("both-stored")}
    left = MARGIN + max(width(name, Font.SMALL) for name in names.values()) + 12
    room = page.right - left - width(speech.size(view.apart), Font.SMALL_STRONG) - 10
    per_byte = room / (view.apart or 1)
    first, second = view.sizes
    parts = {
        "apart": ((view.shared_size, "base"), (first, "built"), (view.shared_size, "base"), (second, "built")),
        "together": ((view.shared_size, "base"), (first, "built"), (second, "built")),
    }
    elements: list[Element] = []
    for at, (name, said) in enumerate(names.items()):
        top, x = y + at * _SCALE, left
        elements.append(text(MARGIN, top + 12, said, Font.SMALL, ink="muted"))
        for size, ink in parts[name]:
            wide = size * per_byte
            elements.append(element("rect", x=x, y=top + 2, width=max(0.0, wide - 1), height=12, class_=f"{ink}-bar"))
            x += wide
        total = speech.size(sum(size for size, _ in parts[name]))
        elements.append(text(x + 8, top + 12, total, Font.SMALL_STRONG))
    return Block(elements=tuple(elements), height=2 * _SCALE)


def _keys(view: SharedLayers, speech: Speech) -> list[Key]:
    seen = {layer.row.origin for layer in (*view.shared, *view.only_first, *view.only_second)}
    keys = [Key(name=speech.say(f"key-{origin}"), meaning=MEANINGS[origin]) for origin in Origin if origin in seen]
    if view.shared:
        keys.append(Key(name=speech.say("key-both"), meaning=Meaning.PLAIN, foot=True))
    return keys
