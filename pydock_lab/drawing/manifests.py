"""A manifest as a card: its digest, what it weighs, for which platform, and its layers, base first.

    ▅█▃▃█▅ sha256:9c1e…4af2   61.4 MB   linux/amd64
    [▂▃█▂▃█] [▅▂▃▅▂▃] [█▃▂█▃▂]

A layer is only its print here: what is the same looks the same, in every image and every repository. A thick foot
says that several images have it; green, that it is on this machine already.
"""

from dataclasses import dataclass

from pydock_lab.drawing import prints
from pydock_lab.drawing.branches import Branch, Sharing
from pydock_lab.drawing.metrics import Font, clip
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import Page, Piece, box, line, pick, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, element, group
from pydock_lab.views import BlobView, ManifestView

_CHIP_WIDE, _CHIP_HIGH, _SPACE = 52, 24, 6
_CHIP_LINES = 2  # more layers are counted
_ONE_LINE = 430  # a card of this width holds digest, size and platform in one line


@dataclass(frozen=True, kw_only=True, slots=True)
class Cards:
    """How all cards of a tree are drawn: where they begin and end, and who shares which layer."""

    page: Page
    left: float
    right: float
    shared: Sharing

    @property
    def narrow(self) -> bool:
        """Whether digest and facts need a line each."""
        return self.right - self.left < _ONE_LINE

    @property
    def head(self) -> float:
        """What a card needs above its layers."""
        return 48 if self.narrow else 30

    def chip_rows(self, manifest: ManifestView | None) -> int:
        """How many lines of layers a manifest takes."""
        count = len(manifest.layers) if manifest else 0
        return min(-(-count // _Room(wide=self.right - self.left - 24, rows=1).columns), _CHIP_LINES)

    def height(self, manifest: ManifestView | None) -> float:
        """Pixels of a manifest's card."""
        rows = self.chip_rows(manifest)
        return self.head + rows * (_CHIP_HIGH + _SPACE) + (4 if rows else 0)

    def draw(self, branch: Branch, key: str, x: float, y: float) -> Element:
        """The card of a manifest; dashed where no tag leads to it, or where the registry does not have it."""
        manifest, speech, wide = branch.manifest, self.page.speech, self.right - x
        facts = describe(branch, speech)
        dashed = manifest is None or not (branch.tags or branch.depth)
        elements = [
            box(x, y, wide, self.height(manifest), Meaning.PLAIN, dashed=dashed),
            prints.draw(x + 12, y + 21, branch.digest),
            *self._words(branch, facts, x, y),
        ]
        if manifest:
            room = _Room(wide=wide - 24, rows=self.chip_rows(manifest))
            elements += _chips(manifest, x + 12, y + self.head, room, self.shared)
        words = [prints.short(branch.digest), *(piece.text for piece in facts)]
        if manifest and manifest.layers:
            words.append(speech.count("layers", len(manifest.layers)))
        level = 2 + bool(branch.depth)
        return pick(key, ", ".join(words), *elements, role="treeitem", level=level, expanded=_is_open(manifest))

    def _words(self, branch: Branch, facts: list[Piece], x: float, y: float) -> list[Element]:
        start = x + 12 + prints.WIDTH + 10
        room = self.right - 12 - start
        digest = Piece(text=prints.short(branch.digest), font=Font.CODE)
        if not self.narrow:
            return [line(start, y + 20, [digest, *facts], room)]
        return [line(start, y + 20, [digest], room), line(start, y + 38, facts, room)]


def _is_open(manifest: ManifestView | None) -> bool | None:
    """Of an index, and of what was not read yet: whether what is below it is shown; None of what has nothing below."""
    if manifest is None or not (manifest.children or not manifest.known):
        return None
    return manifest.known and not manifest.closed


def describe(branch: Branch, speech: Speech) -> list[Piece]:
    """What a manifest weighs and is for."""
    manifest = branch.manifest
    if manifest is None:
        return [Piece(text=speech.say("missing-manifest"), font=Font.SMALL, ink="deleted-text")]
    pieces = []
    if manifest.children:
        pieces.append(Piece(text=speech.count("platforms", len(manifest.children)), font=Font.SMALL, ink="muted"))
    else:
        size = sum(layer.size for layer in manifest.layers)
        size = size if manifest.known else manifest.size
        pieces.append(Piece(text=speech.size(size), font=Font.SMALL_STRONG))
    if manifest.platform:
        platform = clip(manifest.platform, 160, Font.SMALL)
        pieces.append(Piece(text=platform, font=Font.SMALL, ink="muted"))
    if manifest.created:
        pieces.append(Piece(text=manifest.created[:10], font=Font.SMALL, ink="muted"))
    if not branch.tags and not branch.depth:
        pieces.append(Piece(text=speech.say("untagged"), font=Font.SMALL, ink="muted"))
    return pieces


@dataclass(frozen=True, kw_only=True, slots=True)
class _Room:
    """What a card has for its layers."""

    wide: float
    rows: int

    @property
    def count(self) -> int:
        """How many chips fit."""
        return self.rows * self.columns

    @property
    def columns(self) -> int:
        return max(1, int((self.wide + _SPACE) // (_CHIP_WIDE + _SPACE)))


def _chips(manifest: ManifestView, x: float, y: float, room: _Room, shared: Sharing) -> list[Element]:
    """The layers, base first, so that a shared base stands in one column."""
    layers = manifest.layers
    shown = layers if len(layers) <= room.count else layers[: room.count - 1]
    elements = []
    for at, layer in enumerate(shown):
        left = x + at % room.columns * (_CHIP_WIDE + _SPACE)
        elements.append(_chip(layer, left, y + at // room.columns * (_CHIP_HIGH + _SPACE), shared))
    if len(shown) < len(layers):
        left = x + (room.count - 1) % room.columns * (_CHIP_WIDE + _SPACE)
        more = f"+ {len(layers) - len(shown)}"
        elements.append(text(left + 6, y + (room.rows - 1) * (_CHIP_HIGH + _SPACE) + 16, more, Font.SMALL, ink="muted"))
    return elements


def _chip(layer: BlobView, x: float, y: float, shared: Sharing) -> Element:
    """A layer as its print: green if it is here already, with a thick foot if several images have it."""
    meaning = Meaning.CACHED if layer.local else Meaning.BASE
    elements = [
        box(x, y, _CHIP_WIDE, _CHIP_HIGH, meaning, radius=4),
        prints.draw(x + (_CHIP_WIDE - prints.WIDTH) / 2, y + 18, layer.digest),
    ]
    if shared.users[layer.digest] > 1:
        elements.append(element("rect", x=x, y=y + _CHIP_HIGH - 3, width=_CHIP_WIDE, height=3, rx=1.5,
                                class_=f"{meaning}-bar"))  # fmt: skip
    return group(*elements, class_="chip", data_digest=layer.digest)
