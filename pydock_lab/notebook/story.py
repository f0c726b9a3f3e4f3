"""A build or a transfer as it happens: events in, one small picture of where it stands out.

    ✓ 1/4 FROM lab/base                cached
    ▸ 2/4 RUN pip install flask        3.1 s
          Collecting flask                        the last lines of what the step writes
    · ...

When all is well it folds itself into one line; when a step fails, its output stays open.
"""

from dataclasses import dataclass, field
from functools import singledispatchmethod
from html import escape

from pydock_lab import locale
from pydock_lab.drawing.prints import short
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.events import (
    BlobDone,
    BlobProgress,
    BlobSkipped,
    BuildFinished,
    BuildStarted,
    CacheHit,
    Event,
    Noted,
    StepFailed,
    StepFinished,
    StepOutput,
    StepStarted,
    TransferFinished,
    TransferStarted,
)

_TAIL, _FAILED_TAIL = 6, 40  # lines of output
_KEPT = 20_000  # characters of a step's output
_MARKS = {"running": "▸", "done": "✓", "failed": "✗"}
_COLOURS = {"running": "#0072b2", "done": "#009e73", "failed": "#d55e00"}
# A coloured text would not be read in both themes.
_NOTE = "border-left:3px solid #d55e00;padding-left:5px;white-space:pre-wrap"
_PRE = "margin:0 0 0 2.5em;white-space:pre-wrap;overflow-wrap:anywhere;opacity:.8;font-size:90%"


@dataclass(kw_only=True, slots=True)
class _Line:
    """One step, or one blob."""

    title: str
    state: str = "running"
    note: str = ""
    output: str = ""
    share: float | None = None


