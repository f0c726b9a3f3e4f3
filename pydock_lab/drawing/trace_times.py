"""The time of a build as a picture: a bar a step, as long as it took, where it began; an axis; who waits for whom.

0 s      1 s      2 s      3 s
|        |        |        |
████████████████ 1.9 s                build: RUN make
█████████┬ 1.0 s                      docs:  RUN sphinx, at the same time
         ╰───────┬─ 0.1 s             COPY --from=docs: it needs what the bar above has made
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, log10

from pydock_lab import locale
from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.shapes import clipped, text, trace
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, element
from pydock_lab.drawing.trace_words import MEANINGS, NEVER, took
from pydock_lab.views import BuildTrace, StepOutcome, TraceStep

BAR = 10  # its height
_LEAST_BAR = 3.0
_TICK_ROOM = 60  # pixels between two ticks, at least
_GAP = 6
_INKS = {StepOutcome.CACHED: "cached-text", StepOutcome.FAILED: "deleted-text", StepOutcome.MISSED: "ink"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """Seconds as pixels: `left` is when the build began, `seconds` when its last step had ended."""

    left: float
    right: float
    seconds: float
    words: float

    @classmethod
    def of(cls, view: BuildTrace, left: float, right: float, speech: Speech) -> "Timeline":
        """With room for words behind the longest bar."""
        words = max((width(took(step, speech), Font.SMALL) for step in view.steps), default=0.0) + _GAP + 2
        seconds = max([view.seconds, *(step.end for step in view.steps)], default=0.0)
        return cls(left=left, right=right, seconds=max(seconds, 0.001), words=min(words, (right - left) / 2))

    def x(self, second: float) -> float:
        """Where a moment is."""
        room = self.right - self.words - self.left
        return self.left + room * min(1.0, second / self.seconds)

    def ticks(self) -> list[float]:
        """Round seconds, as many as there is room for."""
        return [self._step * at for at in range(int(self.seconds / self._step + 1e-6) + 1)]

    @property
    def _step(self) -> float:
        room = self.right - self.words - self.left
        most = max(1, int(room / _TICK_ROOM))
        return next(step for step in _round_steps() if self.seconds / step <= most)

    def axis(self, y: float, speech: Speech) -> tuple[Element, ...]:
        """The seconds over the bars, as far as there is room for their words."""
        found, free = [], self.left
        for second in self.ticks():
            words, x = _tick(second, self._step, speech), self.x(second)
            end = x + width(words, Font.SMALL)
            if x >= free and end <= self.right:
                found.append(text(x, y, words, Font.SMALL, ink="muted"))
                free = end + _GAP
        return tuple(found)

    def guides(self, top: float, bottom: float) -> tuple[Element, ...]:
        """Lines down from each second of the axis."""
        return tuple(trace([(self.x(one), top), (self.x(one), bottom)], "rule", stroke=1) for one in self.ticks())

    def bar(self, step: TraceStep, y: float, speech: Speech) -> tuple[Element, ...]:
        """A step's bar with its upper edge at `y`, and its words; words alone for one that never began."""
        words = took(step, speech)
        if step.outcome in NEVER:
            x = self.left + _LEAST_BAR + _GAP
            return (clipped(x, y + BAR - 1, words, self.right - x, Font.SMALL, ink="muted"),)
        start, end = self.x(step.start), self.x(step.end)
        wide = max(_LEAST_BAR, end - start)
        bar = element("rect", x=start, y=y, width=wide, height=BAR, rx=2, class_=f"{MEANINGS[step.outcome]}-bar")
        return bar, self._words(step, words, (start, start + wide), y + BAR - 1)

    def _words(self, step: TraceStep, words: str, bar: tuple[float, float], baseline: float) -> Element:
        """Behind the bar, or, where there is more room, before it."""
        ink = _INKS.get(step.outcome, "muted")
        behind, before = self.right - bar[1] - _GAP, bar[0] - self.left - _GAP
        if width(words, Font.SMALL) <= behind or before <= behind:
            return clipped(bar[1] + _GAP, baseline, words, behind, Font.SMALL, ink=ink)
        return text(bar[0] - _GAP, baseline, clip(words, before, Font.SMALL), Font.SMALL, ink=ink, anchor="end")

    def wait(self, before: TraceStep, after: TraceStep, ys: tuple[float, float]) -> tuple[Element, ...]:
        """From the end of one bar down to the beginning of another, which needs its files; `ys` are upper edges."""
        x, target = self.x(before.end), self.x(after.start)
        x = min(x, target)
        top, bottom = ys[0] + BAR, ys[1] + BAR / 2
        points = [(x, top), (x, bottom), (target, bottom)] if target - x > 1 else [(x, top), (x, ys[1])]
        return (
            trace(points, "muted-line dashed"),
            element("circle", cx=x, cy=top, r=2, class_="muted"),
        )


def _round_steps() -> Iterator[float]:
    """0.001, 0.002, 0.005, 0.01 ... 1, 2, 5, 10, 20, 30 seconds; 1, 2, 5 ... minutes."""
    for power in (0.001, 0.01, 0.1):
        yield from (step * power for step in (1, 2, 5))
    yield from (1, 2, 5, 10, 20, 30)
    minutes = 60.0
    while True:
        yield from (step * minutes for step in (1, 2, 5))
        minutes *= 10


def _tick(second: float, step: float, speech: Speech) -> str:
    """Seconds with as many digits as the steps between them need."""
    if step >= 60:  # noqa: PLR2004 - minutes
        return speech.seconds(second)
    digits = max(0, ceil(-log10(step)))
    return f"{locale.number(second, digits, speech.language)} s"
