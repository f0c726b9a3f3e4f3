"""A build as it was and as it would have been with an edit: its steps one after the other, at one scale.

as it was                           54.3 s
[3][4                     ][6      ]
with this edit                      13.0 s
[3][4][6      ]┌┄┄┄ saved 41.3 s ┄┄┄┐
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing.metrics import Font, clip, width
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import box, clipped, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element
from pydock_lab.drawing.trace_words import MEANINGS
from pydock_lab.views import Proposal, StepOutcome, StepTime, WhatIf

_BAR, _WORDS = 24, 18
HEIGHT = 2 * (_BAR + _WORDS + 10)
_GAP = 2.0
_LEAST = 4.0
_FEWEST = 8  # characters of a step that are worth showing
_FOR_NUMBERS = 0.4  # of the width, at most, for steps that took no time
_SHOWN = (StepOutcome.BASE, StepOutcome.CACHED, StepOutcome.MISSED, StepOutcome.FAILED)


@dataclass(frozen=True, kw_only=True, slots=True)
class EditTimes:
    """Seconds as pixels: a step is `least` wide, and `scale` more for each second."""

    view: WhatIf
    steps: tuple[StepTime, ...]
    left: float
    right: float
    least: float
    scale: float
    speech: Speech

    @classmethod
    def of(cls, view: WhatIf, left: float, right: float, speech: Speech) -> "EditTimes":
        """With room for the number of each step, where there is any."""
        steps = tuple(step for step in view.steps if step.outcome in _SHOWN)
        room, count = right - left, max(len(steps), 1)
        number = max((width(str(step.number), Font.SMALL_STRONG) for step in steps), default=0.0) + 8 + _GAP
        least = number if number * count <= room * _FOR_NUMBERS else min(_LEAST, room * _FOR_NUMBERS / count)
        seconds = sum(step.seconds for step in steps)
        scale = (room - least * count) / seconds if seconds > 0 else 0.0
        return cls(view=view, steps=steps, left=left, right=right, least=least, scale=scale, speech=speech)

    def both(self, proposal: Proposal, y: float) -> Iterator[Element]:
        """Both builds, one below the other."""
        yield from self.was(y)
        y += _BAR + _WORDS + 10
        after = self.view.work_seconds_with(proposal)
        yield from self._words(self.speech.say("edit-with"), after, y)
        end = self.left
        for step in self.steps:
            is_kept = step.number in proposal.kept
            wide = self._width(0.0 if is_kept else step.seconds)
            yield from self._step(step, end, wide, y + _WORDS, Meaning.CACHED if is_kept else MEANINGS[step.outcome])
            end += wide
        yield from self._saved(proposal, end, y + _WORDS)

    def was(self, y: float) -> Iterator[Element]:
        """The build as it was."""
        yield from self._words(self.speech.say("edit-was"), self.view.work_seconds, y)
        x = self.left
        for step in self.steps:
            wide = self._width(step.seconds)
            yield from self._step(step, x, wide, y + _WORDS, MEANINGS[step.outcome])
            x += wide

    def _width(self, seconds: float) -> float:
        return self.least + self.scale * seconds

    def _words(self, words: str, seconds: float, y: float) -> Iterator[Element]:
        took = self.speech.seconds(seconds)
        room = self.right - self.left - width(took, Font.SMALL_STRONG) - 10
        yield clipped(self.left, y + 12, words, room, Font.SMALL, ink="muted")
        yield text(self.right, y + 12, took, Font.SMALL_STRONG, anchor="end")

    def _step(self, step: StepTime, x: float, wide: float, y: float, meaning: Meaning) -> Iterator[Element]:
        """A step's box; its number, and behind it its words, where they fit."""
        inside = wide - min(_GAP, wide / 3)
        yield box(x + (wide - inside) / 2, y, inside, _BAR, meaning, radius=min(3.0, inside / 2))
        number = str(step.number)
        needed = width(number, Font.SMALL_STRONG)
        if needed + 6 > inside:
            return
        words = clip(" ".join(step.text.split()), max(0.0, inside - needed - 20), Font.CODE_SMALL)
        if len(words) > _FEWEST:
            yield text(x + 8, y + 16, number, Font.SMALL_STRONG, ink=f"{meaning}-text")
            yield text(x + 14 + needed, y + 16, words, Font.CODE_SMALL, ink=f"{meaning}-text")
        else:
            yield text(x + wide / 2, y + 16, number, Font.SMALL_STRONG, ink=f"{meaning}-text", anchor="middle")

    def _saved(self, proposal: Proposal, x: float, y: float) -> Iterator[Element]:
        """As long as what need not be done."""
        wide = self.right - x - _GAP
        if wide < _LEAST:
            return
        yield box(x + _GAP / 2, y, wide, _BAR, Meaning.PLAIN, dashed=True, radius=min(3.0, wide / 2))
        words = f"{self.speech.say('edit-saved')} {self.speech.seconds(proposal.seconds)}"
        if width(words, Font.SMALL_STRONG) + 8 <= wide:
            yield text(x + wide / 2, y + 16, words, Font.SMALL_STRONG, ink="plain-text", anchor="middle")
