"""The tag tree: a registry as its repositories, tags, digests and layers.

    shop                                                                    2 tags
      ( 1.2 )────╮
      (latest)───┴──▶ ▅█▃ sha256:9c1e…4af2   61.4 MB   linux/amd64     a digest never changes
                      [▂▃█] [▅▂▃] [█▃▂]                                its layers: the same print, the same layer
      ( 1.1 )───────▶ ▃▅█ sha256:41d0…77be

A tag is a name that somebody may move to another image tomorrow; a digest is the hash of the image itself. Tags that
point to one digest meet in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing.branches import Branch, Sharing, branches, sharing
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.manifests import Cards
from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, PILL, Block, Page, curve, hit, mark, pick, pill, pill_width, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, group
from pydock_lab.views import RepositoryView, TagTree

_INDENT = 14
_TAG_STEP = PILL + 6
_MARK = 16  # room for the mark before a repository
_CURVE = 56  # room for the lines from tags to manifests


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tree:
    """What the drawing of every repository needs to know of the whole: where tags end, and how cards are drawn."""

    page: Page
    cards: Cards
    tag_end: float
    tag_width: float


def draw(view: TagTree, page: Page) -> Drawing:
    """A registry."""
    speech, shared = page.speech, sharing(view)
    digests = {manifest.digest for repository in view.repositories for manifest in repository.manifests}
    counted = sum(len(repository.tags) + repository.others for repository in view.repositories)
    facts = [
        *([speech.say("filtered", filter=view.filter)] if view.filter else []),
        speech.count("repositories", len(view.repositories) + view.others),
        speech.count("tags", counted),
        speech.count("manifests", len(digests)),
        speech.size(shared.stored),
    ]
    top = head(page, Head(title=view.host, facts=facts, command=catalog_command(view.host)))
    tree = _tree(view, page, shared)
    y = top.height + 4
    lines: list[Element] = []
    picks: list[Element] = []
    for at, repository in enumerate(view.repositories):
        part = _repository(tree, repository, at, y)
        lines += part.lines
        picks += part.picks
        y = part.bottom
    if view.others:
        picks.append(_more("more", speech.count("more-repositories", view.others), MARGIN, y, level=1))
        y += 30
    if not view.repositories and view.filter:
        picks.append(_nothing("nothing", speech.say("nothing-fits", filter=view.filter), y))
        y += 24
    label = speech.say("tags-of", host=view.host)
    items = group(*picks, class_="picks", role="tree", aria_label=label)
    body = Block(elements=(*lines, items), height=y - top.height)
    return finish(page, label, (top, body), _keys(view, shared, speech), lesson_of(view, speech))


def catalog_command(host: str) -> str:
    """What lists a registry: Docker has no command for it, the protocol has.

    Source: OCI distribution specification, "Listing Tags" (and the catalogue of its predecessor).
    """
    scheme = "http" if host.partition(":")[0] in ("localhost", "127.0.0.1") else "https"
    return f"curl {scheme}://{host}/v2/_catalog"


def _tree(view: TagTree, page: Page, shared: Sharing) -> _Tree:
    names = [tag.name for repository in view.repositories for tag in repository.tags]
    widest = max((pill_width(name) for name in names), default=60)
    tag_width = min(widest, page.inner * 0.28)
    tag_end = MARGIN + _INDENT + tag_width
    cards = Cards(page=page, left=tag_end + _CURVE, right=page.right, shared=shared)
    return _Tree(page=page, cards=cards, tag_end=tag_end, tag_width=tag_width)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    """A repository, drawn: the lines behind, what can be picked, and its lower edge."""

    lines: list[Element]
    picks: list[Element]
    bottom: float


def _repository(tree: _Tree, repository: RepositoryView, at: int, y: float) -> _Part:
    lines: list[Element] = []
    picks = [_heading(repository, at, tree.page, y)]
    y += 34
    feet: dict[int, float] = {}  # where the last card of each depth ends
    for place, branch in enumerate(branches(repository)):
        card_high = tree.cards.height(branch.manifest)
        high = max(card_high, len(branch.tags) * _TAG_STEP - 6)
        card_y = y + (high - card_high) / 2
        feet[branch.depth] = card_y + card_high
        left = tree.cards.left + _INDENT * branch.depth
        first_tag = y + (high - len(branch.tags) * _TAG_STEP + 6) / 2
        picks += _tags(tree, branch, f"{at}-{place}", first_tag)
        picks.append(tree.cards.draw(branch, f"manifest-{at}-{place}", left, card_y))
        lines += _pointers(tree, branch, first_tag, (left, y + high / 2))
        if branch.depth:
            lines.append(_bracket(left, feet[branch.depth - 1], y + high / 2))
        y += high + 12
    if repository.closed:
        return _Part(lines=lines, picks=picks, bottom=y)
    if not repository.manifests and not repository.tags:
        picks.append(_nothing(f"nothing-{at}", tree.page.speech.say("empty-repository"), y))
        y += 24
    if repository.others:
        words = tree.page.speech.count("more-tags", repository.others)
        picks.append(_more(f"more-{at}", words, MARGIN + _INDENT, y, level=2))
        y += 30
    return _Part(lines=lines, picks=picks, bottom=y + 8)


def _heading(repository: RepositoryView, at: int, page: Page, y: float) -> Element:
    speech = page.speech
    # Of what nobody has opened yet it is not known.
    aside = "" if repository.closed else speech.say("private" if repository.private else "public")
    room = page.inner - (pill_width(aside) + 12 if aside else 0)
    total = len(repository.tags) + repository.others
    count = "" if repository.closed and not total else speech.count("tags", total)
    name = clip(repository.name, room - _MARK - width(count, Font.SMALL) - 12, Font.STRONG)
    elements = [
        hit(MARGIN, y + 2, page.inner, 26),
        trace([(MARGIN, y + 29), (page.right, y + 29)], "rule", stroke=1),
        mark(MARGIN, y + 15, is_open=not repository.closed),
        text(MARGIN + _MARK, y + 20, name, Font.STRONG),
        text(MARGIN + _MARK + width(name, Font.STRONG) + 12, y + 20, count, Font.SMALL, ink="muted"),
    ]
    if repository.private:
        elements.append(pill(page.right - pill_width(aside), y + 4, aside, Meaning.DELETED))
    elif aside:
        elements.append(text(page.right, y + 20, aside, Font.SMALL, ink="muted", anchor="end"))
    label = ", ".join(filter(None, (repository.name, count, aside)))
    return pick(f"repository-{at}", label, *elements, role="treeitem", level=1, expanded=not repository.closed)


def _more(key: str, words: str, x: float, y: float, *, level: int) -> Element:
    """What there is besides, and can be had."""
    drawn = pill(x, y, words, Meaning.PLAIN, dashed=True)
    return pick(key, words, drawn, role="treeitem", level=level, expanded=False)


def _tags(tree: _Tree, branch: Branch, key: str, y: float) -> Iterator[Element]:
    """The names that point to a manifest, one below the other."""
    for position, name in enumerate(branch.tags):
        fits = pill_width(name) <= tree.tag_width
        shown = name if fits else clip(name, tree.tag_width - 16, Font.SMALL_STRONG)
        drawn = pill(tree.tag_end - pill_width(shown), y + position * _TAG_STEP, shown, Meaning.MOVING)
        yield pick(f"tag-{key}-{position}", name, drawn, role="treeitem", level=2)


def _pointers(tree: _Tree, branch: Branch, y: float, end: tuple[float, float]) -> list[Element]:
    """From each tag to the manifest that it names."""
    starts = ((tree.tag_end, y + PILL / 2 + position * _TAG_STEP) for position in range(len(branch.tags)))
    return [curve(start, end, "moving-line", stroke=2) for start in starts]


def _bracket(left: float, top: float, y: float) -> Element:
    """From the foot of an index to one of its children."""
    return trace([(left - _INDENT / 2, top), (left - _INDENT / 2, y), (left, y)], "plain-line")


def _nothing(key: str, words: str, y: float) -> Element:
    return pick(key, words, text(MARGIN + _INDENT, y + 14, words, Font.SMALL, ink="muted"), role="treeitem", level=2)


def lesson_of(view: TagTree, speech: Speech) -> str:
    """What this picture teaches."""
    shared = sharing(view)
    if not any(repository.manifests for repository in view.repositories):
        return speech.say("lesson-empty-registry")
    if shared.stored < shared.unshared:
        return speech.say(
            "lesson-stored-once", stored=speech.size(shared.stored), unshared=speech.size(shared.unshared)
        )
    return speech.say("lesson-digest")


def _keys(view: TagTree, shared: Sharing, speech: Speech) -> list[Key]:
    blobs = [
        layer for repository in view.repositories for manifest in repository.manifests for layer in manifest.layers
    ]
    keys = [Key(name=speech.say("key-tag"), meaning=Meaning.MOVING)]
    keys += [Key(name=speech.say("key-manifest"), meaning=Meaning.PLAIN)] if blobs else []
    if any(layer.local for layer in blobs):
        keys.append(Key(name=speech.say("key-local"), meaning=Meaning.CACHED))
    if any(not layer.local for layer in blobs):
        keys.append(Key(name=speech.say("key-remote"), meaning=Meaning.BASE))
    if any(count > 1 for count in shared.users.values()):
        keys.append(Key(name=speech.say("key-shared"), meaning=Meaning.BASE, foot=True))
    if any(repository.private for repository in view.repositories):
        keys.append(Key(name=speech.say("private"), meaning=Meaning.DELETED))
    return keys
