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
    yield from (f"  {one}" for one in words.signs(view, speech))
    yield words.lesson_of(view, speech)
    if view.hint:
        yield clean(view.hint)
    chosen = words.default_step(view)
    if chosen is not None:
        yield speech.say("start-more", command=f"{words.command(view)} --step {chosen.number}")


def _row(step: RunStep, speech: Speech) -> str:
    more = f"  (+{len(step.calls) - 1})" if len(step.calls) > 1 else ""
    own = [call for call in step.calls if not call.step]
    # Of those of a step that failed, the last one is it.
    first = words.call(own[-1 if step.has_failed else 0], _TEXT) if own else ""
    name, took = words.cut(words.name(step), _TEXT), words.took(step.seconds, speech)
    return f"{step.number:>3} {words.sign(step):1} {name:{_TEXT}} {took:>8}  {first}{more}".rstrip()


def _state(view: RunTrace, step: RunStep, speech: Speech) -> Iterator[str]:
    yield f"{speech.say('trace-step-number', number=step.number)}   {words.name(step)}"
    yield words.sentence(step, speech)
    yield " · ".join(words.told_of(step, speech))
    if step.has_failed:
        yield f"✗ {clean(view.error)}"
        yield from [f"  {clean(view.hint)}"] if view.hint else []
    if step.calls:
        yield ""
        yield from (f"  {words.told_call(call, speech)}   {call.man}" for call in step.calls)
    yield ""
    for one in words.seen(view, step):
        for sign, text in (("-", one.gone), ("+", one.come), (" ", "" if one.has_changed else one.now)):
            if text:
                yield f"{sign} {one.name:{_SEEN}} {words.cut(text, _WIDE)}"
