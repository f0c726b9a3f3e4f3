"""Predict, then reveal: what is marked, what counts, and that nothing is told before."""

from dataclasses import replace
from typing import Any

import pytest
from samples.explained import EXPLAINED

from pydock_lab.drawing import Theme, details, to_dot, to_svg, to_text
from pydock_lab.notebook.guessing import Guessing
from pydock_lab.views import Guess, Outcome

RIGHT = {3: "cached", 4: "missed", 5: "missed", 6: "missed", 7: "missed"}


@pytest.fixture
def widget() -> Guessing:
    return Guessing(Guess(forecast=EXPLAINED))


def test_from_and_configuration_are_not_asked(widget: Guessing) -> None:
    assert [step.number for step in widget.guess.asked] == list(RIGHT)
    widget.mark(1, "cached")
    widget.mark(2, "missed")
    widget.mark(99, "missed")
    assert widget.marks == {}
    with pytest.raises(ValueError, match=r"'perhaps': cached \| missed"):
        widget.mark(3, "perhaps")


def test_marks_may_change_until_it_is_revealed(widget: Guessing) -> None:
    seen: list[Any] = []
    widget.observe(lambda change: seen.append(change["new"]), "marks")
    widget.mark(4, "cached")
    widget.mark(4, "missed")
    assert seen == [{4: "cached"}, {4: "missed"}]
    assert (widget.score, widget.revealed, widget.step) == (None, False, None)
    widget.mark(5, "cached")
    widget.reveal()
    assert (widget.score, widget.revealed) == (0.2, True)
    widget.mark(5, "missed")
    assert widget.marks == {4: "missed", 5: "cached"}
    widget.selected = "guess-4"
    assert widget.step is not None
    assert widget.step.missed


def test_all_right(widget: Guessing) -> None:
    for number, answer in RIGHT.items():
        assert not widget.guess.is_complete
        widget.mark(number, answer)
    assert widget.guess.is_complete
    widget.reveal()
    assert widget.score == 1
    assert "5 of 5 right" in to_text(widget.view, language="en")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_nothing_is_told_before(language: str) -> None:
    """The picture, its details and its texts are the same, whatever the answers are."""

    def told(guess: Guess) -> tuple[object, ...]:
        shown = details(guess, language=language), to_text(guess, language=language), to_dot(guess, language=language)
        return to_svg(guess, theme=Theme.HOST, language=language), *shown

    def with_answers(*outcomes: Outcome) -> Guess:
        rest = {"causes": (), "because_of": 0, "root": 0, "was": 0, "before": None, "after": None, "seconds": 0.0}
        both = zip(EXPLAINED.steps, outcomes, strict=True)
        steps = tuple(replace(step, outcome=outcome, layer_size=0, **rest) for step, outcome in both)
        return Guess(forecast=replace(EXPLAINED, steps=steps))

    cached, missed, none = Outcome.CACHED, Outcome.MISSED, Outcome.NONE
    one = with_answers(cached, none, cached, missed, cached, missed, cached, none)
    other = with_answers(cached, none, missed, cached, missed, cached, missed, none)
    assert told(one) == told(other)
    assert told(one.reveal()) != told(other.reveal())


def test_what_is_done_on_the_page(widget: Guessing) -> None:
    for key in ("missed-4", "cached-3", "missed-x", "nothing-4", "guess-4"):
        widget._listen(widget, {"type": "act", "key": key}, [])
    widget._listen(widget, {"type": "expand", "key": "cached-4"}, [])
    assert widget.marks == {4: "missed", 3: "cached"}
    widget._listen(widget, {"type": "act", "key": "reveal"}, [])
    assert widget.revealed
