"""A Dockerfile as rows: the lines of each step together, the others as they are, and not too many of either."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing.trace_words import many_stages
from pydock_lab.views import BuildTrace, TraceStage, TraceStep

LINE, PAD, HEADING = 16, 5, 26  # pixels
_STEP_LINES, _OTHER_LINES = 6, 3  # more are left out, and counted


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Lines with their numbers; of a step, or the head of a stage.

    0 instead of a number: so many lines are left out, or an instruction that is in no line, but in the base image.
    """

    lines: tuple[tuple[int, str], ...] = ()
    step: TraceStep | None = None
    stage: TraceStage | None = None


def rows(view: BuildTrace) -> Iterator[Row]:
    """The whole file from its first line to its last."""
    steps: dict[int, list[TraceStep]] = {}
    for one in view.steps:
        steps.setdefault(one.line, []).append(one)
    heads = {stage.line: stage for stage in view.stages} if many_stages(view) else {}
    others: list[tuple[int, str]] = []
    number = 1
    while number <= len(view.dockerfile):
        if number in heads:
            own = _own_comments(others)
            yield from _others(others[: len(others) - len(own)])
            yield Row(stage=heads[number])
            others = own
        if number in steps:
            yield from _others(others)
            others = []
        here = steps.get(number, [])
        step = here[0] if here else None
        end = max(step.end_line, number) if step else number
        lines = [(at, _line(view, at)) for at in range(number, min(end, len(view.dockerfile)) + 1)]
        if step:
            yield Row(lines=_cut(lines, _STEP_LINES), step=step)
            yield from map(_trigger, here[1:])
        else:
            others += lines
        number = end + 1
    yield from _others(others)


def _line(view: BuildTrace, number: int) -> str:
    return view.dockerfile[number - 1].expandtabs(4).rstrip()


def _trigger(step: TraceStep) -> Row:
    """What ONBUILD of the base image adds comes with its FROM."""
    return Row(lines=((0, f"ONBUILD {step.text}"),), step=step)


def _own_comments(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The comment that stands right above a FROM speaks of what follows."""
    count = next((at for at, (_, text) in enumerate(reversed(lines)) if not text.startswith("#")), 0)
    return lines[len(lines) - count :]


def _others(lines: list[tuple[int, str]]) -> Iterator[Row]:
    """Comments, and instructions of stages that are skipped; empty lines at the edges say nothing."""
    kept = [line for line in lines if line[1]]
    if kept:
        yield Row(lines=_cut(kept, _OTHER_LINES))


def _cut(lines: list[tuple[int, str]], limit: int) -> tuple[tuple[int, str], ...]:
    if len(lines) <= limit:
        return tuple(lines)
    left_out = len(lines) - limit + 1
    return (*lines[: limit - 2], (0, f"… {left_out}"), lines[-1])
