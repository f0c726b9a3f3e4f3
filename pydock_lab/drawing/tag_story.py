"""The story of a tag: what it meant, from when to when, and what became of that.

latest        3 images since 24 November
│
●  2026-11-24 10:02   ▅█▃ sha256:9c1e…4af2    no tag any more: only its digest finds it
│
●  2026-11-25 09:40   ▂▃█ sha256:41d0…77be    1.1 means it, too
●  2026-11-27 14:11   ▃▅█ sha256:7be3…01aa    ( latest )  now
"""

from collections.abc import Iterator

from pydock_lab.drawing import prints
from pydock_lab.drawing.detail import Detail, given
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, pick, pill, pill_width, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.views import TagState, TagStory

_ROW, _LINE, _TIME = 46, 14, 128
_ONE_LINE = 620  # from here on there is room for date, digest and words in one line


def draw(view: TagStory, page: Page) -> Drawing:
    """A story."""
    speech = page.speech
    top = head(page, Head(title=title(view), facts=_facts(view, speech), command=command(view)))
    x, y = MARGIN + _LINE / 2, top.height + 8
    bottom = y + len(view.states) * _ROW
    line = trace([(x, y), (x, bottom - _ROW / 2)], "moving-line", stroke=2)
    rows = [_row(view, at, page, y + at * _ROW) for at in range(len(view.states))]
    label = speech.say("story-of", name=title(view))
    picks = group(*rows, class_="picks", role="listbox", aria_label=label)
    body = Block(elements=(*([line] if view.states else []), picks), height=bottom - top.height + 6)
    return finish(page, label, (top, body), _keys(view, speech), lesson_of(view, speech))


def title(view: TagStory) -> str:
    """The name that the story is about."""
    return f"{clean(view.host)}/{clean(view.repository)}:{clean(view.tag)}"


def command(view: TagStory) -> str:
    """What shows the same in a terminal."""
    return f"pydock registry story {title(view)}"


def _facts(view: TagStory, speech: Speech) -> list[str]:
    found = [speech.count("images-meant", view.images)]
    if view.states:
        found.append(speech.say("story-since", date=view.states[0].since[:10]))
    return [*found, speech.say("story-told" if view.told else "story-seen")]


def _row(view: TagStory, at: int, page: Page, y: float) -> Element:
    state, speech, is_now = view.states[at], page.speech, at == len(view.states) - 1
    x, right = MARGIN + _LINE + 10, page.right
    kind = _meaning(state, view, is_now=is_now)
    is_narrow = page.width < _ONE_LINE
    start: float = x + (0 if is_narrow else _TIME)
    elements = [
        box(x, y, right - x, _ROW - 8, kind, dashed=kind is Meaning.PLAIN),
        element("circle", cx=MARGIN + _LINE / 2, cy=y + (_ROW - 8) / 2, r=5, class_="moving-bar"),
    ]
    if not is_narrow:
        elements.append(text(x + 12, y + 24, when(state), Font.SMALL, ink="muted"))
    end: float = right - 12
    if is_now and state.digest:
        name = clip(clean(view.tag), page.inner * 0.3, Font.SMALL_STRONG)
        end -= pill_width(name) + 10
        elements.append(pill(right - 10 - pill_width(name), y + 9, name, Meaning.MOVING))
    if state.digest:
        short = prints.short(state.digest)
        elements += [prints.draw(start + 12, y + 25, state.digest), text(start + 60, y + 24, short, Font.CODE_SMALL)]
        start += 60 + width(short, Font.CODE_SMALL) + 14
    else:
        start += 12
    elements.append(clipped(start, y + 24, said(state, view, speech, is_now=is_now), end - start, Font.SMALL))
    spoken = (when(state), prints.short(state.digest) if state.digest else "", said(state, view, speech, is_now=is_now))
    return pick(f"state-{at}", ", ".join(filter(None, spoken)), *elements)


def _meaning(state: TagState, view: TagStory, *, is_now: bool) -> Meaning:
    """The colour of what it meant: that of now, what other tags lead to, and what none does."""
    if not state.digest:
        return Meaning.DELETED
    if is_now or (view.now and state.digest == view.now.digest):
        return Meaning.BUILT
    return Meaning.BASE if state.tags else Meaning.PLAIN


def when(state: TagState) -> str:
    """Since when, for people."""
    return clean(state.since[:16].replace("T", " "))


def said(state: TagState, view: TagStory, speech: Speech, *, is_now: bool) -> str:
    """What became of it."""
    others = ", ".join(clean(tag) for tag in state.tags if tag != view.tag)
    if not state.digest:
        return speech.say("story-removed")
    if is_now:
        return speech.say("story-now-also", names=others) if others else speech.say("story-now")
    if view.now and state.digest == view.now.digest:
        return speech.say("story-again")
    return speech.say("story-also", names=others) if others else speech.say("story-untagged")


def lesson_of(view: TagStory, speech: Speech) -> str:
    """What this picture teaches."""
    tag = clean(view.tag)
    if not view.states:
        return speech.say("lesson-story-empty", tag=tag)
    if view.images <= 1:
        return speech.say("lesson-story-still", tag=tag)
    return speech.say("lesson-story-moved", tag=tag, count=view.images)


def _keys(view: TagStory, speech: Speech) -> Iterator[Key]:
    yield Key(name=speech.say("key-tag"), meaning=Meaning.MOVING)
    shown = [_meaning(one, view, is_now=at == len(view.states) - 1) for at, one in enumerate(view.states)]
    names = {Meaning.BUILT: "story-key-now", Meaning.BASE: "story-key-tagged", Meaning.PLAIN: "story-key-untagged"}
    for meaning, name in names.items():
        if meaning in shown:
            yield Key(name=speech.say(name), meaning=meaning, dashed=meaning is Meaning.PLAIN)


def lines(view: TagStory, speech: Speech) -> Iterator[str]:
    """All of it for a terminal."""
    yield f"{title(view)}   {' · '.join(_facts(view, speech))}"
    for at, state in enumerate(view.states):
        digest = f"{prints.text(state.digest)} {prints.short(state.digest)}" if state.digest else ""
        became = said(state, view, speech, is_now=at == len(view.states) - 1)
        yield f"  {when(state)}  {digest.ljust(26)} {became}"
    yield ""
    yield lesson_of(view, speech)


def details(view: TagStory, speech: Speech) -> Iterator[Detail]:
    """What stands behind each state."""
    name = f"{clean(view.host)}/{clean(view.repository)}"
    for at, state in enumerate(view.states):
        until = view.states[at + 1].since if at + 1 < len(view.states) else ""
        facts = [
            ("digest", state.digest),
            (speech.say("fact-since"), state.since),
            (speech.say("fact-until"), until),
            (speech.say("fact-tags"), ", ".join(state.tags)),
        ]
        became = said(state, view, speech, is_now=not until)
        pull = f"docker pull {name}@{state.digest}" if state.digest else ""
        yield Detail(key=f"state-{at}", title=became, facts=given(facts), command=pull)
