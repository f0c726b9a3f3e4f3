"""Predict, then reveal: what somebody thinks that the cache has, and what it has."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from pydock_lab.views.base import View
from pydock_lab.views.explanation import Explanation, Outcome, StepExplanation

ANSWERS = (Outcome.CACHED, Outcome.MISSED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess(View):
    """A forecast of a build that nobody sees before `revealed`; `marks` are outcomes by the number of a step."""

    forecast: Explanation
    marks: Mapping[int, Outcome] = field(default_factory=dict)
    revealed: bool = False

    @property
    def asked(self) -> tuple[StepExplanation, ...]:
        """The steps of which the builder knows the answer; FROM and configuration are not looked up at all."""
        found = (step for step in self.forecast.steps if step.outcome in ANSWERS)
        return tuple(step for step in found if step.text.split(None, 1)[:1] != ["FROM"])

    @property
    def is_complete(self) -> bool:
        """Whether there is a mark at every step that is asked."""
        return all(step.number in self.marks for step in self.asked)

    @property
    def right(self) -> int:
        """How many marks are right."""
        return sum(self.marks.get(step.number) is step.outcome for step in self.asked)

    def marked(self, number: int, outcome: Outcome) -> Self:
        """The same with one more mark, or another one; nothing changes after it was revealed, or of other steps."""
        if self.revealed or outcome not in ANSWERS or all(step.number != number for step in self.asked):
            return self
        return replace(self, marks={**self.marks, number: outcome})

    def reveal(self) -> Self:
        """The same with the answers."""
        return replace(self, revealed=True)
