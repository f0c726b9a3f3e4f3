"""Edits that would have kept the cache: each as the lines that change, and the build as it was and as it would be.

    1  copy first only what step 4 needs: requirements.txt
       saves 41.3 s and 31 MB of layers: step 4 stays in the cache
       ┌──────────────────────────────┐    as it was                       54.3 s
       │ - COPY . .                   │    [3][4                     ][6      ]
       │ + COPY requirements.txt ./   │    with this edit                  13.0 s
       │   RUN pip install -r ...     │    [3][4][6      ]┌┄┄ saved 41.3 s ┄┄┄┐
       │ + COPY . .                   │
       └──────────────────────────────┘

Bars are the steps one after the other, all to one scale: so what an edit saves is a length that one sees.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydock_lab.drawing import what_ifs
from pydock_lab.drawing.edit_times import HEIGHT as TIMES
from pydock_lab.drawing.edit_times import EditTimes
from pydock_lab.drawing.explanations import say
from pydock_lab.drawing.frame import Drawing, Head, Key, finish, head
from pydock_lab.drawing.marks import LINE
from pydock_lab.drawing.metrics import Font, width, wrap
from pydock_lab.drawing.palette import Meaning
from pydock_lab.drawing.shapes import MARGIN, Block, Page, box, clipped, pick, text
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import Element, clean, element, group
from pydock_lab.views import Proposal, ProposalKind, StepOutcome, WhatIf

_WIDE = 760  # from here on there is room for lines and times side by side
_INSET, _SPACE, _NUMBER = 14, 12, 24
_LINES = 14  # of a difference
_SIGNS = {"-": "deleted", "+": "cached"}


def draw(view: WhatIf, page: Page) -> Drawing:
    """The edits of a build."""
    speech = page.speech
    top = head(page, Head(title=name_of(view), facts=facts(view, speech), command=command(view)))
    body = _cards(view, page, top.height + 4)
    label = speech.say("edits-of", name=name_of(view))
    parts = (Block(elements=top.elements, height=top.height + 4), body)
    return finish(page, label, parts, _keys(view, speech), lesson_of(view, speech))


def name_of(view: WhatIf) -> str:
    """How the build is called."""
    return clean(view.name or view.build)


def facts(view: WhatIf, speech: Speech) -> list[str]:
    """How many edits there are, and what all steps took."""
    found = [speech.count("edits", len(view.proposals))]
    return [*found, speech.say("edit-work-seconds", seconds=speech.seconds(view.work_seconds))] if view.steps else found


def command(view: WhatIf) -> str:
    """What shows the same in a terminal."""
    return f"pydock whatif {name_of(view)}"


def _cards(view: WhatIf, page: Page, top: float) -> Block:
    if not view.proposals:
        return _as_it_was(view, page, top)
    y = top
    drawn: list[Element] = []
    for at, proposal in enumerate(view.proposals, start=1):
        card = _Card(view, proposal, at, page, y)
        drawn.append(card.draw())
        y += card.height + _SPACE
    label = page.speech.say("edits-of", name=name_of(view))
    listbox = group(*drawn, class_="picks", role="listbox", aria_label=label)
    proof = wrap(say(page.speech, "what-if-proof"), page.inner, Font.SMALL)
    proved = (text(MARGIN, y + 8 + LINE * at, words, Font.SMALL, ink="muted") for at, words in enumerate(proof))
    return Block(elements=(listbox, *proved), height=y - top + LINE * len(proof) + 2)


def _as_it_was(view: WhatIf, page: Page, top: float) -> Block:
    """Nothing to propose: the build alone."""
    times = EditTimes.of(view, MARGIN, page.right, page.speech)
    return (
        Block(elements=tuple(times.was(top + 6)), height=TIMES / 2 + 12)
        if times.steps
        else Block(elements=(), height=0)
    )


@dataclass(frozen=True, slots=True)
class _Card:
    """One edit, laid out from its upper edge down."""

    view: WhatIf
    proposal: Proposal
    number: int
    page: Page
    top: float

    @property
    def _inner(self) -> float:
        return self.page.inner - 2 * _INSET

    @property
    def _is_wide(self) -> bool:
        return self.page.width >= _WIDE

    @property
    def _lines_width(self) -> float:
        return self._inner * 0.47 if self._is_wide else self._inner

    @property
    def _title(self) -> list[tuple[str, Font, str]]:
        """Words, their font and ink, a line each."""
        speech, room = self.page.speech, self._inner - _NUMBER
        words = wrap(what_ifs.title(self.proposal, speech), room, Font.STRONG)
        saved = wrap(what_ifs.savings(self.proposal, speech), room, Font.SMALL_STRONG)
        return [
            *((one, Font.STRONG, "ink") for one in words),
            *((one, Font.SMALL_STRONG, "cached-text") for one in saved),
        ]

    @property
    def _changes(self) -> tuple[str, ...]:
        return self.proposal.changes[:_LINES]

    @property
    def _lines_height(self) -> float:
        """Pixels of the difference, its file's name above it."""
        count = len(self._changes) + (len(self.proposal.changes) > _LINES)
        return 18 + LINE * count + 12

    @property
    def height(self) -> float:
        """Pixels of the whole card."""
        times = TIMES if self.view.steps else 0
        below = max(self._lines_height, times) if self._is_wide else self._lines_height + times + (10 if times else 0)
        return 14 + 19 * len(self._title) + below + 12

    def draw(self) -> Element:
        """All of it, as one thing to choose."""
        speech, y = self.page.speech, self.top + 14 + 19 * len(self._title)
        label = f"{self.number}. {what_ifs.title(self.proposal, speech)}, {what_ifs.savings(self.proposal, speech)}"
        x = MARGIN + _INSET
        times = EditTimes.of(
            self.view, x + self._lines_width + 24 if self._is_wide else x, self.page.right - _INSET, speech
        )
        at = y if self._is_wide else y + self._lines_height + 10
        return pick(
            f"proposal-{self.number}",
            label,
            box(MARGIN, self.top, self.page.inner, self.height, Meaning.PLAIN),
            text(x, self.top + 24, str(self.number), Font.STRONG, ink="muted"),
            *(
                text(x + _NUMBER, self.top + 24 + 19 * at, words, font, ink=ink)
                for at, (words, font, ink) in enumerate(self._title)
            ),
            *self._difference(x, y),
            *(times.both(self.proposal, at) if times.steps else ()),
        )

    def _difference(self, x: float, y: float) -> Iterator[Element]:
        """The lines that change, with their signs."""
        wide, speech = self._lines_width, self.page.speech
        is_dockerfile = self.proposal.dockerfile != self.proposal.old_dockerfile
        yield text(x, y + 12, "Dockerfile" if is_dockerfile else ".dockerignore", Font.CODE_SMALL, ink="muted")
        yield element("rect", x=x, y=y + 18, width=wide, height=self._lines_height - 18, rx=5, class_="paper-area")
        for at, change in enumerate(self._changes):
            yield from _line(change, x, y + 24 + LINE * at, wide)
        if len(self.proposal.changes) > _LINES:
            more = speech.say("edit-more", count=len(self.proposal.changes) - _LINES)
            yield clipped(x + 26, y + 36 + LINE * _LINES, more, wide - 34, Font.SMALL, ink="muted")


