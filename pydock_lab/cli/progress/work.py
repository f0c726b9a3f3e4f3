"""What is being done, as the displays know it: BuildKit calls one piece of work a vertex.

    events ──▶ Work.tell ──▶ vertices, in the order in which they began ──▶ a log (plain), a block (tty), a story

Stages are built at the same time, so events of several steps are mixed; each says which step it belongs to. A vertex
collects what is its own: seconds, output, transfers. Instructions that only change the configuration (ENV, CMD) are
no vertex, as with BuildKit, unless something goes wrong in them.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import singledispatchmethod

from pydock_lab import locale
from pydock_lab.cli.progress.texts import flat
from pydock_lab.cli.words import short
from pydock_lab.events import (
    BlobDone,
    BlobProgress,
    BlobSkipped,
    BuildFinished,
    BuildStarted,
    CacheHit,
    ContextRead,
    Direction,
    Event,
    Noted,
    StepFailed,
    StepFinished,
    StepOutput,
    StepStarted,
    TransferFinished,
    TransferStarted,
)

KEPT_LINES = 400  # of a step's output, for the end of a failed one
Clock = Callable[[], float]


class State(Enum):
    """How it stands with a vertex."""

    RUNNING = "running"
    DONE = "done"
    CACHED = "cached"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(kw_only=True, slots=True)
class Transfer:
    """One thing below a vertex that has a beginning and an end; bytes where they are known, else a `note`."""

    name: str
    began: float
    ended: float | None = None
    done: int = 0
    total: int = 0
    note: str = ""
    changed: bool = True

    @property
    def share(self) -> float | None:
        """How much of it has travelled, 0 to 1; None where nobody knows."""
        return self.done / self.total if self.total else None

    @property
    def amount(self) -> str:
        """Its bytes in words."""
        if self.total and self.ended is None:
            return f"{locale.size(self.done)} / {locale.size(self.total)}"
        return locale.size(self.total or self.done) if self.total or self.done else ""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some output, up to the end of its line or of what came at once; `at` counts from the vertex's beginning."""

    at: float
    text: str

    @property
    def stamp(self) -> str:
        """Its seconds to four digits, as long as they are few: `0.312`, `12.40`, `101.2`."""
        digits = 3 if self.at < 10 else 2 if self.at < 100 else 1  # noqa: PLR2004 - places before the point
        return f"{self.at:.{digits}f}"


@dataclass(kw_only=True, slots=True)
class Vertex:
    """A piece of work; `fresh` is output that no log has shown yet, `tail` the last lines, the last one open."""

    index: int
    name: str
    began: float
    step: int = 0
    lines: tuple[int, int] = (0, 0)
    ended: float | None = None
    seconds: float = 0.0
    state: State = State.RUNNING
    error: str = ""
    changed: bool = True
    fresh: list[Piece] = field(default_factory=list)
    tail: deque[Piece] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    transfers: dict[str, Transfer] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self.state is not State.RUNNING

    def write(self, text: str, at: float) -> None:
        """Output; `at` in seconds since the vertex began."""
        for line in text.splitlines(keepends=True):
            self.fresh.append(Piece(at, line))
            if self.tail and not self.tail[-1].text.endswith("\n"):
                last = self.tail.pop()
                self.tail.append(Piece(last.at, last.text + line))
            else:
                self.tail.append(Piece(at, line))
        self.changed = True

    def end(self, state: State, now: float, seconds: float | None = None) -> None:
        """Nothing more will come."""
        self.state, self.ended, self.changed = state, now, True
        self.seconds = now - self.began if seconds is None else seconds
        for transfer in self.transfers.values():
            transfer.ended = now if transfer.ended is None else transfer.ended


