"""A container as a card: who it is inside and outside, and the one layer that it may write.

    ● web1                        running
    process   PID 1 (host: 4711)
    address   172.20.0.2  (8080→80)
    memory    ▬▬▬▬▬──────  12 MB of 64 MB     what it uses of what it may
    ┌ writable layer ────────── 1.6 MB ┐
    │ ~ /srv/app.py                    │     see writable.py
    └──────────────────────────────────┘

Inside, the program is process 1; on the host it is a process like any other, with a number of its own. Both numbers
side by side are the shortest proof that a container is no virtual machine.
"""

from dataclasses import dataclass
from functools import lru_cache

from pydock_lab import locale
from pydock_lab.drawing import instance_keys, writable
from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import PILL, Page, bar, box, clipped, pick, pill, pill_width, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, Finished, clean, element
from pydock_lab.drawing.volumes import short as volume_name
from pydock_lab.drawing.writable import Room
from pydock_lab.views import ContainerView, Gauge

MIN_WIDTH = 268
_PAD = 14
_HEAD, _FACT = 36, 19
_STATES = ("created", "running", "paused", "restarting", "exited", "removing", "dead")
_BAR = 84  # pixels: a gauge
_NETWORKS, _VOLUMES = 4, 3  # on a card
_DEFAULT = "bridge"
_NEARLY = 0.9  # of a limit
_NOTHING = "\N{EN DASH}"
_REMEMBERED = 256  # cards


@dataclass(frozen=True, kw_only=True, slots=True)
class Spot:
    """Where a card stands."""

    x: float
    y: float
    width: float
    height: float


def is_alive(container: ContainerView) -> bool:
    """Whether its process exists."""
    return container.state in ("running", "paused", "restarting")


@lru_cache(maxsize=_REMEMBERED)
def height(container: ContainerView, wide: float, speech: Speech) -> float:
    """How high the card of a container is."""
    ports = _PortLines.of(container, wide - 2 * _PAD)
    facts = _HEAD + _FACT * (len(_facts(container, speech)) + len(container.gauges)) + (PILL + 5) * ports.lines + 4
    return facts + writable.height(container) + 10


@lru_cache(maxsize=_REMEMBERED)  # of fifty containers that are looked at all the time, a few change
def draw(container: ContainerView, spot: Spot, page: Page) -> tuple[Element, ...]:
    """The card, and on it the files of the image that it has changed."""
    room = Room(x=spot.x + 10, y=spot.y + spot.height - writable.height(container) - 10, wide=spot.width - 20)
    files = writable.files(container, room, page.speech)
    return tuple(Finished.of(one) for one in (_card(container, spot, room, page), *files))


def _card(container: ContainerView, spot: Spot, room: Room, page: Page) -> Element:
    alive, speech = is_alive(container), page.speech
    elements = [
        box(spot.x, spot.y, spot.width, spot.height, Meaning.PLAIN, dashed=not alive, radius=10),
        *_title(container, spot, speech),
    ]
    labels = [label for label, _ in _facts(container, speech)] + [_gauge_name(one, speech) for one in container.gauges]
    label_width = max(width(label, Font.SMALL) for label in labels) + 12
    y = spot.y + _HEAD
    for label, value in _facts(container, speech):
        wide = spot.width - 2 * _PAD - label_width
        elements += [
            text(spot.x + _PAD, y + 13, label, Font.SMALL, ink="muted"),
            clipped(spot.x + _PAD + label_width, y + 13, value, wide, Font.CODE_SMALL),
        ]
        y += _FACT
    for gauge in container.gauges:
        elements += _gauge(gauge, (spot.x + _PAD, y, spot.width - 2 * _PAD), label_width, speech)
        y += _FACT
    ports = _PortLines.of(container, spot.width - 2 * _PAD)
    elements += ports.draw(spot.x + _PAD, y + 3)
    elements += writable.draw(container, room, speech, is_alive=alive)
    return pick(instance_keys.container(container), card_label(container, speech), *elements)


def state_word(container: ContainerView, speech: Speech) -> str:
    """The state in the reader's language, with the exit status where the container has ended."""
    word = speech.say(f"state-{container.state}") if container.state in _STATES else clean(container.state)
    word = word if container.exit_code is None else f"{word} ({container.exit_code})"
    return f"{word}, {speech.say('out-of-memory')}" if container.oom_killed else word


def card_label(container: ContainerView, speech: Speech) -> str:
    """A container in a sentence, for a screen reader."""
    written = f"{speech.say('writable-layer')} {speech.size(container.writable_size)}"
    used = "".join(f", {name} {value}" for name, value in gauges_of(container, speech))
    return f"{container.name}, {state_word(container, speech)}, {written}{used}"


