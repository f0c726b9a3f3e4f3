"""`%%dockerfile --guess`: which steps will the cache have? Marked first, and revealed then."""

from typing import Any

import traitlets

from pydock_lab.drawing import guessed
from pydock_lab.drawing.speech import Speech
from pydock_lab.notebook.picture import Picture, script
from pydock_lab.views import Guess, StepExplanation
from pydock_lab.views.guess import ANSWERS

_ANSWERS = {outcome.value: outcome for outcome in ANSWERS}


class Guessing(Picture):
    """A forecast to be guessed; `marks` are "cached" or "missed" by a step's number, `revealed` whether it is over."""

    _esm = script("plain.js")

    marks: "traitlets.Dict[int, str]" = traitlets.Dict()
    revealed = traitlets.Bool(False)

    def __init__(self, view: Guess, **traits: Any) -> None:
        super().__init__(view, **traits)
        self.on_msg(self._listen)

    @property
    def guess(self) -> Guess:
        """What is drawn."""
        assert isinstance(self.view, Guess)  # noqa: S101 - for mypy
        return self.view

    @property
    def step(self) -> StepExplanation | None:
        """The selected step; before `reveal` it does not tell its outcome."""
        found = self._number("guess")
        if not found or not self.revealed:
            return None
        return next((step for step in self.guess.forecast.steps if step.number == found[0]), None)

    @property
    def score(self) -> float | None:
        """The share of steps that were marked right, 0 to 1; None before it is revealed."""
        asked = len(self.guess.asked)
        return None if not self.revealed else self.guess.right / asked if asked else 1.0

    def mark(self, step: int, answer: str) -> None:
        """Mark a step: "cached" or "missed"; raises ValueError for another word."""
        if answer not in _ANSWERS:
            raise ValueError(f"{answer!r}: {' | '.join(_ANSWERS)}")
        self._show(self.guess.marked(step, _ANSWERS[answer]))

    def reveal(self) -> None:
        """Show what the cache has."""
        self._show(self.guess.reveal())
        self.said = guessed.standing(self.guess, Speech.of(self.language))

    def _show(self, guess: Guess) -> None:
        self.view = guess
        self.marks = {number: outcome.value for number, outcome in guess.marks.items()}
        self.revealed = guess.revealed

    def _listen(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        """What was done on the page."""
        key = str(content.get("key", ""))
        answer, _, number = key.partition("-")
        if content.get("type") != "act":
            return
        if key == "reveal":
            self.reveal()
        elif answer in _ANSWERS and number.isdigit():
            self.mark(int(number), answer)
