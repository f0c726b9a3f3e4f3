"""Volumes: who has which, and those that stayed when all their containers had gone."""

import re
from collections.abc import Sequence

from pydock_lab.drawing import instance_keys, panels
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.panels import Panel, Row
from pydock_lab.drawing.shapes import Page
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean
from pydock_lab.views import VolumeUser, VolumeView

_SHORT = 12  # characters of a name that nobody gave
_NAMELESS = re.compile("[0-9a-f]{64}")


def draw(volumes: Sequence[VolumeView], page: Page, y: float) -> tuple[list[Element], list[Element], float]:
    """The heading, the panels, and the lower edge; nothing where there are none."""
    if not volumes:
        return [], [], y
    speech = page.speech
    head, y = panels.heading(
        page, y, panels.title(speech.count("volumes", len(volumes)), len(volumes), speech), speech.say("volumes-stay")
    )
    wide = panels.width_of(len(volumes), page)
    shown = [_panel(one, instance_keys.volume(one), wide, speech) for one in volumes[: panels.MOST]]
    picks, y = panels.draw(shown, page, y)
    return head, picks, y + 22


def _panel(volume: VolumeView, key: str, wide: float, speech: Speech) -> Panel:
    rows, more = panels.cut([Row(left=one.container, right=place(one, speech)) for one in volume.users], speech)
    users = [f"{clean(one.container)} {place(one, speech)}" for one in volume.users[:12]]
    unused = "" if volume.users else speech.say("volume-unused")
    return Panel(
        key=key,
        name=short(volume.name),
        aside="",
        notes=panels.notes(unused, wide),
        label=", ".join((f"{speech.say('volume')} {clean(short(volume.name))}", *filter(None, (unused, *users)))),
        rows=rows,
        meaning=Meaning.WRITABLE,
        dashed=not volume.users,
        more=more,
    )


def short(name: str) -> str:
    """A name; the beginning of one that nobody gave."""
    return f"{name[:_SHORT]}…" if _NAMELESS.fullmatch(name) else name


def place(user: VolumeUser, speech: Speech) -> str:
    """Where a container has it."""
    return speech.say("volume-read-only", target=user.target) if user.read_only else user.target