@dataclass(kw_only=True, slots=True)
class Story:
    """What has happened so far; read by the thread that draws while events come in, so lines are only ever added.

    `in_cell`: the Dockerfile stands in a cell, below the line of its magic.
    """

    quiet: bool = False
    in_cell: bool = False
    _lines: dict[str, _Line] = field(default_factory=dict)
    _notes: list[str] = field(default_factory=list)
    _title: str = ""
    _finished: str = ""
    _total: int = 0
    _cached: set[int] = field(default_factory=set)
    _moved: int = 0
    _kept: int = 0

    def tell(self, event: Event) -> None:
        """One event more."""
        self._tell(event)

    @singledispatchmethod
    def _tell(self, _event: Event) -> None:
        """Most events are for records, not for this."""

    @_tell.register
    def _(self, event: BuildStarted) -> None:
        self._total = event.steps

    @_tell.register
    def _(self, event: StepStarted) -> None:
        stage = f"[{event.stage}] " if event.stage else ""
        self._lines[f"step {event.step}"] = _Line(title=f"{event.step}/{event.total} {stage}{clean(event.text)}")

    @_tell.register
    def _(self, event: CacheHit) -> None:
        self._cached.add(event.step)

    @_tell.register
    def _(self, event: StepOutput) -> None:
        line = self._step(event.step)
        line.output = (line.output + event.text)[-_KEPT:]

    @_tell.register
    def _(self, event: StepFinished) -> None:
        line = self._step(event.step)
        line.state = "done"
        if event.step in self._cached:
            line.note = locale.text("notebook.cached")
        elif not event.cached:  # FROM and CMD do no work that a cache could save
            line.note = locale.seconds(event.seconds)

    @_tell.register
    def _(self, event: StepFailed) -> None:
        line = self._step(event.step)
        line.state, line.note = "failed", locale.seconds(event.seconds)

    @_tell.register
    def _(self, event: BuildFinished) -> None:
        self._finished = locale.text(
            "notebook.built",
            names=", ".join(event.references) or short(event.image_id),
            steps=Speech.of(None).count("steps", len(self._lines)),
            cached=len(self._cached),
            seconds=locale.seconds(event.seconds),
        )

    @_tell.register
    def _(self, event: Noted) -> None:
        head, *rest = map(clean, event.text.split("\n"))
        if self.in_cell and event.line is not None:
            head += f" ({locale.text('notebook.cell-line', line=event.line + 1)})"
        self._notes.append("\n  ".join([head, *rest]))

    @_tell.register
    def _(self, event: TransferStarted) -> None:
        self._title = f"{event.direction} {clean(event.reference)}"

    @_tell.register
    def _(self, event: BlobProgress) -> None:
        line = self._blob(event.digest)
        line.share = event.done / event.total if event.total else 1.0
        line.note = f"{locale.size(event.done)} / {locale.size(event.total)}"

    @_tell.register
    def _(self, event: BlobSkipped) -> None:
        line = self._blob(event.digest)
        line.state, line.share = "done", None
        line.note = locale.text(f"notebook.{event.direction}-kept", size=locale.size(event.size))
        self._kept += event.size

    @_tell.register
    def _(self, event: BlobDone) -> None:
        line = self._blob(event.digest)
        line.state, line.share, line.note = "done", None, locale.size(event.size)
        self._moved += event.size

    @_tell.register
    def _(self, event: TransferFinished) -> None:
        moved = locale.text(f"notebook.{event.direction}-moved", size=locale.size(self._moved))
        kept = locale.text(f"notebook.{event.direction}-kept", size=locale.size(self._kept))
        self._finished = f"{event.direction} {clean(event.reference)} · {moved} · {kept}"

    def _step(self, step: int) -> _Line:
        return self._lines.setdefault(f"step {step}", _Line(title=str(step)))

    def _blob(self, digest: str) -> _Line:
        return self._lines.setdefault(digest, _Line(title=short(digest)))

    def bundle(self) -> dict[str, str]:
        """As a MIME bundle; empty while there is nothing to show."""
        lines = list(self._lines.values())
        if self.quiet or not (lines or self._notes or self._title or self._finished):
            return {}
        return {"text/html": self._html(lines), "text/plain": self._text(lines)}

    def _text(self, lines: list[_Line]) -> str:
        shown = [self._title] if self._title and not self._finished else []
        for line in lines:
            shown.append(f"{_MARKS[line.state]} {line.title}  {line.note}".rstrip())
            shown += [f"    {text}" for text in _tail(line)]
        shown += [f"! {note}" for note in self._notes]
        return "\n".join([*shown, self._finished] if self._finished else shown)

    def _html(self, lines: list[_Line]) -> str:
        body = "".join(map(_line_html, lines))
        notes = "".join(f'<div style="{_NOTE}">! {escape(note)}</div>' for note in self._notes)
        if self._finished:
            mark = f'<span style="color:{_COLOURS["done"]}">✓</span>'
            summary = f"<summary>{mark} {escape(self._finished)}</summary>"
            return f'<details class="pydock-story">{summary}{body}</details>{notes}'
        title = f"<div>{escape(self._title)}</div>" if self._title else ""
        return f'<div class="pydock-story">{title}{body}{notes}</div>'


def _tail(line: _Line) -> list[str]:
    """The end of a step's output: a little while it runs, more when it failed, nothing when all is well."""
    if line.state == "done":
        return []
    shown = _FAILED_TAIL if line.state == "failed" else _TAIL
    return line.output.rstrip("\n").split("\n")[-shown:] if line.output else []


def _line_html(line: _Line) -> str:
    mark = f'<span style="color:{_COLOURS[line.state]}">{_MARKS[line.state]}</span>'
    share = f'<progress value="{line.share:.3f}"></progress> ' if line.share is not None else ""
    tail = "\n".join(_tail(line))
    output = f'<pre style="{_PRE}">{escape(tail)}</pre>' if tail else ""
    note = f'<span style="opacity:.75">{share}{escape(line.note)}</span>'
    return f"<div>{mark} <code>{escape(line.title)}</code> {note}</div>{output}"