def _gauge_value(gauge: Gauge, speech: Speech) -> str:
    """What is used, and of how much: `12 MB of 64 MB`."""
    used = _amount(gauge.kind, gauge.used, speech)
    if gauge.limit is None:
        return speech.say("gauge-unlimited", used=used)
    return speech.say("gauge-limited", used=used, limit=_amount(gauge.kind, gauge.limit, speech))


def _amount(kind: str, value: float, speech: Speech) -> str:
    if kind == "memory":
        return speech.size(int(value))
    return locale.number(value, 2 if kind == "cpu" else 0, speech.language)


def _gauge_name(gauge: Gauge, speech: Speech) -> str:
    return speech.say(f"gauge-{gauge.kind}")


def _gauge(gauge: Gauge, place: tuple[float, float, float], label_width: float, speech: Speech) -> tuple[Element, ...]:
    """One line at (x, y, width): what it is, a bar where there is a limit, and both in numbers."""
    x, y, wide = place
    value, start = _gauge_value(gauge, speech), x + label_width
    shown: tuple[Element, ...] = ()
    if gauge.limit is not None:
        meaning = Meaning.DELETED if gauge.share >= _NEARLY else Meaning.WRITABLE
        shown = bar(start, y + 7, _BAR, gauge.share, meaning)
        start += _BAR + 8
    return (
        text(x, y + 13, _gauge_name(gauge, speech), Font.SMALL, ink="muted"),
        *shown,
        clipped(start, y + 13, value, x + wide - start, Font.CODE_SMALL),
    )


def gauges_of(container: ContainerView, speech: Speech) -> list[tuple[str, str]]:
    """Name and value of each gauge."""
    return [(_gauge_name(one, speech), _gauge_value(one, speech)) for one in container.gauges]


def _title(container: ContainerView, spot: Spot, speech: Speech) -> tuple[Element, ...]:
    x, y = spot.x + _PAD, spot.y + 24
    classes = "cached-line cached-bar" if is_alive(container) else "muted-line trace"
    beside = spot.width - 2 * _PAD - 28 - width(container.name, Font.STRONG)
    word = clip(state_word(container, speech), max(spot.width * 0.45, beside), Font.SMALL)
    room = spot.width - 2 * _PAD - 18 - width(word, Font.SMALL) - 10
    return (
        element("circle", cx=x + 5, cy=y - 5, r=5, class_=classes, stroke_width=1.5),
        clipped(x + 18, y, container.name, room, Font.STRONG),
        text(spot.x + spot.width - _PAD, y, word, Font.SMALL, ink="muted", anchor="end"),
    )


def _facts(container: ContainerView, speech: Speech) -> list[tuple[str, str]]:
    """Label and value of each line; the same lines first for all, so that cards can be compared."""
    process = speech.say("no-process")
    if container.pid:
        process = speech.say("pids", inside=container.inside_pid or "?", outside=container.pid)
    return [
        (speech.say("process"), process),
        (speech.say("hostname"), container.hostname or _NOTHING),
        *((speech.say("address"), address) for address in addresses(container)[:_NETWORKS] or (_NOTHING,)),
        (speech.say("command"), container.command or _NOTHING),
        *((speech.say("volume"), f"{volume_name(name)} → {target}") for name, target in container.volumes[:_VOLUMES]),
    ]


def addresses(container: ContainerView) -> tuple[str, ...]:
    """Its addresses, each with its network where that is not the one that nobody had to make."""
    found = [(name, address) for name, address in container.addresses if address]
    if not found or [name for name, _ in found] == [_DEFAULT]:
        return (container.address,) if container.address else ()
    return tuple(f"{address} ({name})" for name, address in found)


@dataclass(frozen=True, kw_only=True, slots=True)
class _PortLines:
    """The published ports as pills, broken into lines; what does not fit into two lines is counted."""

    rows: tuple[tuple[str, ...], ...]

    @property
    def lines(self) -> int:
        return len(self.rows)

    @classmethod
    def of(cls, container: ContainerView, room: float) -> "_PortLines":
        names = [f"{port.host_port}→{port.container_port}" for port in container.ports]
        rows: list[list[str]] = []
        for at, name in enumerate(names):
            used = sum(pill_width(other) + 6 for other in rows[-1]) if rows else room
            if used + pill_width(name) > room:
                if len(rows) == 2:  # noqa: PLR2004 - two lines of ports at most
                    rows[-1][-1] = f"+ {len(names) - at + 1}"
                    break
                rows.append([])
            rows[-1].append(name)
        return cls(rows=tuple(tuple(row) for row in rows))

    def draw(self, x: float, y: float) -> list[Element]:
        elements = []
        for at, row in enumerate(self.rows):
            left = x
            for name in row:
                elements.append(pill(left, y + (PILL + 5) * at, name, Meaning.MOVING))
                left += pill_width(name) + 6
        return elements
