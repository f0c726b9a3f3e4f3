"""Edits that would have kept the cache, as text: what to do, what it saves, and the lines that change."""

from collections.abc import Iterator

from pydock_lab.drawing.explanations import numbers, say
from pydock_lab.drawing.speech import Speech
from pydock_lab.drawing.svg import clean
from pydock_lab.views import Proposal, ProposalKind, WhatIf


def lines(view: WhatIf, speech: Speech) -> Iterator[str]:
    """All proposals, for a terminal."""
    if not view.proposals:
        yield say(speech, "what-if-nothing")
        return
    yield say(speech, "what-if", name=clean(view.name or view.build))
    for at, proposal in enumerate(view.proposals, start=1):
        yield ""
        yield from _proposal(at, proposal, speech)
    yield ""
    yield say(speech, "what-if-proof")


def _proposal(at: int, proposal: Proposal, speech: Speech) -> Iterator[str]:
    yield f"{at}. {title(proposal, speech)}"
    yield f"   {savings(proposal, speech)}"
    for line in proposal.changes:
        indent = len(line) - len(line[1:].lstrip()) - 1
        yield f"     {line[:1]} {' ' * indent}{clean(line[1:])}"


def title(proposal: Proposal, speech: Speech) -> str:
    """What to do, in one sentence."""
    name = f"what-if-{proposal.kind}"
    if proposal.kind is ProposalKind.COPY_FIRST and not proposal.names:
        name = "what-if-copy-later"
    return say(speech, name, step=proposal.step, names=clean(", ".join(proposal.names)))


def savings(proposal: Proposal, speech: Speech) -> str:
    """What it saves, in one sentence."""
    name = "what-if-saves" if len(proposal.kept) > 1 else "what-if-saves-one"
    seconds, size = speech.seconds(proposal.seconds), speech.size(proposal.layer_size)
    return say(speech, name, seconds=seconds, size=size, steps=numbers(proposal.kept))
