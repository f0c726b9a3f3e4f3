"""How wide a text is, known without a browser: so that nothing is cut off and nothing overlaps.

    |<------------ width ------------>|
    RUN apt-get install -y python3 gi...     clip: what fits, and an ellipsis

A picture is made in Python and shown with whatever fonts the reader has. The table holds the advance widths of
DejaVu Sans, among the widest of the fonts in the list (Segoe UI, San Francisco and Roboto are narrower): what fits
there fits everywhere. Unit: thousandths of the font size.
"""

# ruff: noqa: RUF001 - a table of characters has those that look alike

import unicodedata
from collections.abc import Mapping
from enum import Enum
from functools import cache, lru_cache

from pydock_lab.drawing.svg import clean

ELLIPSIS = "…"
_MONO = 602
_UNKNOWN = 900  # a letter of a script that is not in the table
_WIDE = 1050  # East Asian characters fill a square
_EMOJI = 1400
_FIRST_EMOJI = 0x1F000
_REMEMBERED = 4096  # texts

_REGULAR = {
    275: "'", 278: "ijl", 295: "IJ", 318: " ,.·’", 337: "/:;\\|", 352: "f", 361: "-", 390: "()[]", 392: "t",
    401: "!", 411: "r", 460: '"', 500: "*_`–°", 518: "“”", 521: "s", 525: "z", 531: "?", 550: "c", 557: "L",
    575: "F", 579: "k", 590: "•", 592: "vxy", 603: "P", 611: "TY", 612: "o«»ø", 613: "a", 615: "e", 630: "ß",
    632: "E", 634: "hnu", 635: "Sbdgpq", 636: "$0123456789{}", 656: "K", 684: "AV", 685: "XZ", 686: "B", 695: "R",
    698: "C", 732: "U", 748: "N", 752: "H", 770: "D", 775: "G", 780: "&", 787: "OQØ", 818: "w",
    838: "#+<=>^~→←↑×−✓", 863: "M", 950: "%", 974: "mÆ", 982: "æ", 989: "W", 1000: "@…—", 1023: "œ", 1070: "Œ",
}  # fmt: skip
_BOLD = {
    306: "'", 343: "ijl", 348: " ", 365: "/\\|", 372: "IJ", 380: ",.·’", 400: ":;", 415: "-", 435: "f", 456: "!",
    457: "()[]", 478: "t", 493: "r", 500: "_`–°", 521: '"', 523: "*", 580: "?", 582: "z", 593: "c", 595: "s",
    637: "L", 639: "•", 645: "x", 646: "«»", 652: "vy", 657: "“”", 665: "k", 675: "a", 678: "e", 682: "T",
    683: "EF", 687: "oø", 696: "$0123456789", 712: "hnu{}", 716: "bdgpq", 719: "ß", 720: "S", 724: "Y", 725: "Z",
    733: "P", 734: "C", 762: "B", 770: "R", 771: "X", 774: "AV", 775: "K", 812: "U", 821: "G", 830: "D", 837: "HN",
    838: "#+<=>^~→←↑×−✓", 850: "OQØ", 872: "&", 924: "w", 995: "M", 1000: "@…—", 1002: "%", 1042: "m", 1048: "æ",
    1085: "Æ", 1094: "œ", 1103: "W", 1167: "Œ",
}  # fmt: skip


class Family(Enum):
    """Which table a font is measured with."""

    SANS = "sans"
    BOLD = "bold"
    MONO = "mono"


class Font(Enum):
    """The fonts of the visual language: CSS class, size in pixels, family. Words are sans, machine text is mono."""

    TITLE = ("title", 18.0, Family.BOLD)
    STRONG = ("strong", 13.0, Family.BOLD)
    BODY = ("body", 13.0, Family.SANS)
    SMALL = ("small", 11.5, Family.SANS)
    SMALL_STRONG = ("small-strong", 11.5, Family.BOLD)
    CODE = ("code", 12.5, Family.MONO)
    CODE_SMALL = ("code-small", 11.0, Family.MONO)

    def __init__(self, css: str, size: float, family: Family) -> None:
        self.css, self.size, self.family = css, size, family


def _by_character(table: Mapping[int, str]) -> dict[str, int]:
    return {character: width for width, characters in table.items() for character in characters}


_TABLES = {Family.SANS: _by_character(_REGULAR), Family.BOLD: _by_character(_BOLD)}


@cache
def _advance(character: str, family: Family) -> int:
    """The width of one character, in thousandths of the font size."""
    if unicodedata.combining(character):
        return 0
    if ord(character) >= _FIRST_EMOJI:
        return _EMOJI
    if unicodedata.east_asian_width(character) in "WF":
        return _WIDE
    known = _TABLES.get(family)
    if known is None:
        return _MONO if character.isascii() or unicodedata.category(character)[0] in "LNPS" else _UNKNOWN
    # An accent does not make a letter wider: é is as wide as e.
    base = unicodedata.normalize("NFD", character)[0]
    return known.get(character, known.get(base, _UNKNOWN))


@lru_cache(maxsize=_REMEMBERED)  # a picture that is drawn anew says mostly the same
def width(text: str, font: Font) -> float:
    """How many pixels `text` takes at most in `font`."""
    return sum(_advance(character, font.family) for character in clean(text)) * font.size / 1000


def clip(text: str, limit: float, font: Font) -> str:
    """The text, or as much of its beginning as fits into `limit` pixels, and an ellipsis."""
    text = clean(text)
    if width(text, font) <= limit:
        return text
    room = limit - width(ELLIPSIS, font)
    kept = 0
    while (room := room - _advance(text[kept], font.family) * font.size / 1000) >= 0:
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS


def clip_path(path: str, limit: float, font: Font) -> str:
    """A path, or as much of its end as fits: the name of a file says more than the folder it begins with."""
    path = clean(path)
    if width(path, font) <= limit:
        return path
    return clip(path[::-1], limit, font)[::-1]


def wrap(text: str, limit: float, font: Font) -> tuple[str, ...]:
    """The text in lines of at most `limit` pixels; a word that is wider than a line is clipped."""
    lines: list[str] = []
    for word in clean(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, font) <= limit:
            lines[-1] = longer
        else:
            lines.append(clip(word, limit, font))
    return tuple(lines)
