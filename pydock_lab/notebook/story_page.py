"""A story as HTML: made again ten times a second, and kept in the saved notebook, so everything stands in it itself.

A saved notebook has no stylesheet of ours, and its untrusted reader no script: styles are written at their elements,
and what can be opened is a `<details>`. Marks have names for those who do not see them.
"""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from pydock_lab import locale
from pydock_lab.cli.progress.work import State

if TYPE_CHECKING:
    from pydock_lab.notebook.story import Line

MARKS = {State.RUNNING: "▸", State.DONE: "✓", State.CACHED: "✓", State.FAILED: "✗", State.CANCELLED: "✗"}
_COLOURS = {
    State.RUNNING: "#0072b2",
    State.DONE: "#009e73",
    State.CACHED: "#009e73",
    State.FAILED: "#d55e00",
    State.CANCELLED: "#7d8590",
}
_ROW = "display:flex;gap:.6em;align-items:baseline"
_TITLE = "flex:1;min-width:0;overflow-wrap:anywhere;background:none"
_NOTE = "flex:none;opacity:.75"
_PRE = "margin:0 0 2px 2.4em;white-space:pre-wrap;overflow-wrap:anywhere;opacity:.8;font-size:90%"
# A coloured text would not be read in both themes.
_REMARK = "border-left:3px solid #d55e00;padding-left:5px;white-space:pre-wrap"


def page(lines: "Sequence[Line]", *, head: str, notes: Sequence[str], is_finished: bool) -> str:
    """The whole story; finished, it is folded into its head."""
    body = "".join(_line(line, is_finished=is_finished) for line in lines)
    remarks = "".join(f'<div style="{_REMARK}">! {escape(note)}</div>' for note in notes)
    if is_finished:
        summary = f"<summary>{_mark(State.DONE)} {escape(head)}</summary>"
        return f'<details class="pydock-story">{summary}{body}</details>{remarks}'
    opening = f'<div class="pydock-story" role="group" aria-label="{escape(head)}">'
    return f"{opening}<div>{escape(head)}</div>{body}{remarks}</div>"


def _line(line: "Line", *, is_finished: bool) -> str:
    bar = f'<progress value="{line.share:.3f}"></progress> ' if line.share is not None else ""
    title = f'<code style="{_TITLE}">{escape(line.title)}</code>'
    note = f'<span style="{_NOTE}">{bar}{escape(line.note)}</span>'
    row = f"{_mark(line.state)}{title}{note}"
    style = f"{_ROW};margin-left:{1.6 * line.depth:.1f}em"
    if not line.output:
        return f'<div style="{style}">{row}</div>'
    output = f'<pre style="{_PRE}">{escape(chr(10).join(line.output))}</pre>'
    if line.state in (State.RUNNING, State.FAILED):
        return f'<div style="{style}">{row}</div>{output}'
    # While it is written again and again nothing can stay open, so there is nothing to open yet.
    if not is_finished:
        return f'<div style="{style}">{row}</div>'
    count = len(line.output)
    said = locale.text("notebook.output-lines.one" if count == 1 else "notebook.output-lines", count=count)
    # A row of this kind has no triangle: the words say that there is something to open.
    opener = f'<span style="{_NOTE};text-decoration:underline dotted">{escape(said)}</span>'
    row = f"{_mark(line.state)}{title}{opener}{note}"
    return f'<details><summary style="{style};cursor:pointer">{row}</summary>{output}</details>'


def _mark(state: State) -> str:
    name = escape(locale.text(f"notebook.state-{state.value}"))
    return f'<span role="img" aria-label="{name}" style="flex:none;color:{_COLOURS[state]}">{MARKS[state]}</span>'
