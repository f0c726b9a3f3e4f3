"""A build that is stepped through as text: a line a step, with its bar in time; and one step with its files.

app:1   4 steps · 2.1 s
  1  FROM lab/base            |#                   |  base             ▂▃█▅▂▃    2.1 MB
  2  RUN make                 |####################|  2.0 s            █▃▂▅▃▂     40 kB
"""

from collections.abc import Iterator

from pydock_lab.drawing import prints
from pydock_lab.drawing.file_trees import TreeRow, tree_rows
from pydock_lab.drawing.layer_files import SIGNS
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.drawing.trace_words import (
    NEVER,
    command,
    default_step,
    facts,
    files_heading,
    lesson_of,
    lines,
    many_stages,
    stage_facts,
    title,
    took,
)
from pydock_lab.views import BuildTrace, TraceStep

_TEXT, _BAR, _WORDS = 44, 20, 16  # characters
_TREE_ROWS = 30
_INDENT = 4


def trace_lines(view: BuildTrace, speech: Speech) -> Iterator[str]:
    """The whole build, or, where one stands at a step, that step."""
    if view.step is not None:
        yield from _state(view.step, speech)
        return
    yield f"{title(view)}   {' · '.join(facts(view, speech))}   {prints.short(view.image_id)}"
    yield ""
    headed = many_stages(view)
    for stage in view.stages:
        if headed:
            said = stage_facts(stage, view, speech)
            yield f"{clean(stage.title)}   {said}"
        yield from (_step(step, view, speech) for step in view.steps if step.stage == stage.index)
    if not view.stages:
        yield from (_step(step, view, speech) for step in view.steps)
    yield ""
    yield lesson_of(view, speech)
    chosen = default_step(view)
    if chosen is not None:
        yield speech.say("trace-more", command=f"{command(view)} --step {chosen.number}")


def _step(step: TraceStep, view: BuildTrace, speech: Speech) -> str:
    layer = f"{prints.text(step.diff_id)} {speech.size(step.unpacked_size):>9}" if step.diff_id else ""
    words = speech.padded(took(step, speech), _WORDS)
    return f"{step.number:>3}  {_cut(step.text).ljust(_TEXT)}  |{_bar(step, view)}|  {words} {layer}"


def _bar(step: TraceStep, view: BuildTrace) -> str:
    """When it ran: from its beginning to its end, at least one character."""
    if step.outcome in NEVER:
        return " " * _BAR
    whole = max([view.seconds, *(one.end for one in view.steps)]) or 1.0
    start = min(int(step.start / whole * _BAR), _BAR - 1)
    end = max(start + 1, min(_BAR, round(step.end / whole * _BAR)))
    return f"{' ' * start}{'█' * (end - start)}{' ' * (_BAR - end)}"


def _state(step: TraceStep, speech: Speech) -> Iterator[str]:
    yield f"{speech.say('trace-step-number', number=step.number)}   {clean(step.text)}"
    yield " · ".join([took(step, speech), lines(step, speech), *files_heading(step, speech)])
    if step.changes:
        yield ""
        yield from (_row(row, speech) for row in tree_rows(step.changes, _TREE_ROWS)[: _TREE_ROWS + 1])
        left = step.changes_total - len(step.changes)
        if left > 0:
            yield speech.count("more", left)
    if step.output or step.error:
        yield ""
        yield from (f"  {clean(said)}" for said in step.output or step.error.splitlines())


def _row(row: TreeRow, speech: Speech) -> str:
    sign = SIGNS[row.kind]
    name = f"{'  ' * row.depth}{sign} {clean(row.name)}"
    aside = [speech.count("files", row.files)] if row.files else []
    return f"{name.ljust(_TEXT)} {' · '.join([*aside, speech.size(row.size)])}"


def _cut(text: str) -> str:
    text = clean(text)
    return text if len(text) <= _TEXT else text[: _TEXT - 1] + "…"
