"""The writable layer of a container, in its card: what it wrote, and what of the image it has changed or hidden.

    ┌ writable layer ──────────────── 1.6 MB ┐
    │ ~ /srv/app.py                          │     copied up before the first byte was changed
    │   copied from layer 5: 380 kB          │
    │ - /usr/share/doc                       │     a whiteout: the files are where they were
    │   hidden: 6.1 MB stay in layer 1       │
    ▌ + /tmp/upload.jpg                  new │     written since the last look
    └────────────────────────────────────────┘

What concerns the image can be selected, for that is what is hard to believe.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing import instance_keys
from pydock_lab.drawing.layer_files import INKS, SIGNS
from pydock_lab.drawing.metrics import Font, clip, clip_path, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import box, clipped, hit, pick, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, element
from pydock_lab.views import ChangeKind, ContainerView, FileChange

SHOWN = 3
_HEAD, _LINE, _ORIGIN, _FOOT, _MORE = 28, 17, 15, 3, 17
_PAD = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """Where the layer stands."""

    x: float
    y: float
    wide: float


def shown(container: ContainerView) -> tuple[FileChange, ...]:
    """The few changes that are drawn: the newest, those of the image's files, the others; in the view's order."""
    files = _files(container)
    ranked = sorted(files, key=lambda one: (one.path not in container.fresh, one.kind is ChangeKind.ADDED))
    chosen = {one.path for one in ranked[:SHOWN]}
    return tuple(one for one in files if one.path in chosen)


def _files(container: ContainerView) -> tuple[FileChange, ...]:
    """Without the folders above a change: overlays copy them as well, and that says nothing."""
    return tuple(one for one in container.changes if not (one.is_directory and one.kind is ChangeKind.CHANGED))


def left_out(container: ContainerView) -> int:
    """How many changes are not drawn."""
    passed = len(container.changes) - len(_files(container))
    return max(0, container.changes_total - passed - len(shown(container)))


def of_the_image(container: ContainerView) -> tuple[FileChange, ...]:
    """Of those that are drawn, the ones that can be selected."""
    return tuple(one for one in shown(container) if one.layer >= 0)


def height(container: ContainerView) -> float:
    """Pixels that the layer takes."""
    changes = shown(container)
    lines = sum(_LINE + (_ORIGIN if one.layer >= 0 else 0) for one in changes)
    return _HEAD + lines + (_MORE if left_out(container) else 0) + (_FOOT if changes else 0)


def story(change: FileChange, speech: Speech) -> str:
    """What has become of a file of the image, or how large one of the container's own is, in a few words."""
    if change.layer < 0:
        return speech.size(change.size) if not (change.is_directory or change.link) else ""
    if change.kind is ChangeKind.DELETED:
        return speech.say("whiteout", size=speech.size(change.size), layer=change.layer + 1)
    return speech.say("copied-up", size=speech.size(change.copied), layer=change.layer + 1)


def draw(container: ContainerView, room: Room, speech: Speech, *, is_alive: bool) -> Iterator[Element]:
    """The layer with what is the container's own; the image's files are drawn on it by `files`."""
    x, y, wide = room.x, room.y, room.wide
    size = speech.size(container.writable_size)
    title = clip(speech.say("writable-layer"), wide - 2 * _PAD - width(size, Font.SMALL_STRONG) - 8, Font.SMALL_STRONG)
    yield box(x, y, wide, height(container), Meaning.WRITABLE, dashed=not is_alive)
    yield text(x + _PAD, y + 18, title, Font.SMALL_STRONG)
    yield text(x + wide - _PAD, y + 18, size, Font.SMALL_STRONG, ink="writable-text", anchor="end")
    for change, top in _places(container, y):
        if change.layer < 0:
            yield from _line(container, change, (x + _PAD, top, wide - 2 * _PAD), speech)
    others = left_out(container)
    if others:
        foot = y + height(container) - _FOOT - _MORE + 10
        more = speech.count("more", others)
        yield clipped(x + _PAD, foot + 2, more, wide - 2 * _PAD, Font.SMALL, ink="muted")


def _places(container: ContainerView, y: float) -> Iterator[tuple[FileChange, float]]:
    """Each change that is drawn, and the upper edge of its line."""
    top = y + _HEAD - 4
    for change in shown(container):
        yield change, top
        top += _LINE + (_ORIGIN if change.layer >= 0 else 0)


def files(container: ContainerView, room: Room, speech: Speech) -> Iterator[Element]:
    """The files of the image that were copied up or hidden, each to be selected."""
    number = 0
    for change, top in _places(container, room.y):
        if change.layer < 0:
            continue
        x, wide = room.x + _PAD, room.wide - 2 * _PAD
        told = story(change, speech)
        new = (speech.say("just-written"),) if change.path in container.fresh else ()
        yield pick(
            instance_keys.file(container, number),
            ", ".join((change.path, told, *new)),
            hit(room.x + 2, top, room.wide - 4, _LINE + _ORIGIN),
            *_line(container, change, (x, top, wide), speech),
            clipped(x + 14, top + _LINE + 9, told, wide - 14, Font.SMALL, ink="writable-text"),
        )
        number += 1


def _line(
    container: ContainerView, change: FileChange, place: tuple[float, float, float], speech: Speech
) -> Iterator[Element]:
    """One line at (x, y, width): the sign and the path, struck through where it is hidden, marked where it is new."""
    x, y, wide = place
    is_new = change.path in container.fresh
    aside = speech.say("just-written") if is_new and change.layer < 0 else ""
    room = wide - 14 - (width(aside, Font.SMALL) + 10 if aside else 0)
    path = clip_path(change.path, room, Font.CODE_SMALL)
    if is_new:
        high = _LINE + (_ORIGIN if change.layer >= 0 else 0) - 4
        name = f"{container.id} {change.path}"
        yield element("rect", x=x - 7, y=y + 2, width=3, height=high, rx=1.5, class_="writable-bar", data_fresh=name)
    yield text(x, y + 12, SIGNS[change.kind], Font.CODE_SMALL, ink=INKS[change.kind])
    yield text(x + 14, y + 12, path, Font.CODE_SMALL, ink=INKS[change.kind])
    if change.kind is ChangeKind.DELETED:
        through = min(width(path, Font.CODE_SMALL), room)
        yield element("path", d=f"M{x + 14:.1f} {y + 8:.1f}h{through:.1f}", class_="trace deleted-line")
    if aside:
        yield text(x + wide, y + 12, aside, Font.SMALL, ink="writable-text", anchor="end")
