"""A container's start as text: a line a step; and one step with its calls, and what the process sees.

web   lab/busybox · 35 steps · 17.9 ms
  files
 20  pivot_root                                  60 µs   pivot_root(".", ".")
"""

from collections.abc import Iterator

from pydock_lab.drawing import start_words as words
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import RunStep, RunTrace

_TEXT, _SEEN, _WIDE = 44, 10, 110  # characters


def lines(view: RunTrace, speech: Speech) -> Iterator[str]:
    """The whole start, or, where one stands at a step, that step."""
    if view.step is not None:
        yield from _state(view, view.step, speech)
        return
    yield f"{words.title(view)}   {' · '.join(words.facts(view, speech))}"
    heading = ""
    for step in view.steps:
        if words.phase(step, speech) != heading:
            heading = words.phase(step, speech)
            yield f"  {heading}"
        yield _row(step, speech)
    yield ""
    yield words.lesson_of(view, speech)
    chosen = words.default_step(view)
    if chosen is not None:
        yield speech.say("start-more", command=f"{words.command(view)} --step {chosen.number}")


def _row(step: RunStep, speech: Speech) -> str:
    calls = [clean(call.text) for call in step.calls]
    more = f"  (+{len(calls) - 1})" if len(calls) > 1 else ""
    first = _cut(calls[0], _TEXT) if calls else ""
    name, took = _cut(words.name(step), _TEXT), words.took(step.seconds, speech)
    return f"{step.number:>3}  {name:{_TEXT}} {took:>8}  {first}{more}"


def _state(view: RunTrace, step: RunStep, speech: Speech) -> Iterator[str]:
    yield f"{speech.say('trace-step-number', number=step.number)}   {words.name(step)}"
    yield words.sentence(step, speech)
    ahead = [speech.say("start-is-ahead")] if step.is_ahead else []
    yield " · ".join([words.phase(step, speech), words.took(step.seconds, speech), *ahead])
    if step.calls:
        yield ""
        yield from (f"  {clean(call.text)}   {call.man}" for call in step.calls)
    yield ""
    for one in words.seen(view, step):
        if one.has_changed:
            yield f"- {one.name:{_SEEN}} {_cut(one.before, _WIDE)}"
            yield f"+ {one.name:{_SEEN}} {_cut(one.after, _WIDE)}"
        else:
            yield f"  {one.name:{_SEEN}} {_cut(one.after, _WIDE)}"


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
