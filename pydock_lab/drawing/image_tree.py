"""All local images as one tree: an image stands to the right of, and below, the one that it is built on.

(lab/python)                                             51.8 MB
▂▃█ ▅▂▃   2 layers
└─ (shop:1) (shop:latest)                      +3.1 MB   54.9 MB
█▃▂   1 layer more      (web1) (web2)              containers
"""

from collections.abc import Iterator

from pydock_lab.drawing import prints
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, pick, pill, pill_width, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, group
from pydock_lab.views import ImageTree, TreeBranch, TreeContainer

_HIGH, _LOW, _GAP = 62, 40, 8  # an image, what is none, and the space between
_CONTAINERS = 26
_INDENT = 28
_DEEPEST = 6  # deeper ones are not moved further to the right
_PRINTS, _WORDS = 8, 150  # layers whose print is drawn; room for words beside them
_REST = 44  # room for how many more there are


def draw(view: ImageTree, page: Page) -> Drawing:
    """The images of a store."""
    speech = page.speech
    branches = tuple(view.branches())
    images = sum(bool(branch.image.image_id) for branch in branches)
    facts = [speech.count("images", images), speech.say("stored", size=speech.size(view.stored))]
    top = head(page, Head(title=speech.say("image-tree"), facts=facts, command="docker images --tree"))
    y, places = top.height + 4, list[float]()
    for branch in branches:
        places.append(y)
        y += _height(branch) + _GAP
    cards = [_card(page, branch, at, places[at]) for at, branch in enumerate(branches)]
    label = speech.say("image-tree")
    items = group(*cards, class_="picks", role="tree", aria_label=label)
    lines = tuple(_lines(branches, places))
    body = Block(elements=(*lines, items), height=y - top.height)
    return finish(page, label, (top, body), _keys(branches, speech), lesson_of(view, speech))


def lesson_of(view: ImageTree, speech: Speech) -> str:
    """What this picture teaches."""
    if not view.roots:
        return speech.say("lesson-no-images")
    if view.stored < view.unshared:
        return speech.say("lesson-images-share", stored=speech.size(view.stored), unshared=speech.size(view.unshared))
    return speech.say("lesson-images-apart")


def added(branch: TreeBranch, speech: Speech) -> str:
    """What an image has on top of what it stands on."""
    layers = branch.image.layers
    if not layers:
        return speech.say("no-own-layers")
    return speech.count("own-layers" if branch.depth else "layers", len(layers))


def _height(branch: TreeBranch) -> int:
    high = _HIGH if branch.image.image_id else _LOW
    return high + (_CONTAINERS if branch.image.containers else 0)


def _left(branch: TreeBranch) -> float:
    return MARGIN + _INDENT * min(branch.depth, _DEEPEST)


def _card(page: Page, branch: TreeBranch, at: int, y: float) -> Element:
    speech, image, left = page.speech, branch.image, _left(branch)
    right = page.right - 12.0
    total = speech.size(branch.size)
    meaning = Meaning.PLAIN if branch.depth or not image.image_id else Meaning.BASE
    elements = [box(left, y, page.right - left, _height(branch), meaning, dashed=not image.image_id)]
    room = right - width(total, Font.STRONG) - 12 - left - 12
    if image.image_id:
        elements += [text(right, y + 22, total, Font.STRONG, anchor="end"), *_names(branch, left + 12, y + 8, room)]
    elements += _layers(page, branch, left + 12, y + _height(branch) - (_CONTAINERS if image.containers else 0) - 14)
    elements += _pills(image.containers, left + 12, y + _HIGH - 4, right - left - 12)
    words = [image.title or speech.say("shared-layers"), added(branch, speech), total]
    words += [speech.count("containers", len(image.containers))] if image.containers else []
    expanded = True if image.children else None
    return pick(
        f"image-{at}", ", ".join(map(clean, words)), *elements, role="treeitem", level=branch.depth + 1,
        expanded=expanded,
    )  # fmt: skip


def _names(branch: TreeBranch, x: float, y: float, room: float) -> Iterator[Element]:
    """As many names as there is room for, the first in any case."""
    names = branch.image.names or (branch.image.title,)
    dashed = not branch.image.names
    end = x + room
    for at, name in enumerate(names):
        wide, is_last = pill_width(clean(name)), at == len(names) - 1
        if at and x + wide > end - _REST * (not is_last):
            yield text(x, y + 14, f"+ {len(names) - at}", Font.SMALL, ink="muted")
            return
        wide = min(wide, end - x - _REST * (not is_last))
        yield pill(x, y, name, Meaning.PLAIN if dashed else Meaning.MOVING, limit=wide, dashed=dashed)
        x += wide + 6


def _layers(page: Page, branch: TreeBranch, x: float, y: float) -> Iterator[Element]:
    speech = page.speech
    right = page.right - 12.0
    fit = int((right - x - _WORDS) / (prints.WIDTH + 8))
    for layer in branch.image.layers[: min(_PRINTS, fit)]:
        yield prints.draw(x, y, layer.diff_id)
        x += prints.WIDTH + 8
    words = added(branch, speech) if branch.image.image_id else speech.count("layers-shared", len(branch.image.layers))
    if branch.depth and branch.image.layers:
        words = f"{words} · + {speech.size(branch.image.own_size)}"
    yield clipped(x, y - 1, words, right - x, Font.SMALL, ink="muted")


def _pills(containers: tuple[TreeContainer, ...], x: float, y: float, room: float) -> Iterator[Element]:
    end = x + room
    for at, container in enumerate(containers):
        wide, is_last = pill_width(clean(container.name)), at == len(containers) - 1
        if at and x + wide > end - _REST * (not is_last):
            yield text(x, y + 14, f"+ {len(containers) - at}", Font.SMALL, ink="muted")
            return
        wide = min(wide, end - x - _REST * (not is_last))
        yield pill(x, y, container.name, Meaning.WRITABLE, limit=wide, dashed=not container.runs)
        x += wide + 6


def _lines(branches: tuple[TreeBranch, ...], places: list[float]) -> Iterator[Element]:
    """From the foot of each image to those that stand on it."""
    feet: dict[int, tuple[float, float]] = {}
    for branch, y in zip(branches, places, strict=True):
        if branch.depth:
            x, foot = feet[branch.depth - 1]
            side = min(x + 12, _left(branch) - 10) if branch.depth <= _DEEPEST else _left(branch) - 6
            yield trace([(side, foot), (side, y + 18), (_left(branch), y + 18)], "plain-line")
        feet[branch.depth] = (_left(branch), y + _height(branch))


def _keys(branches: tuple[TreeBranch, ...], speech: Speech) -> list[Key]:
    images = [branch.image for branch in branches]
    keys = []
    if any(image.names for image in images):
        keys.append(Key(name=speech.say("key-tag"), meaning=Meaning.MOVING))
    if any(not branch.depth and branch.image.image_id for branch in branches):
        keys.append(Key(name=speech.say("key-root"), meaning=Meaning.BASE))
    if any(one.runs for image in images for one in image.containers):
        keys.append(Key(name=speech.say("key-running"), meaning=Meaning.WRITABLE))
    if any(not one.runs for image in images for one in image.containers):
        keys.append(Key(name=speech.say("key-stopped"), meaning=Meaning.WRITABLE, dashed=True))
    if any(not image.image_id for image in images):
        keys.append(Key(name=speech.say("shared-layers"), meaning=Meaning.PLAIN, dashed=True))
    return keys
