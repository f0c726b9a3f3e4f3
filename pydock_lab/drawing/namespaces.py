"""One container from two sides: each namespace with the number that either side has, each process with both pids.

the host: laptop              the container: web
mnt          4026531832                    4026532343            its own files
net          4026531833                    4026532761            its own network
user         4026531837      shared        4026531837

processes    31415  sleep 600   uid 0      1  sleep 600   uid 0
"""

from collections.abc import Iterator

from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.metrics import Font, clip
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, curve, pick, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, group
from pydock_lab.views import Namespaces, NamespaceView, SidesOfProcess

_ROW, _BOX, _NAME = 50, 40, 84
_PROCESS = 30
_SHOWN = 12  # processes


def draw(view: Namespaces, page: Page) -> Drawing:
    """Both sides, the host's at the left."""
    speech = page.speech
    said = [
        speech.count("own-namespaces", view.own, total=len(view.namespaces)),
        *([speech.say("start-tier", tier=view.tier)] if view.tier else []),
    ]
    command = view.command or f"pydock namespaces {view.name}"
    top = head(page, Head(title=clean(view.name), facts=said, command=clean(command)))
    label = speech.say("namespaces-of", name=clean(view.name))
    y = top.height + 8
    left, right, wide = _columns(page)
    heads = (
        clipped(left, y + 10, speech.say("side-host", name=clean(view.outside_name)), wide, Font.SMALL_STRONG),
        clipped(right, y + 10, speech.say("side-container", name=clean(view.inside_name)), wide, Font.SMALL_STRONG),
    )
    y += 20
    rows = []
    for at, one in enumerate(view.namespaces):
        rows.append(_namespace(one, at, page, y))
        y += _ROW
    y += 6
    for at, process in enumerate(view.processes[:_SHOWN]):
        rows.append(_process(process, at, page, y))
        y += _PROCESS
    left_out = len(view.processes) - _SHOWN
    more = (text(left, y + 12, speech.count("more", left_out), Font.SMALL, ink="muted"),) if left_out > 0 else ()
    listbox = group(*rows, class_="picks", role="listbox", aria_label=label)
    body = Block(elements=(*heads, listbox, *more), height=y - top.height + (20 if more else 0))
    return finish(page, label, (top, body), _keys(view, speech), lesson_of(view, speech))


def lesson_of(view: Namespaces, speech: Speech) -> str:
    """What this picture teaches."""
    if view.next_step:
        return speech.say(f"by-hand-{view.next_step}")
    first = next((one for one in view.processes if one.inside_pid == 1), None)
    if first is None:
        return speech.say("lesson-namespaces-shared")
    return speech.say("lesson-namespaces", outside=first.pid)


def _columns(page: Page) -> tuple[float, float, float]:
    """Where the two sides begin, and how wide each is."""
    gap = 48
    wide = (page.inner - _NAME - gap) / 2
    return MARGIN + _NAME, MARGIN + _NAME + wide + gap, wide


def _meaning(one: NamespaceView) -> Meaning:
    return Meaning.BUILT if one.is_own else Meaning.PLAIN


def _namespace(one: NamespaceView, at: int, page: Page, y: float) -> Element:
    left, right, wide = _columns(page)
    meaning, speech = _meaning(one), page.speech
    sentence = speech.say(f"namespace-{one.kind}")
    label = f"{one.kind}: {sentence}: {_said(one, speech)}"
    inside = (
        box(right, y, wide, _BOX, meaning, dashed=not one.is_own),
        text(right + 12, y + 17, one.inside or "?", Font.CODE, ink="ink" if one.is_own else "muted"),
        text(right + 12, y + 32, clip(_said(one, speech), wide - 24, Font.SMALL), Font.SMALL, ink=f"{meaning}-text"),
    )
    return pick(
        f"namespace-{at}",
        label,
        text(MARGIN, y + 17, one.kind, Font.CODE),
        box(left, y, wide, _BOX, Meaning.PLAIN),
        text(left + 12, y + 17, one.outside or "?", Font.CODE),
        text(left + 12, y + 32, clip(sentence, wide - 24, Font.SMALL), Font.SMALL, ink="muted"),
        *inside,
        *_link(one, (left + wide, y + _BOX / 2), (right, y + _BOX / 2)),
    )


def _link(one: NamespaceView, start: tuple[float, float], end: tuple[float, float]) -> Iterator[Element]:
    """Who shares a namespace is tied together."""
    if not one.is_own:
        yield curve(start, end, "muted-line")


def _process(one: SidesOfProcess, at: int, page: Page, y: float) -> Element:
    left, right, wide = _columns(page)
    command = clean(one.command)
    label = page.speech.say("pids", inside=one.inside_pid, outside=one.pid) + f": {command}"
    sides = ((left, one.pid, one.uid), (right, one.inside_pid, one.inside_uid))
    return pick(
        f"process-{at}",
        label,
        *(text(MARGIN, y + 17, "ps", Font.CODE) for _ in range(at == 0)),
        *(
            part
            for x, pid, uid in sides
            for part in (
                box(x, y, wide, _PROCESS - 5, Meaning.WRITABLE),
                clipped(x + 12, y + 17, f"{pid}  {command}", wide - 90, Font.CODE_SMALL),
                text(x + wide - 10, y + 17, f"uid {uid}", Font.SMALL, ink="muted", anchor="end"),
            )
        ),
        curve((left + wide, y + 12), (right, y + 12), "writable-line"),
    )


def _said(one: NamespaceView, speech: Speech) -> str:
    return speech.say("namespace-own" if one.is_own else "namespace-shared")


def _keys(view: Namespaces, speech: Speech) -> Iterator[Key]:
    if view.own:
        yield Key(name=speech.say("namespace-own"), meaning=Meaning.BUILT)
    if view.own < len(view.namespaces):
        yield Key(name=speech.say("namespace-shared"), meaning=Meaning.PLAIN, dashed=True)
    if view.processes:
        yield Key(name=speech.say("one-process"), meaning=Meaning.WRITABLE)


def lines(view: Namespaces, speech: Speech) -> Iterator[str]:
    """The same as text."""
    yield f"{clean(view.name)}   {speech.count('own-namespaces', view.own, total=len(view.namespaces))}"
    host = speech.say("side-host", name=clean(view.outside_name))
    container = speech.say("side-container", name=clean(view.inside_name))
    yield ""
    yield f"{'':9}{host:<34}{container}"
    for one in view.namespaces:
        yield f"{one.kind:<9}{one.outside or '?':<34}{one.inside or '?':<14}{_said(one, speech)}"
    yield ""
    for process in view.processes:
        command = clean(process.command)
        outside = f"{process.pid} {command}"[:32]
        yield f"{'ps':<9}{outside:<34}{process.inside_pid} {command}   (uid {process.uid} / {process.inside_uid})"
    yield ""
    yield lesson_of(view, speech)