class Work:
    """All vertices of one build, pull or push."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.clock, self.began = clock, clock()
        self.vertices: list[Vertex] = []
        self.notes: list[str] = []
        self.skipped: tuple[str, ...] = ()
        self.title = ""
        self.steps = self.steps_over = 0
        self.is_finished = False
        self.dockerfile, self.dockerfile_name = "", ""
        self._by_step: dict[int, Vertex] = {}
        self._silent: dict[int, StepStarted] = {}
        self._cached: set[int] = set()

    def tell(self, event: Event) -> None:
        """One event more."""
        self._tell(event)

    def end(self) -> None:
        """The work is over: what still runs was given up."""
        for vertex in self.vertices:
            if not vertex.is_over:
                vertex.end(State.CANCELLED, self.clock())

    @property
    def is_build(self) -> bool:
        """Whether it has steps; else it only transfers."""
        return bool(self.steps or self._silent)

    @property
    def counts(self) -> tuple[int, int]:
        """How much is over, of how much; instructions that are no vertex count as well."""
        others = [vertex for vertex in self.vertices if not vertex.step]
        return self.steps_over + sum(vertex.is_over for vertex in others), self.steps + len(others)

    @property
    def failed(self) -> list[Vertex]:
        """What went wrong."""
        return [vertex for vertex in self.vertices if vertex.state is State.FAILED]

    def _open(self, name: str, step: int = 0, lines: tuple[int, int] = (0, 0)) -> Vertex:
        index = len(self.vertices) + 1
        vertex = Vertex(index=index, name=flat(name), began=self.clock(), step=step, lines=lines)
        self.vertices.append(vertex)
        return vertex

    def _step(self, number: int) -> Vertex:
        """The vertex of a step; one that was silent until now is shown."""
        if number not in self._by_step:
            event = self._silent.get(number)
            lines = (event.line, event.end_line) if event else (0, 0)
            self._by_step[number] = self._open(event.text if event else str(number), number, lines)
        return self._by_step[number]

    @singledispatchmethod
    def _tell(self, _event: Event) -> None:
        """Most events are for records, not for this."""

    # ---- a build

    @_tell.register
    def _(self, event: BuildStarted) -> None:
        self.title, self.steps, self.skipped = "Building", event.steps, event.skipped_stages
        self.dockerfile, self.dockerfile_name = event.dockerfile, event.dockerfile_name

    @_tell.register
    def _(self, event: StepStarted) -> None:
        self._silent[event.step] = event
        if event.label:
            lines = (event.line, event.end_line)
            self._by_step[event.step] = self._open(event.label, event.step, lines)

    @_tell.register
    def _(self, event: CacheHit) -> None:
        self._cached.add(event.step)

    @_tell.register
    def _(self, event: StepOutput) -> None:
        vertex = self._step(event.step)
        vertex.write(event.text, self.clock() - vertex.began)

    @_tell.register
    def _(self, event: StepFinished) -> None:
        self.steps_over += 1
        if event.step in self._by_step:
            state = State.CACHED if event.step in self._cached else State.DONE
            self._by_step[event.step].end(state, self.clock(), event.seconds)

    @_tell.register
    def _(self, event: StepFailed) -> None:
        self.steps_over += 1
        vertex = self._step(event.step)
        vertex.error = event.message
        vertex.end(State.FAILED, self.clock(), event.seconds)

    @_tell.register
    def _(self, event: ContextRead) -> None:
        name = f"[context {event.context}]" if event.context else "[internal]"
        key = "cli.context-read.one" if event.files == 1 else "cli.context-read"
        words = locale.text(key, files=event.files, size=locale.size(event.size), hashed=event.hashed)
        self._at_once(f"{name} load build context", words)

    @_tell.register
    def _(self, event: BuildFinished) -> None:
        named = (locale.text("cli.naming", name=name) for name in event.references)
        self._at_once("exporting to image", locale.text("cli.writing-image", image=event.image_id), *named)
        self.is_finished = True

    @_tell.register
    def _(self, event: Noted) -> None:
        self.notes.append(event.text)

    def _at_once(self, name: str, *facts: str) -> None:
        """Something that is told when it is over."""
        vertex = self._open(name)
        for fact in facts:
            vertex.transfers[fact] = Transfer(name=fact, began=vertex.began)
        vertex.end(State.DONE, self.clock())

    # ---- transfers

    @_tell.register
    def _(self, event: TransferStarted) -> None:
        key = "cli.pushing" if event.direction is Direction.PUSH else "cli.pulling"
        self.title = self.title or locale.text(key, reference=flat(event.reference))
        self._open(f"[internal] {event.direction} {event.reference}")

    @_tell.register
    def _(self, event: BlobProgress) -> None:
        transfer = self._transfer(event.digest)
        transfer.done, transfer.total, transfer.changed = event.done, event.total, True

    @_tell.register
    def _(self, event: BlobSkipped) -> None:
        transfer = self._transfer(event.digest)
        transfer.note, transfer.ended = locale.text(f"cli.blob-{event.why}"), self.clock()

    @_tell.register
    def _(self, event: BlobDone) -> None:
        transfer = self._transfer(event.digest)
        transfer.done = transfer.total = event.size
        transfer.ended, transfer.changed = self.clock(), True
        vertex = self._by_blob(event.digest)
        if vertex and _is_download(event.digest):
            vertex.end(State.DONE, self.clock())

    @_tell.register
    def _(self, event: TransferFinished) -> None:
        self.is_finished = not self.steps
        name = flat(f"[internal] {event.direction} {event.reference}")
        for vertex in self.vertices:
            if vertex.name == name and not vertex.is_over:
                vertex.end(State.DONE, self.clock())

    def note_of(self, digest: str, note: str) -> None:
        """Say of a blob what another display would say otherwise."""
        found = [one.transfers[digest] for one in self.vertices if digest in one.transfers]
        for transfer in found:
            transfer.note = note

    def _by_blob(self, digest: str) -> Vertex | None:
        return next((one for one in self.vertices if digest in one.transfers and not one.is_over), None)

    def _transfer(self, digest: str) -> Transfer:
        """A blob, below the transfer that is under way; what ADD downloads is a vertex of its own."""
        vertex = self._by_blob(digest)
        if vertex is None and not _is_download(digest):
            under_way = (one for one in self.vertices if not one.step and not one.is_over)
            vertex = next(under_way, None)
        if vertex is None:
            vertex = self._open(f"[internal] download {digest if _is_download(digest) else short(digest)}")
        name = "" if _is_download(digest) else short(digest)
        vertex.changed = True
        return vertex.transfers.setdefault(digest, Transfer(name=name, began=self.clock()))


def _is_download(digest: str) -> bool:
    """A URL stands where others have a digest: it is not known before the last byte."""
    return "://" in digest
