"""What has happened to containers, from the oldest to the newest.

3 min ago  ●  web   created
3 min ago  ●  web   started
 just now  ●  web   ended with 137
"""

from collections.abc import Sequence

from pydock_lab.drawing import panels
from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.panels import LEFT
from pydock_lab.drawing.shapes import Page, clipped, hit, pick, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element
from pydock_lab.views import EventKind, EventView

_ROW = 22
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_MEANINGS = {
    EventKind.STARTED: Meaning.CACHED,
    EventKind.RESUMED: Meaning.CACHED,
    EventKind.COPIED_UP: Meaning.WRITABLE,
    EventKind.OUT_OF_MEMORY: Meaning.DELETED,
}


def draw(events: Sequence[EventView], page: Page, y: float) -> tuple[list[Element], list[Element], float]:
    """The heading and the line, the events on it, and the lower edge."""
    if not events:
        return [], [], y
    speech = page.speech
    head, y = panels.heading(page, y, speech.say("events"), "")
    wide = max(width(since(event.ago, speech), Font.SMALL) for event in events)
    names = max(width(clean(event.container), Font.SMALL_STRONG) for event in events)
    columns = (LEFT + wide, min(names, (page.right - LEFT) * 0.3))
    x, foot = columns[0] + 16, y + _ROW * (len(events) - 1) + 11
    line = [trace([(x, y + 11), (x, foot)], "plain-line")] if len(events) > 1 else []
    picks = [_event(event, page, y + _ROW * at, columns) for at, event in enumerate(events)]
    return [*head, *line], picks, y + _ROW * len(events) + 14


def _event(event: EventView, page: Page, y: float, columns: tuple[float, float]) -> Element:
    speech, (end, names) = page.speech, columns
    dot, start = end + 16, end + 32
    said, when = words(event, speech), since(event.ago, speech)
    after = start + names + 10
    failed = event.kind is EventKind.DIED and event.exit_code
    meaning = Meaning.DELETED if failed else _MEANINGS.get(event.kind, Meaning.PLAIN)
    return pick(
        f"event-{event.id}",
        f"{when}: {clean(event.container)} {said}",
        hit(LEFT, y, page.right - LEFT, _ROW),
        text(end, y + 15, when, Font.SMALL, ink="muted", anchor="end"),
        element("circle", cx=dot, cy=y + 11, r=4, class_=f"{meaning}-bar"),
        text(start, y + 15, clip(event.container, names, Font.SMALL_STRONG), Font.SMALL_STRONG),
        clipped(after, y + 15, said, page.right - after, Font.SMALL),
    )


def words(event: EventView, speech: Speech) -> str:
    """What happened, after the container's name."""
    if event.kind is EventKind.COPIED_UP and event.count > 1:
        return speech.count("event-copy-up-many", event.count, path=clean(event.path))
    if event.kind is EventKind.COPIED_UP:
        return speech.say("event-copy-up", path=clean(event.path), layer=event.layer + 1)
    if event.kind is EventKind.DIED:
        return speech.say("event-die", code="?" if event.exit_code is None else event.exit_code)
    return speech.say(f"event-{event.kind}")


def since(seconds: int, speech: Speech) -> str:
    """How long ago."""
    if seconds < 1:
        return speech.say("just-now")
    for unit, size in (("days", _DAY), ("hours", _HOUR), ("minutes", _MINUTE)):
        if seconds >= size:
            return speech.say(f"ago-{unit}", count=seconds // size)
    return speech.say("ago-seconds", count=seconds)