def _line(change: str, x: float, y: float, wide: float) -> Iterator[Element]:
    """A line with its sign before it, on a ground that says the same."""
    sign = change[:1]
    colour = _SIGNS.get(sign)
    words = change[1:]
    indent = min(len(words) - len(words.lstrip()), 8) * width("x", Font.CODE_SMALL)
    if colour:
        yield element("rect", x=x + 4, y=y, width=wide - 8, height=LINE - 1, rx=2, class_=f"{colour}-fill")
        yield text(x + 10, y + 12, sign, Font.CODE_SMALL, ink=f"{colour}-text")
    ink = f"{colour}-text" if colour else "muted"
    yield clipped(x + 26 + indent, y + 12, words, wide - 34 - indent, Font.CODE_SMALL, ink=ink)


# ---- below


def lesson_of(view: WhatIf, speech: Speech) -> str:
    """What this picture teaches."""
    if not view.proposals:
        return say(speech, "what-if-nothing")
    first = view.proposals[0]
    name = "lesson-edits-ignore" if first.kind is ProposalKind.IGNORE else "lesson-edits"
    return speech.say(name, seconds=speech.seconds(first.seconds))


def _keys(view: WhatIf, speech: Speech) -> list[Key]:
    """Only what the picture shows is explained."""
    seen = {step.outcome for step in view.steps}
    keys = []
    if StepOutcome.BASE in seen:
        keys.append(Key(name=speech.say("key-base"), meaning=Meaning.BASE))
    if StepOutcome.CACHED in seen or (view.proposals and view.steps):
        keys.append(Key(name=speech.say("key-cached"), meaning=Meaning.CACHED))
    if StepOutcome.MISSED in seen:
        keys.append(Key(name=speech.say("key-edit-missed"), meaning=Meaning.BUILT))
    if view.proposals and view.steps:
        keys.append(Key(name=speech.say("edit-saved"), meaning=Meaning.PLAIN, dashed=True))
    return keys
