"""The files of a layer that is opened, below its row: two ways to look at them, and a tree.

( what it changes ) ( with all below )          from step
▾ - srv/notes/            3.0 MB
    - big                 3.0 MB      2     the step whose bytes these are
▸ + usr/lib/python3/      9.1 MB   412 files
"""

from dataclasses import dataclass

from pydock_lab.drawing.metrics import Font, clip_path, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import Page, hit, mark, pick, pill, pill_width, text
from pydock_lab.drawing.svg import Element, element
from pydock_lab.views import ChangeKind, FileNode, LayerRow, Opened

ROW = 22  # pixels of one file
_TABS = 32
_INDENT = 16
_FOOT = 10
_DEEPEST = 12  # deeper folders are not moved further to the right
_NUMBER = 26  # room for the step's number
SIGNS = {ChangeKind.ADDED: "+", ChangeKind.CHANGED: "~", ChangeKind.DELETED: "\N{MINUS SIGN}", None: " "}
INKS = {
    ChangeKind.ADDED: "cached-text",
    ChangeKind.CHANGED: "built-text",
    ChangeKind.DELETED: "deleted-text",
    None: "ink",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Strip:
    """Where the files of a row go: below `y`, from `x`, so many pixels wide."""

    x: float
    y: float
    wide: float


def height(row: LayerRow) -> float:
    """Pixels that the opened part of a row takes."""
    return 0 if row.opened is Opened.CLOSED else _TABS + ROW * max(1, len(row.files)) + _FOOT


def draw(page: Page, row: LayerRow, at: int, strip: Strip) -> list[Element]:
    """The opened part of the row `at`."""
    if row.opened is Opened.CLOSED:
        return []
    y = strip.y + _TABS
    elements = _tabs(page, row, at, strip)
    if not row.files:
        words = page.speech.say("no-files-here")
        elements.append(text(strip.x + 8, y + 15, words, Font.SMALL, ink="muted"))
    for node in row.files:
        elements.append(_file(page, node, strip, y))
        y += ROW
    return elements


def _tabs(page: Page, row: LayerRow, at: int, strip: Strip) -> list[Element]:
    """The layer alone, or the tree that there is with all below it."""
    elements, x = [], strip.x
    for how in (Opened.CHANGES, Opened.TOGETHER):
        words, is_shown = page.speech.say(f"files-{how}"), row.opened is how
        drawn = pill(x, strip.y + 4, words, Meaning.PLAIN, dashed=not is_shown)
        label = page.speech.say("files-shown", what=words) if is_shown else words
        elements.append(pick(f"{how}-{at}", label, drawn, role="treeitem", level=2, acts=True))
        x += pill_width(words) + 8
    heading = page.speech.say("files-step")
    if x + width(heading, Font.SMALL) < strip.x + strip.wide:
        right = strip.x + strip.wide
        elements.append(text(right, strip.y + 18, heading, Font.SMALL, ink="muted", anchor="end"))
    return elements


def _file(page: Page, node: FileNode, strip: Strip, y: float) -> Element:
    if node.others:
        words = page.speech.count("more-files", node.others)
        x = strip.x + 20 + _INDENT * min(node.depth, _DEEPEST)
        drawn = text(x, y + 15, words, Font.SMALL_STRONG, ink="plain-text")
        area = hit(strip.x, y, strip.wide, ROW)
        return pick(node.key, words, area, drawn, role="treeitem", level=node.depth + 2, expanded=False)
    size = page.speech.size(node.size) if node.size or not node.is_directory else ""
    right, x = strip.x + strip.wide, strip.x + 14 + _INDENT * min(node.depth, _DEEPEST)
    elements = [hit(strip.x, y, strip.wide, ROW)]
    if node.is_directory:
        elements.append(mark(x - 14, y + 11, is_open=node.opened))
    elements += _holder(node, right, y)
    right -= _NUMBER
    elements.append(text(right, y + 15, size, Font.SMALL, ink="muted", anchor="end"))
    right -= max(64, width(size, Font.SMALL) + 12)
    if node.files:
        count = page.speech.count("inside", node.files)
        elements.append(text(right, y + 15, count, Font.SMALL, ink="muted", anchor="end"))
        right -= width(count, Font.SMALL) + 12
    name = f"{node.name} → {node.link}" if node.link else node.name
    shown = clip_path(name, right - x - 16, Font.CODE_SMALL)
    elements += [
        text(x, y + 15, SIGNS[node.kind], Font.CODE_SMALL, ink=INKS[node.kind]),
        text(x + 14, y + 15, shown, Font.CODE_SMALL, ink=INKS[node.kind]),
    ]
    if node.kind is ChangeKind.DELETED:
        through = min(width(shown, Font.CODE_SMALL), right - x - 16)
        elements.append(element("path", d=f"M{x + 14:.1f} {y + 11:.1f}h{through:.1f}", class_="trace deleted-line"))
    expanded = node.opened if node.is_directory else None
    label = file_label(page, node)
    return pick(node.key, label, *elements, role="treeitem", level=node.depth + 2, expanded=expanded)


def _holder(node: FileNode, right: float, y: float) -> list[Element]:
    """The number of the step whose bytes these are."""
    if node.holder < 0 or node.is_directory:
        return []
    return [text(right, y + 15, str(node.holder + 1), Font.CODE_SMALL, ink="muted", anchor="end")]


def file_label(page: Page, node: FileNode) -> str:
    """A row in a sentence, for a screen reader."""
    speech = page.speech
    words = [node.path + "/" * node.is_directory, speech.say(f"file-{node.kind}") if node.kind else ""]
    words += [speech.size(node.size), speech.count("inside", node.files) if node.files else ""]
    return ", ".join(filter(None, words))
